//! Prices of one family as a function of time: rows that never overlap.

use std::mem;

use offercast_contract::Instant;

use crate::source::{PriceKey, PriceRow};

/// Whether two keys differ in nothing but the start: rows of one family.
pub(super) fn same_family(a: &PriceKey, b: &PriceKey) -> bool {
    a.kind == b.kind
        && a.minimum_quantity == b.minimum_quantity
        && a.sku == b.sku
        && a.place == b.place
        && a.audience == b.audience
}

/// Sets `row` in the rows of a SKU: overlapping rows of its family give way
/// for the length of it, and neighbours of the same amount become one row.
/// Where the amount already holds throughout, nothing changes.
pub(super) fn set(rows: &mut Vec<PriceRow>, mut row: PriceRow) {
    // Most rows of a price list are the first of their family.
    if !rows.iter().any(|other| same_family(&other.key, &row.key)) {
        rows.push(row);
        return;
    }
    if holds_throughout(rows, &row) {
        return;
    }
    clear(rows, &row.key, row.key.valid_from, row.valid_until);
    let is_joined = |other: &PriceRow| {
        same_family(&other.key, &row.key)
            && other.amount_minor == row.amount_minor
            && (other.valid_until == Some(row.key.valid_from)
                || Some(other.key.valid_from) == row.valid_until)
    };
    let (joined, others): (Vec<PriceRow>, Vec<PriceRow>) =
        mem::take(rows).into_iter().partition(is_joined);
    *rows = others;
    for neighbour in joined {
        if neighbour.key.valid_from < row.key.valid_from {
            row.key.valid_from = neighbour.key.valid_from;
        } else {
            row.valid_until = neighbour.valid_until;
        }
    }
    rows.push(row);
}

/// Takes `[from, until)` out of all rows of the key's family. Answers whether
/// there was anything.
pub(super) fn clear(
    rows: &mut Vec<PriceRow>,
    family: &PriceKey,
    from: Instant,
    until: Option<Instant>,
) -> bool {
    let mut found = false;
    let mut kept = Vec::with_capacity(rows.len() + 1);
    for row in mem::take(rows) {
        if !same_family(&row.key, family) || !overlaps(&row, from, until) {
            kept.push(row);
            continue;
        }
        found = true;
        if let Some(until) = until
            && row.valid_until.is_none_or(|end| until < end)
        {
            let mut right = row.clone();
            right.key.valid_from = until;
            kept.push(right);
        }
        if row.key.valid_from < from {
            kept.push(PriceRow {
                valid_until: Some(from),
                ..row
            });
        }
    }
    *rows = kept;
    found
}

pub(super) fn overlaps(row: &PriceRow, from: Instant, until: Option<Instant>) -> bool {
    until.is_none_or(|until| row.key.valid_from < until)
        && row.valid_until.is_none_or(|end| from < end)
}

/// Whether the family already has the amount throughout the row's interval.
fn holds_throughout(rows: &[PriceRow], wanted: &PriceRow) -> bool {
    let mut same: Vec<&PriceRow> = rows
        .iter()
        .filter(|row| same_family(&row.key, &wanted.key) && row.amount_minor == wanted.amount_minor)
        .collect();
    same.sort_by_key(|row| row.key.valid_from);
    let mut reached = wanted.key.valid_from;
    for row in same {
        if row.key.valid_from > reached {
            return false;
        }
        match row.valid_until {
            None => return true,
            Some(until) => reached = reached.max(until),
        }
        if wanted.valid_until.is_some_and(|until| until <= reached) {
            return true;
        }
    }
    false
}
