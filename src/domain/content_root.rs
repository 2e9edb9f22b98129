//! The content root of a revision: a hash over its rows, whatever their order.

use std::ops::Range;
use std::thread;

use offercast_contract::Hash;
use offercast_contract::canonical::{Hasher, write_canonical};

use crate::revision::Delta;
use crate::source::{Document, DocumentKey, PriceKey, PriceRow};

/// From so many rows on, all cores encode and sort.
const PARALLEL_FROM: usize = 10_000;
/// Bytes of a usual line.
const LINE_BYTES: usize = 192;

/// See [`Delta::content_root`].
pub(crate) fn content_root(delta: &Delta) -> Hash {
    let rows: Vec<Row<'_>> = rows(delta).collect();
    let threads = match rows.len() {
        ..PARALLEL_FROM => 1,
        _ => thread::available_parallelism().map_or(1, usize::from),
    };
    let parts = thread::scope(|scope| {
        let mut chunks = rows.chunks(rows.len().div_ceil(threads).max(1));
        let own = chunks.next().unwrap_or_default();
        let others: Vec<_> = chunks
            .map(|chunk| scope.spawn(|| Lines::of(chunk)))
            .collect();
        let mut parts = vec![Lines::of(own)];
        for other in others {
            match other.join() {
                Ok(lines) => parts.push(lines),
                // A panic in a worker is a panic here.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        parts
    });
    hash_merged(&parts)
}

/// Hashes the lines of all parts in the order of their bytes.
fn hash_merged(parts: &[Lines]) -> Hash {
    let mut parts: Vec<Cursor<'_>> = parts.iter().map(|lines| Cursor { lines, at: 0 }).collect();
    let mut hasher = Hasher::default();
    loop {
        let heads = parts
            .iter_mut()
            .filter_map(|part| part.line().map(|line| (line, part)));
        let Some((line, part)) = heads.min_by_key(|(line, _)| *line) else {
            return hasher.finish();
        };
        hasher.add(line);
        part.at += 1;
    }
}

/// How far the lines of a part are hashed.
struct Cursor<'a> {
    lines: &'a Lines,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn line(&self) -> Option<&'a [u8]> {
        let place = self.lines.places.get(self.at)?;
        self.lines.bytes.get(place.clone())
    }
}

/// A row of a delta.
enum Row<'a> {
    CloseDocument(&'a DocumentKey),
    ClosePrice(&'a PriceKey),
    OpenDocument(&'a Document),
    OpenPrice(&'a PriceRow),
}

fn rows(delta: &Delta) -> impl Iterator<Item = Row<'_>> {
    let closed_documents = delta.closed_documents.iter().map(Row::CloseDocument);
    let closed_prices = delta.closed_prices.iter().map(Row::ClosePrice);
    let opened_documents = delta.opened_documents.iter().map(Row::OpenDocument);
    let opened_prices = delta.opened_prices.iter().map(Row::OpenPrice);
    closed_documents
        .chain(closed_prices)
        .chain(opened_documents)
        .chain(opened_prices)
}

impl Row<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::CloseDocument(key) => {
                out.extend_from_slice(b"close ");
                write_canonical(out, key);
            }
            Self::ClosePrice(key) => {
                out.extend_from_slice(b"close ");
                write_canonical(out, key);
            }
            // A document is hashed as it is stored: its kind, then its body.
            Self::OpenDocument(document) => {
                out.extend_from_slice(b"open ");
                out.extend_from_slice(document.kind().as_str().as_bytes());
                out.push(b' ');
                document.write_body(out);
            }
            Self::OpenPrice(row) => {
                out.extend_from_slice(b"open ");
                write_canonical(out, row);
            }
        }
        out.push(b'\n');
    }
}

/// Lines one behind the other in memory, and their places in the order of
/// their bytes.
struct Lines {
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Lines {
    fn of(rows: &[Row<'_>]) -> Self {
        let mut bytes = Vec::with_capacity(rows.len() * LINE_BYTES);
        let mut places = Vec::with_capacity(rows.len());
        for row in rows {
            let start = bytes.len();
            row.write(&mut bytes);
            places.push(start..bytes.len());
        }
        places.sort_unstable_by(|a, b| bytes[a.clone()].cmp(&bytes[b.clone()]));
        Self { bytes, places }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use offercast_contract::{Audience, Instant, MarketId, Sku, ZoneId, canonical_bytes};

    use crate::source::{DocumentKind, Place, PriceKind, Zone};

    fn price(number: usize) -> PriceRow {
        PriceRow {
            amount_minor: (number % 997) as i64 + 1,
            key: PriceKey {
                audience: Audience::everyone(),
                kind: PriceKind::Regular,
                minimum_quantity: None,
                place: Place {
                    market: MarketId::parse("hr").unwrap(),
                    zone: None,
                },
                sku: Sku::parse(&number.to_string()).unwrap(),
                valid_from: Instant::from_micros(0),
            },
            valid_until: None,
        }
    }

    /// The definition, word for word.
    fn by_the_book(delta: &Delta) -> Hash {
        let mut lines: Vec<String> = Vec::new();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        for key in &delta.closed_documents {
            lines.push(format!("close {}\n", text(canonical_bytes(key))));
        }
        for key in &delta.closed_prices {
            lines.push(format!("close {}\n", text(canonical_bytes(key))));
        }
        for document in &delta.opened_documents {
            lines.push(format!("open {} {}\n", document.kind(), document.body()));
        }
        for row in &delta.opened_prices {
            lines.push(format!("open {}\n", text(canonical_bytes(row))));
        }
        lines.sort();
        Hash::of(&[lines.concat().as_bytes()])
    }

    #[test]
    fn it_is_one_hash_however_many_rows_and_threads_there_are() {
        for count in [0, 1, 50, PARALLEL_FROM - 1, PARALLEL_FROM + 501] {
            let delta = Delta {
                closed_documents: vec![DocumentKey {
                    id: "milk".to_owned(),
                    kind: DocumentKind::Product,
                }],
                closed_prices: (0..count).step_by(3).map(|n| price(n).key).collect(),
                opened_documents: vec![Document::Zone(Zone {
                    id: ZoneId::parse("0204").unwrap(),
                    market: MarketId::parse("hr").unwrap(),
                    name: "Zagreb".to_owned(),
                    parent: None,
                })],
                opened_prices: (0..count).rev().map(price).collect(),
            };
            assert_eq!(content_root(&delta), by_the_book(&delta), "{count} rows");
        }
        assert_eq!(
            content_root(&Delta::default()),
            by_the_book(&Delta::default())
        );
    }
}
