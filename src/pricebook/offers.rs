//! Offers, found by what they target.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use offercast_contract::channel::{Label, Selector};
use offercast_contract::{Instant, MarketId, OfferId, Sku};
use offercast_domain::resolve::Goods;
use offercast_domain::source::Offer;

type Offers = Vec<Arc<Offer>>;

/// All offers.
#[derive(Clone, Default)]
pub(crate) struct OfferBook {
    by_id: BTreeMap<OfferId, Arc<Offer>>,
    markets: BTreeMap<MarketId, Arc<MarketOffers>>,
}

/// The offers of one market by target: resolving one SKU looks only at those
/// that may match.
#[derive(Default)]
struct MarketOffers {
    attributes: HashMap<String, HashMap<String, Offers>>,
    brands: HashMap<String, Offers>,
    categories: HashMap<String, Offers>,
    everything: Offers,
    skus: HashMap<Sku, Offers>,
    tags: HashMap<String, Offers>,
}

impl OfferBook {
    /// Replaces offers (`None` ends one) and indexes their markets anew.
    pub(crate) fn replace(&mut self, changes: Vec<(OfferId, Option<Offer>)>) {
        let mut touched: Vec<MarketId> = Vec::new();
        for (id, offer) in changes {
            touched.extend(offer.iter().flat_map(|offer| offer.markets.clone()));
            let old = match offer {
                Some(offer) => self.by_id.insert(id, Arc::new(offer)),
                None => self.by_id.remove(&id),
            };
            touched.extend(old.iter().flat_map(|offer| offer.markets.clone()));
        }
        touched.sort_unstable();
        touched.dedup();
        for market in touched {
            let index = MarketOffers::new(self.by_id.values().filter(|o| o.is_in(&market)));
            self.markets.insert(market, Arc::new(index));
        }
    }

    pub(crate) fn get(&self, id: &OfferId) -> Option<&Arc<Offer>> {
        self.by_id.get(id)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Offer>> {
        self.by_id.values()
    }

    /// The offers that may be for the product, each once.
    pub(crate) fn candidates(&self, market: &MarketId, goods: &Goods<'_>) -> Vec<&Offer> {
        self.markets
            .get(market)
            .map(|offers| offers.candidates(goods))
            .unwrap_or_default()
    }

    /// Offers that start or end in `[from, until)`.
    pub(crate) fn with_boundary(
        &self,
        from: Instant,
        until: Instant,
    ) -> impl Iterator<Item = &Arc<Offer>> {
        let within = move |at: Instant| from <= at && at < until;
        self.all()
            .filter(move |o| within(o.valid_from) || o.valid_until.is_some_and(within))
    }
}

impl MarketOffers {
    fn new<'o>(offers: impl Iterator<Item = &'o Arc<Offer>>) -> Self {
        let mut index = Self::default();
        for offer in offers {
            if offer.target.include.is_empty() {
                index.everything.push(Arc::clone(offer));
            }
            for selector in &offer.target.include {
                let list = match selector {
                    Selector::Attribute { name, value } => {
                        let values = index.attributes.entry_ref(name.as_str()).or_default();
                        values.entry_ref(value.as_str()).or_default()
                    }
                    Selector::Brand(brand) => index.brands.entry_ref(brand.as_str()).or_default(),
                    Selector::Category(path) => {
                        index.categories.entry_ref(path.as_str()).or_default()
                    }
                    Selector::Sku(sku) => index.skus.entry(sku.clone()).or_default(),
                    Selector::Tag(tag) => index.tags.entry_ref(tag.as_str()).or_default(),
                };
                list.push(Arc::clone(offer));
            }
        }
        index
    }

    fn candidates(&self, goods: &Goods<'_>) -> Vec<&Offer> {
        let brand = goods.brand.and_then(|brand| self.brands.get(brand));
        let mut found: Vec<&Offer> = self
            .everything
            .iter()
            .chain(self.skus.get(goods.sku).into_iter().flatten())
            .chain(brand.into_iter().flatten())
            .chain(ancestors(goods.category).flat_map(|path| {
                let list = self.categories.get(path);
                list.into_iter().flatten()
            }))
            .map(Arc::as_ref)
            .collect();
        goods.labels.visit(&mut |label| {
            let list = match label {
                Label::Attribute { name, value } => self
                    .attributes
                    .get(name)
                    .and_then(|values| values.get(value)),
                Label::Tag(tag) => self.tags.get(tag),
            };
            found.extend(list.into_iter().flatten().map(Arc::as_ref));
        });
        if found.len() > 1 {
            found.sort_unstable_by(|a, b| a.id.cmp(&b.id));
            found.dedup_by(|a, b| std::ptr::eq(*a, *b));
        }
        found
    }
}

/// A category path and all paths above it.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('/').map(|(at, _)| at);
    ends.chain([path.len()]).filter_map(|end| path.get(..end))
}
