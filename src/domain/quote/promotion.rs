//! Promotions: what they ask for and the closed list of what they give.

use super::exact::Exact;

/// One promotion, as data. Nothing in it is code, so that it can travel in
/// terms to a till or an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// Unique within a [`super::PromotionBook`].
    pub id: String,
    /// Whether it changes the shelf price or depends on the basket.
    pub stage: Stage,
    /// Higher goes first; `None` counts as 0 and keeps the listed order.
    pub priority: Option<i64>,
    /// Promotions of one group compete under
    /// [`super::policy::Stacking::BestPerGroup`].
    pub group: Option<String>,
    /// Does not combine, where the policy knows exclusivity.
    pub exclusive: bool,
    /// The code that has to be entered; `None` applies by itself.
    pub coupon: Option<String>,
    /// First instant of validity, UTC microseconds since 1970.
    pub starts_at_us: Option<i64>,
    /// First instant after validity (half-open), UTC microseconds.
    pub ends_at_us: Option<i64>,
    /// Channels it is given in; `None` is everywhere, empty is nowhere.
    pub channels: Option<Vec<String>>,
    /// Whether already reduced items take part.
    pub applies_to_reduced: bool,
    /// All of them must hold.
    pub conditions: Vec<Condition>,
    /// What it gives, in this order.
    pub mechanics: Vec<Mechanic>,
    /// What may be spent on it or how often it may be used.
    pub budget: Option<Budget>,
    /// At most so many applications in one basket.
    pub max_applications: Option<u32>,
}

/// Where a promotion acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Shown on a single item: changes its current price.
    Catalogue,
    /// Depends on the basket.
    Basket,
}

/// A limit kept by the campaign over all baskets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// At most this much discount in total, minor units.
    Spend {
        /// The limit.
        limit_minor: i64,
        /// Already spent.
        used_minor: i64,
    },
    /// At most so many uses in total.
    Usage {
        /// The limit.
        limit: i64,
        /// Already used.
        used: i64,
    },
}

/// Something the basket or the customer must fulfil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The customer belongs to one of these groups.
    CustomerGroup {
        /// The accepted groups.
        any_of: Vec<String>,
    },
    /// This is the customer's n-th order; a guest's order is the first.
    NthOrder {
        /// 1 is the first order.
        n: i64,
    },
    /// Delivered to one of these countries.
    Country {
        /// The accepted countries.
        any_of: Vec<String>,
    },
    /// The basket holds something of this scope.
    Contains {
        /// What must be there.
        scope: Scope,
    },
    /// So many units of this scope are in the basket.
    Quantity {
        /// What is counted.
        scope: Scope,
        /// The threshold, in units.
        min: i64,
    },
    /// One line of this scope has so many units.
    LineQuantity {
        /// What is counted.
        scope: Scope,
        /// The threshold, in units.
        min: i64,
    },
    /// The items of this scope are worth so much.
    Total {
        /// What is summed.
        scope: Scope,
        /// The threshold, minor units.
        min_minor: i64,
        /// Which total; `None` leaves it to the policy.
        judged: Option<super::policy::Judged>,
    },
}

/// A set of products: every given dimension must match, within a dimension
/// one value is enough. An empty scope is everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Stock keeping units.
    pub skus: Vec<String>,
    /// Products (a product has one or more variants).
    pub products: Vec<String>,
    /// Categories with their subtrees; levels are joined by ` > `.
    pub categories: Vec<String>,
    /// Brands.
    pub brands: Vec<String>,
    /// Tags or attributes.
    pub tags: Vec<String>,
    /// Lowest current unit price, inclusive, minor units.
    pub unit_price_min: Option<i64>,
    /// Highest current unit price, inclusive, minor units.
    pub unit_price_max: Option<i64>,
    /// Not these, whatever the rest says.
    pub except: Option<Box<Scope>>,
}

/// Which units come first when only some get a discount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitChoice {
    /// The cheapest (django-oscar; Saleor "once per order").
    CheapestFirst,
    /// The dearest (WooCommerce, Medusa).
    DearestFirst,
    /// The line with the most units (Solidus quantity groups).
    LargestLineFirst,
    /// As they stand in the basket.
    AsListed,
}

/// Per unit or once per line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Every unit.
    Unit,
    /// Once a line, however many units it has.
    Line,
}

/// Bounds on what a mechanic gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// At most so many units: of the basket ([`Per::Unit`]) or of each line
    /// ([`Per::Line`]).
    pub max_units: Option<i64>,
    /// Which units; `None` leaves it to the policy.
    pub unit_choice: Option<UnitChoice>,
    /// At most this much discount, minor units.
    pub max_amount: Option<i64>,
}

