//! Floors: that they are there where the market demands them, and that no
//! price is set below.
//!
//! What offers make of prices needs no check: an offer that would pass a floor
//! is not applied. The check is made for products whose prices were set or
//! ended, and for the whole market where its policy, its taxes or the nesting
//! of its zones changed; always, also for a first load: a floor is not a limit
//! on changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use offercast_contract::measure::Quantity;
use offercast_contract::{Audience, Instant, MarketId, Money, SalesMode, Sku, ZoneId};

use super::overlay::Overlay;
use super::problem::Problems;
use super::{Change, ErrorCode, WarningCode, guard, prices};
use crate::resolve::{self, FloorRule, Goods, Inputs, PriceRef};
use crate::source::{Market, Offer, PriceKind, PriceRow, Target};

/// So many products of a whole market are named.
const NAMED_MAX: usize = 5;

/// Checks the state that results.
pub(super) fn check(
    problems: &mut Problems,
    changes: &[Change],
    state: &mut Overlay<'_>,
    now: Instant,
) {
    let mut touched: Vec<(&Sku, &MarketId, usize)> = Vec::new();
    let mut markets: BTreeMap<&MarketId, usize> = BTreeMap::new();
    for (index, change) in changes.iter().enumerate() {
        match change {
            Change::SetPrice(set) => touched.push((&set.sku, &set.market, index)),
            Change::EndPrice(end) => touched.push((&end.sku, &end.market, index)),
            Change::PutMarket { market } if moves_floors(market, state) => {
                markets.entry(&market.id).or_insert(index);
            }
            Change::PutZone { zone } => {
                let before = state.base.zone(&zone.market, &zone.id);
                if before.is_some_and(|before| before.parent != zone.parent) {
                    markets.entry(&zone.market).or_insert(index);
                }
            }
            Change::PutProduct { product } => {
                let before = state.base.product(&product.sku);
                if before.is_some_and(|before| before.tax_class != product.tax_class) {
                    check_everywhere(problems, index, &product.sku, changes, state, now);
                }
            }
            _ => {}
        }
    }
    touched.sort_unstable();
    for touched in touched.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let [(sku, market, _), ..] = touched else {
            continue;
        };
        let Some(found) = state.market(market) else {
            continue;
        };
        let shop = Shop {
            changes,
            market: found,
        };
        let indexes: Vec<usize> = touched.iter().map(|(.., index)| *index).collect();
        shop.warn_of_dear_tiers(problems, sku, &indexes, state);
        if !markets.contains_key(market)
            && let Some(found) = shop.look(sku, state, now)
        {
            found.report(problems, &indexes, &shop, state);
        }
    }
    for (id, index) in markets {
        check_market(problems, index, id, changes, state, now);
    }
}

/// Whether a market's new version can make a floor of its own higher.
fn moves_floors(market: &Market, state: &Overlay<'_>) -> bool {
    let Some(before) = state.base.market(&market.id) else {
        return false;
    };
    before.floors != market.floors
        || (market.floors.minimum_margin_bp.is_some()
            && (before.tax_rates != market.tax_rates
                || before.prices_include_tax != market.prices_include_tax))
}

fn check_everywhere(
    problems: &mut Problems,
    index: usize,
    sku: &Sku,
    changes: &[Change],
    state: &mut Overlay<'_>,
    now: Instant,
) {
    let rows = state.prices(sku);
    let sold_in: BTreeSet<&MarketId> = rows.iter().map(|row| &row.key.place.market).collect();
    for id in sold_in {
        if let Some(market) = state.market(id) {
            let shop = Shop { changes, market };
            if let Some(found) = shop.look(sku, state, now) {
                found.report(problems, &[index], &shop, state);
            }
        }
    }
}

fn check_market(
    problems: &mut Problems,
    index: usize,
    id: &MarketId,
    changes: &[Change],
    state: &mut Overlay<'_>,
    now: Instant,
) {
    let Some(market) = state.market(id) else {
        return;
    };
    let shop = Shop { changes, market };
    let sold = state.base.targeted(id, &Target::default());
    let staged = changes.iter().filter_map(|change| match change {
        Change::SetPrice(set) if set.market == *id => Some(set.sku.clone()),
        _ => None,
    });
    let skus: BTreeSet<Sku> = sold.into_iter().chain(staged).collect();
    let mut named = 0;
    for sku in skus {
        let Some(found) = shop.look(&sku, state, now) else {
            continue;
        };
        found.report(problems, &[index], &shop, state);
        named += 1;
        if named == NAMED_MAX {
            return;
        }
    }
}

/// A market as the set leaves it.
struct Shop<'c> {
    changes: &'c [Change],
    market: Arc<Market>,
}

/// What is wrong with one product.
struct Found {
    code: ErrorCode,
    reason: String,
    /// The price that is too low, or that has no floor.
    row: PriceRow,
}

