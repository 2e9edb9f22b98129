//! What is kept of the past: when versions were known, and closed versions as
//! far as the ledger of effective prices needs them.

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::OrdMap;
use jiff::tz::TimeZone;
use offercast_contract::{Horizon, Instant, MarketId, OfferId};
use offercast_domain::resolve::ledger::{Applied, KnownOffer, Ledger, days_after, floor, window};
use offercast_domain::resolve::{Goods, PriceRef};
use offercast_domain::schedule::{Schedule, zone_of};
use offercast_domain::source::{Market, Moment, Offer};

use crate::Book;
use crate::entry::Entry;
use crate::hours::Hours;
use crate::offers::{MarketOffers, Planned};

/// When revisions were recorded, as far back as the ledger reaches: a row says
/// only its revision, in four bytes.
#[derive(Clone, Default)]
pub(crate) struct Times(OrdMap<u32, Instant>);

/// The number of a revision as rows hold it. Four billion revisions do not
/// occur; the largest number stands for closed rows.
pub(crate) fn short(revision: u64) -> u32 {
    u32::try_from(revision).unwrap_or(u32::MAX - 1)
}

impl Times {
    pub(crate) fn note(&mut self, revision: u64, recorded_at: Instant) {
        self.0.insert(short(revision), recorded_at);
    }

    /// None for a revision before the ledger begins.
    pub(crate) fn of(&self, revision: u32) -> Option<Instant> {
        self.0.get(&revision).copied()
    }
}

/// A closed version: since when it was known, if within the ledger, and until
/// when.
pub(crate) type ClosedVersion = (Arc<Offer>, Option<Instant>, Instant);

type Markets = BTreeMap<MarketId, Arc<Market>>;

/// The past of documents.
#[derive(Clone, Default)]
pub(crate) struct History {
    /// When the current version of each offer became known.
    known: BTreeMap<OfferId, Instant>,
    /// When each market was declared first.
    markets: BTreeMap<MarketId, Instant>,
    /// Closed versions by market, indexed by target.
    closed: BTreeMap<MarketId, Arc<MarketOffers>>,
    /// The same by id, with the time in which each was known.
    versions: BTreeMap<OfferId, Vec<ClosedOffer>>,
}

#[derive(Clone)]
struct ClosedOffer {
    from: Option<Instant>,
    offer: Arc<Offer>,
    until: Instant,
}

impl ClosedOffer {
    /// Whether it may have held at some instant at which it was known. Local
    /// times are taken two days wide, so that the answer is the same whatever
    /// becomes of a market's time zone: clocks differ by less.
    fn may_have_applied(&self) -> bool {
        let schedule = Schedule::new(&self.offer, &TimeZone::UTC);
        let slack = |moment: Moment| match moment {
            Moment::Instant(_) => 0,
            Moment::Local(_) => 2,
        };
        let period = schedule.period();
        let start = days_after(period.from, -slack(self.offer.valid_from));
        let end = period.until.zip(self.offer.valid_until);
        let end = end.map(|(until, moment)| days_after(until, slack(moment)));
        let from = self.from.map_or(start, |from| from.max(start));
        let until = end.map_or(self.until, |end| end.min(self.until));
        from < until
    }

    /// Whether it began or ceased to hold in `[from, until)` while it was
    /// known.
    fn has_boundary(&self, schedule: &Schedule, from: Instant, until: Instant) -> bool {
        let from = self.from.map_or(from, |known| known.max(from));
        let until = until.min(self.until);
        from < until && schedule.has_boundary(from, until)
    }
}

impl History {
    pub(crate) fn declare_market(&mut self, market: &MarketId, at: Instant) {
        self.markets.entry(market.clone()).or_insert(at);
    }

    pub(crate) fn market_since(&self, market: &MarketId) -> Option<Instant> {
        self.markets.get(market).copied()
    }

    /// Notes that an offer's current version is known since `at`, or that there
    /// is none.
    pub(crate) fn note_offer(&mut self, id: &OfferId, at: Option<Instant>) {
        match at {
            Some(at) => self.known.insert(id.clone(), at),
            None => self.known.remove(id),
        };
    }

    /// Keeps the versions that ended at `at`, and forgets what is older than
    /// the ledger. `changed`: markets that were declared anew.
    pub(crate) fn close_offers(
        &mut self,
        offers: Vec<Arc<Offer>>,
        at: Instant,
        changed: Vec<MarketId>,
        markets: &Markets,
    ) {
        let closed = offers.into_iter().map(|offer| {
            let from = self.known.get(&offer.id).copied();
            (offer, from, at)
        });
        let closed: Vec<_> = closed.collect();
        self.keep_offers(closed, at, changed, markets);
    }

