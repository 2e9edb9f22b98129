//! The engine: applies promotions to a basket as a policy says.
//!
//! It is deliberately free of any system's name: presets are settings only.

pub(crate) mod allocate;
pub(crate) mod catalogue;
mod combine;
pub(crate) mod conditions;
mod finish;
mod item;
mod order;
mod sets;
pub(crate) mod shelf;
pub(crate) mod state;
mod target;

use super::basket::Basket;
use super::book::PromotionBook;
use super::exact::Exact;
use super::policy::Policy;
use super::promotion::{Mechanic, Promotion, Stage};
use super::result::{Quote, Reason};
use super::{QuoteError, check_bounds};
use catalogue::{ShelfPrice, in_sequence, shelf_price};
use combine::Outcome;
use conditions::{is_offered, same_code};
use sets::{BuyGet, MAX_SETS};
use state::{Effect, GiftState, LineState, Share, ShippingState, State};

/// Everything one quote works with.
pub(crate) struct Engine<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) basket: &'a Basket,
    /// The promotions looked at, in the order they are considered.
    pub(crate) promotions: Vec<&'a Promotion>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) shares: Vec<Share>,
}

/// Quotes a basket. Promotions that cannot match are not looked at.
///
/// # Errors
/// When the basket is not well formed or its amounts are out of bounds.
pub fn quote(book: &PromotionBook, basket: &Basket, policy: &Policy) -> Result<Quote, QuoteError> {
    run(book, &book.candidates(basket), basket, policy)
}

/// Quotes a basket and gives the reason of every promotion of the book, also
/// of those that cannot match. Slower; for explanations.
///
/// # Errors
/// As [`quote`].
pub fn quote_explained(
    book: &PromotionBook,
    basket: &Basket,
    policy: &Policy,
) -> Result<Quote, QuoteError> {
    let all: Vec<usize> = (0..book.promotions().len()).collect();
    run(book, &all, basket, policy)
}

/// The shelf price of a product, with each promotion's id and reason.
///
/// # Errors
/// As [`quote`].
pub fn shelf(
    book: &PromotionBook,
    basket: &Basket,
    product: usize,
    policy: &Policy,
) -> Result<(ShelfPrice, Vec<String>), QuoteError> {
    check_bounds(basket)?;
    let product = basket
        .products
        .get(product)
        .ok_or(QuoteError::UnknownProduct { line: 0 })?;
    let promotions: Vec<&Promotion> = book.promotions().iter().collect();
    let price = shelf_price(policy, basket, product, &promotions);
    let applied = price
        .applied
        .iter()
        .map(|(index, _)| promotions[*index].id.clone())
        .collect();
    Ok((price, applied))
}

fn run(
    book: &PromotionBook,
    candidates: &[usize],
    basket: &Basket,
    policy: &Policy,
) -> Result<Quote, QuoteError> {
    check_bounds(basket)?;
    let listed: Vec<&Promotion> = candidates
        .iter()
        .map(|&index| &book.promotions()[index])
        .collect();
    let promotions: Vec<&Promotion> = in_sequence(policy, &listed)
        .into_iter()
        .map(|index| listed[index])
        .collect();
    let shelves: Vec<ShelfPrice> = basket
        .products
        .iter()
        .map(|product| shelf_price(policy, basket, product, &promotions))
        .collect();
    let mut state = start(basket, &shelves);
    let untouched = state.clone();
    let mut engine = Engine {
        policy,
        basket,
        outcomes: vec![Outcome::default(); promotions.len()],
        promotions,
        shares: Vec::new(),
    };
    let offered = engine.offered();
    engine.run(&mut state, &offered);
    let coupons = engine.coupons(book, &untouched);
    Ok(engine.finish(&untouched, &state, &shelves, coupons))
}

fn start(basket: &Basket, shelves: &[ShelfPrice]) -> State {
    State {
        lines: basket
            .lines
            .iter()
            .map(|line| LineState {
                product: line.product,
                qty: line.qty,
                regular_minor: shelves[line.product].regular_minor,
                start_minor: shelves[line.product].price_minor,
                floor_minor: basket.products[line.product].floor_minor,
                reduced: shelves[line.product].reduced,
                item_off: Exact::ZERO,
                order_off: Exact::ZERO,
                given: 0,
                used: Vec::new(),
            })
            .collect(),
        shipping: basket
            .shipping
            .iter()
            .map(|way| ShippingState {
                price_minor: way.price_minor,
                off: Exact::ZERO,
            })
            .collect(),
        gifts: Vec::new(),
    }
}

