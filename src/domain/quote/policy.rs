//! How promotions combine: orthogonal settings, no code.
//!
//! Each setting names the systems that use each of its values, as far as
//! their sources or tests show it. The engine reads settings only; it does
//! not know any of these systems.

use serde::{Deserialize, Serialize};

use super::exact::{Exact, Whole};
use super::promotion::UnitChoice;

/// What happens when several promotions meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stacking {
    /// One after the other, percentages on the running price (Medusa,
    /// WooCommerce "sequential", Sylius and Vendure orders).
    Compound,
    /// One after the other, percentages on the price before them
    /// (WooCommerce by default, Sylius and Vendure items).
    Additive,
    /// Only the one that gives most (Saleor).
    BestOnly,
    /// Within a group each line takes the best one; groups follow each other
    /// (Solidus lanes).
    BestPerGroup,
    /// Only the first that gives anything.
    First,
}

/// What a group is under [`Stacking::BestPerGroup`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// Promotions of equal priority (Solidus lanes).
    ByPriority,
    /// Promotions of the same named group; those without one are a group.
    ByName,
}

/// The price a catalogue promotion starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// The regular ("was") price (Sylius, Offercast).
    Regular,
    /// The current price (Saleor, WooCommerce).
    Current,
}

/// Which of several catalogue promotions is the best one, where only the best
/// is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BestBy {
    /// The one that gives the lowest price (Saleor, Solidus).
    Price,
    /// The one of the highest priority; among equals the lowest price
    /// (Offercast).
    Priority,
}

/// What a catalogue promotion does that would take the price below the floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtFloor {
    /// It takes off what is above the floor (Sylius, and systems whose floor
    /// is zero).
    Stop,
    /// It does not apply (Offercast): what is announced is given in full or
    /// not at all.
    LeaveOut,
}

/// The order in which promotions are considered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sequence {
    /// Higher priority first, then as listed (Sylius, Oscar, Solidus).
    Priority,
    /// Those without a threshold on a total first (Vendure scores conditions
    /// and sorts ascending), then as listed.
    ThresholdsLast,
    /// Buy-X-get-Y first, then as listed (Medusa).
    BuyGetFirst,
    /// As listed (WooCommerce: in the order the codes were entered).
    Listed,
}

/// Whether item reductions go before order reductions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Levels {
    /// In the sequence of the promotions (Sylius, Medusa, Solidus).
    Mixed,
    /// All item reductions, then all order reductions (Vendure, Offercast).
    ItemsFirst,
}

/// What an exclusive promotion does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusivity {
    /// Nothing: the flag is unknown (Vendure, Medusa, Saleor, WooCommerce).
    Ignored,
    /// It removes all others; among exclusive ones the highest priority
    /// stays (Sylius).
    RemovesOthers,
    /// It shares no line with another one; the earlier keeps the line
    /// (Oscar).
    PerLine,
}

/// Whether units can serve more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consumption {
    /// Any number of times; each promotion applies once (most systems).
    Free,
    /// A promotion applies again and again to units it has not used yet, for
    /// its discount or for its condition (Oscar).
    PerPromotion,
}

/// The base of a reduction that is limited to some units of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitedBase {
    /// Their share of what the line still costs (WooCommerce).
    Share,
    /// Their full value less everything already taken off the whole line
    /// (Medusa).
    LessWholeLine,
}

/// Which amount is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundOf {
    /// The price that results (Sylius catalogue, Saleor).
    Price,
    /// The discount (Sylius basket, Solidus, Oscar, WooCommerce).
    Discount,
}

/// At which level a percentage is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundAt {
    /// Per unit, then multiplied (Sylius, Vendure).
    Unit,
    /// Once per line (Solidus, Oscar, Saleor).
    Line,
    /// Once for the promotion, then shared over its lines like an order
    /// discount (WooCommerce).
    Promotion,
}

/// What an order percentage is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderPercent {
    /// Of the total, rounded once and spread (Sylius, Vendure, Saleor).
    Total,
    /// Of each line, rounded there and kept below the line's share of a
    /// maximum amount (Solidus).
    EachLine,
}

