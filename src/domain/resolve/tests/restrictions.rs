//! Rule 9: what the law allows.

use offercast_contract::{
    Channel, ChannelSelector, Horizon, Measure, MeasureUnit, RestrictionId, SalesMode,
};

use super::*;
use crate::resolve::{Considered, Reason, Subject};
use crate::source::{PriceLimit, Rule};

fn restriction(id: &str, class: &str, rule: Rule) -> Restriction {
    Restriction {
        channels: Vec::new(),
        class: class.to_owned(),
        id: id.parse().unwrap(),
        market: MarketId::parse("hr").unwrap(),
        modes: Vec::new(),
        rule,
        source: format!("law of {id}"),
        valid_from: at(0),
        valid_until: None,
        zones: Vec::new(),
    }
}

fn per_half_litre(amount_minor: i64) -> PriceLimit {
    PriceLimit {
        amount_minor,
        per: Some(Measure {
            quantity: "0.5".parse().unwrap(),
            unit: MeasureUnit::Litre,
        }),
    }
}

fn per_pack(amount_minor: i64) -> PriceLimit {
    PriceLimit {
        amount_minor,
        per: None,
    }
}

impl Case {
    fn of_class(mut self, class: &'static str) -> Self {
        self.restriction_class = Some(class);
        self
    }

    fn under(mut self, restrictions: impl IntoIterator<Item = Restriction>) -> Self {
        self.restrictions.extend(restrictions);
        self
    }

    fn in_mode(mut self, mode: SalesMode) -> Self {
        self.mode = mode;
        self
    }

    fn explained(&self, instant: Instant) -> Vec<Considered> {
        self.with(|input| explain(input, instant))
    }

    fn reason(&self, is_subject: impl Fn(&Subject) -> bool) -> Reason {
        let all = self.explained(at(1));
        let found = all.into_iter().find(|rule| is_subject(&rule.subject));
        found.unwrap().reason
    }

    fn reason_of_restriction(&self, wanted: &str) -> Reason {
        self.reason(
            |subject| matches!(subject, Subject::Restriction { id, .. } if id.as_str() == wanted),
        )
    }

    fn reason_of_offer(&self, wanted: &str) -> Reason {
        self.reason(|subject| matches!(subject, Subject::Offer { id, .. } if id.as_str() == wanted))
    }
}

fn id(text: &str) -> RestrictionId {
    text.parse().unwrap()
}

/// Special, prior, a gold price and an offer: all kinds of reductions at once.
fn reduced() -> Case {
    let rows = [
        regular(1000),
        special(900),
        prior(1000),
        regular(800).for_whom("gold"),
    ];
    case(rows).offers([offer("sale", Effect::PercentOff(2000))])
}

#[test]
fn no_discount_leaves_the_plain_price_of_everyone() {
    let law = restriction("plain", "tobacco", Rule::NoDiscount);
    let tobacco = reduced().of_class("tobacco").under([law]);
    for case in [tobacco.clone(), tobacco.clone().seen_by("gold")] {
        let terms = case.terms();
        assert_eq!(terms.price.minor(), 900);
        assert_eq!(
            (terms.regular, terms.prior, terms.reduction_percent),
            (None, None, None)
        );
        assert!(terms.offers.is_empty() && terms.conditional.is_empty());
    }
    let forbidden = Reason::ForbiddenBy {
        restriction: id("plain"),
    };
    assert_eq!(tobacco.reason_of_offer("sale"), forbidden);
    assert_eq!(tobacco.reason_of_restriction("plain"), Reason::Applied);
    assert_eq!(
        tobacco.reason(|subject| *subject == Subject::RegularClaim),
        forbidden
    );
    // Without the law, or for other goods, all of it holds.
    assert_eq!(reduced().price(), 720);
    let other =
        reduced()
            .of_class("tobaccos")
            .under([restriction("plain", "tobacco", Rule::NoDiscount)]);
    assert_eq!(other.price(), 720);
}

#[test]
fn a_class_is_also_the_classes_below_it() {
    let law = restriction("plain", "alcohol", Rule::NoDiscount);
    let vodka = reduced().of_class("alcohol/vodka").under([law]);
    assert_eq!(vodka.price(), 900);
    assert!(!restriction("x", "alcohol/vodka", Rule::Hide).is_for("alcohol"));
}

#[test]
fn a_statutory_minimum_stops_the_offers_that_would_pass_it() {
    let minimum = || restriction("least", "vodka", Rule::MinimumPrice(per_half_litre(409)));
    let offers = [
        offer("deep", Effect::FixedPrice(560)),
        offer("fair", Effect::FixedPrice(580)),
    ];
    let vodka = case([regular(700)])
        .offers(offers)
        .pack("0.7", MeasureUnit::Litre)
        .of_class("vodka")
        .under([minimum()]);
    // 409 × 0.7 / 0.5 = 572.6, rounded up.
    assert_eq!(vodka.price(), 580);
    assert_eq!(
        vodka.reason_of_offer("deep"),
        Reason::BelowStatutoryMinimum {
            minimum_minor: 573,
            restriction: id("least"),
        }
    );
    assert_eq!(vodka.reason_of_offer("fair"), Reason::Applied);
    let limit = |case: &Case| {
        let all = case.explained(at(1));
        all.into_iter().find_map(|rule| match rule.subject {
            Subject::Restriction { limit_minor, .. } => limit_minor,
            _ => None,
        })
    };
    assert_eq!(limit(&vodka), Some(573));
    // Several minima: the highest.
    let higher = restriction("more", "vodka", Rule::MinimumPrice(per_pack(600)));
    assert_eq!(vodka.under([higher]).price(), 700);
    // By the litre, a maximum rounds down: 1001 per 3 l is 333 per l.
    let mut loose = case([regular(333)]).of_class("must").under([restriction(
        "most",
        "must",
        Rule::MaximumPrice(PriceLimit {
            amount_minor: 1001,
            per: Some(Measure {
                quantity: "3".parse().unwrap(),
                unit: MeasureUnit::Litre,
            }),
        }),
    )]);
    loose.sale_unit = SaleUnit::Litre;
    assert_eq!(loose.price(), 333);
    loose.rows = vec![regular(334)];
    assert_eq!(loose.terms_at(at(1)), None);
}

