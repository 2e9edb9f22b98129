use offercast_contract::Horizon;
use proptest::prelude::*;

use super::*;
use crate::source::{Moment, Weekday, WeeklyWindow};

pub(super) fn any_row() -> impl Strategy<Value = PriceRow> {
    let kind = prop::sample::select(vec![
        PriceKind::Regular,
        PriceKind::Special,
        PriceKind::Prior,
        PriceKind::Anchor,
        PriceKind::Floor,
        PriceKind::Cost,
    ]);
    let place = prop::sample::select(vec!["", "store", "region", "elsewhere"]);
    let audience = prop::sample::select(vec!["everyone", "everyone", "card", PERSON]);
    let tier = prop::sample::select(vec!["1", "1", "2", "6", "12"]);
    (
        kind,
        place,
        audience,
        tier,
        1_i64..2_000,
        -2_i64..12,
        1_i64..8,
    )
        .prop_map(|(kind, place, audience, tier, amount, from, days)| {
            let row = price(kind, amount)
                .at_least(tier)
                .for_whom(audience)
                .during(at(from), at(from + days));
            if place.is_empty() {
                row
            } else {
                row.in_zone(place)
            }
        })
}

const PERSON: &str = "personal:0f8fad5b-d9cb-469f-a165-70867728950e";

fn any_effect() -> impl Strategy<Value = Effect> {
    prop_oneof![
        (1_u32..10_000).prop_map(Effect::PercentOff),
        (1_i64..3_000).prop_map(Effect::AmountOff),
        (1_i64..3_000).prop_map(Effect::FixedPrice),
    ]
}

fn moment(instant: Instant, local: bool) -> Moment {
    let text = instant.to_string();
    let text = if local {
        text.trim_end_matches('Z')
    } else {
        &text
    };
    text.parse().unwrap()
}

fn any_window() -> impl Strategy<Value = WeeklyWindow> {
    let time = || {
        let quarter = 0_u32..24 * 4;
        quarter.prop_map(|at| format!("{:02}:{:02}", at / 4, at % 4 * 15))
    };
    let days = prop::sample::subsequence(Weekday::ALL.to_vec(), 1..4);
    (days, time(), time()).prop_map(|(days, from, until)| WeeklyWindow {
        days: days.into_iter().collect(),
        from: from.parse().unwrap(),
        until: if from == until { "24:00" } else { &until }
            .parse()
            .unwrap(),
    })
}

prop_compose! {
    fn any_offer()(
        effect in any_effect(),
        id in "[a-f]{3}",
        priority in 0_i32..3,
        from in -2_i64..12,
        days in 1_i64..8,
        audience in prop::sample::select(vec!["everyone", "card", "gold", PERSON]),
        include in prop::sample::select(vec!["", "food", "food/dairy", "drinks"]),
        in_region in any::<bool>(),
        group in prop::option::of(prop::sample::select(vec!["season", "card"])),
        (applies_to_reduced, combines) in any::<(bool, bool)>(),
        weekly in prop::collection::vec(any_window(), 0..3),
        channel in prop::option::weighted(0.2, prop::sample::select(vec!["app", "kiosk"])),
        local in any::<bool>(),
    ) -> Offer {
        let mut made = offer(&id, effect);
        made.priority = priority;
        made.group = group.map(str::to_owned);
        made.applies_to_reduced = applies_to_reduced;
        made.combines = combines;
        made.valid_from = moment(at(from), local);
        made.valid_until = Some(moment(at(from + days), local));
        made.weekly = weekly;
        made.channels = channel.into_iter().map(|id| id.parse().unwrap()).collect();
        made.audience = Audience::parse(audience).unwrap();
        if !include.is_empty() {
            made.target.include = vec![category(include)];
        }
        if in_region {
            made.zones = vec![zone("region")];
        }
        made
    }
}

