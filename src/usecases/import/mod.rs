//! Importing a price list: one file, one revision, or nothing.

mod mapping;
mod plan;
mod row;
mod stream;

use std::io::Read;
use std::sync::mpsc;

use csv::StringRecord;
use hashbrown::{HashMap, HashSet};
use offercast_contract::{Currency, Instant, MarketId, ZoneId};
use offercast_domain::change::{ChangeError, Guard};
use offercast_domain::source::Market;
use serde::Serialize;

use crate::engine::{Current, Engine};
use crate::idempotency::IdempotencyKey;
use crate::publish::{self, Publish, PublishError};

pub use mapping::{Mapping, MappingError, PackUnit};
pub use row::{Row, RowIssue};

use mapping::Columns;
use row::{Findings, RowReader};
use stream::{Counted, Limited};

/// What to import, and how.
pub struct Import {
    /// Who asks.
    pub author: String,
    /// Zones for which the file is complete: prices of SKUs that it does not
    /// name there end.
    pub complete_for: Vec<ZoneId>,
    /// Whether zones that the market does not have are made; else their rows
    /// are refused. A market that begins with the file gets its zones anyway.
    pub create_zones: bool,
    /// From when the prices hold; now unless said otherwise.
    pub effective: Option<Instant>,
    /// Names the request.
    pub idempotency: Option<IdempotencyKey>,
    /// Check everything, record nothing.
    pub dry_run: bool,
    /// How the columns are to be understood.
    pub mapping: Mapping,
    /// Into which market.
    pub market: MarketId,
    /// Why, in the author's words.
    pub reason: String,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Bytes of the file read, and rows found in them.
    Reading {
        /// Bytes of the file, compressed ones if it is compressed.
        bytes: u64,
        /// Rows.
        rows: u64,
    },
    /// All rows are read and checked; they become a revision.
    Recording {
        /// Rows.
        rows: u64,
    },
}

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// SKUs whose terms differ; unknown in a dry run, and where only servers
    /// fold what was recorded.
    pub affected_skus: Option<u64>,
    /// Things to look at; they did not stop the import.
    pub notices: Vec<RowIssue>,
    /// How many there are in all; `notices` holds the first.
    pub notices_total: u64,
    /// The revision; none when nothing changed, or in a dry run.
    pub revision: Option<u64>,
    /// Rows of the file.
    pub rows: u64,
    /// Distinct SKUs in it.
    pub skus: u64,
    /// Changes that the file makes to the source of truth.
    pub changes: u64,
    /// What the guard limits say.
    pub warnings: Vec<String>,
    /// Distinct zones in it.
    pub zones: u64,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The market is not there and the mapping does not describe it.
    #[error("market {0} does not exist, and the mapping does not describe it")]
    UnknownMarket(MarketId),
    /// The mapping describes another market.
    #[error("the mapping describes market {mapped}, not {wanted}")]
    OtherMarket {
        /// As the mapping says.
        mapped: MarketId,
        /// As the request says.
        wanted: MarketId,
    },
    /// The file cannot be read as CSV.
    #[error("the file cannot be read: {0}")]
    File(String),
    /// Rows are wrong; the first are listed.
    #[error("{total} things are wrong with the file, the first: row {}, column {}: {}", .errors[0].row, .errors[0].column, .errors[0].reason)]
    Rows {
        /// The first ones; never empty.
        errors: Vec<RowIssue>,
        /// How many there are.
        total: u64,
    },
    /// The revision was refused.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// Errors and notices listed at the most.
pub const MAX_ISSUES: usize = 100;