#[test]
fn a_price_that_the_law_forbids_is_not_sold() {
    for (rule, forbidden) in [
        (Rule::MinimumPrice(per_pack(500)), 499),
        (Rule::MaximumPrice(per_pack(500)), 501),
    ] {
        let case = |minor| {
            case([regular(minor)])
                .of_class("c")
                .under([restriction("limit", "c", rule.clone())])
        };
        assert_eq!(case(500).price(), 500);
        assert_eq!(case(forbidden).terms_at(at(1)), None);
        assert_eq!(
            case(forbidden).reason_of_restriction("limit"),
            Reason::ForbidsPrice
        );
    }
    // Where the pack does not tell how much is in it, the limit is unknown.
    let unknown = case([regular(1)]).of_class("vodka").under([restriction(
        "least",
        "vodka",
        Rule::MinimumPrice(per_half_litre(409)),
    )]);
    assert_eq!(unknown.reason_of_restriction("least"), Reason::Unknown);
}

#[test]
fn a_member_price_below_the_minimum_is_not_offered() {
    let rows = [regular(700), regular(400).for_whom("gold")];
    let law = restriction("least", "c", Rule::MinimumPrice(per_pack(500)));
    let case = case(rows).of_class("c").under([law]);
    assert!(case.terms().conditional.is_empty());
    assert_eq!(case.clone().seen_by("gold").terms_at(at(1)), None);
}

fn channel(id: &str, family: &str) -> Channel {
    serde_json::from_value(serde_json::json!({
        "family": family, "id": id, "locale": "hr", "name": id,
        "template": offercast_contract::Template::new("t", ""),
        "time_zone": "Europe/Zagreb", "views": ["hr/-/everyone/store"]
    }))
    .unwrap()
}

#[test]
fn hiding_and_warnings_travel_with_their_channels() {
    let site = ChannelSelector::Family("site".to_owned());
    let chat = ChannelSelector::Id("chat".parse().unwrap());
    let labels = BTreeMap::from([("hr".parse().unwrap(), "Pozor".to_owned())]);
    let hide = Restriction {
        channels: vec![site.clone(), chat.clone()],
        ..restriction("unseen", "c", Rule::Hide)
    };
    let warn = Restriction {
        channels: vec![ChannelSelector::Family("till".to_owned())],
        ..restriction("beware", "c", Rule::Warning(labels))
    };
    let terms = case([regular(1000)])
        .of_class("c")
        .under([hide, warn])
        .terms();
    let (web, till, talk) = (
        channel("web", "site"),
        channel("tills", "till"),
        channel("chat", "messenger"),
    );
    assert!(!terms.visible_in(&web) && !terms.visible_in(&talk) && terms.visible_in(&till));
    assert_eq!(terms.hiding(&web), Some(&id("unseen")));
    let warned = |channel| terms.warnings_in(channel).count();
    assert_eq!((warned(&till), warned(&web)), (1, 0));
    let everywhere =
        case([regular(1000)])
            .of_class("c")
            .under([restriction("all", "c", Rule::Hide)]);
    assert!(!everywhere.terms().visible_in(&till));
}

#[test]
fn modes_zones_and_time_limit_a_restriction() {
    let remote = Restriction {
        modes: vec![SalesMode::Delivery, SalesMode::Pickup],
        ..restriction("remote", "c", Rule::Hide)
    };
    let case = case([regular(1000)]).of_class("c").under([remote]);
    assert!(case.terms().hidden_in.is_empty());
    assert_eq!(case.reason_of_restriction("remote"), Reason::OtherMode);
    assert_eq!(
        case.clone()
            .in_mode(SalesMode::Delivery)
            .terms()
            .hidden_in
            .len(),
        1
    );
    let local = |zone_id: &str| Restriction {
        zones: vec![zone(zone_id)],
        ..restriction("local", "c", Rule::Hide)
    };
    let hidden = |restriction| {
        let mut case = case.clone();
        case.restrictions = vec![restriction];
        case.terms().hidden_in.len()
    };
    assert_eq!(
        (hidden(local("region")), hidden(local("elsewhere"))),
        (1, 0)
    );
    // A decree begins and ends exactly, with a boundary of its own.
    let decree = Restriction {
        valid_from: at(2),
        valid_until: Some(at(4)),
        ..restriction("decree", "c", Rule::NoDiscount)
    };
    let case = reduced().of_class("c").under([decree]);
    let horizon = Horizon::containing(at(1));
    let timeline = case.with(|input| timeline(input, horizon));
    let prices: Vec<(Option<Instant>, i64)> = timeline
        .segments()
        .iter()
        .map(|segment| (segment.from, segment.terms.as_ref().unwrap().price.minor()))
        .collect();
    assert_eq!(
        prices,
        [(None, 720), (Some(at(2)), 900), (Some(at(4)), 720)]
    );
}
