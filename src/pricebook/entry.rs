//! What the book holds of one SKU, compactly.

use std::sync::Arc;

use offercast_contract::channel::{Label, Labelled, Unlabelled};
use offercast_contract::measure::Quantity;
use offercast_contract::{Facts, Hash, Instant, MarketId, Measure, SaleUnit, Sku, canonical_bytes};
use offercast_domain::resolve::ledger::is_kept;
use offercast_domain::resolve::{Goods, PriceRef};
use offercast_domain::source::{PriceRow, Product};

use crate::dictionary::{Dictionary, Lane};
use crate::history::{Times, short};

/// One SKU: its product, unless that has ended, and its price rows, current
/// ones and closed ones.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) product: Option<Stored>,
    pub(crate) rows: Box<[Row]>,
    pub(crate) sku: Sku,
}

/// A product. Its facts are kept as canonical JSON: they are hashed and sent
/// more often than looked into.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) brand: Option<u32>,
    pub(crate) category: u32,
    deposit_class: Option<u32>,
    pub(crate) facts: Box<str>,
    /// None for products without tags and attributes: most have none.
    pub(crate) labels: Option<Box<Labels>>,
    pack: Option<Measure>,
    pub(crate) restriction_class: Option<u32>,
    sale_unit: SaleUnit,
    smallest_quantity: Quantity,
    tax_class: u32,
}

/// Tags and attributes, sorted, each text shared with all that have it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Labels {
    pub(crate) attributes: Box<[(Arc<str>, Arc<str>)]>,
    pub(crate) tags: Box<[Arc<str>]>,
}

impl Labels {
    fn new(facts: &Facts, dictionary: &mut Dictionary) -> Option<Box<Self>> {
        if facts.tags.is_empty() && facts.attributes.is_empty() {
            return None;
        }
        let mut shared = |text: &String| dictionary.shared(text);
        let tags = facts.tags.iter().map(&mut shared).collect();
        let attributes = facts.attributes.iter();
        let attributes = attributes.map(|(name, value)| (shared(name), shared(value)));
        Some(Box::new(Self {
            attributes: attributes.collect(),
            tags,
        }))
    }
}

impl Labelled for Labels {
    fn attribute(&self, name: &str) -> Option<&str> {
        let found = self
            .attributes
            .binary_search_by(|(own, _)| (**own).cmp(name));
        self.attributes.get(found.ok()?).map(|(_, value)| &**value)
    }

    fn has_tag(&self, tag: &str) -> bool {
        self.tags.binary_search_by(|own| (**own).cmp(tag)).is_ok()
    }

    fn visit(&self, see: &mut dyn FnMut(Label<'_>)) {
        for (name, value) in &self.attributes {
            see(Label::Attribute { name, value });
        }
        for tag in &self.tags {
            see(Label::Tag(tag));
        }
    }
}

/// A price row; its lane says the rest. A closed one holds the interval in
/// which it was applied: valid and known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    amount_minor: i64,
    from: Instant,
    until_micros: i64,
    pub(crate) lane: u32,
    /// The revision that opened it, shortened; [`CLOSED`] for a closed one.
    since: u32,
}

/// No instant has so many microseconds.
const OPEN: i64 = i64::MAX;
/// No current row is opened by this revision.
const CLOSED: u32 = u32::MAX;

impl Stored {
    pub(crate) fn new(product: &Product, dictionary: &mut Dictionary) -> Self {
        let facts = &product.facts;
        let labels = Labels::new(facts, dictionary);
        let mut number = |text: &str| dictionary.number_text(text);
        Self {
            brand: facts.brand.as_deref().map(&mut number),
            category: number(&facts.category),
            deposit_class: product.deposit_class.as_deref().map(&mut number),
            // JSON is UTF-8.
            facts: String::from_utf8(canonical_bytes(facts))
                .unwrap_or_default()
                .into_boxed_str(),
            labels,
            pack: facts.pack,
            restriction_class: product.restriction_class.as_deref().map(&mut number),
            sale_unit: facts.sale_unit,
            smallest_quantity: facts.smallest_quantity(),
            tax_class: number(&product.tax_class),
        }
    }

    /// The facts. What was written here parses.
    pub(crate) fn parsed_facts(&self) -> Option<Facts> {
        serde_json::from_str(&self.facts).ok()
    }

    /// The same as `contract::digest::facts_hash`, without parsing.
    pub(crate) fn facts_hash(&self) -> Hash {
        Hash::of(&[self.facts.as_bytes()])
    }
}

impl Row {
    /// A current row that `revision` opened.
    pub(crate) fn new(row: &PriceRow, revision: u64, dictionary: &mut Dictionary) -> Self {
        Self {
            amount_minor: row.amount_minor,
            from: row.key.valid_from,
            lane: dictionary.lanes.number(&Lane::of(&row.key)),
            since: short(revision),
            until_micros: row.valid_until.map_or(OPEN, Instant::micros),
        }
    }

