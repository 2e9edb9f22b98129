use std::collections::{BTreeMap, BTreeSet};

use super::Current;
use super::interval::{overlaps, same_family};
use super::overlay::sort;
use crate::revision::Delta;
use crate::source::{Document, DocumentKey, DocumentKind, PriceKey, PriceRow};

/// The versions that a revision closed, as they were.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClosedRows {
    /// Documents.
    pub documents: Vec<Document>,
    /// Prices.
    pub prices: Vec<PriceRow>,
}

/// A row that cannot be restored, because a later revision touched it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{row}: {reason}")]
pub struct RevertConflict {
    /// Why.
    pub reason: String,
    /// The row: `offer summer`, `price 123 hr/0204 everyone regular`.
    pub row: String,
}

/// The delta of a new revision that puts the rows back as they were before the
/// revision that made `made`: what it opened is closed, what it closed is
/// opened again.
///
/// # Errors
/// The rows that a later revision touched; then nothing may be recorded.
pub fn revert(
    made: &Delta,
    closed: &ClosedRows,
    current: &dyn Current,
) -> Result<Delta, Vec<RevertConflict>> {
    let mut conflicts = BTreeSet::new();
    let mut delta = Delta::default();
    revert_documents(made, closed, current, &mut delta, &mut conflicts);
    revert_prices(made, closed, current, &mut delta, &mut conflicts);
    check_ended(&delta, current, &mut conflicts);
    if conflicts.is_empty() {
        sort(&mut delta);
        Ok(delta)
    } else {
        Err(conflicts.into_iter().collect())
    }
}

const TOUCHED: &str = "a later revision changed it";

fn revert_documents(
    made: &Delta,
    closed: &ClosedRows,
    current: &dyn Current,
    delta: &mut Delta,
    conflicts: &mut BTreeSet<RevertConflict>,
) {
    let before: BTreeMap<DocumentKey, &Document> = closed
        .documents
        .iter()
        .map(|document| (document.key(), document))
        .collect();
    let mut opened = BTreeSet::new();
    for document in &made.opened_documents {
        let key = document.key();
        if current_document(document, current).as_ref() == Some(document) {
            delta.closed_documents.push(key.clone());
        } else {
            conflict(conflicts, document_words(&key), TOUCHED);
        }
        opened.insert(key);
    }
    for key in &made.closed_documents {
        match before.get(key) {
            None => conflict(
                conflicts,
                document_words(key),
                "its old version is not known",
            ),
            Some(document)
                if !opened.contains(key) && current_document(document, current).is_some() =>
            {
                conflict(conflicts, document_words(key), TOUCHED);
            }
            Some(document) => delta.opened_documents.push((*document).clone()),
        }
    }
}

fn revert_prices(
    made: &Delta,
    closed: &ClosedRows,
    current: &dyn Current,
    delta: &mut Delta,
    conflicts: &mut BTreeSet<RevertConflict>,
) {
    let before: BTreeMap<&PriceKey, &PriceRow> =
        closed.prices.iter().map(|row| (&row.key, row)).collect();
    let mut skus: BTreeMap<_, (Vec<&PriceRow>, Vec<&PriceKey>)> = BTreeMap::new();
    for row in &made.opened_prices {
        skus.entry(&row.key.sku).or_default().0.push(row);
    }
    for key in &made.closed_prices {
        skus.entry(&key.sku).or_default().1.push(key);
    }
    for (sku, (opened, closed)) in skus {
        let mut rows = current.prices(sku);
        for row in opened {
            match rows.iter().position(|held| held == row) {
                Some(at) => {
                    rows.swap_remove(at);
                    delta.closed_prices.push(row.key.clone());
                }
                None => conflict(conflicts, price_words(&row.key), TOUCHED),
            }
        }
        if !closed.is_empty() && !is_known(sku, current, delta) {
            conflict(
                conflicts,
                format!("product {sku}"),
                "a later revision ended it",
            );
        }
        for key in closed {
            let Some(row) = before.get(key) else {
                conflict(conflicts, price_words(key), "its old version is not known");
                continue;
            };
            let is_taken = |held: &PriceRow| {
                same_family(&held.key, key) && overlaps(held, key.valid_from, row.valid_until)
            };
            if rows.iter().any(is_taken) {
                conflict(conflicts, price_words(key), TOUCHED);
            } else {
                delta.opened_prices.push((*row).clone());
            }
        }
    }
}

fn is_known(sku: &offercast_contract::Sku, current: &dyn Current, delta: &Delta) -> bool {
    let is_restored =
        |document: &Document| matches!(document, Document::Product(product) if product.sku == *sku);
    current.product(sku).is_some() || delta.opened_documents.iter().any(is_restored)
}

