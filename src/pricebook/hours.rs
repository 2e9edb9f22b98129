//! Weekly windows as instants: expanded once for all SKUs.

use std::sync::OnceLock;

use offercast_contract::Instant;
use offercast_domain::resolve::Dated;
use offercast_domain::schedule::Span;

use crate::offers::{MarketOffers, Planned};

/// What the weekly windows of one market's offers are in a time, by offer, as
/// they are needed.
pub(crate) struct Hours {
    from: Instant,
    spans: Box<[OnceLock<Box<[Span]>>]>,
    until: Instant,
}

impl Hours {
    /// Of these offers, in `[from, until)`.
    pub(crate) fn new(offers: Option<&MarketOffers>, (from, until): (Instant, Instant)) -> Self {
        let weekly = offers.map_or(0, MarketOffers::weekly);
        Self {
            from,
            spans: (0..weekly).map(|_| OnceLock::new()).collect(),
            until,
        }
    }

    /// When one of the offers holds.
    pub(crate) fn dated<'a>(&'a self, planned: &'a Planned) -> Dated<'a> {
        let place = planned.weekly.and_then(|place| self.spans.get(place));
        let expand = || planned.schedule.spans(self.from, self.until).into();
        let spans = place.map(|spans| &**spans.get_or_init(expand));
        let period = planned.schedule.period();
        Dated {
            offer: &planned.offer,
            period: *period,
            spans: spans.unwrap_or(std::slice::from_ref(period)),
        }
    }
}
