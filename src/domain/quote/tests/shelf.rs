//! The catalogue stage, price selection, splits and the lowest price.

use std::collections::BTreeMap;

use super::make::{basket, catalogue, item, only, payable, percent, promotion, quoted};
use crate::quote::exact::{Exact, Whole};
use crate::quote::lowest_price::{PriceEntry, lowest_before};
use crate::quote::policy::{
    AtFloor, Base, BestBy, Catalogue, CatalogueAs, Policy, PriceLists, RoundAt, RoundMode, RoundOf,
    Rounding, Stacking,
};
use crate::quote::preset::{OFFERCAST, SALEOR};
use crate::quote::price_select::{ListKind, PriceList, PriceQuery, PriceRow, Selected, select};
use crate::quote::promotion::{Scope, Value};
use crate::quote::split::split;
use crate::quote::{PromotionBook, shelf};

const HALF_UP: Rounding = Rounding {
    of: RoundOf::Price,
    at: RoundAt::Unit,
    mode: RoundMode::To(Whole::HalfUp),
};

fn with(stacking: Stacking, base: Base) -> Policy {
    Policy {
        catalogue: Catalogue {
            stacking,
            base,
            best_by: BestBy::Price,
            at_floor: AtFloor::Stop,
            rounding: HALF_UP,
            shown_as: CatalogueAs::Price,
        },
        ..OFFERCAST
    }
}

#[test]
fn catalogue_stacking_and_base() {
    let mut basket = basket(&[("a", 900, 1)]);
    basket.products[0].regular_minor = Some(1_000);
    let promotions = vec![
        catalogue("fifth", percent("20", only("a"))),
        catalogue("tenth", percent("10", only("a"))),
        catalogue("other", percent("90", only("b"))),
    ];
    let book = PromotionBook::new(promotions);
    for (stacking, base, price, applied) in [
        (Stacking::Compound, Base::Regular, 720, 2),
        (Stacking::Compound, Base::Current, 648, 2),
        (Stacking::Additive, Base::Regular, 700, 2),
        (Stacking::BestOnly, Base::Regular, 800, 1),
        (Stacking::BestOnly, Base::Current, 720, 1),
        (Stacking::First, Base::Current, 720, 1),
    ] {
        let (shelf, ids) = shelf(&book, &basket, 0, &with(stacking, base)).unwrap();
        assert_eq!(shelf.price_minor, price, "{stacking:?} {base:?}");
        assert_eq!(ids.len(), applied, "{stacking:?} {base:?}");
        assert_eq!(shelf.regular_minor, 1_000);
    }
}

#[test]
fn a_catalogue_price_stops_at_the_floor_and_shows_as_the_policy_says() {
    let mut basket = basket(&[("a", 1_000, 3)]);
    basket.products[0].floor_minor = 850;
    let promotions = [catalogue("half", percent("50", Scope::default()))];
    let quote = quoted(
        &basket,
        &promotions,
        &with(Stacking::BestOnly, Base::Current),
    );
    assert_eq!(payable(&quote), ["2550"]);
    assert_eq!(quote.lines[0].catalogue_off_shown, Exact::ZERO);
    let left_out = quoted(&basket, &promotions, &OFFERCAST);
    assert_eq!(payable(&left_out), ["3000"]);
    let quote = quoted(&basket, &promotions, &SALEOR);
    assert_eq!(quote.lines[0].catalogue_off_shown, Exact::new(450));
}

#[test]
fn a_category_holds_its_subtree_and_no_neighbour() {
    let mut basket = basket(&[("a", 100, 1), ("b", 100, 1), ("c", 100, 1)]);
    for (product, category) in basket
        .products
        .iter_mut()
        .zip(["Food", "Food > Bread", "Foodie"])
    {
        product.categories = vec![category.to_owned()];
    }
    let scope = Scope {
        categories: vec!["Food".to_owned()],
        except: Some(Box::new(only("b"))),
        ..Scope::default()
    };
    let without = [promotion("food", item(Value::Amount(10), scope.clone()))];
    assert_eq!(
        payable(&quoted(&basket, &without, &OFFERCAST)),
        ["90", "100", "100"]
    );
    let scope = Scope {
        except: None,
        ..scope
    };
    let all = [promotion("food", item(Value::Amount(10), scope))];
    assert_eq!(
        payable(&quoted(&basket, &all, &OFFERCAST)),
        ["90", "90", "100"]
    );
}

#[test]
fn within_a_group_the_best_and_groups_follow_each_other() {
    let basket = basket(&[("a", 1_000, 1)]);
    let grouped = |id: &str, off: &str, group: Option<&str>| crate::quote::promotion::Promotion {
        group: group.map(str::to_owned),
        ..catalogue(id, percent(off, only("a")))
    };
    let mut promotions = vec![
        grouped("tenth", "10", Some("season")),
        grouped("fifth", "20", Some("season")),
        grouped("half", "50", None),
        grouped("third", "30", None),
    ];
    let policy = with(Stacking::BestPerGroup, Base::Current);
    let price = |promotions: &[_], policy| {
        let book = PromotionBook::new(promotions.to_vec());
        let (shelf, ids) = shelf(&book, &basket, 0, &policy).unwrap();
        (shelf.price_minor, ids)
    };
    assert_eq!(
        price(&promotions, policy),
        (400, vec!["fifth".to_owned(), "half".to_owned()])
    );
    promotions[2].applies_to_reduced = false;
    assert_eq!(
        price(&promotions, policy),
        (560, vec!["fifth".to_owned(), "third".to_owned()])
    );
    promotions[0].priority = Some(1);
    let by_rank = Policy {
        catalogue: Catalogue {
            best_by: BestBy::Priority,
            stacking: Stacking::BestOnly,
            ..policy.catalogue
        },
        ..policy
    };
    assert_eq!(price(&promotions, by_rank), (900, vec!["tenth".to_owned()]));
}