/// What a revert ends may not be what later revisions rely on.
fn check_ended(delta: &Delta, current: &dyn Current, conflicts: &mut BTreeSet<RevertConflict>) {
    let restored: BTreeSet<DocumentKey> =
        delta.opened_documents.iter().map(Document::key).collect();
    let ended: Vec<&DocumentKey> = delta
        .closed_documents
        .iter()
        .filter(|key| !restored.contains(key))
        .collect();
    let closed: BTreeSet<&PriceKey> = delta.closed_prices.iter().collect();
    for key in &ended {
        match key.kind {
            DocumentKind::Product => {
                let Ok(sku) = key.id.parse() else { continue };
                let left = current.prices(&sku);
                if left.iter().any(|row| !closed.contains(&row.key)) {
                    conflict(
                        conflicts,
                        document_words(key),
                        "it has prices of later revisions",
                    );
                }
            }
            DocumentKind::Market | DocumentKind::Zone => {
                if place_in_use(key, &ended, current, &closed) {
                    conflict(
                        conflicts,
                        document_words(key),
                        "prices, offers, channels, restrictions or order conditions use it",
                    );
                }
            }
            DocumentKind::Channel
            | DocumentKind::Offer
            | DocumentKind::OrderConditions
            | DocumentKind::Restriction => {}
        }
    }
}

/// Whether anything that stays refers to the market or the zone.
fn place_in_use(
    key: &DocumentKey,
    ended: &[&DocumentKey],
    current: &dyn Current,
    closed: &BTreeSet<&PriceKey>,
) -> bool {
    let (market, zone) = match key.id.split_once('/') {
        Some((market, zone)) => (market, Some(zone)),
        None => (key.id.as_str(), None),
    };
    let Ok(market) = market.parse() else {
        return false;
    };
    let stays =
        |kind: DocumentKind, id: &str| !ended.iter().any(|key| key.kind == kind && key.id == id);
    let channels = current.channels();
    let by_channel = channels.iter().any(|channel| {
        let stands = channel.views.iter().any(|view| {
            view.market == market
                && zone.is_none_or(|zone| view.zone.as_ref().is_some_and(|id| id.as_str() == zone))
        });
        stands && stays(DocumentKind::Channel, channel.id.as_str())
    });
    let by_offer = current.offers(&market).iter().any(|offer| {
        let holds = zone.is_none_or(|zone| offer.zones.iter().any(|id| id.as_str() == zone));
        holds && stays(DocumentKind::Offer, offer.id.as_str())
    });
    let by_price = current.find_sold(&market, &mut |product| {
        current.prices(&product.sku).iter().any(|row| {
            let place = &row.key.place;
            place.market == market
                && zone.is_none_or(|zone| place.zone.as_ref().is_some_and(|id| id.as_str() == zone))
                && !closed.contains(&row.key)
        })
    });
    let by_restriction = current.restrictions(&market).iter().any(|it| {
        let holds = zone.is_none_or(|zone| it.zones.iter().any(|id| id.as_str() == zone));
        holds && stays(DocumentKind::Restriction, &format!("{market}/{}", it.id))
    });
    let by_order = current.all_order_conditions(&market).iter().any(|it| {
        let holds = zone.is_none_or(|zone| it.zone.as_ref().is_some_and(|id| id.as_str() == zone));
        holds
            && stays(
                DocumentKind::OrderConditions,
                &format!("{market}/{}", it.id),
            )
    });
    by_channel || by_offer || by_restriction || by_order || by_price.is_some()
}

fn current_document(like: &Document, current: &dyn Current) -> Option<Document> {
    match like {
        Document::Channel(channel) => current
            .channel(&channel.id)
            .map(|channel| Document::Channel(Box::new((*channel).clone()))),
        Document::Market(market) => current
            .market(&market.id)
            .map(|market| Document::Market((*market).clone())),
        Document::Offer(offer) => current
            .offer(&offer.id)
            .map(|offer| Document::Offer((*offer).clone())),
        Document::OrderConditions(order) => current
            .order_conditions(&order.market, &order.id)
            .map(|order| Document::OrderConditions((*order).clone())),
        Document::Restriction(restriction) => current
            .restriction(&restriction.market, &restriction.id)
            .map(|restriction| Document::Restriction((*restriction).clone())),
        Document::Product(product) => current
            .product(&product.sku)
            .map(|product| Document::Product(Box::new(product))),
        Document::Zone(zone) => current
            .zone(&zone.market, &zone.id)
            .map(|zone| Document::Zone((*zone).clone())),
    }
}

fn conflict(conflicts: &mut BTreeSet<RevertConflict>, row: String, reason: &str) {
    conflicts.insert(RevertConflict {
        reason: reason.to_owned(),
        row,
    });
}

fn document_words(key: &DocumentKey) -> String {
    format!("{} {}", key.kind, key.id)
}

fn price_words(key: &PriceKey) -> String {
    let zone = key.place.zone.as_ref().map_or("-", |zone| zone.as_str());
    let from = key.minimum_quantity.map(|from| format!(" from {from}"));
    let from = from.unwrap_or_default();
    format!(
        "price {} {}/{zone} {} {}{from}",
        key.sku, key.place.market, key.audience, key.kind
    )
}