    /// Keeps closed versions with the times in which they were known, under a
    /// head that was recorded at `head`. They hold by the clocks of the markets
    /// as these are now.
    pub(crate) fn keep_offers(
        &mut self,
        offers: Vec<ClosedVersion>,
        head: Instant,
        changed: Vec<MarketId>,
        markets: &Markets,
    ) {
        let mut touched = changed;
        touched.retain(|market| self.closed.contains_key(market));
        for (offer, from, until) in offers {
            let version = ClosedOffer { from, offer, until };
            if version.may_have_applied() {
                touched.extend(version.offer.markets.iter().cloned());
                let versions = self.versions.entry(version.offer.id.clone());
                versions.or_default().push(version);
            }
        }
        if touched.is_empty() {
            return;
        }
        let floor = floor(head);
        self.versions.retain(|_, versions| {
            versions.retain(|version| floor < version.until);
            !versions.is_empty()
        });
        touched.sort_unstable();
        touched.dedup();
        for market in touched {
            let all = self.versions.values().flatten();
            let here = all.filter(|version| version.offer.is_in(&market));
            let zone = markets.get(&market).map_or(TimeZone::UTC, |it| zone_of(it));
            let index = MarketOffers::new(here.map(|version| &version.offer), &zone);
            self.closed.insert(market, Arc::new(index));
        }
    }

    /// Closed versions that may have been for the product.
    fn closed<'h>(
        &'h self,
        market: &MarketId,
        goods: &Goods<'_>,
        hours: &'h Hours,
    ) -> impl Iterator<Item = KnownOffer<'h>> {
        let found = self.closed.get(market).map(|index| index.candidates(goods));
        found.into_iter().flatten().filter_map(|planned| {
            let version = self.version(planned)?;
            Some(KnownOffer {
                dated: hours.dated(planned),
                from: version.from,
                until: Some(version.until),
            })
        })
    }

    fn version(&self, planned: &Planned) -> Option<&ClosedOffer> {
        let mut versions = self.versions.get(&planned.offer.id)?.iter();
        versions.find(|it| Arc::ptr_eq(&it.offer, &planned.offer))
    }

    /// Closed versions that began or ceased to hold in `[from, until)`, with
    /// the market where they did.
    pub(crate) fn with_boundary(
        &self,
        from: Instant,
        until: Instant,
    ) -> impl Iterator<Item = (&MarketId, &Offer)> {
        let markets = self.closed.iter();
        let all = markets.flat_map(|(id, offers)| offers.all().map(move |own| (id, own)));
        all.filter(move |(_, own)| {
            self.version(own)
                .is_some_and(|version| version.has_boundary(&own.schedule, from, until))
        })
        .map(|(id, own)| (id, &*own.offer))
    }

    /// The instants at which versions of offers became known or ceased.
    pub(crate) fn known_boundaries(&self) -> impl Iterator<Item = (Instant, &OfferId)> {
        let known = self.known.iter().map(|(id, at)| (*at, id));
        let closed = self.versions.iter().flat_map(|(id, versions)| {
            let instants = versions
                .iter()
                .flat_map(|version| [version.from, Some(version.until)]);
            instants.flatten().map(move |at| (at, id))
        });
        known.chain(closed)
    }

    /// Closed versions of an offer.
    pub(crate) fn versions(&self, id: &OfferId) -> impl Iterator<Item = &Arc<Offer>> {
        let versions = self.versions.get(id).into_iter().flatten();
        versions.map(|version| &version.offer)
    }
}

/// When the offers of a market hold in all the time that claims in a horizon
/// may look at.
pub(crate) struct PastHours {
    closed: Hours,
    current: Hours,
}

impl PastHours {
    pub(crate) fn new(book: &Book, market: &MarketId, horizon: Horizon) -> Self {
        let (from, last) = window(book.head.recorded_at, horizon.from(), horizon.until());
        let time = (from, last.plus_micros(1));
        let closed = book.history.closed.get(market);
        Self {
            closed: Hours::new(closed.map(Arc::as_ref), time),
            current: Hours::new(book.offers.in_market(market), time),
        }
    }
}

/// What was applied to one SKU in one market, gathered when asked.
pub(crate) struct EntryLedger<'b> {
    pub(crate) book: &'b Book,
    pub(crate) entry: &'b Entry,
    pub(crate) goods: Goods<'b>,
    pub(crate) hours: &'b PastHours,
    pub(crate) market: &'b MarketId,
    /// The current offers that may be for it.
    pub(crate) offers: &'b [&'b Planned],
}

impl std::fmt::Debug for EntryLedger<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("EntryLedger").field(&self.entry.sku).finish()
    }
}

impl Ledger for EntryLedger<'_> {
    fn applied(&self) -> Applied<'_> {
        let history = &self.book.history;
        let current = self.offers.iter().map(|planned| KnownOffer {
            dated: self.hours.current.dated(planned),
            from: history.known.get(&planned.offer.id).copied(),
            until: None,
        });
        let prices: Vec<PriceRef<'_>> = self
            .entry
            .applied_in(self.market, &self.book.dictionary, &self.book.times)
            .collect();
        Applied {
            head: self.book.head.recorded_at,
            offers: current
                .chain(history.closed(self.market, &self.goods, &self.hours.closed))
                .collect(),
            prices,
            since: history.market_since(self.market),
        }
    }
}