/// Imports a price list. Reading and checking take place on a thread beside
/// the event loop.
pub async fn run(
    engine: &Engine,
    import: Import,
    file: Box<dyn Read + Send>,
    gzip: bool,
    progress: impl Fn(Progress) + Send + Sync + 'static,
) -> Result<ImportReport, ImportError> {
    let current = engine.current();
    let known = current.book.market(&import.market);
    let market: Market = match (&known, &import.mapping.market) {
        (Some(market), _) => market.as_ref().clone(),
        (None, Some(described)) if described.id == import.market => described.clone(),
        (None, Some(described)) => {
            return Err(ImportError::OtherMarket {
                mapped: described.id.clone(),
                wanted: import.market,
            });
        }
        (None, None) => return Err(ImportError::UnknownMarket(import.market)),
    };
    let now = engine.now();
    let planned = publish::aside(move || {
        let table = read(&import.mapping, market.currency, file, gzip, &progress)?;
        refuse_unnamed_zones(&import, &table.rows)?;
        // A market that begins with this file has the zones that it names.
        if known.is_some() && !import.create_zones {
            refuse_unknown_zones(&import, &current, &table.rows)?;
        }
        progress(Progress::Recording {
            rows: table.rows.len() as u64,
        });
        let is_new = known.is_none();
        let edits = plan::edits(&current.book, &import, market, is_new, &table.rows, now);
        Ok::<_, ImportError>((import, table, edits))
    });
    let (import, table, edits) = planned.await.map_err(PublishError::from)??;
    let columns = import.mapping.columns.clone();
    let mut report = report(&table, edits.changes.len() as u64);
    let guard = if edits.is_first_load {
        Guard::Exempt
    } else {
        Guard::Enforced
    };
    if import.dry_run {
        let now = engine.now();
        let current = engine.current();
        let plan::Edits { changes, rows, .. } = edits;
        let planned = publish::aside(move || {
            offercast_domain::change::plan(&changes, &current.book, now, guard)
        });
        let planned = planned
            .await
            .map_err(PublishError::from)?
            .map_err(|errors| rows_of(&columns, &rows, errors))?;
        report.changes = planned.delta.rows() as u64;
        report.warnings = planned
            .warnings
            .iter()
            .map(ToString::to_string)
            .take(MAX_ISSUES)
            .collect();
        return Ok(report);
    }
    let request = Publish {
        author: import.author,
        base_revision: None,
        change_set: None,
        changes: edits.changes,
        guard,
        idempotency: import.idempotency,
        reason: import.reason,
    };
    let published = match publish::run(engine, request).await {
        Ok(published) => published,
        Err(PublishError::Invalid(errors)) => return Err(rows_of(&columns, &edits.rows, errors)),
        Err(error) => return Err(error.into()),
    };
    report.affected_skus = published.affected_skus;
    report.revision = published.revision;
    report.warnings = published.warnings.into_iter().take(MAX_ISSUES).collect();
    Ok(report)
}

/// A file that is said to be complete for a zone has rows of it: else a typing
/// error, or half a file, would end every price there.
fn refuse_unnamed_zones(import: &Import, rows: &[Row]) -> Result<(), ImportError> {
    let named: HashSet<_> = rows.iter().filter_map(|row| row.zone.as_ref()).collect();
    let unnamed = import
        .complete_for
        .iter()
        .filter(|zone| !named.contains(zone));
    let issues: Vec<RowIssue> = unnamed
        .map(|zone| RowIssue {
            column: import.mapping.columns.zone.clone().unwrap_or_default(),
            reason: format!(
                "the file is said to be complete for zone {zone}, and has no row of it"
            ),
            row: 0,
        })
        .collect();
    if issues.is_empty() {
        Ok(())
    } else {
        Err(wrong(issues))
    }
}

/// A zone that the market does not have is a typing error as often as a new
/// store, and would be one for ever: the log forgets nothing.
fn refuse_unknown_zones(
    import: &Import,
    current: &Current,
    rows: &[Row],
) -> Result<(), ImportError> {
    let mut unknown = std::collections::BTreeMap::new();
    for row in rows {
        if let Some(zone) = &row.zone {
            unknown.entry(zone).or_insert(row.row);
        }
    }
    unknown.retain(|zone, _| current.book.zone(&import.market, zone).is_none());
    let mut issues: Vec<RowIssue> = unknown
        .into_iter()
        .map(|(zone, row)| RowIssue {
            column: import.mapping.columns.zone.clone().unwrap_or_default(),
            reason: format!(
                "zone {zone} does not exist in market {}; if it is new, import with --create-zones (create_zones=true)",
                import.market
            ),
            row,
        })
        .collect();
    if issues.is_empty() {
        return Ok(());
    }
    issues.sort_by_key(|issue| issue.row);
    Err(wrong(issues))
}

/// A file, read and checked.
struct Table {
    notices: Vec<RowIssue>,
    notices_total: u64,
    rows: Vec<Row>,
}

fn report(table: &Table, changes: u64) -> ImportReport {
    let skus: HashSet<_> = table.rows.iter().map(|row| &row.product.sku).collect();
    let zones: HashSet<_> = table.rows.iter().map(|row| &row.zone).collect();
    ImportReport {
        affected_skus: None,
        changes,
        notices: table.notices.clone(),
        notices_total: table.notices_total,
        revision: None,
        rows: table.rows.len() as u64,
        skus: skus.len() as u64,
        warnings: Vec::new(),
        zones: zones.len() as u64,
    }
}

/// Rows between two reports of progress.
const PROGRESS_EVERY: u64 = 1_000;

