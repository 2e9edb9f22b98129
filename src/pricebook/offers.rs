//! Offers, found by what they target.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use jiff::tz::TimeZone;
use offercast_contract::channel::{Label, Selector};
use offercast_contract::{Instant, MarketId, OfferId, Sku};
use offercast_domain::resolve::Goods;
use offercast_domain::schedule::{Schedule, zone_of};
use offercast_domain::source::{Market, Offer};

type Offers = Vec<Arc<Planned>>;

/// An offer with its schedule in one market.
pub(crate) struct Planned {
    pub(crate) offer: Arc<Offer>,
    pub(crate) schedule: Schedule,
    /// Its place among the offers of the market that have weekly windows.
    pub(crate) weekly: Option<usize>,
}

/// All offers.
#[derive(Clone, Default)]
pub(crate) struct OfferBook {
    by_id: BTreeMap<OfferId, Arc<Offer>>,
    markets: BTreeMap<MarketId, Arc<MarketOffers>>,
}

/// The offers of one market by target: resolving one SKU looks only at those
/// that may match.
#[derive(Default)]
pub(crate) struct MarketOffers {
    all: Offers,
    attributes: HashMap<String, HashMap<String, Offers>>,
    brands: HashMap<String, Offers>,
    categories: HashMap<String, Offers>,
    everything: Offers,
    skus: HashMap<Sku, Offers>,
    tags: HashMap<String, Offers>,
    /// How many have weekly windows.
    weekly: usize,
}

impl OfferBook {
    /// Replaces offers (`None` ends one) and indexes anew their markets and
    /// those that changed: an offer may hold by their local times.
    pub(crate) fn replace(
        &mut self,
        changes: Vec<(OfferId, Option<Offer>)>,
        changed: Vec<MarketId>,
        markets: &BTreeMap<MarketId, Arc<Market>>,
    ) {
        let mut touched = changed;
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
            let zone = markets.get(&market).map_or(TimeZone::UTC, |it| zone_of(it));
            let here = self.by_id.values().filter(|offer| offer.is_in(&market));
            let index = MarketOffers::new(here, &zone);
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
    pub(crate) fn candidates(&self, market: &MarketId, goods: &Goods<'_>) -> Vec<&Planned> {
        self.markets
            .get(market)
            .map(|offers| offers.candidates(goods))
            .unwrap_or_default()
    }

    /// The offers of a market.
    pub(crate) fn in_market(&self, market: &MarketId) -> Option<&MarketOffers> {
        self.markets.get(market).map(Arc::as_ref)
    }

    /// Offers that begin or cease to hold in `[from, until)`, with the market
    /// where they do.
    pub(crate) fn with_boundary(
        &self,
        from: Instant,
        until: Instant,
    ) -> impl Iterator<Item = (&MarketId, &Offer)> {
        let markets = self.markets.iter();
        let all = markets.flat_map(|(id, offers)| offers.all().map(move |own| (id, own)));
        let within = move |own: &Planned| own.schedule.has_boundary(from, until);
        all.filter(move |(_, own)| within(own))
            .map(|(id, own)| (id, &*own.offer))
    }
}

impl MarketOffers {
    pub(crate) fn new<'o>(offers: impl Iterator<Item = &'o Arc<Offer>>, zone: &TimeZone) -> Self {
        let mut index = Self::default();
        for offer in offers {
            let schedule = Schedule::new(offer, zone);
            let weekly = schedule.is_weekly().then_some(index.weekly);
            index.weekly += usize::from(weekly.is_some());
            let planned = Arc::new(Planned {
                offer: Arc::clone(offer),
                schedule,
                weekly,
            });
            index.all.push(Arc::clone(&planned));
            if offer.target.include.is_empty() {
                index.everything.push(Arc::clone(&planned));
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
                list.push(Arc::clone(&planned));
            }
        }
        index
    }

    /// How many have weekly windows.
    pub(crate) fn weekly(&self) -> usize {
        self.weekly
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Planned> {
        self.all.iter().map(Arc::as_ref)
    }

    /// Those that may be for the product, each once.
    pub(crate) fn candidates(&self, goods: &Goods<'_>) -> Vec<&Planned> {
        let brand = goods.brand.and_then(|brand| self.brands.get(brand));
        let mut found: Vec<&Planned> = self
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
            // Of the past there may be several versions of an offer.
            let place = |own: &Planned| std::ptr::from_ref(own);
            found.sort_unstable_by(|a, b| (&a.offer.id, place(a)).cmp(&(&b.offer.id, place(b))));
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
