//! Terms: the answer for a SKU in a view during one interval.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::measure::Quantity;
use crate::order::OrderTerms;
use crate::restriction::{Hidden, MandatoryWarning};
use crate::{Amount, Audience, ChannelId, Currency, Locale, Measure, OfferId, Promotion};

/// The tax that the price is meant with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tax {
    /// Whether the shown price contains the tax.
    pub included: bool,
    /// The rate in basis points: 2200 is 22 %.
    pub rate_bp: u32,
}

/// The price for one base measure (Directive 98/6/EC, Art. 2 (b)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitPrice {
    /// The amount for `per`.
    pub amount: Amount,
    /// The base measure, such as 1 kg.
    pub per: Measure,
}

/// Under what condition a conditional price holds: all parts that are given.
///
/// Its text, which names it in claims, joins the parts by `+`:
/// `audience:gold`, `audience:gold+quantity:6`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The customer belongs to an audience, such as holders of a card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// The customer buys through this channel, for which the price is declared
    /// exclusive; no other channel shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
    /// The customer enters this code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<String>,
    /// The customer buys at least this much, in the sale unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
}

impl Condition {
    /// For members of an audience.
    #[must_use]
    pub fn audience(audience: Audience) -> Self {
        Self {
            audience: Some(audience),
            ..Self::default()
        }
    }

    /// Whether a channel may show what holds under it: all may, but for prices
    /// that are exclusive to another one.
    #[must_use]
    pub fn is_shown_in(&self, channel: &ChannelId) -> bool {
        self.channel.as_ref().is_none_or(|only| only == channel)
    }

    /// From a quantity on.
    #[must_use]
    pub fn quantity(minimum: Quantity) -> Self {
        Self {
            quantity: Some(minimum),
            ..Self::default()
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.audience.as_ref().map(|it| format!("audience:{it}")),
            self.channel.as_ref().map(|it| format!("channel:{it}")),
            self.coupon.as_ref().map(|it| format!("coupon:{it}")),
            self.quantity.map(|it| format!("quantity:{it}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        f.write_str(&parts.join("+"))
    }
}

/// A price that holds under a condition, shown beside the unconditional one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionalPrice {
    /// The amount.
    pub amount: Amount,
    /// When it holds.
    pub condition: Condition,
}

/// A reference price that a market's law wants shown, such as Croatia's anchor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferencePrice {
    /// The amount.
    pub amount: Amount,
    /// Its kind: `anchor` …
    pub kind: String,
}

/// An offer that made the price what it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppliedOffer {
    /// Which one.
    pub id: OfferId,
    /// Its words per locale.
    pub labels: BTreeMap<Locale, String>,
}

impl AppliedOffer {
    /// The label in `locale`, else in its language, else in the first locale
    /// there is, else the id.
    #[must_use]
    pub fn label_in(&self, locale: &Locale) -> &str {
        words_in(&self.labels, locale).unwrap_or(self.id.as_str())
    }
}

/// The words in `locale`, else in its language, else in the first locale there
/// is; none where there are no words at all.
#[must_use]
pub fn words_in<'w>(words: &'w BTreeMap<Locale, String>, locale: &Locale) -> Option<&'w str> {
    let language = locale.as_str().split('-').next().unwrap_or_default();
    words
        .get(locale)
        .or_else(|| words.get(language))
        .or_else(|| words.values().next())
        .map(String::as_str)
}

/// Terms of one SKU in one view during one interval.
///
/// Fields stand in alphabetical order, so serde writes canonical bytes. All
/// amounts are in `currency`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Prices that hold under a condition, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditional: Vec<ConditionalPrice>,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The deposit, apart from the price (CJEU C-543/21).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposit: Option<Amount>,
    /// Where the law does not let it be shown, sorted; see
    /// [`Terms::visible_in`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden_in: Vec<Hidden>,
    /// Offers applied, in the order of application.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<AppliedOffer>,
    /// Conditions of an order: delivery fee, minimum, payment, returns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderTerms>,
    /// What everybody pays for one sale unit, deposit apart.
    pub price: Amount,
    /// The lowest price in the 30 days before a reduction (Directive 98/6/EC,
    /// Art. 6a), where one was announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<Amount>,
    /// Promotions that the product takes part in: those of a higher priority
    /// first, then by id. They do not change the price.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promotions: Vec<Promotion>,
    /// Whole percent that the price is below the prior price (CJEU C-330/23),
    /// else below the regular one; rounded down, so it never flatters; absent
    /// below 1 and where no regular price may be claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduction_percent: Option<u8>,
    /// Reference prices, sorted by kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<ReferencePrice>,
    /// The regular price, present only where a reduction from it may be
    /// claimed: known, above the price, and not refuted by the prior price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regular: Option<Amount>,
    /// The tax.
    pub tax: Tax,
    /// The unit price, unless the pack's size is unknown or implausible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<UnitPrice>,
    /// Texts that the law wants shown with the price, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<MandatoryWarning>,
}

impl Terms {
    /// Terms that say nothing but the price and its tax.
    #[must_use]
    pub fn of(currency: Currency, price: Amount, tax: Tax) -> Self {
        Self {
            conditional: Vec::new(),
            currency,
            deposit: None,
            hidden_in: Vec::new(),
            offers: Vec::new(),
            order: None,
            price,
            prior: None,
            promotions: Vec::new(),
            reduction_percent: None,
            references: Vec::new(),
            regular: None,
            tax,
            unit_price: None,
            warnings: Vec::new(),
        }
    }
}
