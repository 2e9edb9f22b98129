//! Channel declarations: what a channel is, carries and shows.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::claims::Field;
pub use crate::selector::{Described, Label, Labelled, Selector, Unlabelled, is_within};
use crate::{ChannelId, Facts, Hash, Instant, Locale, Sku, View};

/// The kind of adapter that serves a channel: `site`, `app`, `till` …
pub type Family = String;

/// Whether a channel takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Renders, delivers, and counts on the board.
    #[default]
    Live,
    /// Renders and reads back, delivers nothing.
    Shadow,
    /// Does nothing.
    Paused,
}

/// Which products a channel carries: all that match, minus all excluded.
/// An empty `include` matches everything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assortment {
    /// What is not carried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<Selector>,
    /// What is carried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Selector>,
}

impl Assortment {
    /// Whether the channel carries the product.
    #[must_use]
    pub fn carries(&self, sku: &Sku, facts: &Facts) -> bool {
        let product = Described::new(sku, facts);
        let named = |selector: &Selector| selector.matches(&product);
        (self.include.is_empty() || self.include.iter().any(named))
            && !self.exclude.iter().any(named)
    }
}

/// What a channel shows of the terms.
///
/// Fields of class B (see [`Field::is_class_a`]) may be declared as omitted.
/// Fields of class A may only be declared as implied, with the reason why a
/// reader of this channel knows them all the same (a till file has no field
/// for the currency: the store has one).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Projection {
    /// Class A fields that the format has no place for, with the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub implied: BTreeMap<Field, String>,
    /// Class B and C fields that the channel does not show.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub omits: BTreeSet<Field>,
}

impl Projection {
    /// Whether claims of this field are shown.
    #[must_use]
    pub fn shows(&self, field: Field) -> bool {
        !self.omits.contains(&field) && !self.implied.contains_key(&field)
    }

    /// The class A fields that are declared as omitted, which is not allowed.
    pub fn forbidden_omissions(&self) -> impl Iterator<Item = Field> + '_ {
        self.omits
            .iter()
            .copied()
            .filter(|field| field.is_class_a())
    }
}

/// The template that a channel renders, as recorded in the log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its file name below `templates/channels`.
    pub name: String,
    /// SHA-256 of `source`.
    pub sha256: Hash,
    /// The handlebars source.
    pub source: String,
}

impl Template {
    /// A template with its hash.
    #[must_use]
    pub fn new(name: &str, source: &str) -> Self {
        Self {
            name: name.to_owned(),
            sha256: Hash::of(&[source.as_bytes()]),
            source: source.to_owned(),
        }
    }
}

/// A legitimate difference, with somebody who answers for it and an end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredException {
    /// The field that may differ.
    pub field: Field,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The SKU, or none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// When it ends, exclusive.
    pub until: Instant,
}

/// A channel: one place where customers see terms.
///
/// Fields stand in alphabetical order, so serde writes canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Which products it carries.
    #[serde(default)]
    pub assortment: Assortment,
    /// Whether it takes what a basket costs from the quote. A channel that
    /// charges by itself may only stand where every promotion advertised is
    /// one that its family can charge.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub calls_quote: bool,
    /// Declared exceptions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<DeclaredException>,
    /// The adapter family.
    pub family: Family,
    /// Its id.
    pub id: ChannelId,
    /// The locale it speaks.
    pub locale: Locale,
    /// Whether it takes part.
    #[serde(default)]
    pub mode: Mode,
    /// The name that people read on the board.
    pub name: String,
    /// What it shows.
    #[serde(default)]
    pub projection: Projection,
    /// What it renders with.
    pub template: Template,
    /// The IANA time zone in which it writes local dates.
    pub time_zone: String,
    /// The views it stands in, sorted, at least one.
    pub views: Vec<View>,
}

impl Channel {
    /// The channel's view for a zone id; without one, its only view or the one
    /// that stands in no particular zone.
    pub fn view(&self, zone: Option<&str>) -> Result<&View, NoView> {
        let found = match zone {
            Some(zone) => self
                .views
                .iter()
                .find(|view| view.zone.as_ref().is_some_and(|id| id.as_str() == zone)),
            None => match self.views.as_slice() {
                [only] => Some(only),
                views => views.iter().find(|view| view.zone.is_none()),
            },
        };
        found.ok_or_else(|| NoView {
            channel: self.id.clone(),
            zone: zone.map(str::to_owned),
        })
    }
}

/// The channel does not stand in that zone, or stands in several and none was
/// named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("channel {channel} has no view for zone {}", zone.as_deref().unwrap_or("(none given)"))]
pub struct NoView {
    /// The channel.
    pub channel: ChannelId,
    /// The zone asked for.
    pub zone: Option<String>,
}
