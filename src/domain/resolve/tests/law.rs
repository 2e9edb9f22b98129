//! The walk through the ledger against looking at every single day.

use jiff::tz::TimeZone;
use offercast_contract::Horizon;
use proptest::prelude::*;

use super::properties::{any_case, any_row};
use super::*;
use crate::resolve::ledger::{
    Applied, Effective, KnownOffer, LONGEST_REDUCTION_DAYS, Ledger, paid_at,
};
use crate::resolve::{law, paid};
use crate::source::{Law, NewArrivals, PriorPriceLaw};

/// What was applied to a case, with all boundaries at whole days.
#[derive(Debug, Clone)]
struct Kept {
    head: i64,
    /// Since when the first, second … offer is known.
    offers_known: Vec<i64>,
    offers: Vec<(Offer, Span, Vec<Span>)>,
    /// Closed rows and current ones, each while it was known.
    rows: Vec<PriceRow>,
    since: i64,
}

impl Ledger for Kept {
    fn applied(&self) -> Applied<'_> {
        let known = self.offers_known.iter().chain(std::iter::repeat(&-300));
        let offers = self.offers.iter().zip(known);
        Applied {
            head: at(self.head),
            offers: offers
                .map(|(offer, from)| KnownOffer {
                    dated: dated(offer),
                    from: Some(at(*from)),
                    until: None,
                })
                .collect(),
            prices: self.rows.iter().map(PriceRef::from).collect(),
            since: Some(at(self.since)),
        }
    }
}

fn dated((offer, period, spans): &(Offer, Span, Vec<Span>)) -> Dated<'_> {
    Dated {
        offer,
        period: *period,
        spans,
    }
}

/// An offer whose weekly windows are whole days in the market's time zone, UTC.
fn by_whole_days(mut offer: Offer) -> (Offer, Span, Vec<Span>) {
    for window in &mut offer.weekly {
        window.from = "00:00".parse().unwrap();
        window.until = "24:00".parse().unwrap();
    }
    let schedule = Schedule::new(&offer, &TimeZone::UTC);
    let spans = schedule.spans(at(-300), at(40));
    (offer, *schedule.period(), spans)
}

/// A case under a law, with a past.
#[derive(Debug, Clone)]
struct Lawful {
    kept: Kept,
    market: Market,
    shop: Case,
}

