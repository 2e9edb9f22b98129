use std::fmt;
use std::str::FromStr;

use offercast_contract::Channel;
use offercast_contract::canonical::write_canonical;
use serde::{Deserialize, Serialize};

use super::{Market, Offer, OrderConditions, Product, Restriction, Zone};

/// The kinds of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// A channel declaration.
    Channel,
    /// A market.
    Market,
    /// An offer.
    Offer,
    /// Order conditions.
    OrderConditions,
    /// A product.
    Product,
    /// A restriction.
    Restriction,
    /// A zone.
    Zone,
}

impl DocumentKind {
    const ALL: [Self; 7] = [
        Self::Channel,
        Self::Market,
        Self::Offer,
        Self::OrderConditions,
        Self::Product,
        Self::Restriction,
        Self::Zone,
    ];

    /// The name used on the wire and in storage.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Market => "market",
            Self::Offer => "offer",
            Self::OrderConditions => "order_conditions",
            Self::Product => "product",
            Self::Restriction => "restriction",
            Self::Zone => "zone",
        }
    }
}

impl fmt::Display for DocumentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not a kind of document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a kind of document")]
pub struct DocumentKindError(String);

impl FromStr for DocumentKind {
    type Err = DocumentKindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| DocumentKindError(text.to_owned()))
    }
}

/// Names one document among all current ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentKey {
    /// Its id: a SKU, an offer's id, `market/zone` …
    pub id: String,
    /// Its kind.
    pub kind: DocumentKind,
}

/// One document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum Document {
    /// A channel declaration.
    Channel(Box<Channel>),
    /// A market.
    Market(Market),
    /// An offer.
    Offer(Offer),
    /// Order conditions.
    OrderConditions(OrderConditions),
    /// A product.
    Product(Box<Product>),
    /// A restriction.
    Restriction(Restriction),
    /// A zone.
    Zone(Zone),
}

impl Document {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> DocumentKind {
        match self {
            Self::Channel(_) => DocumentKind::Channel,
            Self::Market(_) => DocumentKind::Market,
            Self::Offer(_) => DocumentKind::Offer,
            Self::OrderConditions(_) => DocumentKind::OrderConditions,
            Self::Product(_) => DocumentKind::Product,
            Self::Restriction(_) => DocumentKind::Restriction,
            Self::Zone(_) => DocumentKind::Zone,
        }
    }

    /// What names it among all current documents.
    #[must_use]
    pub fn key(&self) -> DocumentKey {
        let id = match self {
            Self::Channel(channel) => channel.id.to_string(),
            Self::Market(market) => market.id.to_string(),
            Self::Offer(offer) => offer.id.to_string(),
            Self::OrderConditions(order) => format!("{}/{}", order.market, order.id),
            Self::Product(product) => product.sku.to_string(),
            Self::Restriction(rule) => format!("{}/{}", rule.market, rule.id),
            Self::Zone(zone) => format!("{}/{}", zone.market, zone.id),
        };
        DocumentKey {
            id,
            kind: self.kind(),
        }
    }

    /// The canonical JSON of its body, as it is stored.
    #[must_use]
    pub fn body(&self) -> String {
        let mut bytes = Vec::new();
        self.write_body(&mut bytes);
        // JSON is UTF-8.
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// Appends the bytes of [`Document::body`].
    pub(crate) fn write_body(&self, out: &mut Vec<u8>) {
        match self {
            Self::Channel(body) => write_canonical(out, body),
            Self::Market(body) => write_canonical(out, body),
            Self::Offer(body) => write_canonical(out, body),
            Self::OrderConditions(body) => write_canonical(out, body),
            Self::Product(body) => write_canonical(out, body),
            Self::Restriction(body) => write_canonical(out, body),
            Self::Zone(body) => write_canonical(out, body),
        }
    }

    /// Parses a stored body.
    pub fn from_body(kind: DocumentKind, body: &str) -> Result<Self, serde_json::Error> {
        Ok(match kind {
            DocumentKind::Channel => Self::Channel(serde_json::from_str(body)?),
            DocumentKind::Market => Self::Market(serde_json::from_str(body)?),
            DocumentKind::Offer => Self::Offer(serde_json::from_str(body)?),
            DocumentKind::OrderConditions => Self::OrderConditions(serde_json::from_str(body)?),
            DocumentKind::Restriction => Self::Restriction(serde_json::from_str(body)?),
            DocumentKind::Product => Self::Product(serde_json::from_str(body)?),
            DocumentKind::Zone => Self::Zone(serde_json::from_str(body)?),
        })
    }
}
