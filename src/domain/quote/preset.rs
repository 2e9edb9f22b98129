//! Presets: the policies of seven systems and Offercast's own, as settings.

use super::exact::Whole;
use super::policy::{
    Allocation, AtFloor, Base, BestBy, BudgetCheck, BuyGetRule, Catalogue, CatalogueAs,
    Consumption, CouponCase, CouponValid, Dearness, Exclusivity, Grouping, Judged, Levels,
    LimitedBase, OrderPercent, Policy, PriceLists, ReducedInOrder, ReducedMeans, RoundAt,
    RoundMode, RoundOf, Rounding, Sequence, Spare, Stacking, WeightBy, ZeroWeights,
};
use super::promotion::UnitChoice;

const HALF_UP: RoundMode = RoundMode::To(Whole::HalfUp);
const HALF_DOWN: RoundMode = RoundMode::To(Whole::HalfDown);
const DOWN: RoundMode = RoundMode::To(Whole::Down);
const UP: RoundMode = RoundMode::To(Whole::Up);

const fn rounding(of: RoundOf, at: RoundAt, mode: RoundMode) -> Rounding {
    Rounding { of, at, mode }
}

/// Offercast's own policy; `docs/QUOTE.md` gives the reason for each setting.
pub const OFFERCAST: Policy = Policy {
    catalogue: Catalogue {
        stacking: Stacking::BestOnly,
        base: Base::Current,
        best_by: BestBy::Priority,
        at_floor: AtFloor::LeaveOut,
        rounding: rounding(RoundOf::Price, RoundAt::Unit, HALF_UP),
        shown_as: CatalogueAs::Price,
    },
    items: Stacking::BestPerGroup,
    orders: Stacking::Compound,
    shipping: Stacking::Compound,
    grouping: Grouping::ByName,
    sequence: Sequence::Priority,
    levels: Levels::ItemsFirst,
    items_line_by_line: false,
    exclusivity: Exclusivity::RemovesOthers,
    consumption: Consumption::Free,
    limited_base: LimitedBase::Share,
    item_rounding: rounding(RoundOf::Discount, RoundAt::Line, UP),
    order_rounding: UP,
    order_percent: OrderPercent::Total,
    shipping_rounding: UP,
    allocation: Allocation {
        weight: WeightBy::Value,
        share: Whole::Floor,
        spare: Spare::LargestRemainder,
        zero: ZeroWeights::Nothing,
        redistribute: true,
        negative: false,
    },
    inclusive: true,
    judged: Judged::AfterItems,
    unit_choice: UnitChoice::DearestFirst,
    dearness: Dearness::UnitPrice,
    always_in_choice_order: false,
    buy_get: BuyGetRule {
        choice: UnitChoice::DearestFirst,
        last_of_equals: false,
        overlap: false,
        partial: false,
        repeat: true,
    },
    reduced_in_order: ReducedInOrder::LeaveOut,
    reduced_means: ReducedMeans::AnyReduction,
    coupon_case: CouponCase::Insensitive,
    coupon_valid: CouponValid::Eligible,
    coupon_silences_automatic: false,
    budget: BudgetCheck::PerPromotion,
    price_lists: PriceLists {
        sale_only_if_lower: true,
        more_rules_first: true,
    },
};

/// Sylius: catalogue promotions one after another from the original price,
/// prices rounded; basket discounts rounded per unit; exclusive removes all
/// others; minimum prices with redistribution.
pub const SYLIUS: Policy = Policy {
    catalogue: Catalogue {
        stacking: Stacking::Compound,
        base: Base::Regular,
        best_by: BestBy::Price,
        at_floor: AtFloor::Stop,
        rounding: rounding(RoundOf::Price, RoundAt::Unit, HALF_UP),
        shown_as: CatalogueAs::Price,
    },
    items: Stacking::Additive,
    orders: Stacking::Compound,
    shipping: Stacking::Additive,
    levels: Levels::Mixed,
    item_rounding: rounding(RoundOf::Discount, RoundAt::Unit, HALF_UP),
    order_rounding: HALF_UP,
    shipping_rounding: HALF_UP,
    allocation: Allocation {
        share: Whole::HalfDown,
        spare: Spare::First,
        ..OFFERCAST.allocation
    },
    judged: Judged::Running,
    reduced_means: ReducedMeans::CataloguePromotion,
    coupon_case: CouponCase::Sensitive,
    ..OFFERCAST
};