/// Half of all markets have the default policy.
fn any_combination() -> impl Strategy<Value = Combination> {
    let preset = prop::sample::select(vec!["offercast", "sylius", "saleor", "medusa", "vendure"]);
    let stacking = prop::sample::select(vec![
        "additive",
        "best_only",
        "best_per_group",
        "compound",
        "first",
    ]);
    let round = prop::sample::select(vec!["half_up", "half_even", "down", "up"]);
    let others = (
        prop::sample::select(vec!["regular", "current"]),
        prop::sample::select(vec!["price", "priority"]),
        prop::sample::select(vec!["price", "discount"]),
        prop::sample::select(vec!["stop", "leave_out"]),
        prop::sample::select(vec!["listed", "priority"]),
        prop::sample::select(vec!["by_name", "by_priority"]),
        prop::sample::select(vec!["ignored", "removes_others"]),
    );
    let made = (preset, stacking, round, others).prop_map(|(preset, stacking, round, others)| {
        let (base, best_by, round_of, at_floor, sequence, grouping, exclusivity) = others;
        let policy = serde_json::json!({
            "preset": preset, "stacking": stacking, "round": round, "base": base,
            "best_by": best_by, "round_of": round_of, "at_floor": at_floor,
            "sequence": sequence, "grouping": grouping, "exclusivity": exclusivity
        });
        serde_json::from_value(policy).unwrap()
    });
    prop_oneof![Just(Combination::default()), made]
}

prop_compose! {
    pub(super) fn any_case()(
        mut rows in prop::collection::vec(any_row(), 0..16),
        mut offers in prop::collection::vec(any_offer(), 0..6),
        audience in prop::sample::select(vec!["everyone", "card", PERSON]),
        combination in any_combination(),
        margin in prop::option::of(0_u32..9_000),
    ) -> Case {
        // Rows of one family do not overlap, ids are unique: the plan sees to it.
        let mut kept: Vec<PriceRow> = Vec::new();
        for row in rows.drain(..) {
            let clashes = kept.iter().any(|other| {
                other.key.kind == row.key.kind
                    && other.key.place == row.key.place
                    && other.key.audience == row.key.audience
                    && other.key.minimum_quantity == row.key.minimum_quantity
                    && other.key.valid_from < row.valid_until.unwrap()
                    && row.key.valid_from < other.valid_until.unwrap()
            });
            if !clashes {
                kept.push(row);
            }
        }
        offers.sort_by(|a, b| a.id.cmp(&b.id));
        offers.dedup_by(|a, b| a.id == b.id);
        let mut shop = Case { combination, ..case(kept).offers(offers).seen_by(audience) };
        shop.floors.minimum_margin_bp = margin;
        shop
    }
}

