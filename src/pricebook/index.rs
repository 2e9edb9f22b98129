//! Indexes by which a change finds the SKUs that it can touch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use offercast_contract::{Instant, MarketId, Sku};

use offercast_domain::resolve::ledger::is_kept;

use crate::dictionary::Dictionary;
use crate::entry::{Entry, Row};
use crate::history::Times;

type Groups<K> = OrdMap<K, OrdSet<Sku>>;

/// Sorted sets of SKUs, persistent, so that snapshots share them.
#[derive(Clone, Default)]
pub(crate) struct Index {
    attributes: Groups<(Arc<str>, Arc<str>)>,
    pub(crate) boundaries: Groups<Instant>,
    pub(crate) brands: Groups<Arc<str>>,
    pub(crate) categories: Groups<Arc<str>>,
    /// By restriction class.
    pub(crate) classes: Groups<Arc<str>>,
    pub(crate) markets: Groups<MarketId>,
    pub(crate) products: OrdSet<Sku>,
    pub(crate) tags: Groups<Arc<str>>,
}

/// Under what an entry is indexed.
#[derive(Default, PartialEq, Eq)]
struct Places {
    attributes: BTreeSet<(Arc<str>, Arc<str>)>,
    boundaries: BTreeSet<Instant>,
    brand: Option<Arc<str>>,
    category: Option<Arc<str>>,
    class: Option<Arc<str>>,
    is_product: bool,
    markets: BTreeSet<MarketId>,
    tags: BTreeSet<Arc<str>>,
}

impl Places {
    fn of(entry: &Entry, dictionary: &Dictionary, times: &Times) -> Self {
        let text = |number: u32| dictionary.text(number).cloned();
        let product = entry.product.as_ref();
        let lanes = entry
            .current()
            .filter_map(|row| dictionary.lanes.get(row.lane));
        let labels = product.and_then(|product| product.labels.as_deref());
        // What became known later than the rest may start a reduction. Most
        // SKUs are imported at once and have no such boundary.
        let first = entry.current().map(Row::since).min();
        let has_past = entry.rows.iter().any(|row| !row.is_current());
        let late = entry.current().filter(|row| {
            let lane = dictionary.lanes.get(row.lane);
            (has_past || Some(row.since()) > first) && lane.is_some_and(|it| is_kept(it.kind))
        });
        Self {
            attributes: labels.map_or_else(BTreeSet::new, |labels| {
                labels.attributes.iter().cloned().collect()
            }),
            boundaries: entry
                .rows
                .iter()
                .flat_map(|row| [Some(row.from()), row.until()])
                .flatten()
                .chain(late.map(|row| row.applied_from(times)))
                .collect(),
            brand: product.and_then(|product| product.brand).and_then(text),
            category: product.and_then(|product| text(product.category)),
            class: product
                .and_then(|product| product.restriction_class)
                .and_then(text),
            is_product: product.is_some(),
            markets: lanes.map(|lane| lane.place.market.clone()).collect(),
            tags: labels.map_or_else(BTreeSet::new, |labels| {
                labels.tags.iter().cloned().collect()
            }),
        }
    }
}

impl Index {
    /// Moves a SKU from where it was to where it is.
    pub(crate) fn replace(
        &mut self,
        old: Option<&Entry>,
        new: &Entry,
        dictionary: &Dictionary,
        times: &Times,
    ) {
        let before = old.map_or_else(Places::default, |entry| {
            Places::of(entry, dictionary, times)
        });
        let after = Places::of(new, dictionary, times);
        if before == after {
            return;
        }
        let sku = &new.sku;
        move_groups(
            &mut self.boundaries,
            &before.boundaries,
            &after.boundaries,
            sku,
        );
        move_groups(
            &mut self.attributes,
            &before.attributes,
            &after.attributes,
            sku,
        );
        move_groups(&mut self.tags, &before.tags, &after.tags, sku);
        move_groups(&mut self.markets, &before.markets, &after.markets, sku);
        let set = |text: &Option<Arc<str>>| text.iter().cloned().collect();
        move_groups(
            &mut self.brands,
            &set(&before.brand),
            &set(&after.brand),
            sku,
        );
        move_groups(
            &mut self.categories,
            &set(&before.category),
            &set(&after.category),
            sku,
        );
        move_groups(
            &mut self.classes,
            &set(&before.class),
            &set(&after.class),
            sku,
        );
        if after.is_product {
            self.products.insert(sku.clone());
        } else {
            self.products.remove(sku);
        }
    }

