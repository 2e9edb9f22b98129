//! Current rows in plain maps, and a small catalogue on them.

use std::collections::BTreeMap;
use std::sync::Arc;

use offercast_contract::{
    Channel, ChannelId, Instant, MarketId, OfferId, OrderConditionsId, RestrictionId, Sku, ZoneId,
};
use serde_json::{Value, json};

use crate::change::{Change, ChangeError, Current, Guard, Plan, plan};
use crate::revision::Delta;
use crate::source::{
    Document, DocumentKey, Market, Offer, OrderConditions, PriceKey, PriceRow, Product,
    Restriction, Target, Zone,
};

#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub(super) documents: BTreeMap<DocumentKey, Document>,
    pub(super) prices: BTreeMap<PriceKey, PriceRow>,
}

impl Rows {
    /// Closes and opens rows; a delta that does not fit is a failed test.
    pub(super) fn apply(&mut self, delta: &Delta) {
        for key in &delta.closed_documents {
            assert!(self.documents.remove(key).is_some(), "{key:?} is not open");
        }
        for key in &delta.closed_prices {
            assert!(self.prices.remove(key).is_some(), "{key:?} is not open");
        }
        for document in &delta.opened_documents {
            let old = self.documents.insert(document.key(), document.clone());
            assert!(old.is_none(), "{:?} is open", document.key());
        }
        for row in &delta.opened_prices {
            let old = self.prices.insert(row.key.clone(), row.clone());
            assert!(old.is_none(), "{:?} is open", row.key);
        }
    }

    pub(super) fn plan(&self, changes: Value) -> Result<Plan, Vec<ChangeError>> {
        let changes: Vec<Change> = serde_json::from_value(changes).unwrap();
        plan(&changes, self, now(), Guard::Enforced)
    }

    /// Plans and applies.
    pub(super) fn edit(&mut self, changes: Value) -> Plan {
        let plan = self.plan(changes).unwrap();
        self.apply(&plan.delta);
        plan
    }

    /// `field code` of every mistake.
    pub(super) fn mistakes(&self, changes: Value) -> Vec<String> {
        let errors = self.plan(changes).unwrap_err();
        let code = |error: &ChangeError| serde_json::to_value(error.code).unwrap();
        errors
            .iter()
            .map(|error| format!("{} {}", error.field, code(error).as_str().unwrap()))
            .collect()
    }

    fn all<'r, T>(&'r self, pick: impl Fn(&'r Document) -> Option<&'r T>) -> Vec<Arc<T>>
    where
        T: Clone + 'r,
    {
        let found = self.documents.values().filter_map(pick);
        found.map(|body| Arc::new(body.clone())).collect()
    }
}

impl Current for Rows {
    fn product(&self, sku: &Sku) -> Option<Product> {
        let all = self.all(|document| match document {
            Document::Product(product) => Some(&**product),
            _ => None,
        });
        let found = all.into_iter().find(|product| product.sku == *sku);
        found.map(|product| (*product).clone())
    }

    fn prices(&self, sku: &Sku) -> Vec<PriceRow> {
        let rows = self.prices.values().filter(|row| row.key.sku == *sku);
        rows.cloned().collect()
    }

    fn market(&self, id: &MarketId) -> Option<Arc<Market>> {
        self.markets().into_iter().find(|market| market.id == *id)
    }

    fn markets(&self) -> Vec<Arc<Market>> {
        self.all(|document| match document {
            Document::Market(market) => Some(market),
            _ => None,
        })
    }

    fn zone(&self, market: &MarketId, id: &ZoneId) -> Option<Arc<Zone>> {
        let all = self.all(|document| match document {
            Document::Zone(zone) => Some(zone),
            _ => None,
        });
        all.into_iter()
            .find(|zone| zone.market == *market && zone.id == *id)
    }

    fn offer(&self, id: &OfferId) -> Option<Arc<Offer>> {
        let all = self.all(|document| match document {
            Document::Offer(offer) => Some(offer),
            _ => None,
        });
        all.into_iter().find(|offer| offer.id == *id)
    }

    fn offers(&self, market: &MarketId) -> Vec<Arc<Offer>> {
        let mut all = self.all(|document| match document {
            Document::Offer(offer) => Some(offer),
            _ => None,
        });
        all.retain(|offer| offer.is_in(market));
        all
    }

