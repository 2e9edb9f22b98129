use std::collections::BTreeMap;

use offercast_contract::{
    Instant, Locale, MarketId, OrderConditionsId, PaymentMethod, Returns, SalesMode, ZoneId,
};
use serde::{Deserialize, Serialize};

/// Conditions of an order in a market, one of its zones, or one sales mode.
///
/// Each part is taken from the most specific conditions that give it: those of
/// a zone before those of the zone around it and of the market, and in the same
/// place those of one sales mode before those of all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderConditions {
    /// What delivery costs. Only orders that are delivered have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_fee: Option<Fee>,
    /// Their id, unique in the market.
    pub id: OrderConditionsId,
    /// The market.
    pub market: MarketId,
    /// The smallest value of goods that can be ordered, in minor units; 0 ends
    /// one of a place around this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_order_minor: Option<i64>,
    /// The sales mode; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<SalesMode>,
    /// How it may be paid, sorted, each once; empty where these conditions say
    /// nothing about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payment: Vec<PaymentMethod>,
    /// What may be given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<ReturnPolicy>,
    /// Start, inclusive.
    pub valid_from: Instant,
    /// End, exclusive; none for open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Instant>,
    /// The zone and all zones in it; none for the whole market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneId>,
}

/// A delivery fee, in minor units of the market's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// The fee for one order; 0 where delivery is free.
    pub amount_minor: i64,
    /// The value of goods from which on (inclusive) delivery is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_from_minor: Option<i64>,
}

/// What may be given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnPolicy {
    /// Within how many days; 0 where nothing is taken back.
    pub days: u16,
    /// The conditions in words per locale.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<Locale, String>,
}

impl From<&ReturnPolicy> for Returns {
    fn from(policy: &ReturnPolicy) -> Self {
        Self {
            days: policy.days,
            labels: policy.labels.clone(),
        }
    }
}

impl OrderConditions {
    /// Conditions of a whole market that say nothing yet.
    #[must_use]
    pub fn new(id: OrderConditionsId, market: MarketId, valid_from: Instant) -> Self {
        Self {
            delivery_fee: None,
            id,
            market,
            minimum_order_minor: None,
            mode: None,
            payment: Vec::new(),
            returns: None,
            valid_from,
            valid_until: None,
            zone: None,
        }
    }

    /// Whether they hold at `at`.
    #[must_use]
    pub fn holds_at(&self, at: Instant) -> bool {
        self.valid_from <= at && self.valid_until.is_none_or(|until| at < until)
    }

    /// The names of the parts that they give.
    #[must_use]
    pub fn parts(&self) -> Vec<&'static str> {
        let given = [
            ("delivery_fee", self.delivery_fee.is_some()),
            ("minimum_order_minor", self.minimum_order_minor.is_some()),
            ("payment", !self.payment.is_empty()),
            ("returns", self.returns.is_some()),
        ];
        let given = given.into_iter().filter(|(_, is_given)| *is_given);
        given.map(|(name, _)| name).collect()
    }
}
