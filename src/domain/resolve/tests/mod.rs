//! One test per rule, with numbers that can be checked by hand.

mod combination;
mod law;
mod order;
mod pricing;
mod promotions;
mod properties;
mod restrictions;
mod rules;
mod tiers;

use std::collections::BTreeMap;

use offercast_contract::channel::Selector;
use offercast_contract::measure::Quantity;
use offercast_contract::{
    Audience, Currency, Facts, Instant, MarketId, Measure, MeasureUnit, SaleUnit, SalesMode, Sku,
    Terms, ZoneId,
};

use super::{Dated, Goods, Inputs, PriceRef, explain, resolve, timeline};
use crate::schedule::{Schedule, Span, zone_of};
use crate::source::{
    Combination, Effect, FloorPolicy, Market, Offer, OrderConditions, Place, PriceKey, PriceKind,
    PriceRange, PriceRow, Restriction,
};

pub(super) fn at(day: i64) -> Instant {
    Instant::from_micros((20_000 + day) * 86_400 * 1_000_000)
}

fn market() -> Market {
    Market {
        deposits: BTreeMap::from([("bottle".to_owned(), 7), ("none".to_owned(), 0)]),
        locales: vec!["hr".parse().unwrap()],
        tax_rates: BTreeMap::from([("full".to_owned(), 2_500)]),
        ..Market::new(
            MarketId::parse("hr").unwrap(),
            "Croatia",
            Currency::parse("EUR").unwrap(),
            "Europe/Zagreb",
        )
    }
}

fn zone(id: &str) -> ZoneId {
    ZoneId::parse(id).unwrap()
}

fn price(kind: PriceKind, amount_minor: i64) -> PriceRow {
    PriceRow {
        amount_minor,
        key: PriceKey {
            audience: Audience::everyone(),
            kind,
            minimum_quantity: None,
            place: Place {
                market: MarketId::parse("hr").unwrap(),
                zone: None,
            },
            sku: Sku::parse("milk").unwrap(),
            valid_from: at(0),
        },
        valid_until: None,
    }
}

fn regular(amount_minor: i64) -> PriceRow {
    price(PriceKind::Regular, amount_minor)
}

fn special(amount_minor: i64) -> PriceRow {
    price(PriceKind::Special, amount_minor)
}

fn prior(amount_minor: i64) -> PriceRow {
    price(PriceKind::Prior, amount_minor)
}

impl PriceRow {
    fn in_zone(mut self, id: &str) -> Self {
        self.key.place.zone = Some(zone(id));
        self
    }

    fn for_whom(mut self, audience: &str) -> Self {
        self.key.audience = Audience::parse(audience).unwrap();
        self
    }

    fn at_least(mut self, minimum: &str) -> Self {
        self.key.minimum_quantity = Some(minimum.parse().unwrap());
        self
    }

    fn during(mut self, from: Instant, until: Instant) -> Self {
        self.key.valid_from = from;
        self.valid_until = Some(until);
        self
    }
}

fn offer(id: &str, effect: Effect) -> Offer {
    Offer {
        labels: BTreeMap::from([("hr".parse().unwrap(), format!("{id} label"))]),
        ..Offer::new(
            id.parse().unwrap(),
            MarketId::parse("hr").unwrap(),
            effect,
            at(0),
        )
    }
}

/// A product in a market, seen from a view.
#[derive(Debug, Clone)]
struct Case {
    audience: Audience,
    brand: &'static str,
    category: &'static str,
    combination: Combination,
    deposit_class: Option<&'static str>,
    labels: Facts,
    floors: FloorPolicy,
    mode: SalesMode,
    offers: Vec<Offer>,
    order: Vec<OrderConditions>,
    pack: Option<Measure>,
    restriction_class: Option<&'static str>,
    restrictions: Vec<Restriction>,
    rows: Vec<PriceRow>,
    sale_unit: SaleUnit,
    sku: Sku,
    smallest_quantity: Quantity,
    zones: Vec<ZoneId>,
}

fn case(rows: impl IntoIterator<Item = PriceRow>) -> Case {
    Case {
        audience: Audience::everyone(),
        brand: "Z Bregov",
        category: "food/dairy",
        combination: Combination::default(),
        deposit_class: None,
        labels: Facts::new(String::new(), SaleUnit::Piece, BTreeMap::new()),
        floors: FloorPolicy::default(),
        mode: SalesMode::Store,
        offers: Vec::new(),
        order: Vec::new(),
        pack: None,
        restriction_class: None,
        restrictions: Vec::new(),
        rows: rows.into_iter().collect(),
        sale_unit: SaleUnit::Piece,
        sku: Sku::parse("milk").unwrap(),
        smallest_quantity: Quantity::ONE,
        zones: vec![zone("store"), zone("region")],
    }
}

impl Case {
    fn offers(mut self, offers: impl IntoIterator<Item = Offer>) -> Self {
        self.offers.extend(offers);
        self
    }

    fn seen_by(mut self, audience: &str) -> Self {
        self.audience = Audience::parse(audience).unwrap();
        self
    }

    fn pack(mut self, quantity: &str, unit: MeasureUnit) -> Self {
        let quantity = quantity.parse().unwrap();
        self.pack = Some(Measure { quantity, unit });
        self
    }

    fn with<T>(&self, answer: impl FnOnce(&Inputs<'_>) -> T) -> T {
        let market = Market {
            combination: self.combination,
            floors: self.floors,
            ..market()
        };
        let zone = zone_of(&market);
        let schedules: Vec<(Schedule, Vec<Span>)> = self
            .offers
            .iter()
            .map(|offer| Schedule::new(offer, &zone))
            .map(|schedule| (schedule.clone(), schedule.spans(at(-10), at(40))))
            .collect();
        let offers: Vec<Dated<'_>> = self
            .offers
            .iter()
            .zip(&schedules)
            .map(|(offer, (schedule, spans))| Dated {
                offer,
                period: *schedule.period(),
                spans,
            })
            .collect();
        let prices: Vec<PriceRef<'_>> = self.rows.iter().map(PriceRef::from).collect();
        let order: Vec<&OrderConditions> = self.order.iter().collect();
        let restrictions: Vec<&Restriction> = self.restrictions.iter().collect();
        answer(&Inputs {
            audience: &self.audience,
            channel: None,
            goods: Goods {
                brand: Some(self.brand),
                category: self.category,
                deposit_class: self.deposit_class,
                labels: &self.labels,
                pack: self.pack,
                restriction_class: self.restriction_class,
                sale_unit: self.sale_unit,
                sku: &self.sku,
                smallest_quantity: self.smallest_quantity,
                tax_class: "full",
            },
            ledger: None,
            market: &market,
            mode: self.mode,
            offers: &offers,
            order: &order,
            prices: &prices,
            restrictions: &restrictions,
            zones: &self.zones,
        })
    }

    fn terms_at(&self, instant: Instant) -> Option<Terms> {
        self.with(|input| resolve(input, instant))
    }

    fn terms(&self) -> Terms {
        self.terms_at(at(1)).unwrap()
    }

    fn price(&self) -> i64 {
        self.terms().price.minor()
    }
}

fn category(path: &str) -> Selector {
    Selector::Category(path.to_owned())
}