impl Engine<'_> {
    /// The basket promotions that time, channel and codes allow.
    fn offered(&mut self) -> Vec<usize> {
        let mut offered = Vec::new();
        for index in 0..self.promotions.len() {
            let rule = self.promotions[index];
            if rule.stage != Stage::Basket {
                continue;
            }
            match is_offered(rule, self.basket, self.policy) {
                Ok(()) => offered.push(index),
                Err(reason) => self.note(index, reason),
            }
        }
        let with_code = offered
            .iter()
            .any(|&index| self.promotions[index].coupon.is_some());
        if self.policy.coupon_silences_automatic && with_code {
            offered.retain(|&index| {
                let keep = self.promotions[index].coupon.is_some();
                if !keep {
                    self.outcomes[index].reason = Some(Reason::AutomaticOff);
                }
                keep
            });
        }
        offered
    }

    /// Each entered code and whether it is valid.
    fn coupons(&self, book: &PromotionBook, state: &State) -> Vec<(String, bool)> {
        use super::policy::CouponValid;
        self.basket
            .coupons
            .iter()
            .map(|entered| {
                let valid = book.with_code(entered).iter().any(|&index| {
                    let rule = &book.promotions()[index];
                    let same = rule
                        .coupon
                        .as_ref()
                        .is_some_and(|code| same_code(self.policy.coupon_case, entered, code));
                    if !same || conditions::is_current(rule, self.basket).is_err() {
                        return false;
                    }
                    self.policy.coupon_valid == CouponValid::Exists
                        || self.position(rule).is_some_and(|position| {
                            self.holds(state, position).is_ok() && self.reaches(state, position)
                        })
                });
                (entered.clone(), valid)
            })
            .collect()
    }

    fn position(&self, rule: &Promotion) -> Option<usize> {
        self.promotions.iter().position(|other| other.id == rule.id)
    }

    /// Whether any line can carry what the promotion gives; delivery and
    /// gifts need none.
    fn reaches(&self, state: &State, index: usize) -> bool {
        let rule = self.promotions[index];
        rule.mechanics.is_empty()
            || rule.mechanics.iter().any(|mechanic| {
                mechanic.scope().is_none_or(|scope| {
                    (0..state.lines.len()).any(|line| {
                        self.in_scope(state, line, scope)
                            && (rule.applies_to_reduced || !state.lines[line].reduced)
                    })
                })
            })
    }

    /// What one mechanic gives on a state.
    pub(crate) fn give(&self, state: &State, index: usize, mechanic: &Mechanic) -> Effect {
        match mechanic {
            Mechanic::Item {
                value,
                per,
                scope,
                limit,
            } => self.item(state, index, (*value, *per), scope, *limit),
            Mechanic::Order {
                value,
                scope,
                limit,
            } => self.order(state, index, *value, scope, *limit),
            Mechanic::Shipping {
                value,
                options,
                across,
            } => self.shipping(state, index, *value, options, *across),
            Mechanic::Tiered {
                base,
                tiers,
                scope,
                group_size,
                limit,
            } => self.tiered(state, index, (*base, tiers), scope, *group_size, *limit),
            Mechanic::Group {
                size,
                value,
                scope,
                limit,
            } => self.group(state, index, (*size, *value), scope, *limit),
            Mechanic::CheapestFree { scope } => self.cheapest_free(state, index, scope),
            Mechanic::Bundle {
                size,
                price_minor,
                scope,
            } => self.bundle(state, index, (*size, *price_minor), scope),
            Mechanic::Parts { parts, price_minor } => self.parts(state, index, parts, *price_minor),
            Mechanic::OrderTiers {
                tiers,
                scope,
                limit,
            } => self.order_tiers(state, index, tiers, scope, *limit),
            Mechanic::BuyGet {
                buy,
                buy_scope,
                get,
                get_scope,
                percent,
                max_sets,
            } => {
                let rule = BuyGet {
                    buy: *buy,
                    buy_scope,
                    get: *get,
                    get_scope,
                    percent: *percent,
                    max_sets: if self.policy.buy_get.repeat {
                        max_sets.unwrap_or(MAX_SETS).min(MAX_SETS)
                    } else {
                        1
                    },
                };
                self.buy_get(state, index, rule)
            }
            Mechanic::Gift {
                sku,
                price_minor,
                per_condition_unit,
            } => self.gift(state, index, sku, *price_minor, *per_condition_unit),
        }
    }

    fn gift(
        &self,
        state: &State,
        index: usize,
        sku: &str,
        price_minor: i64,
        per_condition_unit: bool,
    ) -> Effect {
        use super::promotion::Condition;
        let counted =
            self.promotions[index]
                .conditions
                .iter()
                .find_map(|condition| match condition {
                    Condition::Contains { scope } => Some(self.units_in(state, index, scope).0),
                    Condition::Quantity { scope, min } => {
                        Some(self.units_in(state, index, scope).0 / (*min).max(1))
                    }
                    _ => None,
                });
        let qty = if per_condition_unit {
            counted.unwrap_or(1)
        } else {
            1
        };
        let already = state.gifts.iter().any(|gift| gift.promotion == index);
        if qty < 1 || already {
            return Effect::default();
        }
        Effect {
            gifts: vec![GiftState {
                promotion: index,
                sku: sku.to_owned(),
                qty,
                price_minor,
            }],
            ..Effect::default()
        }
    }
}
