//! Documents, prices and headers as they are stored.

use diesel::prelude::*;
use hashbrown::HashMap;
use offercast_contract::measure::Quantity;
use offercast_contract::{Audience, MarketId, Sku, ZoneId};
use offercast_domain::revision::{Header, Revision};
use offercast_domain::source::{
    Document, DocumentKey, DocumentKind, Place, PriceKey, PriceKind, PriceRow,
};

use crate::StorageError;
use crate::schema::{documents, prices, revisions};
use crate::store::{count, hash, instant, stored};

/// How the zone of a price for a whole market is stored.
const WHOLE_MARKET: &str = "";

/// How the minimum quantity of a price for any quantity is stored.
const ANY_QUANTITY: i64 = 0;

#[derive(Queryable, Selectable)]
#[diesel(table_name = documents)]
pub(crate) struct StoredDocument {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) body: String,
}

impl StoredDocument {
    pub(crate) fn parse(&self) -> Result<Document, StorageError> {
        let what = || format!("document {} {}", self.kind, self.id);
        let document = Document::from_body(document_kind(&self.kind)?, &self.body)
            .map_err(|error| StorageError::corrupt(&what(), error))?;
        if document.key().id == self.id {
            Ok(document)
        } else {
            Err(StorageError::corrupt(&what(), "the body has another id"))
        }
    }
}

pub(crate) fn document_key(kind: &str, id: String) -> Result<DocumentKey, StorageError> {
    let kind = document_kind(kind)?;
    Ok(DocumentKey { id, kind })
}

fn document_kind(kind: &str) -> Result<DocumentKind, StorageError> {
    kind.parse()
        .map_err(|error| StorageError::corrupt("kind of a document", error))
}

#[derive(Insertable)]
#[diesel(table_name = documents, treat_none_as_default_value = false)]
pub(crate) struct NewDocument {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) since_revision: i64,
}

impl NewDocument {
    pub(crate) fn new(document: &Document, since_revision: u64) -> Self {
        let DocumentKey { id, kind } = document.key();
        Self {
            kind: kind.as_str(),
            id,
            body: document.body(),
            since_revision: stored(since_revision),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = prices)]
pub(crate) struct StoredPrice {
    sku: String,
    market: String,
    zone: String,
    audience: String,
    kind: String,
    minimum_quantity: i64,
    valid_from: i64,
    valid_until: Option<i64>,
    amount_minor: i64,
}

#[derive(Insertable)]
#[diesel(table_name = prices, treat_none_as_default_value = false)]
pub(crate) struct NewPrice<'a> {
    pub(crate) sku: &'a str,
    pub(crate) market: &'a str,
    pub(crate) zone: &'a str,
    pub(crate) audience: &'a str,
    pub(crate) kind: &'static str,
    pub(crate) minimum_quantity: i64,
    pub(crate) valid_from: i64,
    pub(crate) valid_until: Option<i64>,
    pub(crate) amount_minor: i64,
    pub(crate) since_revision: i64,
}

impl<'a> NewPrice<'a> {
    pub(crate) fn new(row: &'a PriceRow, since_revision: u64) -> Self {
        let key = &row.key;
        Self {
            sku: key.sku.as_str(),
            market: key.place.market.as_str(),
            zone: zone_text(&key.place),
            audience: key.audience.as_str(),
            kind: key.kind.as_str(),
            minimum_quantity: quantity_number(key.minimum_quantity),
            valid_from: key.valid_from.micros(),
            valid_until: row.valid_until.map(|until| until.micros()),
            amount_minor: row.amount_minor,
            since_revision: stored(since_revision),
        }
    }
}

pub(crate) fn zone_text(place: &Place) -> &str {
    place.zone.as_ref().map_or(WHOLE_MARKET, ZoneId::as_str)
}

/// Millionths of the sale unit; see [`ANY_QUANTITY`].
pub(crate) fn quantity_number(minimum: Option<Quantity>) -> i64 {
    minimum.map_or(ANY_QUANTITY, Quantity::millionths)
}

/// Parses price rows; the few different markets, zones and audiences of many
/// rows are parsed and held once.
#[derive(Default)]
pub(crate) struct PriceParser {
    markets: HashMap<String, MarketId>,
    zones: HashMap<String, ZoneId>,
    audiences: HashMap<String, Audience>,
}

impl PriceParser {
    pub(crate) fn parse(&mut self, row: StoredPrice) -> Result<PriceRow, StorageError> {
        let corrupt = |error: &dyn std::fmt::Display| {
            StorageError::corrupt(&format!("price of {}", row.sku), error)
        };
        let zone = match row.zone.as_str() {
            WHOLE_MARKET => None,
            zone => Some(once(&mut self.zones, zone, ZoneId::parse).map_err(|e| corrupt(&e))?),
        };
        let minimum_quantity = match row.minimum_quantity {
            ANY_QUANTITY => None,
            millionths => Some(Quantity::from_millionths(millionths).map_err(|e| corrupt(&e))?),
        };
        Ok(PriceRow {
            amount_minor: row.amount_minor,
            key: PriceKey {
                audience: once(&mut self.audiences, &row.audience, Audience::parse)
                    .map_err(|e| corrupt(&e))?,
                kind: row.kind.parse::<PriceKind>().map_err(|e| corrupt(&e))?,
                minimum_quantity,
                place: Place {
                    market: once(&mut self.markets, &row.market, MarketId::parse)
                        .map_err(|e| corrupt(&e))?,
                    zone,
                },
                sku: Sku::parse(&row.sku).map_err(|e| corrupt(&e))?,
                valid_from: instant(row.valid_from),
            },
            valid_until: row.valid_until.map(instant),
        })
    }
}

fn once<T: Clone, E>(
    seen: &mut HashMap<String, T>,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, E> {
    if let Some(value) = seen.get(text) {
        return Ok(value.clone());
    }
    let value = parse(text)?;
    seen.insert(text.to_owned(), value.clone());
    Ok(value)
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = revisions)]
pub(crate) struct StoredRevision {
    number: i64,
    epoch: i64,
    author: String,
    reason: String,
    recorded_at: i64,
    previous_hash: String,
    content_root: String,
    row_count: i64,
    hash: String,
}

impl From<&Revision> for StoredRevision {
    fn from(revision: &Revision) -> Self {
        let header = &revision.header;
        Self {
            number: stored(header.number),
            epoch: stored(header.epoch),
            author: header.author.clone(),
            reason: header.reason.clone(),
            recorded_at: header.recorded_at.micros(),
            previous_hash: header.previous_hash.to_string(),
            content_root: header.content_root.to_string(),
            row_count: stored(header.rows),
            hash: revision.hash.to_string(),
        }
    }
}

impl TryFrom<StoredRevision> for Revision {
    type Error = StorageError;

    fn try_from(row: StoredRevision) -> Result<Self, StorageError> {
        Ok(Self {
            hash: hash(&row.hash)?,
            header: Header {
                author: row.author,
                content_root: hash(&row.content_root)?,
                epoch: count(row.epoch),
                number: count(row.number),
                previous_hash: hash(&row.previous_hash)?,
                reason: row.reason,
                recorded_at: instant(row.recorded_at),
                rows: count(row.row_count),
            },
        })
    }
}
