//! What a channel shows of an item, as this server would render it.

use offercast_contract::{Channel, Instant, Sku, View};
use offercast_kit::Presented;

use crate::engine::{Current, Engine};

/// Renders one item of a channel from a snapshot, reads it back and compares.
/// A family that only a foreign adapter serves is held with that reason.
#[must_use]
pub fn item(
    engine: &Engine,
    current: &Current,
    channel: &Channel,
    view: &View,
    sku: &Sku,
    at: Instant,
) -> Presented {
    let Some(facts) = current.book.facts(sku) else {
        return Presented::NotSold;
    };
    let renderer = match engine.families().renderer(channel) {
        Ok(renderer) => renderer,
        Err(error) => {
            return Presented::Held {
                reason: error.to_string(),
            };
        }
    };
    let Some(family) = engine.families().get(&channel.family) else {
        return Presented::NotSold;
    };
    let timeline = current.book.timeline(sku, view, current.position.horizon);
    offercast_kit::present(
        family.as_ref(),
        renderer.as_ref(),
        channel,
        sku,
        &facts,
        &timeline,
        view,
        at,
    )
}
