//! What a quote costs: 10 lines under 10, 100 and 1,000 active promotions of
//! which the same 5 match. Non-matching promotions are not looked at, so the
//! cost must not grow with them: at most twice from 10 to 1,000.
//!
//! `cargo bench -p offercast-domain --bench quote`, on one core.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark prints its figures and stops when it cannot measure"
)]

use std::hint::black_box;
use std::time::Instant;

use offercast_domain::quote::basket::{Basket, Line, Product};
use offercast_domain::quote::exact::Exact;
use offercast_domain::quote::preset::OFFERCAST;
use offercast_domain::quote::promotion::{Limit, Mechanic, Per, Promotion, Scope, Stage, Value};
use offercast_domain::quote::{PromotionBook, quote};

const SIZES: [usize; 3] = [10, 100, 1_000];
const QUOTES: usize = 4_000;
const ROUNDS: usize = 7;

fn main() {
    let basket = basket();
    let mut first = None;
    println!("promotions  per quote  quotes/s/core  against {}", SIZES[0]);
    for size in SIZES {
        let book = PromotionBook::new(promotions(size));
        let applied = quote(&book, &basket, &OFFERCAST)
            .expect("the basket is well formed")
            .applied()
            .len();
        assert_eq!(applied, 5, "the same five match");
        let nanos = (0..ROUNDS)
            .map(|_| nanos_per_quote(&book, &basket))
            .min()
            .expect("there is a round");
        let base = *first.get_or_insert(nanos);
        let hundredths = nanos * 100 / base;
        println!(
            "{size:>10}  {:>6} ns  {:>13}  {}.{:02} x",
            nanos,
            1_000_000_000 / nanos,
            hundredths / 100,
            hundredths % 100
        );
    }
}

/// The quickest of several rounds is the least disturbed one.
fn nanos_per_quote(book: &PromotionBook, basket: &Basket) -> u128 {
    let start = Instant::now();
    for _ in 0..QUOTES {
        black_box(quote(book, black_box(basket), &OFFERCAST).expect("the basket is well formed"));
    }
    (start.elapsed().as_nanos() / QUOTES as u128).max(1)
}

fn basket() -> Basket {
    Basket {
        products: (0_i64..10)
            .map(|index| Product {
                sku: format!("sku-{index}"),
                categories: vec![format!("Food > Kind {index}")],
                brand: Some(format!("Brand {index}")),
                price_minor: 199 + 100 * index,
                tax_percent: Some(Exact::new(23)),
                ..Product::default()
            })
            .collect(),
        lines: (0..10).map(|product| Line { product, qty: 3 }).collect(),
        ..Basket::default()
    }
}

/// Five that match, and others on skus, categories, brands and codes that
/// the basket does not have.
fn promotions(size: usize) -> Vec<Promotion> {
    (0..size)
        .map(|index| {
            let mut rule = percent(index);
            let scope = match (index, index % 3) {
                (0, _) => only("sku-1"),
                (1, _) => category("Food > Kind 2"),
                (2, _) => brand("Brand 3"),
                (3, _) => category("Food > Kind 4"),
                (4, _) => {
                    rule.mechanics = vec![Mechanic::Order {
                        value: Value::Amount(500),
                        scope: Scope::default(),
                        limit: Limit::default(),
                    }];
                    return rule;
                }
                (_, 0) => only(&format!("other-{index}")),
                (_, 1) => category(&format!("Other > Kind {index}")),
                _ => brand(&format!("Other {index}")),
            };
            rule.mechanics = vec![Mechanic::Item {
                value: Value::Percent(Exact::new(10)),
                per: Per::Unit,
                scope,
                limit: Limit::default(),
            }];
            rule
        })
        .collect()
}

fn percent(index: usize) -> Promotion {
    Promotion {
        id: format!("promotion-{index}"),
        stage: Stage::Basket,
        priority: None,
        group: None,
        exclusive: false,
        coupon: None,
        starts_at_us: None,
        ends_at_us: None,
        channels: None,
        applies_to_reduced: true,
        conditions: Vec::new(),
        mechanics: Vec::new(),
        budget: None,
        max_applications: None,
    }
}

fn only(sku: &str) -> Scope {
    Scope {
        skus: vec![sku.to_owned()],
        ..Scope::default()
    }
}

fn category(name: &str) -> Scope {
    Scope {
        categories: vec![name.to_owned()],
        ..Scope::default()
    }
}

fn brand(name: &str) -> Scope {
    Scope {
        brands: vec![name.to_owned()],
        ..Scope::default()
    }
}
