//! Rule 10: the most specific order conditions win, part by part.

use offercast_contract::{Horizon, PaymentMethod, SalesMode};

use super::*;
use crate::resolve::{Reason, Subject};
use crate::source::{Fee, ReturnPolicy};

fn conditions(id: &str) -> OrderConditions {
    OrderConditions::new(id.parse().unwrap(), MarketId::parse("hr").unwrap(), at(0))
}

fn fee(id: &str, zone_id: Option<&str>, amount_minor: i64) -> OrderConditions {
    OrderConditions {
        delivery_fee: Some(Fee {
            amount_minor,
            free_from_minor: None,
        }),
        zone: zone_id.map(zone),
        ..conditions(id)
    }
}

fn whole_market() -> OrderConditions {
    OrderConditions {
        delivery_fee: Some(Fee {
            amount_minor: 499,
            free_from_minor: Some(5000),
        }),
        minimum_order_minor: Some(2000),
        payment: vec![PaymentMethod::Card, PaymentMethod::Cash],
        returns: Some(ReturnPolicy {
            days: 14,
            labels: BTreeMap::from([("hr".parse().unwrap(), "Uz račun".to_owned())]),
        }),
        ..conditions("base")
    }
}

fn delivered(order: Vec<OrderConditions>) -> Case {
    Case {
        mode: SalesMode::Delivery,
        order,
        ..case([regular(1000)])
    }
}

fn fee_of(case: &Case) -> Option<i64> {
    let order = case.terms().order?;
    Some(order.delivery_fee?.amount.minor())
}

#[test]
fn the_zone_wins_over_the_zone_around_it_and_the_market() {
    let [base, region, store, elsewhere] = [
        whole_market(),
        fee("region", Some("region"), 399),
        fee("store", Some("store"), 0),
        fee("elsewhere", Some("elsewhere"), 1),
    ];
    assert_eq!(fee_of(&delivered(vec![base.clone()])), Some(499));
    assert_eq!(
        fee_of(&delivered(vec![base.clone(), region.clone(), elsewhere])),
        Some(399)
    );
    let all = delivered(vec![region, store, base]);
    assert_eq!(fee_of(&all), Some(0));
    // Parts that the zones do not give come from the market.
    let order = all.terms().order.unwrap();
    assert_eq!(order.minimum_order.unwrap().minor(), 2000);
    assert_eq!(order.returns.unwrap().days, 14);
    assert_eq!(order.payment.len(), 2);
    let reasons: Vec<(String, Reason)> = all
        .with(|input| explain(input, at(1)))
        .into_iter()
        .filter_map(|rule| match rule.subject {
            Subject::OrderConditions { id, part } if part == "delivery_fee" => {
                Some((id.to_string(), rule.reason))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        reasons,
        [
            ("base".to_owned(), Reason::LessSpecific),
            ("region".to_owned(), Reason::LessSpecific),
            ("store".to_owned(), Reason::Applied),
        ]
    );
}

#[test]
fn the_sales_mode_wins_in_the_same_place() {
    let express = OrderConditions {
        mode: Some(SalesMode::Delivery),
        ..fee("express", None, 899)
    };
    let counter = OrderConditions {
        minimum_order_minor: Some(0),
        mode: Some(SalesMode::Store),
        ..conditions("counter")
    };
    let mut case = delivered(vec![whole_market(), express, counter]);
    assert_eq!(fee_of(&case), Some(899));
    // Place goes before mode: the zone's conditions are for all modes.
    let mut zoned = case.clone();
    zoned.order.push(fee("region", Some("region"), 399));
    assert_eq!(fee_of(&zoned), Some(399));
    // Nothing is delivered over the counter, and 0 ends the minimum there.
    case.mode = SalesMode::Store;
    let order = case.terms().order.unwrap();
    assert_eq!((order.delivery_fee, order.minimum_order), (None, None));
}

#[test]
fn conditions_begin_and_end_exactly() {
    let winter = OrderConditions {
        valid_from: at(2),
        valid_until: Some(at(3)),
        ..fee("winter", Some("store"), 0)
    };
    let case = delivered(vec![whole_market(), winter]);
    let timeline = case.with(|input| timeline(input, Horizon::containing(at(1))));
    let starts: Vec<Option<Instant>> = timeline.segments().iter().map(|it| it.from).collect();
    assert_eq!(starts, [None, Some(at(2)), Some(at(3))]);
    assert_eq!(timeline.terms_at(at(1)), timeline.terms_at(at(3)));
    assert_eq!(delivered(Vec::new()).terms().order, None);
}
