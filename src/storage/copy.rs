//! Many rows into PostgreSQL by COPY, in its text format. Rows are written while
//! the database takes in those before them: a whole statement built beforehand
//! would keep it waiting.

use std::io::Write;

use diesel::PgConnection;
use diesel::prelude::*;
use offercast_domain::revision::Delta;

use crate::rows::{NewDocument, NewPrice};
use crate::schema::{documents, prices};

/// Bytes handed to the driver at once.
const CHUNK_BYTES: usize = 1 << 16;

/// Opens documents.
pub(crate) fn documents(
    postgres: &mut PgConnection,
    delta: &Delta,
    revision: u64,
) -> QueryResult<()> {
    use documents::{body, id, kind, since_revision};
    let rows = &delta.opened_documents;
    diesel::copy_from(documents::table)
        .from_raw_data((kind, id, body, since_revision), |out| {
            write_all(out, rows, |line, document| {
                let row = NewDocument::new(document, revision);
                line.text(row.kind);
                line.text(&row.id);
                line.text(&row.body);
                line.number(row.since_revision);
            })
        })
        .execute(postgres)
        .map(drop)
}

/// Opens prices.
pub(crate) fn prices(postgres: &mut PgConnection, delta: &Delta, revision: u64) -> QueryResult<()> {
    use prices::{
        amount_minor, audience, kind, market, minimum_quantity, since_revision, sku, valid_from,
        valid_until, zone,
    };
    let columns = (
        sku,
        market,
        zone,
        audience,
        kind,
        minimum_quantity,
        valid_from,
        valid_until,
        amount_minor,
        since_revision,
    );
    let rows = &delta.opened_prices;
    diesel::copy_from(prices::table)
        .from_raw_data(columns, |out| {
            write_all(out, rows, |line, price| {
                let row = NewPrice::new(price, revision);
                line.text(row.sku);
                line.text(row.market);
                line.text(row.zone);
                line.text(row.audience);
                line.text(row.kind);
                line.number(row.minimum_quantity);
                line.number(row.valid_from);
                match row.valid_until {
                    Some(until) => line.number(until),
                    None => line.null(),
                }
                line.number(row.amount_minor);
                line.number(row.since_revision);
            })
        })
        .execute(postgres)
        .map(drop)
}

fn write_all<T>(
    out: &mut dyn Write,
    rows: &[T],
    write: impl Fn(&mut Line<'_>, &T),
) -> QueryResult<()> {
    let lost = |error: std::io::Error| diesel::result::Error::QueryBuilderError(Box::new(error));
    let mut chunk = Vec::with_capacity(2 * CHUNK_BYTES);
    for row in rows {
        write(&mut Line { bytes: &mut chunk }, row);
        // The tab after the last field becomes the end of the line.
        chunk.pop();
        chunk.push(b'\n');
        if chunk.len() >= CHUNK_BYTES {
            out.write_all(&chunk).map_err(lost)?;
            chunk.clear();
        }
    }
    out.write_all(&chunk).map_err(lost)
}

/// A line under construction; each field is followed by a tab.
struct Line<'a> {
    bytes: &'a mut Vec<u8>,
}

impl Line<'_> {
    /// A text; what COPY gives a meaning to is escaped.
    fn text(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        let special = |byte: &u8| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r');
        while let Some(at) = rest.iter().position(special) {
            let (plain, from) = rest.split_at(at);
            self.bytes.extend_from_slice(plain);
            let escaped: &[u8] = match from.first() {
                Some(b'\t') => b"\\t",
                Some(b'\n') => b"\\n",
                Some(b'\r') => b"\\r",
                _ => b"\\\\",
            };
            self.bytes.extend_from_slice(escaped);
            rest = from.get(1..).unwrap_or_default();
        }
        self.bytes.extend_from_slice(rest);
        self.bytes.push(b'\t');
    }

    fn number(&mut self, number: i64) {
        // Memory takes all bytes.
        let _ = write!(self.bytes, "{number}\t");
    }

    fn null(&mut self) {
        self.bytes.extend_from_slice(b"\\N\t");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_escaped_as_copy_wants_them() {
        let rows = ["a\\b\tc\nd\re", "", "\\N", "zażółć"];
        let mut out = Vec::new();
        write_all(&mut out, &rows, |line, text| {
            line.text(text);
            line.null();
            line.number(-5);
        })
        .unwrap();
        let expected = "a\\\\b\\tc\\nd\\re\t\\N\t-5\n\t\\N\t-5\n\\\\N\t\\N\t-5\nzażółć\t\\N\t-5\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
