//! The items of an update.

use serde::{Deserialize, Serialize};

use crate::{Facts, Sku, Timeline, View};

/// One timeline and the views that share it, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedTimeline {
    /// The timeline; never empty.
    pub segments: Timeline,
    /// The views, sorted, at least one.
    pub views: Vec<View>,
}

/// All that adapters need of one SKU: what it is, and its terms per view.
///
/// It replaces whatever the adapter held of the SKU. A view that no timeline
/// names has no terms for it. Without facts it is a tombstone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Facts and content; absent in a tombstone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Facts>,
    /// Which SKU.
    pub sku: Sku,
    /// Timelines, each shared by all views in which it is the same, sorted by
    /// their first view.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timelines: Vec<SharedTimeline>,
}

impl Item {
    /// An item from timelines per view (in the order of views): equal ones are
    /// shared, empty ones left out.
    #[must_use]
    pub fn new(sku: Sku, facts: Option<Facts>, per_view: Vec<(View, Timeline)>) -> Self {
        let mut timelines: Vec<SharedTimeline> = Vec::new();
        for (view, segments) in per_view {
            if segments.is_empty() {
                continue;
            }
            match timelines
                .iter_mut()
                .find(|shared| shared.segments == segments)
            {
                Some(shared) => shared.views.push(view),
                None => timelines.push(SharedTimeline {
                    segments,
                    views: vec![view],
                }),
            }
        }
        for shared in &mut timelines {
            shared.views.sort_unstable();
        }
        timelines.sort_unstable_by(|a, b| a.views.cmp(&b.views));
        Self {
            facts,
            sku,
            timelines,
        }
    }

    /// The timeline in `view`.
    #[must_use]
    pub fn timeline(&self, view: &View) -> Option<&Timeline> {
        self.timelines
            .iter()
            .find(|shared| shared.views.binary_search(view).is_ok())
            .map(|shared| &shared.segments)
    }
}
