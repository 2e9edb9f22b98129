//! The places of the catalogue: markets and their zones.

use std::collections::BTreeMap;

use offercast_contract::{Channel, MarketId, View, ZoneId};
use offercast_domain::source::Market;
use offercast_usecases::engine::Current;
use serde_json::{Value, json};
use std::sync::Arc;

use super::words::Lang;

/// A market, or a zone of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) market: MarketId,
    pub(super) zone: Option<ZoneId>,
}

impl Place {
    /// `pl/krakow`; `pl/-` for the whole market.
    pub(super) fn text(&self) -> String {
        let zone = self.zone.as_ref().map_or("-", |zone| zone.as_str());
        format!("{}/{zone}", self.market)
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (market, zone) = text.split_once('/')?;
        let zone = match zone {
            "-" => None,
            zone => Some(zone.parse().ok()?),
        };
        Some(Self {
            market: market.parse().ok()?,
            zone,
        })
    }

    pub(super) fn of(view: &View) -> Self {
        Self {
            market: view.market.clone(),
            zone: view.zone.clone(),
        }
    }

    /// `Polska · Kraków`.
    pub(super) fn label(&self, current: &Current, lang: Lang) -> String {
        let market = self
            .market(current)
            .map_or_else(|| self.market.to_string(), |market| market.name.clone());
        match &self.zone {
            None => lang.fill("product.whole_market", &[("market", &market)]),
            Some(id) => {
                let zone = current.book.zone(&self.market, id);
                format!(
                    "{market} · {}",
                    zone.map_or_else(|| id.to_string(), |zone| zone.name.clone())
                )
            }
        }
    }

    pub(super) fn market(&self, current: &Current) -> Option<Arc<Market>> {
        current.book.market(&self.market)
    }
}

/// What stands in a place: channels with their views there.
pub(super) type Standing = Vec<(Arc<Channel>, View)>;

/// The places in which channels stand, with them.
pub(super) fn standing(current: &Current) -> BTreeMap<Place, Standing> {
    let mut places: BTreeMap<Place, Standing> = BTreeMap::new();
    for channel in current.book.channels() {
        for view in &channel.views {
            places
                .entry(Place::of(view))
                .or_default()
                .push((Arc::clone(channel), view.clone()));
        }
    }
    places
}

/// All places in which a price may be set, for a form.
pub(super) fn choices(current: &Current, lang: Lang, chosen: Option<&Place>) -> Vec<Value> {
    let mut places: Vec<Place> = current
        .book
        .markets()
        .map(|market| Place {
            market: market.id.clone(),
            zone: None,
        })
        .collect();
    places.extend(current.book.zones().map(|zone| Place {
        market: zone.market.clone(),
        zone: Some(zone.id.clone()),
    }));
    places.sort();
    let choice = |place: &Place| {
        let market = place.market(current)?;
        Some(json!({
            "chosen": chosen == Some(place),
            "currency": market.currency,
            "label": place.label(current, lang),
            "market": place.market,
            "time_zone": market.time_zone,
            "value": place.text(),
        }))
    };
    places.iter().filter_map(choice).collect()
}