    /// What is kept of it when it is closed at `at`; nothing where it was
    /// never applied.
    pub(crate) fn closed(self, times: &Times, at: Instant) -> Option<Self> {
        let from = self.applied_from(times);
        let until = self.until().map_or(at, |until| until.min(at));
        (from < until).then(|| Self {
            from,
            since: CLOSED,
            until_micros: until.micros(),
            ..self
        })
    }

    pub(crate) fn is_current(&self) -> bool {
        self.since != CLOSED
    }

    pub(crate) fn since(&self) -> u32 {
        self.since
    }

    /// From when on it could be applied: valid, and known.
    pub(crate) fn applied_from(&self, times: &Times) -> Instant {
        times
            .of(self.since)
            .map_or(self.from, |known| known.max(self.from))
    }

    /// When a current row is valid, or a closed one was applied: inclusive.
    pub(crate) fn from(&self) -> Instant {
        self.from
    }

    pub(crate) fn until(&self) -> Option<Instant> {
        (self.until_micros != OPEN).then(|| Instant::from_micros(self.until_micros))
    }

    pub(crate) fn to_price_row(self, sku: &Sku, dictionary: &Dictionary) -> Option<PriceRow> {
        Some(PriceRow {
            amount_minor: self.amount_minor,
            key: dictionary.lanes.get(self.lane)?.key(sku, self.from),
            valid_until: self.until(),
        })
    }

    fn as_ref<'a>(&self, lane: &'a Lane) -> PriceRef<'a> {
        PriceRef {
            amount_minor: self.amount_minor,
            audience: &lane.audience,
            kind: lane.kind,
            minimum_quantity: lane.minimum_quantity,
            valid_from: self.from,
            valid_until: self.until(),
            zone: lane.place.zone.as_ref(),
        }
    }
}

impl Entry {
    pub(crate) fn empty(sku: Sku) -> Self {
        Self {
            product: None,
            rows: Box::default(),
            sku,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.product.is_none() && self.rows.is_empty()
    }

    pub(crate) fn to_product(&self, dictionary: &Dictionary) -> Option<Product> {
        let stored = self.product.as_ref()?;
        let text = |number: u32| dictionary.text(number).map(ToString::to_string);
        Some(Product {
            deposit_class: stored.deposit_class.and_then(text),
            restriction_class: stored.restriction_class.and_then(text),
            ..Product::new(
                self.sku.clone(),
                stored.parsed_facts()?,
                text(stored.tax_class)?,
            )
        })
    }

    pub(crate) fn goods<'a>(&'a self, dictionary: &'a Dictionary) -> Option<Goods<'a>> {
        let stored = self.product.as_ref()?;
        let text = |number: u32| dictionary.text(number).map(Arc::as_ref);
        Some(Goods {
            brand: stored.brand.and_then(text),
            category: text(stored.category)?,
            deposit_class: stored.deposit_class.and_then(text),
            labels: match &stored.labels {
                Some(labels) => &**labels,
                None => &Unlabelled,
            },
            pack: stored.pack,
            restriction_class: stored.restriction_class.and_then(text),
            sale_unit: stored.sale_unit,
            sku: &self.sku,
            smallest_quantity: stored.smallest_quantity,
            tax_class: text(stored.tax_class)?,
        })
    }

    pub(crate) fn prices_in<'a>(
        &'a self,
        market: &MarketId,
        dictionary: &'a Dictionary,
    ) -> Vec<PriceRef<'a>> {
        self.current()
            .filter_map(|row| Some((row, dictionary.lanes.get(row.lane)?)))
            .filter(|(_, lane)| lane.place.market == *market)
            .map(|(row, lane)| row.as_ref(lane))
            .collect()
    }

    /// The current rows.
    pub(crate) fn current(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_current())
    }

    /// The paid prices, current and closed, each in the interval in which it is
    /// applied.
    pub(crate) fn applied_in<'a>(
        &'a self,
        market: &'a MarketId,
        dictionary: &'a Dictionary,
        times: &Times,
    ) -> impl Iterator<Item = PriceRef<'a>> {
        self.rows.iter().filter_map(move |row| {
            let lane = dictionary.lanes.get(row.lane)?;
            let applied = PriceRef {
                valid_from: row.applied_from(times),
                ..row.as_ref(lane)
            };
            let is_kept = lane.place.market == *market && is_kept(lane.kind);
            let is_ever = applied
                .valid_until
                .is_none_or(|until| applied.valid_from < until);
            (is_kept && is_ever).then_some(applied)
        })
    }

    /// Whether it is a product with a price in the market.
    pub(crate) fn is_sold_in(&self, market: &MarketId, dictionary: &Dictionary) -> bool {
        self.product.is_some()
            && self.current().any(|row| {
                dictionary
                    .lanes
                    .get(row.lane)
                    .is_some_and(|lane| lane.place.market == *market)
            })
    }
}
