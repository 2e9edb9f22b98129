//! Verifying the log: every hash is computed again from the stored rows.

use diesel::dsl::{max, min};
use diesel::prelude::*;
use offercast_contract::canonical::Hasher;
use offercast_contract::{Hash, canonical_bytes};
use offercast_domain::revision::{Head, Revision};

use crate::connection::AnyConnection;
use crate::head::read_head;
use crate::log::{closed_documents, closed_prices, opened_documents, opened_prices, revision};
use crate::schema::{documents, prices, revisions};
use crate::store::count;
use crate::{StorageError, Store};

/// What verifying the log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Number of revisions found good, from the first one on.
    pub revisions: u64,
    /// Number of rows that they closed and opened.
    pub rows: u64,
    /// The first bad revision, if there is one.
    pub fault: Option<LogFault>,
}

/// What is wrong with a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFault {
    /// Its number.
    pub revision: u64,
    /// What is wrong, in words.
    pub what: String,
}

impl Store {
    /// Reads the whole log up to the head, computes content roots, headers and
    /// chain again, and names the first revision that is not what it was.
    /// `progress` gets the numbers of checked revisions and of the head.
    pub fn verify_log(
        &self,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Verification, StorageError> {
        let status = self.read(read_head)?;
        let mut found = Verification {
            revisions: 0,
            rows: 0,
            fault: None,
        };
        let mut last = Head {
            epoch: 1,
            hash: Hash::ZERO,
            number: 0,
            recorded_at: offercast_contract::Instant::from_micros(0),
        };
        for number in 1..=status.head.number {
            match self.read(|connection| check(connection, &last, number)) {
                Ok(Ok(next)) => {
                    found.revisions = number;
                    found.rows += next.header.rows;
                    last = head_of(&next);
                }
                Ok(Err(what)) | Err(StorageError::Corrupt(what)) => {
                    found.fault = Some(LogFault {
                        revision: number,
                        what,
                    });
                    return Ok(found);
                }
                Err(error) => return Err(error),
            }
            progress(number, status.head.number);
        }
        // The head's epoch may be newer than that of its revision.
        let expected = Head {
            epoch: status.head.epoch,
            ..last
        };
        if status.head != expected || status.head.epoch < last.epoch {
            found.fault = Some(LogFault {
                revision: status.head.number,
                what: "the head row is not the last revision".to_owned(),
            });
        } else {
            found.fault = self.read(strays)?;
        }
        Ok(found)
    }
}

fn head_of(revision: &Revision) -> Head {
    Head {
        epoch: revision.header.epoch,
        hash: revision.hash,
        number: revision.header.number,
        recorded_at: revision.header.recorded_at,
    }
}

/// A revision that is good, or what is wrong with it.
fn check(
    connection: &mut AnyConnection,
    last: &Head,
    number: u64,
) -> Result<Result<Revision, String>, StorageError> {
    let Some(revision) = revision(connection, number)? else {
        return Ok(Err("the revision is missing".to_owned()));
    };
    let header = &revision.header;
    let (root, rows) = content_root(connection, number)?;
    let rules = [
        (header.epoch >= last.epoch, "its epoch went back"),
        (
            header.recorded_at > last.recorded_at,
            "its time does not rise",
        ),
        (
            header.previous_hash == last.hash,
            "it does not chain to the revision before",
        ),
        (
            header.hash() == revision.hash,
            "its header is not what was hashed",
        ),
        (header.rows == rows, "rows are missing or surplus"),
        (
            header.content_root == root,
            "a row is not what was recorded",
        ),
    ];
    Ok(match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, broken)) => Err(broken.to_owned()),
        None => Ok(revision),
    })
}

/// The content root from what is stored, and the number of rows. Documents are
/// hashed as the text that was stored: parsing and writing them again would
/// give other bytes once a later build knows more fields.
fn content_root(connection: &mut AnyConnection, number: u64) -> Result<(Hash, u64), StorageError> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for key in closed_documents(connection, number)? {
        lines.push([b"close ", &*canonical_bytes(&key), b"\n"].concat());
    }
    for key in closed_prices(connection, number)? {
        lines.push([b"close ", &*canonical_bytes(&key), b"\n"].concat());
    }
    for row in opened_documents(connection, number)? {
        row.parse()?;
        lines.push(format!("open {} {}\n", row.kind, row.body).into_bytes());
    }
    for row in opened_prices(connection, number)? {
        lines.push([b"open ", &*canonical_bytes(&row), b"\n"].concat());
    }
    lines.sort_unstable();
    let mut hasher = Hasher::default();
    lines.iter().for_each(|line| hasher.add(line));
    Ok((hasher.finish(), lines.len() as u64))
}

/// Rows under revisions that do not exist.
fn strays(connection: &mut AnyConnection) -> Result<Option<LogFault>, StorageError> {
    let last_row = |numbers: [Option<i64>; 4]| numbers.into_iter().flatten().max();
    let highest = last_row([
        documents::table
            .select(max(documents::since_revision))
            .first(connection)?,
        documents::table
            .select(max(documents::until_revision))
            .first(connection)?,
        prices::table
            .select(max(prices::since_revision))
            .first(connection)?,
        prices::table
            .select(max(prices::until_revision))
            .first(connection)?,
    ]);
    // Read after the rows: whatever was appended meanwhile came with its rows.
    let last: Option<i64> = revisions::table
        .select(max(revisions::number))
        .first(connection)?;
    let first: Option<i64> = revisions::table
        .select(min(revisions::number))
        .first(connection)?;
    let fault = |revision, what: &str| {
        Some(LogFault {
            revision: count(revision),
            what: what.to_owned(),
        })
    };
    Ok(match (highest, first) {
        (Some(highest), _) if highest > last.unwrap_or(0) => {
            fault(highest, "rows stand under a revision that does not exist")
        }
        (_, Some(first)) if first != 1 => fault(first, "the first revision is missing"),
        _ => None,
    })
}
