//! Order conditions: what holds for an order that the item is part of.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::claims::{ClaimKey, Field};
use crate::terms::words_in;
use crate::{Amount, Currency, Locale};

/// What delivery costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryFee {
    /// The fee for one order; zero where delivery is free.
    pub amount: Amount,
    /// The value of the goods from which on (inclusive) delivery is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_from: Option<Amount>,
}

impl DeliveryFee {
    /// What delivering goods of this value costs, all in one currency.
    #[must_use]
    pub fn for_goods(&self, value: Amount, currency: Currency) -> Amount {
        match self.free_from {
            Some(from) if from <= value => Amount::new(0, currency),
            _ => self.amount,
        }
    }
}

/// How an order may be paid, in the order in which they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// By card.
    Card,
    /// In cash.
    Cash,
    /// By instalments.
    Instalments,
    /// By a system of instant payments: BLIK, SBP.
    Instant,
    /// On account, later.
    Invoice,
    /// By bank transfer, before.
    Transfer,
}

impl PaymentMethod {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::Card,
        Self::Cash,
        Self::Instalments,
        Self::Instant,
        Self::Invoice,
        Self::Transfer,
    ];

    /// The name used on the wire and in claims.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Cash => "cash",
            Self::Instalments => "instalments",
            Self::Instant => "instant",
            Self::Invoice => "invoice",
            Self::Transfer => "transfer",
        }
    }
}

impl fmt::Display for PaymentMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a customer may give back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Returns {
    /// Within how many days; 0 where nothing is taken back.
    pub days: u16,
    /// The conditions in words per locale.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<Locale, String>,
}

/// Order conditions, as terms; amounts are in the currency of the terms.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderTerms {
    /// What delivery costs; only in views of the sales mode `delivery`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_fee: Option<DeliveryFee>,
    /// The smallest value of goods that can be ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_order: Option<Amount>,
    /// How it may be paid, sorted, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payment: Vec<PaymentMethod>,
    /// What may be given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<Returns>,
}

impl OrderTerms {
    /// Whether they say nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Their claims in a locale.
    #[must_use]
    pub fn claims(&self, locale: &Locale) -> Vec<(ClaimKey, String)> {
        let key = |which: &str| ClaimKey::of(Field::Order, which);
        let returns = self.returns.as_ref();
        let words = returns.and_then(|returns| words_in(&returns.labels, locale));
        [
            self.delivery_fee
                .map(|fee| (key(DELIVERY_FEE), fee_text(fee))),
            self.minimum_order
                .map(|amount| (key(MINIMUM_ORDER), amount.to_string())),
            (!self.payment.is_empty()).then(|| (key(PAYMENT), payment_text(&self.payment))),
            returns.map(|returns| (key(RETURNS), returns.days.to_string())),
            words.map(|words| (key(RETURNS_WORDS), words.to_owned())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Names the claim of the delivery fee: `order.delivery_fee`.
pub const DELIVERY_FEE: &str = "delivery_fee";
/// Names the claim of the smallest order: `order.minimum_order`.
pub const MINIMUM_ORDER: &str = "minimum_order";
/// Names the claim of the ways to pay: `order.payment`.
pub const PAYMENT: &str = "payment";
/// Names the claim of the days for returns: `order.returns`.
pub const RETURNS: &str = "returns";
/// Names the claim of the words about returns: `order.returns.words`.
pub const RETURNS_WORDS: &str = "returns.words";

/// The claim text of a delivery fee: `14.99`, `14.99 free from 150.00`.
#[must_use]
pub fn fee_text(fee: DeliveryFee) -> String {
    match fee.free_from {
        None => fee.amount.to_string(),
        Some(from) => format!("{} free from {from}", fee.amount),
    }
}

/// The claim text of ways to pay: `card,cash`.
#[must_use]
pub fn payment_text(methods: &[PaymentMethod]) -> String {
    let names: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
    names.join(",")
}