#[test]
fn reductions_of_the_regular_price_never_raise_a_special_one() {
    let mut basket = basket(&[("a", 700, 1)]);
    basket.products[0].regular_minor = Some(1_000);
    let book = PromotionBook::new(vec![catalogue("tenth", percent("10", only("a")))]);
    for stacking in [
        Stacking::Compound,
        Stacking::BestOnly,
        Stacking::BestPerGroup,
    ] {
        let policy = with(stacking, Base::Regular);
        let (shelf, ids) = shelf(&book, &basket, 0, &policy).unwrap();
        assert_eq!((shelf.price_minor, ids.len()), (700, 0), "{stacking:?}");
    }
}

fn row(amount: i64, rules: &[(&str, &str)]) -> PriceRow {
    PriceRow {
        price_set: "set".to_owned(),
        currency: "PLN".to_owned(),
        amount_minor: amount,
        min_quantity: None,
        max_quantity: None,
        rules: rules
            .iter()
            .map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()]))
            .collect(),
    }
}

#[test]
fn lists_come_before_base_prices_and_specific_before_cheap() {
    let base = [row(500, &[]), row(450, &[("zone", "north")])];
    let list = |kind, amount, active| PriceList {
        kind,
        active,
        starts_at_us: Some(100),
        ends_at_us: Some(200),
        rules: BTreeMap::new(),
        prices: vec![row(amount, &[])],
    };
    let query = PriceQuery {
        currency: "PLN".to_owned(),
        context: BTreeMap::from([("zone".to_owned(), vec!["north".to_owned()])]),
        quantity: None,
        now_us: Some(150),
    };
    let policy = OFFERCAST.price_lists;
    let answer = |amount, original, from_list| {
        Some(Selected {
            amount_minor: amount,
            original_minor: Some(original),
            from_list,
        })
    };
    for (lists, expected) in [
        (vec![], answer(450, 450, false)),
        (
            vec![list(ListKind::Sale, 300, true)],
            answer(300, 450, true),
        ),
        (
            vec![list(ListKind::Override, 300, true)],
            answer(300, 300, true),
        ),
        (
            vec![list(ListKind::Sale, 300, false)],
            answer(450, 450, false),
        ),
        (
            vec![list(ListKind::Sale, 480, true)],
            answer(450, 450, false),
        ),
        (
            vec![list(ListKind::Override, 480, true)],
            answer(480, 480, true),
        ),
    ] {
        assert_eq!(select("set", &base, &lists, &query, &policy), expected);
    }
    let over = PriceQuery {
        now_us: Some(200),
        ..query.clone()
    };
    let lists = [list(ListKind::Sale, 300, true)];
    assert_eq!(
        select("set", &base, &lists, &over, &policy),
        answer(450, 450, false)
    );
    let cheapest = PriceLists {
        more_rules_first: false,
        ..policy
    };
    let base = [row(400, &[]), row(450, &[("zone", "north")])];
    assert_eq!(
        select("set", &base, &[], &query, &cheapest),
        answer(400, 400, false)
    );
    assert_eq!(
        select("set", &base, &[], &query, &policy),
        answer(450, 450, false)
    );
    let elsewhere = PriceQuery {
        currency: "EUR".to_owned(),
        ..query
    };
    assert_eq!(select("set", &base, &[], &elsewhere, &policy), None);
}

#[test]
fn an_order_discount_is_split_over_items_and_delivery() {
    let amount = split(Value::Amount(100), 200, 100, &SALEOR);
    assert_eq!(
        (amount.items, amount.shipping),
        (Exact::new(67), Exact::new(33))
    );
    let more = split(Value::Amount(999), 200, 100, &SALEOR);
    assert_eq!(
        (more.items, more.shipping),
        (Exact::new(200), Exact::new(100))
    );
    let percent = split(
        Value::Percent(Exact::parse("12.5").unwrap()),
        204,
        100,
        &SALEOR,
    );
    // 25.5 and 12.5, both rounded half up.
    assert_eq!(
        (percent.items, percent.shipping),
        (Exact::new(26), Exact::new(13))
    );
}

#[test]
fn the_lowest_price_looks_at_the_window_and_the_price_it_began_with() {
    let day = |day: i64| Some(day * 86_400_000_000);
    let entry = |at_us, price_minor, original_minor| PriceEntry {
        at_us,
        price_minor,
        original_minor,
    };
    let history = [
        entry(day(0), 700, None),
        entry(day(10), 900, None),
        entry(day(50), 1_000, None),
        entry(day(60), 800, Some(1_000)),
    ];
    assert_eq!(lowest_before(&history, 30), Some(900));
    assert_eq!(lowest_before(&history, 5), Some(1_000));
    assert_eq!(lowest_before(&history, 55), Some(700));
    assert_eq!(lowest_before(&history[..3], 30), None);
    assert_eq!(lowest_before(&history[3..], 30), None);
    assert_eq!(lowest_before(&[], 30), None);
}