/// How a fraction is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundMode {
    /// To whole minor units.
    To(Whole),
    /// Not at all (Medusa).
    Exact,
}

impl RoundMode {
    /// Rounds or leaves.
    #[must_use]
    pub fn apply(self, amount: Exact) -> Exact {
        match self {
            Self::To(mode) => amount.round(mode),
            Self::Exact => amount,
        }
    }
}

/// A rounding rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounding {
    /// Of what.
    pub of: RoundOf,
    /// Where.
    pub at: RoundAt,
    /// How.
    pub mode: RoundMode,
}

impl Rounding {
    /// The rounded discount, given the base and the discount before rounding.
    #[must_use]
    pub fn discount(self, base: Exact, raw: Exact) -> Exact {
        match self.of {
            RoundOf::Discount => self.mode.apply(raw),
            // The base can be a fraction where it is a part of a line.
            RoundOf::Price => self.mode.apply(base) - self.mode.apply(base - raw),
        }
    }
}

/// Who gets the cents that proportional shares leave over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spare {
    /// The first ones, one each (Sylius, WooCommerce).
    First,
    /// From the last to the first, each share is rounded down of what is
    /// still left, and the first one takes the rest (Solidus, through the
    /// money library it uses).
    CarriedToFirst,
    /// All to the last one (Oscar, Saleor).
    Last,
    /// The largest fractions, the first of equals (Vendure, Offercast).
    LargestRemainder,
    /// Nobody: shares stay fractions (Medusa).
    None,
}

/// What to do when there is an amount but all weights are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZeroWeights {
    /// Share evenly (Vendure).
    Even,
    /// Give nothing (Sylius and others).
    Nothing,
}

/// What shares are proportional to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightBy {
    /// What the line still costs, in the basis prices are kept in.
    Value,
    /// What the line still costs with its tax (Vendure).
    ValueWithTax,
    /// Units: the same for each (WooCommerce fixed cart).
    Units,
}

/// How an amount is spread over lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Proportional to what.
    pub weight: WeightBy,
    /// How each share is rounded first.
    pub share: Whole,
    /// Who gets the rest.
    pub spare: Spare,
    /// When all weights are zero.
    pub zero: ZeroWeights,
    /// What does not fit above a floor moves to other lines (Sylius,
    /// WooCommerce, Offercast) or is lost.
    pub redistribute: bool,
    /// Shares are computed as negative adjustments, which turns round
    /// directions and ties around (Vendure).
    pub negative: bool,
}

/// Which total a threshold looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// What the items cost at this moment (Sylius, Vendure).
    Running,
    /// What they cost before basket promotions (Solidus, Medusa, Oscar).
    Undiscounted,
    /// What they cost after item reductions (Offercast).
    AfterItems,
}

/// What "dear" means when the dearest come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dearness {
    /// The unit price.
    UnitPrice,
    /// The value of the line (Medusa).
    LineValue,
    /// The value of the line times its units (WooCommerce sorts the cart so).
    LineValueTimesUnits,
}

/// What order reductions do with already reduced items that a promotion
/// leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReducedInOrder {
    /// Computed and spread on the others only (Sylius).
    LeaveOut,
    /// One reduced item refuses the whole promotion (WooCommerce).
    Refuse,
}

/// What counts as already reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReducedMeans {
    /// A catalogue promotion was applied (Sylius).
    CataloguePromotion,
    /// A catalogue promotion, or a special price (WooCommerce, Offercast).
    AnyReduction,
}

/// How codes are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CouponCase {
    /// Byte for byte (Vendure, Saleor).
    Sensitive,
    /// Without regard to case and surrounding blanks (WooCommerce, Oscar,
    /// Solidus, Offercast).
    Insensitive,
}

/// When an entered code counts as valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CouponValid {
    /// It belongs to a promotion of this channel and time (Vendure).
    Exists,
    /// Its promotion's conditions hold as well (Sylius, WooCommerce).
    Eligible,
}