fn read(
    mapping: &Mapping,
    currency: Currency,
    file: Box<dyn Read + Send>,
    gzip: bool,
    progress: &(impl Fn(Progress) + Send + Sync),
) -> Result<Table, ImportError> {
    let counted = Counted::new(file);
    let bytes = counted.count();
    let text: Box<dyn Read + Send> = if gzip {
        Box::new(flate2::read::MultiGzDecoder::new(counted))
    } else {
        Box::new(counted)
    };
    let text = Limited::new(text);
    let delimiter = u8::try_from(mapping.delimiter)
        .map_err(|_| ImportError::File("the delimiter must be one ASCII character".to_owned()))?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(text);
    let header = reader.headers().map_err(unreadable)?.clone();
    let rows_reader = RowReader::new(mapping, currency, &header).map_err(wrong)?;
    std::thread::scope(|scope| {
        let (sender, records) = mpsc::sync_channel(BATCHES);
        scope.spawn(move || split(reader, &sender));
        check(mapping, &rows_reader, records, |rows| {
            progress(Progress::Reading {
                bytes: bytes.get(),
                rows,
            });
        })
    })
}

/// Records that are handed over at once.
type Batch = Vec<Result<StringRecord, csv::Error>>;

/// Records in a batch, and batches that may wait.
const BATCH_ROWS: usize = 256;
const BATCHES: usize = 8;

/// Unpacks and splits the file, on a thread of its own: checking the cells
/// takes as long. Ends with the file, its first error, or the checking.
fn split(reader: csv::Reader<impl Read>, batches: &mpsc::SyncSender<Batch>) {
    let mut records = reader.into_records();
    loop {
        let batch: Batch = records.by_ref().take(BATCH_ROWS).collect();
        let is_last = batch.len() < BATCH_ROWS || batch.iter().any(Result::is_err);
        if batches.send(batch).is_err() || is_last {
            return;
        }
    }
}

/// Checks all records.
fn check(
    mapping: &Mapping,
    rows_reader: &RowReader<'_>,
    batches: mpsc::Receiver<Batch>,
    progress: impl Fn(u64),
) -> Result<Table, ImportError> {
    let mut findings = Findings::default();
    let (mut errors, mut errors_total) = (Vec::new(), 0);
    let mut seen = HashMap::new();
    let mut table = Table {
        notices: Vec::new(),
        notices_total: 0,
        rows: Vec::new(),
    };
    let mut count: u64 = 0;
    for record in batches.into_iter().flatten() {
        let record = record.map_err(unreadable)?;
        count += 1;
        let line = record.position().map_or(count + 1, csv::Position::line);
        if let Some(row) = rows_reader.read(line, &record, &mut findings) {
            let key = (
                row.product.sku.clone(),
                row.zone.clone(),
                row.audience.clone(),
                row.minimum_quantity,
            );
            if let Some(first) = seen.insert(key, line) {
                findings.errors.push(RowIssue {
                    column: mapping.columns.sku.clone(),
                    reason: format!(
                        "row {first} has the same SKU, zone, audience and minimum quantity"
                    ),
                    row: line,
                });
            }
            table.rows.push(row);
        }
        errors_total += findings.errors.len() as u64;
        let room = MAX_ISSUES.saturating_sub(errors.len());
        errors.extend(findings.errors.drain(..).take(room));
        table.notices_total += findings.notices.len() as u64;
        let room = MAX_ISSUES.saturating_sub(table.notices.len());
        table.notices.extend(findings.notices.drain(..).take(room));
        if count.is_multiple_of(PROGRESS_EVERY) {
            progress(count);
        }
    }
    if errors_total > 0 {
        return Err(ImportError::Rows {
            errors,
            total: errors_total,
        });
    }
    if count == 0 {
        return Err(ImportError::File(
            "it has no rows below its header".to_owned(),
        ));
    }
    Ok(table)
}

fn unreadable(error: csv::Error) -> ImportError {
    ImportError::File(error.to_string())
}

fn wrong(mut errors: Vec<RowIssue>) -> ImportError {
    let total = errors.len() as u64;
    errors.truncate(MAX_ISSUES);
    ImportError::Rows { errors, total }
}

/// Names the rows whose changes were refused, and the rows that they contradict.
fn rows_of(columns: &Columns, rows: &[(u64, String)], errors: Vec<ChangeError>) -> ImportError {
    let issues = errors.into_iter().map(|error| {
        let other = error
            .other
            .and_then(|other| Some((other, rows.get(other)?.0)));
        let reason = match other {
            Some((index, row)) => {
                error
                    .reason
                    .replacen(&format!("change {index}"), &format!("row {row}"), 1)
            }
            None => error.reason,
        };
        match rows.get(error.index) {
            Some((row, column)) => RowIssue {
                column: columns
                    .of_field(&error.field)
                    .map_or_else(|| column.clone(), str::to_owned),
                reason,
                row: *row,
            },
            None => RowIssue {
                column: error.field,
                reason,
                row: 0,
            },
        }
    });
    wrong(issues.collect())
}