/// A reduction: a share of a price or a fixed sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Percent of the base price.
    Percent(Exact),
    /// Minor units.
    Amount(i64),
    /// The price becomes this, minor units.
    FixedPrice(i64),
}

/// What decides about a step of a tiered mechanic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TierBasis {
    /// The total of all items.
    ItemsTotal,
    /// The total of the line itself.
    LineTotal,
    /// The number of units in scope.
    Quantity,
}

/// One step of a tiered mechanic; thresholds are inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// What is compared.
    pub basis: TierBasis,
    /// From here on, minor units or units.
    pub from: i64,
    /// What is given.
    pub value: Value,
}

/// The closed list of what a promotion can give. A till can map each of
/// them, call the quote, or say that it cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mechanic {
    /// A reduction of single items.
    Item {
        /// How much.
        value: Value,
        /// Per unit or once a line.
        per: Per,
        /// Which items.
        scope: Scope,
        /// Bounds.
        limit: Limit,
    },
    /// A reduction of the order (or of a part of it), spread over its lines.
    Order {
        /// How much; a fixed price is the total to pay for the scope.
        value: Value,
        /// Which lines carry it.
        scope: Scope,
        /// Bounds.
        limit: Limit,
    },
    /// A reduction of the delivery fee.
    Shipping {
        /// How much.
        value: Value,
        /// Which delivery options; empty is all.
        options: Vec<String>,
        /// Spread one amount over the options instead of giving it to each.
        across: bool,
    },
    /// An item reduction whose value depends on a threshold.
    Tiered {
        /// Below all steps.
        base: Option<Value>,
        /// The steps; the highest reached one counts.
        tiers: Vec<Tier>,
        /// Which items.
        scope: Scope,
        /// Only complete groups of so many units get it, per unit.
        group_size: Option<i64>,
        /// Bounds.
        limit: Limit,
    },
    /// A reduction per unit in complete groups ("every three").
    Group {
        /// Units in a group.
        size: i64,
        /// How much per unit.
        value: Value,
        /// Which items.
        scope: Scope,
        /// Bounds.
        limit: Limit,
    },
    /// The cheapest unit of the scope is free.
    CheapestFree {
        /// Which items.
        scope: Scope,
    },
    /// So many units for one price.
    Bundle {
        /// Units in a bundle.
        size: i64,
        /// Price of the bundle, minor units.
        price_minor: i64,
        /// Which items.
        scope: Scope,
    },
    /// Units of every part together for one price.
    Parts {
        /// Units and of what, each part; a unit counts for one part.
        parts: Vec<(i64, Scope)>,
        /// Price of one of each, minor units.
        price_minor: i64,
    },
    /// An order reduction whose value depends on a threshold; the highest step
    /// reached counts. [`TierBasis::Quantity`] counts units, any other basis
    /// the total of the scope, judged as the policy says.
    OrderTiers {
        /// The steps.
        tiers: Vec<Tier>,
        /// Which lines carry it.
        scope: Scope,
        /// Bounds.
        limit: Limit,
    },
    /// Buy X, get Y reduced ("3 for 2" is buy 2 get 1 of the same scope).
    BuyGet {
        /// Units to buy.
        buy: i64,
        /// Of what.
        buy_scope: Scope,
        /// Units that are reduced.
        get: i64,
        /// Of what.
        get_scope: Scope,
        /// Percent off those units; 100 is free.
        percent: Exact,
        /// At most so many complete sets; `None` is as many as there are.
        max_sets: Option<i64>,
    },
    /// A product for nothing, added to the basket.
    Gift {
        /// What is given.
        sku: String,
        /// Its price, minor units, taken off again in full.
        price_minor: i64,
        /// One gift for each unit that met the condition, else one.
        per_condition_unit: bool,
    },
}

impl Mechanic {
    /// Whether it works on single items rather than on the order or on
    /// delivery.
    #[must_use]
    pub fn is_item_level(&self) -> bool {
        !matches!(
            self,
            Self::Order { .. }
                | Self::OrderTiers { .. }
                | Self::Shipping { .. }
                | Self::Gift { .. }
        )
    }

    /// The products it can change; `None` when it does not depend on any.
    #[must_use]
    pub fn scope(&self) -> Option<&Scope> {
        match self {
            Self::Item { scope, .. }
            | Self::Order { scope, .. }
            | Self::OrderTiers { scope, .. }
            | Self::Tiered { scope, .. }
            | Self::Group { scope, .. }
            | Self::CheapestFree { scope }
            | Self::Bundle { scope, .. } => Some(scope),
            Self::BuyGet { get_scope, .. } => Some(get_scope),
            Self::Parts { .. } | Self::Shipping { .. } | Self::Gift { .. } => None,
        }
    }
}