/// How a campaign budget is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetCheck {
    /// Each share by itself (Medusa).
    PerShare,
    /// The whole promotion in this basket (Offercast).
    PerPromotion,
}

/// How a catalogue promotion shows in a basket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatalogueAs {
    /// The price is lower (Sylius).
    Price,
    /// The line carries a discount (Saleor).
    LineDiscount,
}

/// Which buy-X-get-Y units are reduced and what they may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuyGetRule {
    /// Which units are bought and reduced first.
    pub choice: UnitChoice,
    /// Of equally dear lines the last one comes first (Medusa).
    pub last_of_equals: bool,
    /// A bought unit may itself be the reduced one (Vendure).
    pub overlap: bool,
    /// Fewer than "get" units can be reduced (Vendure) or none are (Medusa).
    pub partial: bool,
    /// Applies once for each complete set (Vendure, Offercast) or once in a
    /// basket (Medusa).
    pub repeat: bool,
}

/// The catalogue stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// How they combine.
    pub stacking: Stacking,
    /// Where the first one starts.
    pub base: Base,
    /// What "best" means under [`Stacking::BestOnly`] and
    /// [`Stacking::BestPerGroup`].
    pub best_by: BestBy,
    /// At the floor.
    pub at_floor: AtFloor,
    /// How the unit price is rounded.
    pub rounding: Rounding,
    /// How it shows in a basket.
    pub shown_as: CatalogueAs,
}

/// Selection among price lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceLists {
    /// A sale list that is dearer than the base price is not used (Medusa);
    /// otherwise the list always wins.
    pub sale_only_if_lower: bool,
    /// More matching rules win over a lower price (Medusa); otherwise the
    /// lowest price wins.
    pub more_rules_first: bool,
}

/// The whole policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The catalogue stage.
    pub catalogue: Catalogue,
    /// Combination of item reductions.
    pub items: Stacking,
    /// Combination of order reductions.
    pub orders: Stacking,
    /// Combination of delivery reductions.
    pub shipping: Stacking,
    /// Groups for [`Stacking::BestPerGroup`].
    pub grouping: Grouping,
    /// Order of consideration.
    pub sequence: Sequence,
    /// Items before orders or not.
    pub levels: Levels,
    /// Item promotions go through the lines one by one and their conditions
    /// are judged anew for each (Vendure), so that a line can fall out when
    /// an earlier one was reduced.
    pub items_line_by_line: bool,
    /// Exclusive promotions.
    pub exclusivity: Exclusivity,
    /// Reuse of units.
    pub consumption: Consumption,
    /// Base of limited reductions.
    pub limited_base: LimitedBase,
    /// Rounding of item reductions.
    pub item_rounding: Rounding,
    /// Rounding of order percentages.
    pub order_rounding: RoundMode,
    /// What an order percentage is taken of.
    pub order_percent: OrderPercent,
    /// Rounding of delivery percentages.
    pub shipping_rounding: RoundMode,
    /// Spreading of amounts.
    pub allocation: Allocation,
    /// A threshold that is met exactly is met.
    pub inclusive: bool,
    /// Which total thresholds look at.
    pub judged: Judged,
    /// Which units when limited.
    pub unit_choice: UnitChoice,
    /// What dear means.
    pub dearness: Dearness,
    /// Lines are worked through in that order also when nothing is limited,
    /// which decides where spare cents go (Oscar, WooCommerce).
    pub always_in_choice_order: bool,
    /// Buy X get Y.
    pub buy_get: BuyGetRule,
    /// Already reduced items and order reductions.
    pub reduced_in_order: ReducedInOrder,
    /// What counts as already reduced.
    pub reduced_means: ReducedMeans,
    /// Comparison of codes.
    pub coupon_case: CouponCase,
    /// Validity of codes.
    pub coupon_valid: CouponValid,
    /// A coupon switches promotions without code off (Saleor).
    pub coupon_silences_automatic: bool,
    /// Campaign budgets.
    pub budget: BudgetCheck,
    /// Price lists.
    pub price_lists: PriceLists,
}
