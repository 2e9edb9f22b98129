//! A quote: what the customer pays and why.

use serde::Serialize;

use super::exact::Exact;

/// The answer to a basket. Amounts are whole minor units unless the policy
/// says that nothing is rounded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// One for each line of the basket, in its order.
    pub lines: Vec<QuotedLine>,
    /// Products added by promotions.
    pub gifts: Vec<GiftLine>,
    /// One for each way of delivery, in the order of the basket.
    pub shipping: Vec<QuotedShipping>,
    /// Every promotion's share of every line, gift and delivery.
    pub shares: Vec<QuotedShare>,
    /// The rules considered, in order, with the reason of each.
    pub considered: Vec<Considered>,
    /// What would apply with a little more.
    pub near: Vec<NearMiss>,
    /// Each entered code and whether it is valid.
    pub coupons: Vec<(String, bool)>,
    /// Sums.
    pub totals: Totals,
    /// Applications over all promotions.
    pub applications: u32,
    /// Units used by promotions, for their discount or their condition.
    pub used_units: i64,
}

/// A line with its prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuotedLine {
    /// Stock keeping unit.
    pub sku: String,
    /// Units.
    pub qty: i64,
    /// Regular ("was") unit price, minor units.
    pub regular_unit_minor: i64,
    /// Unit price after catalogue promotions, minor units.
    pub current_unit_minor: i64,
    /// What catalogue promotions took off a unit, minor units.
    pub catalogue_unit_off: Exact,
    /// The part of it that the policy shows as a discount of the line.
    pub catalogue_off_shown: Exact,
    /// What item reductions took off the line.
    pub item_off: Exact,
    /// Its share of order reductions.
    pub order_off: Exact,
    /// What the line costs now, in the basis prices are kept in.
    pub payable: Exact,
    /// Without tax.
    pub net: Exact,
    /// With tax.
    pub gross: Exact,
}

/// A gift: its price and the discount of the same amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GiftLine {
    /// Stock keeping unit.
    pub sku: String,
    /// Units.
    pub qty: i64,
    /// Unit price, minor units.
    pub price_minor: i64,
    /// The promotion that gives it.
    pub promotion: String,
}

/// A way of delivery with its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuotedShipping {
    /// Identity from the basket.
    pub id: String,
    /// Fee before promotions, minor units.
    pub price_minor: i64,
    /// What was taken off.
    pub off: Exact,
}

/// Where a share goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Index of a line.
    Line(usize),
    /// Index of a way of delivery.
    Shipping(usize),
    /// Index of a gift.
    Gift(usize),
}

/// Which kind of reduction a share is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Of the shelf price.
    Catalogue,
    /// Of single items.
    Item,
    /// Of the order, spread.
    Order,
    /// Of delivery.
    Shipping,
}

/// One promotion's share of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuotedShare {
    /// The promotion.
    pub promotion: String,
    /// Of what.
    pub target: Target,
    /// Kind.
    pub level: Level,
    /// How much, above zero.
    pub amount: Exact,
}

/// A promotion that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Considered {
    /// The promotion.
    pub promotion: String,
    /// What came of it.
    pub reason: Reason,
}

/// Why a promotion applied or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It applied.
    Applied,
    /// Nothing in the basket is in its scope.
    NotInTarget,
    /// A threshold is not reached; units or minor units.
    BelowThreshold {
        /// What counts toward it.
        have: i64,
        /// What is needed.
        need: i64,
        /// Whether the numbers are units rather than money.
        units: bool,
    },
    /// An exclusive promotion or an exclusive line keeps it out.
    ExcludedBy(String),
    /// Another promotion gives more and only the best one counts.
    BetterOffer(String),
    /// Its code was not entered.
    CouponMissing,
    /// It needs no code, and such promotions are off for this basket.
    AutomaticOff,
    /// It starts later.
    NotYetValid,
    /// It is over.
    Ended,
    /// It is not given in this channel.
    OtherChannel,
    /// It is for other customers.
    NotForCustomer,
    /// Its items are already reduced.
    AlreadyReduced,
    /// The items are at their floor already, or cost nothing.
    FloorReached,
    /// The campaign's budget does not allow it.
    BudgetExceeded,
    /// Fewer units than its sets or groups need.
    IncompleteSet {
        /// Units that would have to be added.
        missing: i64,
    },
}

/// A promotion that would apply with a little more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NearMiss {
    /// The promotion.
    pub promotion: String,
    /// What is missing.
    pub missing: Missing,
}

/// What is missing for a promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// So many units more.
    Units(i64),
    /// So much more, minor units.
    Minor(i64),
}

/// Sums over the quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Items at regular prices.
    pub regular: Exact,
    /// Items and gifts at current prices, before basket promotions.
    pub current: Exact,
    /// Item reductions, gifts included.
    pub item_off: Exact,
    /// Order reductions.
    pub order_off: Exact,
    /// What the items cost.
    pub items: Exact,
    /// What delivery costs.
    pub shipping: Exact,
    /// Items and delivery.
    pub total: Exact,
    /// Items without tax.
    pub items_net: Exact,
    /// Items with tax.
    pub items_gross: Exact,
}

impl QuotedLine {
    /// The tax contained in or added to what the line costs.
    #[must_use]
    pub fn tax(&self) -> Exact {
        self.gross - self.net
    }
}

impl Totals {
    /// The tax on the items, the sum of the lines' taxes.
    #[must_use]
    pub fn items_tax(&self) -> Exact {
        self.items_gross - self.items_net
    }
}

impl Quote {
    /// The promotions that applied, each once, in order.
    #[must_use]
    pub fn applied(&self) -> Vec<&str> {
        self.considered
            .iter()
            .filter(|entry| entry.reason == Reason::Applied)
            .map(|entry| entry.promotion.as_str())
            .collect()
    }
}