impl Lawful {
    fn with<T>(&self, answer: impl FnOnce(&Inputs<'_>) -> T) -> T {
        let offers: Vec<Dated<'_>> = self.kept.offers.iter().map(dated).collect();
        self.shop.with(|input| {
            answer(&Inputs {
                ledger: Some(&self.kept),
                market: &self.market,
                offers: &offers,
                ..*input
            })
        })
    }
}

prop_compose! {
    fn any_past()(
        row in any_row(),
        from in -240_i64..5,
        days in prop_oneof![1_i64..20, 100_i64..240],
    ) -> PriceRow {
        row.during(at(from), at(from + days))
    }
}

prop_compose! {
    fn any_lawful()(
        shop in any_case(),
        closed in prop::collection::vec(any_past(), 0..8),
        base in prop::option::of(1_000_i64..2_000),
        known in prop::collection::vec(-200_i64..6, 16),
        head in 0_i64..6,
        since in -60_i64..1,
        days in 2_u32..40,
        progressive in any::<bool>(),
        since_first_sale in any::<bool>(),
    ) -> Lawful {
        let (open, head_at) = (&shop.rows, at(head));
        // What was closed ended by the head; what is current holds since it
        // became known.
        let mut rows: Vec<PriceRow> = closed
            .into_iter()
            .chain(base.map(|amount| regular(amount).during(at(-250), head_at)))
            .map(|row| {
                let until = row.valid_until.unwrap().min(head_at);
                let from = row.key.valid_from;
                row.during(from, until)
            })
            .collect();
        for (row, known) in open.iter().zip(&known) {
            let from = row.key.valid_from.max(at((*known).min(head)));
            rows.push(row.clone().during(from, row.valid_until.unwrap()));
        }
        rows.retain(|row| row.key.kind.is_paid() && row.key.valid_from < row.valid_until.unwrap());
        let kept = Kept {
            head,
            offers_known: known.iter().rev().map(|known| (*known).min(head)).collect(),
            offers: shop.offers.iter().cloned().map(by_whole_days).collect(),
            rows,
            since,
        };
        let new_arrivals = if since_first_sale {
            NewArrivals::SinceFirstSale
        } else {
            NewArrivals::NoClaim
        };
        let prior_price = PriorPriceLaw {
            days,
            new_arrivals,
            progressive,
            ..PriorPriceLaw::directive()
        };
        let market = Market {
            law: Law { prior_price: Some(prior_price) },
            time_zone: "UTC".to_owned(),
            ..market()
        };
        Lawful { kept, market, shop }
    }
}

/// The prior price by looking at every day; none where there is none.
fn by_days(input: &Inputs<'_>, kept: &Kept, day: i64) -> Option<i64> {
    let law = input.market.law.prior_price.as_ref()?;
    let applied = kept.applied();
    let everyone = Audience::everyone();
    let public = |day| paid_at(input, &applied, &everyone, at(day)).map(|paid| paid.price);
    let own = |day| paid_at(input, &applied, input.audience, at(day));
    let reduced = |day| own(day).filter(|paid: &Effective| paid.is_reduced);
    let applied_on = (day..=day.max(kept.head)).find(|day| reduced(*day).is_some())?;
    let mut start = applied_on;
    while let (Some(now), Some(before)) = (reduced(start), reduced(start - 1)) {
        let goes_on = before.price == now.price || law.progressive && before.price > now.price;
        if !goes_on || applied_on - start > LONGEST_REDUCTION_DAYS {
            break;
        }
        start -= 1;
    }
    if day - start >= LONGEST_REDUCTION_DAYS {
        return None;
    }
    let first = start - i64::from(law.days);
    let lowest = (first..start).filter_map(public).min()?;
    let is_old = public(first).is_some();
    let may = kept.since <= first && law.new_arrivals == NewArrivals::SinceFirstSale;
    (is_old || may).then_some(lowest)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn the_prior_price_is_what_every_single_day_says(shop in any_lawful(), day in 0_i64..10) {
        let (found, expected) = shop.with(|input| {
            let found = law::Past::of(input, at(day), at(day));
            let paid = paid(input, input.audience, at(day))
                .filter(|paid| paid.is_reduced());
            let imported = crate::resolve::prices::held(
                input, input.audience, PriceKind::Prior, input.goods.smallest_quantity, at(day),
            );
            match (paid, imported) {
                (Some(paid), None) => (
                    law::prior(input, found.as_ref(), &paid, at(day)).known(),
                    by_days(input, &shop.kept, day),
                ),
                _ => (None, None),
            }
        });
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_timeline_under_the_law_equals_resolving_at_every_point(shop in any_lawful()) {
        let horizon = Horizon::containing(at(1));
        let line = shop.with(|input| timeline(input, horizon));
        prop_assert!(line.is_canonical(horizon));
        for day in 1..10 {
            for offset in [-1, 0, 1] {
                let instant = at(day).plus_micros(offset).max(horizon.from());
                let terms = shop.with(|input| resolve(input, instant));
                prop_assert_eq!(line.terms_at(instant).cloned(), terms);
            }
        }
    }

    #[test]
    fn no_claim_flatters_under_the_law(shop in any_lawful(), day in 0_i64..10) {
        let Some(terms) = shop.with(|input| resolve(input, at(day))) else { return Ok(()) };
        let price = terms.price.minor();
        if let Some(percent) = terms.reduction_percent {
            // A percentage goes with a prior price, and is counted from it.
            let prior = terms.prior.unwrap().minor();
            prop_assert!(price < prior);
            prop_assert!(i64::from(percent) * prior <= (prior - price) * 100);
        }
        if terms.regular.is_some() {
            prop_assert!(terms.prior.is_some_and(|prior| price < prior.minor()));
        }
    }
}
