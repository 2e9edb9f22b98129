//! Timelines: consecutive terms over a window, and their lookup.

use serde::{Deserialize, Serialize};

use crate::{Horizon, Instant, Terms};

/// One interval of a timeline, half open: `from` belongs to it, `until` does not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Start; absent when it lies before the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Instant>,
    /// The terms; absent while the product is not sold in the view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
    /// End; absent when it lies at or beyond the end of the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// The consecutive terms of one SKU in a view over a window.
///
/// Canonical form, which [`Timeline::build`] makes: segments follow each other
/// without gap, neighbours differ, the first has no `from`, the last no
/// `until`, and every boundary lies strictly inside the window. A timeline
/// with no terms at all is empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timeline {
    segments: Vec<Segment>,
}

impl Timeline {
    /// Builds the canonical timeline over `horizon` from instants at which
    /// terms may change and a function that gives the terms at an instant.
    ///
    /// `terms_at` must be constant between two consecutive boundaries.
    pub fn build(
        horizon: Horizon,
        mut boundaries: Vec<Instant>,
        mut terms_at: impl FnMut(Instant) -> Option<Terms>,
    ) -> Self {
        boundaries.retain(|at| horizon.from() < *at && *at < horizon.until());
        boundaries.sort_unstable();
        boundaries.dedup();
        let mut segments = vec![Segment {
            from: None,
            terms: terms_at(horizon.from()),
            until: None,
        }];
        for at in boundaries {
            let terms = terms_at(at);
            if let Some(last) = segments.last_mut()
                && last.terms != terms
            {
                last.until = Some(at);
                segments.push(Segment {
                    from: Some(at),
                    terms,
                    until: None,
                });
            }
        }
        if segments.iter().all(|segment| segment.terms.is_none()) {
            segments.clear();
        }
        Self { segments }
    }

    /// Whether there are no terms in the whole window.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// The segments in order.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The segment that holds at `at`. The caller checks that `at` lies inside
    /// the window: a timeline does not know its horizon.
    #[must_use]
    pub fn at(&self, at: Instant) -> Option<&Segment> {
        let after = self
            .segments
            .partition_point(|segment| segment.from.is_none_or(|from| from <= at));
        self.segments.get(after.checked_sub(1)?)
    }

    /// The terms that hold at `at`, if it is sold then.
    #[must_use]
    pub fn terms_at(&self, at: Instant) -> Option<&Terms> {
        self.at(at)?.terms.as_ref()
    }

    /// The first boundary after `at`.
    #[must_use]
    pub fn next_boundary(&self, at: Instant) -> Option<Instant> {
        self.at(at)?.until
    }

    /// Whether it has the canonical form for `horizon`. A reader of messages
    /// refuses timelines that have not.
    #[must_use]
    pub fn is_canonical(&self, horizon: Horizon) -> bool {
        let ends = self
            .segments
            .first()
            .is_none_or(|first| first.from.is_none())
            && self.segments.last().is_none_or(|last| last.until.is_none());
        let joined = self.segments.windows(2).all(|pair| {
            pair[0].until == pair[1].from
                && pair[1]
                    .from
                    .is_some_and(|at| horizon.from() < at && at < horizon.until())
                && pair[0].terms != pair[1].terms
                && pair[0].from < pair[1].from
        });
        let sold = self.segments.is_empty() || self.segments.iter().any(|s| s.terms.is_some());
        ends && joined && sold
    }
}
