//! From the contract's promotions to the engine's.
//!
//! The engine knows products by tags here, one for each role in a promotion,
//! so whatever selectors a scope has, the shelf and the basket ask them alike.
//! A code is known to the engine by the promotion that asks for it, because
//! each has its own rule for capital letters.

use offercast_contract::promotion::{
    Mechanic, Promotion, PromotionTerms, Reduction, Threshold, Tier,
};

use super::{Basket, Line, entered, priced, unit_price};
use crate::quote::basket as engine;
use crate::quote::exact::Exact;
use crate::quote::promotion as rules;
use crate::quote::promotion::{Limit, Scope, TierBasis, Value};

/// The promotion as the engine takes it.
pub(super) fn promotion(basket: &Basket<'_>, promotion: &Promotion) -> rules::Promotion {
    let terms = &promotion.terms;
    let channels = promotion.channels.iter().map(ToString::to_string);
    let meeting = basket
        .offers
        .get(&promotion.id)
        .cloned()
        .unwrap_or_default();
    rules::Promotion {
        id: promotion.id.to_string(),
        stage: rules::Stage::Basket,
        priority: Some(i64::from(meeting.priority)),
        group: meeting.group,
        exclusive: meeting.exclusive,
        coupon: terms.coupon.as_ref().map(|_| promotion.id.to_string()),
        starts_at_us: None,
        ends_at_us: None,
        channels: (!promotion.channels.is_empty()).then(|| channels.collect()),
        applies_to_reduced: true,
        conditions: conditions(promotion),
        mechanics: vec![mechanic(basket, promotion)],
        budget: None,
        max_applications: applications(terms),
    }
}

fn conditions(promotion: &Promotion) -> Vec<rules::Condition> {
    let scope = || own(promotion);
    // Delivery and gifts have no products of their own to look for.
    let mut conditions = vec![rules::Condition::Contains { scope: scope() }];
    let audience = promotion.audience.as_ref();
    conditions.extend(audience.map(|audience| rules::Condition::CustomerGroup {
        any_of: vec![audience.to_string()],
    }));
    conditions.extend(promotion.terms.minimum.map(|it| reached(it, scope())));
    match &promotion.terms.mechanic {
        Mechanic::Tiered { tiers } => {
            let lowest = tiers.first().map(|tier| reached(tier.from, scope()));
            conditions.extend(lowest);
        }
        Mechanic::CheapestFree { of } => conditions.insert(
            0,
            rules::Condition::Quantity {
                scope: scope(),
                min: i64::from(*of),
            },
        ),
        _ => {}
    }
    conditions
}

fn reached(threshold: Threshold, scope: Scope) -> rules::Condition {
    match threshold {
        Threshold::Amount(amount) => rules::Condition::Total {
            scope,
            min_minor: amount.minor(),
            judged: None,
        },
        Threshold::Quantity(units) => rules::Condition::Quantity {
            scope,
            min: i64::from(units),
        },
    }
}

/// The most units that take part: the cap, and what a customer may have.
fn most_units(terms: &PromotionTerms) -> Option<u32> {
    let bounds = [terms.caps.units, terms.per_customer()];
    bounds.into_iter().flatten().min()
}

/// The most complete sets, by all bounds.
fn applications(terms: &PromotionTerms) -> Option<u32> {
    let size = terms.mechanic.units_of_a_set()?;
    let by_units = most_units(terms).map(|units| units / size.max(1));
    [terms.caps.applications, by_units]
        .into_iter()
        .flatten()
        .min()
}