proptest! {
    #[test]
    fn a_timeline_equals_resolving_at_every_point(
        shop in any_case(),
        quarter in 0_i64..4,
        // The window of the second is over the end of summer time.
        first_day in prop::sample::select(vec![1_i64, 20]),
    ) {
        let mut shop = shop;
        if first_day == 20 {
            for offer in &mut shop.offers {
                offer.valid_until = None;
            }
        }
        let horizon = Horizon::containing(at(first_day));
        shop.with(|input| {
            let line = timeline(input, horizon);
            prop_assert!(line.is_canonical(horizon));
            for hours in 0..9 * 24 {
                let quarters = hours * 4 + quarter;
                let instant = at(first_day).plus_micros(quarters * 15 * 60 * 1_000_000);
                for offset in [-1, 0] {
                    let instant = instant.plus_micros(offset).max(horizon.from());
                    prop_assert_eq!(line.terms_at(instant).cloned(), resolve(input, instant));
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn no_price_is_zero_or_flatters(shop in any_case(), day in 0_i64..12) {
        let Some(terms) = shop.terms_at(at(day)) else { return Ok(()) };
        prop_assert!(terms.price.minor() > 0);
        prop_assert!(terms.conditional.iter().all(|price| price.amount.minor() > 0
            && price.amount < terms.price));
        prop_assert!(terms.regular.is_none_or(|regular| regular > terms.price));
        if let Some(percent) = terms.reduction_percent {
            let base = terms.prior.or(terms.regular).unwrap().minor();
            prop_assert!(i64::from(percent) * base <= (base - terms.price.minor()) * 100);
        }
    }

    #[test]
    fn the_order_of_rows_and_offers_does_not_matter(shop in any_case(), day in 0_i64..12) {
        let before = (shop.terms_at(at(day)), shop.with(|input| explain(input, at(day))));
        let mut turned = shop;
        turned.rows.reverse();
        turned.offers.reverse();
        let after = (turned.terms_at(at(day)), turned.with(|input| explain(input, at(day))));
        prop_assert_eq!(before, after);
    }

    #[test]
    fn an_offer_that_targets_nothing_changes_nothing(shop in any_case(), effect in any_effect()) {
        let horizon = Horizon::containing(at(1));
        let before = shop.with(|input| timeline(input, horizon));
        let mut idle = offer("idle", effect);
        idle.priority = 100;
        idle.target.include = vec![category("food/dair")];
        let after = shop.offers([idle]).with(|input| timeline(input, horizon));
        prop_assert_eq!(before, after);
    }

    #[test]
    fn what_is_explained_is_what_was_resolved(shop in any_case(), day in 0_i64..12) {
        let Some(terms) = shop.terms_at(at(day)) else { return Ok(()) };
        let rules = shop.with(|input| explain(input, at(day)));
        let applied: std::collections::BTreeMap<_, _> = rules
            .iter()
            .filter(|rule| rule.applied)
            .filter_map(|rule| match &rule.subject {
                crate::resolve::Subject::Offer { id, price_minor } => Some((id.clone(), *price_minor)),
                _ => None,
            })
            .collect();
        let taken: std::collections::BTreeSet<_> =
            terms.offers.iter().map(|offer| offer.id.clone()).collect();
        prop_assert!(applied.keys().eq(taken.iter()));
        if let Some(last) = terms.offers.last() {
            prop_assert_eq!(applied[&last.id], Some(terms.price.minor()));
        }
    }

    #[test]
    fn no_price_is_below_its_floor(shop in any_case(), day in 0_i64..12) {
        let Some(terms) = shop.terms_at(at(day)) else { return Ok(()) };
        let single = offercast_contract::Condition::default();
        let all = [(&single, terms.price)].into_iter().chain(
            terms.conditional.iter().map(|price| (&price.condition, price.amount)),
        );
        for (condition, amount) in all {
            let who = condition.audience.as_ref().unwrap_or(&shop.audience);
            let quantity = condition.quantity.unwrap_or(Quantity::ONE);
            let held = |kind| independent(&shop, who, kind, quantity, at(day));
            let floor = held(PriceKind::Floor).unwrap_or(1);
            prop_assert!(amount.minor() >= floor, "{condition} {amount} below {floor}");
            if let Some((cost, margin)) = held(PriceKind::Cost).zip(shop.floors.minimum_margin_bp) {
                // (net - cost) / net >= margin, with net = amount / 1.25.
                let net_times_12_500 = i128::from(amount.minor()) * 10_000;
                let left = net_times_12_500 - i128::from(cost) * 12_500;
                prop_assert!(left * 10_000 >= net_times_12_500 * i128::from(margin));
            }
        }
    }

    #[test]
    fn more_never_costs_more_a_piece(shop in any_case(), day in 0_i64..12) {
        let Some(terms) = shop.terms_at(at(day)) else { return Ok(()) };
        for price in &terms.conditional {
            // Below whatever its buyer could have with less, or as anybody.
            prop_assert!(price.amount < terms.price);
            for other in &terms.conditional {
                let audience = &other.condition.audience;
                let is_theirs = audience.is_none() || *audience == price.condition.audience;
                if other != price && is_theirs && other.condition.quantity <= price.condition.quantity {
                    prop_assert!(price.amount < other.amount);
                }
            }
        }
    }

    #[test]
    fn a_person_stands_in_no_view_but_their_own(shop in any_case(), day in 0_i64..12) {
        let person = Audience::parse(PERSON).unwrap();
        let shop = if shop.audience == person { shop.seen_by("everyone") } else { shop };
        let mut without = shop.clone();
        without.rows.retain(|row| row.key.audience != person);
        without.offers.retain(|offer| offer.audience != person);
        prop_assert_eq!(shop.terms_at(at(day)), without.terms_at(at(day)));
        let rules = |case: &Case| case.with(|input| explain(input, at(day)));
        prop_assert_eq!(rules(&shop), rules(&without));
    }
}

/// Rule 1, written another way: place by place, the own rows before those of
/// everyone, the largest quantity that is reached.
fn independent(
    shop: &Case,
    audience: &Audience,
    kind: PriceKind,
    quantity: Quantity,
    instant: Instant,
) -> Option<i64> {
    let places = shop.zones.iter().map(Some).chain([None]);
    let everyone = Audience::everyone();
    for place in places {
        for who in [audience, &everyone] {
            let found = shop
                .rows
                .iter()
                .filter(|row| row.key.place.zone.as_ref() == place && row.key.audience == *who)
                .filter(|row| row.key.kind == kind && row.holds_at(instant))
                .filter(|row| row.key.minimum_quantity.is_none_or(|from| from <= quantity))
                .max_by_key(|row| row.key.minimum_quantity);
            if let Some(row) = found {
                return Some(row.amount_minor);
            }
        }
    }
    None
}
