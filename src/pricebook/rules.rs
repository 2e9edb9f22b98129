//! Restrictions and order conditions, by market.

use std::collections::BTreeMap;
use std::sync::Arc;

use offercast_contract::{Instant, MarketId, OrderConditionsId, RestrictionId, View, ZoneId};
use offercast_domain::source::{OrderConditions, Restriction};

/// All restrictions and order conditions. They are few: one class or one place
/// has a handful.
#[derive(Clone, Default)]
pub(crate) struct RuleBook {
    order: BTreeMap<MarketId, BTreeMap<OrderConditionsId, Arc<OrderConditions>>>,
    restrictions: BTreeMap<MarketId, BTreeMap<RestrictionId, Arc<Restriction>>>,
}

impl RuleBook {
    pub(crate) fn put_restriction(&mut self, restriction: Restriction) {
        let of_market = self.restrictions.entry(restriction.market.clone());
        let id = restriction.id.clone();
        of_market.or_default().insert(id, Arc::new(restriction));
    }

    pub(crate) fn put_order(&mut self, conditions: OrderConditions) {
        let of_market = self.order.entry(conditions.market.clone());
        let id = conditions.id.clone();
        of_market.or_default().insert(id, Arc::new(conditions));
    }

    /// Ends what a document key names: `market/id`.
    pub(crate) fn end_restriction(&mut self, key: &str) {
        if let Some((market, id)) = key.split_once('/')
            && let Some(of_market) = self.restrictions.get_mut(market)
        {
            of_market.remove(id);
        }
    }

    /// Ends what a document key names: `market/id`.
    pub(crate) fn end_order(&mut self, key: &str) {
        if let Some((market, id)) = key.split_once('/')
            && let Some(of_market) = self.order.get_mut(market)
        {
            of_market.remove(id);
        }
    }

    pub(crate) fn restriction(&self, market: &str, id: &str) -> Option<&Arc<Restriction>> {
        self.restrictions.get(market)?.get(id)
    }

    pub(crate) fn order(&self, market: &str, id: &str) -> Option<&Arc<OrderConditions>> {
        self.order.get(market)?.get(id)
    }

    /// The restrictions of a market, by id.
    pub(crate) fn restrictions_in(
        &self,
        market: &MarketId,
    ) -> impl Iterator<Item = &Arc<Restriction>> {
        self.restrictions
            .get(market)
            .into_iter()
            .flat_map(|all| all.values())
    }

    /// The order conditions of a market, by id.
    pub(crate) fn order_in(
        &self,
        market: &MarketId,
    ) -> impl Iterator<Item = &Arc<OrderConditions>> {
        self.order
            .get(market)
            .into_iter()
            .flat_map(|all| all.values())
    }

    /// The order conditions that may hold in a view that stands in these zones.
    pub(crate) fn order_for(&self, view: &View, zones: &[ZoneId]) -> Vec<&OrderConditions> {
        self.order_in(&view.market)
            .map(Arc::as_ref)
            .filter(|it| it.zone.as_ref().is_none_or(|zone| zones.contains(zone)))
            .filter(|it| it.mode.is_none_or(|mode| mode == view.mode))
            .collect()
    }

    /// Restrictions that begin or end in `[from, until)`.
    pub(crate) fn restrictions_with_boundary(
        &self,
        from: Instant,
        until: Instant,
    ) -> impl Iterator<Item = &Arc<Restriction>> {
        let all = self.restrictions.values().flat_map(BTreeMap::values);
        all.filter(move |it| is_within(from, until, it.valid_from, it.valid_until))
    }

    /// The markets of order conditions that begin or end in `[from, until)`.
    pub(crate) fn order_with_boundary(
        &self,
        from: Instant,
        until: Instant,
    ) -> impl Iterator<Item = &MarketId> {
        let all = self.order.iter().filter(move |(_, of_market)| {
            of_market
                .values()
                .any(|it| is_within(from, until, it.valid_from, it.valid_until))
        });
        all.map(|(market, _)| market)
    }
}

fn is_within(from: Instant, until: Instant, start: Instant, end: Option<Instant>) -> bool {
    let within = |at: Instant| from <= at && at < until;
    within(start) || end.is_some_and(within)
}
