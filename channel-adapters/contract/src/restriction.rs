//! What the law makes of an item in a channel: hidden, or shown with a warning.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::channel::{Channel, Family};
use crate::{ChannelId, Locale, RestrictionId, Terms};

/// One way to name channels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelSelector {
    /// All channels of an adapter family: `site`, `app`, `till` …
    Family(Family),
    /// One channel.
    Id(ChannelId),
}

impl ChannelSelector {
    /// Whether the channel is named.
    #[must_use]
    pub fn names(&self, channel: &Channel) -> bool {
        match self {
            Self::Family(family) => channel.family == *family,
            Self::Id(id) => channel.id == *id,
        }
    }
}

/// Whether selectors concern the channel: none at all concern every one.
#[must_use]
pub fn concern(selectors: &[ChannelSelector], channel: &Channel) -> bool {
    selectors.is_empty() || selectors.iter().any(|selector| selector.names(channel))
}

/// A restriction by which an item may not be shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hidden {
    /// Where it may not be shown, sorted; empty for everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelSelector>,
    /// By which restriction.
    pub restriction: RestrictionId,
}

/// A text that the law wants shown with the price: class A, never omitted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MandatoryWarning {
    /// Where it must be shown, sorted; empty for everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelSelector>,
    /// The text per locale; at least one.
    pub labels: BTreeMap<Locale, String>,
    /// By which restriction.
    pub restriction: RestrictionId,
}

impl Terms {
    /// Whether the channel may show the item at all. A channel that may not
    /// withdraws it, as if it were not sold there; it does not hold it.
    #[must_use]
    pub fn visible_in(&self, channel: &Channel) -> bool {
        self.hiding(channel).is_none()
    }

    /// The restriction by which the channel may not show the item; the first,
    /// where there are several.
    #[must_use]
    pub fn hiding(&self, channel: &Channel) -> Option<&RestrictionId> {
        let hidden = self
            .hidden_in
            .iter()
            .find(|hidden| concern(&hidden.channels, channel));
        hidden.map(|hidden| &hidden.restriction)
    }

    /// The warnings that the channel must show.
    pub fn warnings_in<'t>(
        &'t self,
        channel: &'t Channel,
    ) -> impl Iterator<Item = &'t MandatoryWarning> {
        self.warnings
            .iter()
            .filter(|warning| concern(&warning.channels, channel))
    }
}