fn mechanic(basket: &Basket<'_>, promotion: &Promotion) -> rules::Mechanic {
    let terms = &promotion.terms;
    let scope = own(promotion);
    let limit = Limit {
        max_units: most_units(terms).map(i64::from),
        unit_choice: None,
        max_amount: terms.caps.amount.map(|amount| amount.minor()),
    };
    let set = |buy: u32, get: u32, get_scope: Scope, percent: Exact| rules::Mechanic::BuyGet {
        buy: i64::from(buy),
        buy_scope: own(promotion),
        get: i64::from(get),
        get_scope,
        percent,
        max_sets: applications(terms).map(i64::from),
    };
    match &terms.mechanic {
        Mechanic::Bundle { parts, price } => rules::Mechanic::Parts {
            parts: parts
                .iter()
                .enumerate()
                .map(|(at, part)| (i64::from(part.quantity), tagged(part_tag(promotion, at))))
                .collect(),
            price_minor: price.minor(),
        },
        Mechanic::BuyGet {
            buy,
            get,
            percent,
            products,
        } => {
            let what = match products {
                Some(_) => tagged(part_tag(promotion, 0)),
                None => scope,
            };
            set(*buy, *get, what, as_percent(*percent))
        }
        Mechanic::CheapestFree { .. } => rules::Mechanic::CheapestFree { scope },
        Mechanic::Delivery { options, reduction } => rules::Mechanic::Shipping {
            value: value(*reduction),
            options: options.clone(),
            across: false,
        },
        Mechanic::Gift { sku } => rules::Mechanic::Gift {
            sku: sku.to_string(),
            price_minor: basket.gifts.get(sku).copied().unwrap_or(0),
            per_condition_unit: false,
        },
        Mechanic::NForM { buy, pay } => set(*pay, buy.saturating_sub(*pay), scope, Exact::new(100)),
        Mechanic::NForPrice { buy, price } => rules::Mechanic::Bundle {
            size: i64::from(*buy),
            price_minor: price.minor(),
            scope,
        },
        Mechanic::Order { reduction } => rules::Mechanic::Order {
            value: value(*reduction),
            scope,
            limit,
        },
        Mechanic::Tiered { tiers } => rules::Mechanic::OrderTiers {
            tiers: tiers.iter().map(step).collect(),
            scope,
            limit,
        },
    }
}

fn step(tier: &Tier) -> rules::Tier {
    let (basis, from) = match tier.from {
        Threshold::Amount(amount) => (TierBasis::ItemsTotal, amount.minor()),
        Threshold::Quantity(units) => (TierBasis::Quantity, i64::from(units)),
    };
    rules::Tier {
        basis,
        from,
        value: value(tier.reduction),
    }
}

fn value(reduction: Reduction) -> Value {
    match reduction {
        Reduction::Amount(amount) => Value::Amount(amount.minor()),
        Reduction::Percent(basis_points) => Value::Percent(as_percent(basis_points)),
        Reduction::Price(amount) => Value::FixedPrice(amount.minor()),
    }
}

fn as_percent(basis_points: u32) -> Exact {
    Exact::ratio(i128::from(basis_points), 100)
}

fn tagged(tag: String) -> Scope {
    Scope {
        tags: vec![tag],
        ..Scope::default()
    }
}

/// The promotion's own products: the lines in whose terms it stands.
fn own(promotion: &Promotion) -> Scope {
    tagged(promotion.id.to_string())
}

/// The products of one of the scopes that the mechanic names besides. An id
/// has no `/`.
fn part_tag(promotion: &Promotion, at: usize) -> String {
    format!("{}/{at}", promotion.id)
}

/// The basket as the engine takes it: one product for each line.
pub(super) fn basket(
    basket: &Basket<'_>,
    promotions: &[&Promotion],
    units: &[i64],
) -> engine::Basket {
    let products = basket.lines.iter();
    engine::Basket {
        products: products
            .map(|line| product(basket, promotions, line))
            .collect(),
        lines: units
            .iter()
            .enumerate()
            .map(|(product, qty)| engine::Line { product, qty: *qty })
            .collect(),
        shipping: basket
            .delivery
            .iter()
            .map(|option| engine::Shipping {
                id: option.id.clone(),
                option: option.id.clone(),
                price_minor: option.price_minor,
            })
            .collect(),
        coupons: entered(basket, promotions)
            .into_iter()
            .map(ToString::to_string)
            .collect(),
        customer: Some(engine::Customer {
            groups: vec![basket.audience.to_string()],
            completed_orders: 0,
        }),
        channel: basket.channel.map(ToString::to_string),
        prices_include_tax: basket.prices_include_tax,
        ..engine::Basket::default()
    }
}

fn product(basket: &Basket<'_>, promotions: &[&Promotion], line: &Line) -> engine::Product {
    let mut tags: Vec<String> = Vec::new();
    let standing = line.terms.promotions.iter();
    tags.extend(standing.map(|promotion| promotion.id.to_string()));
    for promotion in promotions {
        for (at, scope) in promotion.terms.mechanic.scopes().enumerate() {
            if scope.carries(&line.sku, &line.facts) {
                tags.push(part_tag(promotion, at));
            }
        }
    }
    let price_minor = priced(line, unit_price(basket, line));
    let regular = line
        .terms
        .regular
        .map(|regular| priced(line, regular.minor()));
    engine::Product {
        sku: line.sku.to_string(),
        tags,
        price_minor,
        regular_minor: regular,
        ..engine::Product::default()
    }
}