impl Shop<'_> {
    /// Looks for a place, an audience, a quantity and an instant from `now` on
    /// in which the product has a price without the floor it needs, or below.
    fn look(&self, sku: &Sku, state: &Overlay<'_>, now: Instant) -> Option<Found> {
        let here = |row: &PriceRow| row.key.place.market == self.market.id;
        let bounds = |row: &PriceRow| here(row) && row.key.kind.is_confidential();
        if !self.market.floors.demanded && !state.has_price(sku, bounds) {
            return None;
        }
        let product = state.peek_product(sku)?;
        let goods = Goods::from(&*product);
        let mut rows = state.prices(sku);
        rows.retain(here);
        let prices: Vec<PriceRef<'_>> = rows.iter().map(PriceRef::from).collect();
        let none: [&Offer; 0] = [];
        let audiences: BTreeSet<&Audience> = rows.iter().map(|row| &row.key.audience).collect();
        for zone in guard::places(&rows, &none) {
            let zones = state.zone_chain(&self.market.id, zone).ok()?;
            for &audience in &audiences {
                let input = Inputs {
                    audience,
                    channel: None,
                    goods,
                    ledger: None,
                    market: &self.market,
                    // Prices do not depend on it.
                    mode: SalesMode::Store,
                    offers: &[],
                    order: &[],
                    prices: &prices,
                    restrictions: &[],
                    zones: &zones,
                };
                for quantity in guard::quantities(&rows, goods.smallest_quantity) {
                    for at in guard::instants(&rows, std::iter::empty(), now) {
                        if let Some(found) = self.judge(&input, &rows, zone, quantity, at) {
                            return Some(found);
                        }
                    }
                }
            }
        }
        None
    }

    fn judge(
        &self,
        input: &Inputs<'_>,
        rows: &[PriceRow],
        zone: Option<&ZoneId>,
        quantity: Quantity,
        at: Instant,
    ) -> Option<Found> {
        let floor = resolve::floor(input, input.audience, quantity, at);
        for kind in [PriceKind::Special, PriceKind::Regular] {
            let Some(held) = resolve::chosen(input, input.audience, kind, quantity, at) else {
                continue;
            };
            let row = rows.iter().find(|row| PriceRef::from(*row) == *held)?;
            let money = |minor| Money::new(minor, self.market.currency);
            let place = zone.map_or_else(
                || self.market.id.to_string(),
                |zone| format!("{}/{zone}", self.market.id),
            );
            let sku = &row.key.sku;
            if self.market.floors.demanded && floor.rule == FloorRule::Zero {
                let reason = format!(
                    "market {} demands a floor, and {sku} has none in {place} for {} at {at}",
                    self.market.id, input.audience
                );
                let code = ErrorCode::MissingFloor;
                let row = row.clone();
                return Some(Found { code, reason, row });
            }
            if row.amount_minor < floor.minor {
                let what = match floor.rule {
                    FloorRule::Margin => "what the minimum margin over its cost demands",
                    FloorRule::Price | FloorRule::Zero => "its floor",
                };
                let reason = format!(
                    "the {kind} price of {sku}, {}, is below {what}, {}, in {place} for {} at {at}",
                    money(row.amount_minor),
                    money(floor.minor),
                    input.audience
                );
                let code = ErrorCode::BelowFloor;
                let row = row.clone();
                return Some(Found { code, reason, row });
            }
        }
        None
    }

    /// A tier that is not below the price of a smaller quantity in its own
    /// place and for its own audience, when it starts, is worth a look.
    fn warn_of_dear_tiers(
        &self,
        problems: &mut Problems,
        sku: &Sku,
        indexes: &[usize],
        state: &mut Overlay<'_>,
    ) {
        for index in indexes {
            let Some(Change::SetPrice(set)) = self.changes.get(*index) else {
                continue;
            };
            let Some(tier) = prices::tier(sku, set.minimum_quantity, state) else {
                continue;
            };
            let rows = state.prices(sku);
            let is_it =
                |row: &&PriceRow| is_set_by(row, set) && row.key.minimum_quantity == Some(tier);
            let Some(own) = rows.iter().find(is_it) else {
                continue;
            };
            let cheaper = rows.iter().find(|row| {
                is_set_by(row, set)
                    && row.key.minimum_quantity < own.key.minimum_quantity
                    && row.amount_minor <= own.amount_minor
                    && row.holds_at(own.key.valid_from)
            });
            if let Some(cheaper) = cheaper {
                let money = |minor| Money::new(minor, self.market.currency);
                let reason = format!(
                    "{} from a quantity of {tier} is not below {} for less, so it never holds",
                    money(own.amount_minor),
                    money(cheaper.amount_minor)
                );
                problems.warn(*index, "amount", WarningCode::DearerTier, reason);
            }
        }
    }
}

/// Whether the change can have set the row, whatever its tier.
fn is_set_by(row: &PriceRow, set: &super::SetPrice) -> bool {
    row.key.kind == set.kind
        && row.key.audience == set.audience
        && row.key.place.market == set.market
        && row.key.place.zone == set.zone
}

impl Found {
    /// Names the change that set the price; where none of the set did, the one
    /// that brought the floor.
    fn report(
        self,
        problems: &mut Problems,
        indexes: &[usize],
        shop: &Shop<'_>,
        state: &mut Overlay<'_>,
    ) {
        let sets = indexes
            .iter()
            .filter_map(|index| match shop.changes.get(*index) {
                Some(Change::SetPrice(set)) => Some((*index, set)),
                _ => None,
            });
        let sets: Vec<(usize, &super::SetPrice)> = sets.collect();
        let own = sets.iter().find(|(_, set)| {
            let tier = prices::tier(&set.sku, set.minimum_quantity, state);
            is_set_by(&self.row, set) && self.row.key.minimum_quantity == tier
        });
        let bound = || sets.iter().find(|(_, set)| set.kind.is_confidential());
        let (index, field) = match own.or_else(bound).or_else(|| sets.first()) {
            Some((index, _)) => (*index, "amount"),
            None => {
                let index = indexes.first().copied().unwrap_or_default();
                let field = match shop.changes.get(index) {
                    Some(Change::PutMarket { .. }) => "market.floors",
                    Some(Change::PutZone { .. }) => "zone.parent",
                    Some(Change::PutProduct { .. }) => "product.tax_class",
                    _ => "sku",
                };
                (index, field)
            }
        };
        problems.refuse(index, field, self.code, self.reason);
    }
}