/// Vendure: item reductions add up on the unit price and are rounded per
/// unit as negative numbers; order reductions compound, judged on the running
/// total and spread by the largest remainder over prices with tax.
pub const VENDURE: Policy = Policy {
    catalogue: Catalogue {
        stacking: Stacking::Compound,
        base: Base::Current,
        best_by: BestBy::Price,
        at_floor: AtFloor::Stop,
        rounding: rounding(RoundOf::Discount, RoundAt::Unit, HALF_DOWN),
        shown_as: CatalogueAs::Price,
    },
    items: Stacking::Additive,
    orders: Stacking::Compound,
    sequence: Sequence::ThresholdsLast,
    items_line_by_line: true,
    levels: Levels::ItemsFirst,
    exclusivity: Exclusivity::Ignored,
    item_rounding: rounding(RoundOf::Discount, RoundAt::Unit, HALF_DOWN),
    order_rounding: HALF_DOWN,
    shipping_rounding: HALF_DOWN,
    allocation: Allocation {
        weight: WeightBy::ValueWithTax,
        share: Whole::Floor,
        spare: Spare::LargestRemainder,
        zero: ZeroWeights::Even,
        redistribute: true,
        negative: true,
    },
    judged: Judged::Running,
    unit_choice: UnitChoice::AsListed,
    buy_get: BuyGetRule {
        choice: UnitChoice::CheapestFirst,
        last_of_equals: false,
        overlap: true,
        partial: true,
        repeat: true,
    },
    coupon_case: CouponCase::Sensitive,
    coupon_valid: CouponValid::Exists,
    ..OFFERCAST
};

/// Medusa v2: nothing is rounded, everything compounds, buy-X-get-Y first.
pub const MEDUSA: Policy = Policy {
    catalogue: Catalogue {
        stacking: Stacking::Compound,
        base: Base::Current,
        best_by: BestBy::Price,
        at_floor: AtFloor::Stop,
        rounding: rounding(RoundOf::Discount, RoundAt::Unit, RoundMode::Exact),
        shown_as: CatalogueAs::Price,
    },
    items: Stacking::Compound,
    orders: Stacking::Compound,
    sequence: Sequence::BuyGetFirst,
    levels: Levels::Mixed,
    exclusivity: Exclusivity::Ignored,
    limited_base: LimitedBase::LessWholeLine,
    item_rounding: rounding(RoundOf::Discount, RoundAt::Line, RoundMode::Exact),
    order_rounding: RoundMode::Exact,
    shipping_rounding: RoundMode::Exact,
    allocation: Allocation {
        spare: Spare::None,
        redistribute: false,
        ..OFFERCAST.allocation
    },
    judged: Judged::Undiscounted,
    unit_choice: UnitChoice::CheapestFirst,
    dearness: Dearness::LineValue,
    buy_get: BuyGetRule {
        choice: UnitChoice::DearestFirst,
        last_of_equals: true,
        overlap: false,
        partial: false,
        repeat: false,
    },
    coupon_case: CouponCase::Sensitive,
    coupon_valid: CouponValid::Exists,
    budget: BudgetCheck::PerShare,
    ..OFFERCAST
};

/// Saleor: the best catalogue rule, then a voucher on that price; fractions
/// are kept to the line total; order rules rest while a voucher is present.
pub const SALEOR: Policy = Policy {
    catalogue: Catalogue {
        stacking: Stacking::BestOnly,
        base: Base::Current,
        best_by: BestBy::Price,
        at_floor: AtFloor::Stop,
        rounding: rounding(RoundOf::Price, RoundAt::Unit, HALF_UP),
        shown_as: CatalogueAs::LineDiscount,
    },
    items: Stacking::Compound,
    orders: Stacking::BestOnly,
    sequence: Sequence::Listed,
    levels: Levels::ItemsFirst,
    exclusivity: Exclusivity::Ignored,
    item_rounding: rounding(RoundOf::Price, RoundAt::Line, HALF_UP),
    order_rounding: HALF_UP,
    shipping_rounding: HALF_UP,
    allocation: Allocation {
        share: Whole::HalfUp,
        spare: Spare::Last,
        ..OFFERCAST.allocation
    },
    judged: Judged::Running,
    unit_choice: UnitChoice::CheapestFirst,
    coupon_case: CouponCase::Sensitive,
    coupon_silences_automatic: true,
    ..OFFERCAST
};

