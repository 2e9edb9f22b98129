use offercast_contract::{Mechanic, PromotionTerms};

use super::*;
use crate::resolve::{Reason, Subject};

fn trio(id: &str) -> Offer {
    let terms = PromotionTerms::of(Mechanic::NForM { buy: 3, pay: 2 });
    offer(id, Effect::Promotion(Box::new(terms)))
}

fn standing(terms: &Terms) -> Vec<&str> {
    let promotions = terms.promotions.iter();
    promotions.map(|promotion| promotion.id.as_str()).collect()
}

#[test]
fn promotions_stand_in_order_and_leave_the_price() {
    let mut first = trio("z");
    first.priority = 1;
    let discount = offer("cheaper", Effect::PercentOff(1_000));
    let terms = case(vec![regular(500)])
        .offers(vec![trio("b"), trio("a"), first, discount])
        .terms();
    assert_eq!(standing(&terms), ["z", "a", "b"]);
    assert_eq!(terms.price.minor(), 450);
    assert_eq!(terms.offers.len(), 1);
}

#[test]
fn members_have_theirs_and_everyone_sees_the_condition() {
    let mut members = trio("members");
    members.audience = Audience::parse("gold").unwrap();
    let shelf = case(vec![regular(500)]).offers(vec![members]);
    let everyone = shelf.terms();
    assert_eq!(
        everyone.promotions[0].audience.as_ref().unwrap().as_str(),
        "gold"
    );
    assert!(everyone.conditional.is_empty());
    assert_eq!(
        standing(&shelf.clone().seen_by("gold").terms()),
        ["members"]
    );
    assert!(shelf.seen_by("silver").terms().promotions.is_empty());
}

#[test]
fn what_is_not_for_reduced_goods_stands_only_at_the_full_price() {
    let mut full = trio("full");
    full.applies_to_reduced = false;
    let on = |rows: Vec<PriceRow>| case(rows).offers(vec![full.clone()]);
    assert_eq!(standing(&on(vec![regular(500)]).terms()), ["full"]);
    let reduced = on(vec![regular(500), special(400)]);
    assert!(reduced.terms().promotions.is_empty());
    let considered = reduced.with(|input| explain(input, at(1)));
    let own = considered
        .iter()
        .find(|it| matches!(&it.subject, Subject::Promotion { id } if id.as_str() == "full"));
    assert_eq!(own.unwrap().reason, Reason::AlreadyReduced);
}