    /// Builds the index of all entries, given in the order of their SKUs.
    pub(crate) fn build<'e>(
        entries: impl Iterator<Item = &'e Entry>,
        dictionary: &Dictionary,
        times: &Times,
    ) -> Self {
        let mut attributes: BTreeMap<(Arc<str>, Arc<str>), Vec<Sku>> = BTreeMap::new();
        let mut tags: BTreeMap<Arc<str>, Vec<Sku>> = BTreeMap::new();
        let mut boundaries: BTreeMap<Instant, Vec<Sku>> = BTreeMap::new();
        let mut brands: BTreeMap<Arc<str>, Vec<Sku>> = BTreeMap::new();
        let mut categories: BTreeMap<Arc<str>, Vec<Sku>> = BTreeMap::new();
        let mut classes: BTreeMap<Arc<str>, Vec<Sku>> = BTreeMap::new();
        let mut markets: BTreeMap<MarketId, Vec<Sku>> = BTreeMap::new();
        let mut products = Vec::new();
        for entry in entries {
            let places = Places::of(entry, dictionary, times);
            let sku = || entry.sku.clone();
            for attribute in places.attributes {
                attributes.entry(attribute).or_default().push(sku());
            }
            for tag in places.tags {
                tags.entry(tag).or_default().push(sku());
            }
            for at in places.boundaries {
                boundaries.entry(at).or_default().push(sku());
            }
            for market in places.markets {
                markets.entry(market).or_default().push(sku());
            }
            if let Some(brand) = places.brand {
                brands.entry(brand).or_default().push(sku());
            }
            if let Some(category) = places.category {
                categories.entry(category).or_default().push(sku());
            }
            if let Some(class) = places.class {
                classes.entry(class).or_default().push(sku());
            }
            if places.is_product {
                products.push(sku());
            }
        }
        Self {
            attributes: grouped(attributes),
            boundaries: grouped(boundaries),
            brands: grouped(brands),
            categories: grouped(categories),
            classes: grouped(classes),
            markets: grouped(markets),
            products: products.into_iter().collect(),
            tags: grouped(tags),
        }
    }

    /// The SKUs that have an attribute with a value.
    pub(crate) fn with_attribute(&self, name: &str, value: &str) -> impl Iterator<Item = &Sku> {
        let key = (Arc::from(name), Arc::from(value));
        self.attributes.get(&key).into_iter().flatten()
    }

    /// The SKUs of a category and of all below it.
    pub(crate) fn within_category<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Sku> {
        within(&self.categories, path)
    }

    /// The SKUs of a restriction class and of all below it.
    pub(crate) fn within_class<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Sku> {
        within(&self.classes, path)
    }
}

/// The SKUs under a path and under all paths below it.
fn within<'a>(groups: &'a Groups<Arc<str>>, path: &'a str) -> impl Iterator<Item = &'a Sku> {
    let below: Arc<str> = Arc::from(format!("{path}/"));
    let end = Arc::clone(&below);
    let own = groups.get(path).into_iter();
    let under = groups
        .range(below..)
        .take_while(move |(name, _)| name.starts_with(&*end))
        .map(|(_, skus)| skus);
    own.chain(under).flat_map(OrdSet::iter)
}

fn grouped<K: Ord + Clone>(groups: BTreeMap<K, Vec<Sku>>) -> Groups<K> {
    groups
        .into_iter()
        .map(|(key, skus)| (key, OrdSet::from_iter(skus)))
        .collect()
}

fn move_groups<K: Ord + Clone>(
    groups: &mut Groups<K>,
    before: &BTreeSet<K>,
    after: &BTreeSet<K>,
    sku: &Sku,
) {
    for key in before.difference(after) {
        let Some(skus) = groups.get_mut(key) else {
            continue;
        };
        skus.remove(sku);
        if skus.is_empty() {
            groups.remove(key);
        }
    }
    for key in after.difference(before) {
        groups.entry(key.clone()).or_default().insert(sku.clone());
    }
}