/// Solidus promotions: the best discount per line within a lane, lanes one
/// after another; discounts rounded half up on the line.
pub const SOLIDUS: Policy = Policy {
    catalogue: Catalogue {
        stacking: Stacking::BestOnly,
        base: Base::Current,
        best_by: BestBy::Price,
        at_floor: AtFloor::Stop,
        rounding: rounding(RoundOf::Discount, RoundAt::Unit, HALF_UP),
        shown_as: CatalogueAs::Price,
    },
    items: Stacking::BestPerGroup,
    orders: Stacking::BestPerGroup,
    shipping: Stacking::BestPerGroup,
    grouping: Grouping::ByPriority,
    levels: Levels::Mixed,
    order_percent: OrderPercent::EachLine,
    exclusivity: Exclusivity::Ignored,
    item_rounding: rounding(RoundOf::Discount, RoundAt::Line, HALF_UP),
    order_rounding: HALF_UP,
    shipping_rounding: HALF_UP,
    allocation: Allocation {
        share: Whole::Floor,
        spare: Spare::CarriedToFirst,
        zero: ZeroWeights::Even,
        ..OFFERCAST.allocation
    },
    inclusive: false,
    judged: Judged::Undiscounted,
    unit_choice: UnitChoice::LargestLineFirst,
    ..OFFERCAST
};

/// django-oscar: discounts rounded down on the line, cheapest units first,
/// units used up by discount and condition, the last line takes the rest.
pub const OSCAR: Policy = Policy {
    catalogue: Catalogue {
        stacking: Stacking::Compound,
        base: Base::Current,
        best_by: BestBy::Price,
        at_floor: AtFloor::Stop,
        rounding: rounding(RoundOf::Discount, RoundAt::Unit, DOWN),
        shown_as: CatalogueAs::Price,
    },
    items: Stacking::Additive,
    orders: Stacking::Additive,
    levels: Levels::Mixed,
    exclusivity: Exclusivity::PerLine,
    consumption: Consumption::PerPromotion,
    item_rounding: rounding(RoundOf::Discount, RoundAt::Line, DOWN),
    order_rounding: DOWN,
    shipping_rounding: HALF_UP,
    allocation: Allocation {
        share: Whole::Down,
        spare: Spare::Last,
        redistribute: false,
        ..OFFERCAST.allocation
    },
    judged: Judged::Undiscounted,
    unit_choice: UnitChoice::CheapestFirst,
    always_in_choice_order: true,
    ..OFFERCAST
};

/// WooCommerce with its default settings: percentages add up on the price
/// before coupons, the total is rounded half down, cents go to the first of
/// the lines sorted by value, a fixed cart amount is the same for each unit.
pub const WOOCOMMERCE: Policy = Policy {
    catalogue: Catalogue {
        stacking: Stacking::First,
        base: Base::Current,
        best_by: BestBy::Price,
        at_floor: AtFloor::Stop,
        rounding: rounding(RoundOf::Discount, RoundAt::Unit, HALF_DOWN),
        shown_as: CatalogueAs::Price,
    },
    items: Stacking::Additive,
    orders: Stacking::Compound,
    sequence: Sequence::Listed,
    levels: Levels::Mixed,
    exclusivity: Exclusivity::Ignored,
    item_rounding: rounding(RoundOf::Discount, RoundAt::Promotion, HALF_DOWN),
    order_rounding: HALF_DOWN,
    shipping_rounding: HALF_DOWN,
    allocation: Allocation {
        weight: WeightBy::Units,
        share: Whole::Floor,
        spare: Spare::First,
        ..OFFERCAST.allocation
    },
    judged: Judged::Undiscounted,
    unit_choice: UnitChoice::DearestFirst,
    dearness: Dearness::LineValueTimesUnits,
    always_in_choice_order: true,
    reduced_in_order: ReducedInOrder::Refuse,
    ..OFFERCAST
};

/// WooCommerce with "calculate coupon discounts sequentially" switched on.
pub const WOOCOMMERCE_SEQUENTIAL: Policy = Policy {
    items: Stacking::Compound,
    ..WOOCOMMERCE
};

/// The preset of this name, lower case.
#[must_use]
pub fn by_name(name: &str) -> Option<Policy> {
    Some(match name {
        "offercast" => OFFERCAST,
        "sylius" => SYLIUS,
        "vendure" => VENDURE,
        "medusa" => MEDUSA,
        "saleor" => SALEOR,
        "solidus" => SOLIDUS,
        "oscar" => OSCAR,
        "woocommerce" => WOOCOMMERCE,
        "woocommerce-sequential" => WOOCOMMERCE_SEQUENTIAL,
        _ => return None,
    })
}