    fn restriction(&self, market: &MarketId, id: &RestrictionId) -> Option<Arc<Restriction>> {
        let all = self.restrictions(market);
        all.into_iter().find(|it| it.id == *id)
    }

    fn restrictions(&self, market: &MarketId) -> Vec<Arc<Restriction>> {
        let mut all = self.all(|document| match document {
            Document::Restriction(it) => Some(it),
            _ => None,
        });
        all.retain(|it| it.market == *market);
        all
    }

    fn restricted(&self, market: &MarketId, class: &str) -> Vec<Sku> {
        let mut skus = self.targeted(market, &Target::default());
        skus.retain(|sku| {
            let of = self.product(sku).and_then(|it| it.restriction_class);
            of.is_some_and(|of| offercast_contract::channel::is_within(&of, class))
        });
        skus
    }

    fn order_conditions(
        &self,
        market: &MarketId,
        id: &OrderConditionsId,
    ) -> Option<Arc<OrderConditions>> {
        let all = self.all_order_conditions(market);
        all.into_iter().find(|it| it.id == *id)
    }

    fn all_order_conditions(&self, market: &MarketId) -> Vec<Arc<OrderConditions>> {
        let mut all = self.all(|document| match document {
            Document::OrderConditions(it) => Some(it),
            _ => None,
        });
        all.retain(|it| it.market == *market);
        all
    }

    fn channel(&self, id: &ChannelId) -> Option<Arc<Channel>> {
        self.channels()
            .into_iter()
            .find(|channel| channel.id == *id)
    }

    fn channels(&self) -> Vec<Arc<Channel>> {
        self.all(|document| match document {
            Document::Channel(channel) => Some(&**channel),
            _ => None,
        })
    }

    fn targeted(&self, market: &MarketId, target: &Target) -> Vec<Sku> {
        let mut skus: Vec<Sku> = self.prices.keys().map(|key| key.sku.clone()).collect();
        skus.dedup();
        skus.sort();
        skus.dedup();
        skus.retain(|sku| {
            let sold = self
                .prices(sku)
                .iter()
                .any(|row| row.key.place.market == *market);
            sold && self.product(sku).is_some_and(|product| {
                let facts = &product.facts;
                target.names(&offercast_contract::channel::Described::new(sku, facts))
            })
        });
        skus
    }

    fn find_sold(
        &self,
        market: &MarketId,
        wanted: &mut dyn FnMut(&Product) -> bool,
    ) -> Option<Sku> {
        self.targeted(market, &Target::default())
            .into_iter()
            .find(|sku| self.product(sku).is_some_and(|product| wanted(&product)))
    }
}

pub(super) fn now() -> Instant {
    "2026-11-20T00:00:00Z".parse().unwrap()
}

pub(super) fn market() -> Value {
    json!({"type": "put_market", "market": {
        "currency": "EUR", "deposits": {"bottle": 7}, "id": "hr", "locales": ["hr", "en"],
        "name": "Croatia", "prices_include_tax": true, "tax_rates": {"full": 2500},
        "time_zone": "Europe/Zagreb"
    }})
}

pub(super) fn product(sku: &str) -> Value {
    json!({"type": "put_product", "product": {
        "facts": {
            "category": "food/dairy", "content": {"hr": {"name": "Mlijeko"}},
            "gtin": "03850334043641", "sale_unit": "piece"
        },
        "sku": sku, "tax_class": "full"
    }})
}

pub(super) fn zone(id: &str, parent: Option<&str>) -> Value {
    json!({"type": "put_zone", "zone": {
        "id": id, "market": "hr", "name": id, "parent": parent
    }})
}

pub(super) fn set(kind: &str, amount: &str) -> Value {
    json!({"type": "set_price", "sku": "milk", "market": "hr", "kind": kind, "amount": amount})
}

pub(super) fn offer(effect: Value) -> Value {
    json!({"type": "put_offer", "offer": {
        "audience": "everyone", "effect": effect, "id": "sale",
        "labels": {"hr": "Akcija", "en": "Sale"}, "markets": ["hr"],
        "valid_from": "2026-11-25T00:00:00Z"
    }})
}

/// A market with two nested zones and a product at 10.00.
pub(super) fn shop() -> Rows {
    let mut rows = Rows::default();
    // References may point forward within a set.
    rows.edit(json!([
        set("regular", "10.00"),
        product("milk"),
        zone("store", Some("region")),
        zone("region", None),
        market(),
    ]));
    rows
}
