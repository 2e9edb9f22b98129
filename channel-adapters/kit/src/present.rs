//! From terms to what is shown, proven by reading it back.
//!
//! Pure, so that the server shows for a pulled channel exactly what an adapter
//! elsewhere would show. Nothing reaches a customer without having come out of
//! [`present`] as [`Presented::Shown`].

use offercast_contract::compare::judge;
use offercast_contract::{
    Channel, Claims, Difference, Facts, Horizon, Instant, Item, RestrictionId, Sku, Timeline, View,
    compare, project,
};

use crate::family::{Artefact, Family, Renderer, Shown};

/// What a channel shows of one SKU in one view at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    /// It is shown, and its reading equals the projection of the terms.
    Shown {
        /// What is shown.
        artefact: Artefact,
        /// What was read back out of it.
        claims: Claims,
        /// Until when exactly this holds, exclusive, where that is known.
        until: Option<Instant>,
    },
    /// It has no terms here and now.
    NotSold,
    /// The channel's assortment leaves it out.
    NotCarried,
    /// The law does not let the channel show it: it is withdrawn, not held.
    Hidden {
        /// By which restriction.
        restriction: RestrictionId,
    },
    /// It has terms but cannot be shown truly.
    Held {
        /// Why, in words for the board: field, shown, expected.
        reason: String,
    },
}

/// Renders one SKU, reads the artefact back and compares the reading with the
/// projection of the terms that hold at `at`.
///
/// The caller makes sure that `at` lies within the window of the timeline;
/// [`present_item`] does so itself.
#[must_use]
#[allow(clippy::too_many_arguments)] // Each is a different axis of the question.
pub fn present(
    family: &dyn Family,
    renderer: &dyn Renderer,
    channel: &Channel,
    sku: &Sku,
    facts: &Facts,
    timeline: &Timeline,
    view: &View,
    at: Instant,
) -> Presented {
    if !channel.assortment.carries(sku, facts) {
        return Presented::NotCarried;
    }
    let Some(segment) = timeline.at(at) else {
        return Presented::NotSold;
    };
    let Some(terms) = &segment.terms else {
        return Presented::NotSold;
    };
    if let Some(restriction) = terms.hiding(channel) {
        return Presented::Hidden {
            restriction: restriction.clone(),
        };
    }
    let shown = Shown {
        channel,
        view,
        sku,
        facts,
        terms,
        until: segment.until,
    };
    match prove(family, renderer, &shown, at) {
        Ok((artefact, claims)) => Presented::Shown {
            artefact,
            claims,
            until: segment.until,
        },
        Err(reason) => Presented::Held { reason },
    }
}

/// [`present`] for an item as it travels: a tombstone and a view without a
/// timeline are not sold, and terms outside the window of `horizon` are
/// unknown, hence held.
#[must_use]
pub fn present_item(
    family: &dyn Family,
    renderer: &dyn Renderer,
    channel: &Channel,
    item: &Item,
    horizon: Horizon,
    view: &View,
    at: Instant,
) -> Presented {
    let (Some(facts), Some(timeline)) = (&item.facts, item.timeline(view)) else {
        return Presented::NotSold;
    };
    if at >= horizon.until() {
        return Presented::Held {
            reason: format!(
                "terms are unknown from {} on: the horizon ended and no update moved it",
                horizon.until()
            ),
        };
    }
    present(
        family, renderer, channel, &item.sku, facts, timeline, view, at,
    )
}

/// The channel with the family's own omissions and implied fields added to its
/// declared ones, which is how a channel is to be recorded in the log.
#[must_use]
pub fn with_family_projection(family: &dyn Family, mut channel: Channel) -> Channel {
    let of_family = family.projection();
    channel.projection.omits.extend(of_family.omits);
    for (field, reason) in of_family.implied {
        channel.projection.implied.entry(field).or_insert(reason);
    }
    channel
}

/// Names every difference: field, shown, expected.
#[must_use]
pub fn describe(differences: &[Difference]) -> String {
    let one = |difference: &Difference| {
        format!(
            "{}: shown {}, expected {}",
            difference.field,
            difference.shown.as_deref().unwrap_or("nothing"),
            difference.expected.as_deref().unwrap_or("nothing"),
        )
    };
    differences.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn prove(
    family: &dyn Family,
    renderer: &dyn Renderer,
    shown: &Shown<'_>,
    at: Instant,
) -> Result<(Artefact, Claims), String> {
    let artefact = renderer.render(shown).map_err(|error| error.to_string())?;
    let reading = family
        .read_back(shown.channel, shown.view, &artefact)
        .map_err(|error| error.to_string())?;
    let expected = project(
        shown.channel,
        shown.sku,
        shown.facts,
        shown.terms,
        shown.until,
    );
    let differences = compare(&expected, &reading);
    if judge(shown.channel, shown.sku, at, &differences).counts_as_shown() {
        Ok((artefact, reading))
    } else {
        Err(describe(&differences))
    }
}
