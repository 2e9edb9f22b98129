//! `offercast export-terms`.

use std::fs::File;
use std::io::{Write, stdout};
use std::process::ExitCode;

use offercast_contract::{Audience, Horizon, Sku, Terms, View};
use offercast_contract::{Instant, SalesMode};
use offercast_domain::revision::Head;
use offercast_pricebook::Book;
use offercast_storage::Store;
use offercast_usecases::{Clock as _, SystemClock};

use super::Failure;
use super::args::ExportArgs;
use crate::config::Config;
use crate::runtime::{open_store, require_schema};

const HEADER: [&str; 16] = [
    "sku",
    "view",
    "revision",
    "from",
    "until",
    "currency",
    "price",
    "regular",
    "prior",
    "reduction_percent",
    "unit_price",
    "unit",
    "deposit",
    "tax_rate_bp",
    "tax_included",
    "offers",
];

pub(super) fn run(config: &Config, args: &ExportArgs) -> Result<ExitCode, Failure> {
    let store = open_store(config)?;
    require_schema(&store)?;
    let book = book(&store, args.revision)?;
    if book.market(&args.market).is_none() {
        return Err(Failure::new(format!(
            "--market: {} does not exist",
            args.market
        )));
    }
    if let Some(zone) = &args.zone
        && book.zone(&args.market, zone).is_none()
    {
        return Err(Failure::new(format!(
            "--zone: {zone} does not exist in market {}",
            args.market
        )));
    }
    let view = View {
        audience: Audience::everyone(),
        market: args.market.clone(),
        mode: SalesMode::Store,
        zone: args.zone.clone(),
    };
    let at = args.at.unwrap_or_else(|| SystemClock.now());
    match &args.output {
        None => write(&book, &view, at, stdout().lock())?,
        Some(path) => {
            let file = File::create(path)
                .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
            write(&book, &view, at, file)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The source of truth as it was known at a revision.
fn book(store: &Store, revision: Option<u64>) -> Result<Book, Failure> {
    let head = store.head()?.head;
    let number = revision.unwrap_or(head.number);
    if number > head.number {
        return Err(Failure::new(format!(
            "--revision: {number} is not recorded yet, the newest is {}",
            head.number
        )));
    }
    let recorded = store.revision(number)?;
    let at = recorded.map_or(head, |revision| Head {
        epoch: revision.header.epoch,
        hash: revision.hash,
        number,
        recorded_at: revision.header.recorded_at,
    });
    Ok(offercast_usecases::book::load(store, at)?)
}

fn write(book: &Book, view: &View, at: Instant, out: impl Write) -> Result<(), Failure> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(HEADER)?;
    let horizon = Horizon::containing(at);
    for sku in book.skus() {
        let Some(segment) = book.terms(sku, view, at, horizon) else {
            continue;
        };
        if let Some(terms) = &segment.terms {
            let record = record(
                sku,
                view,
                book.head().number,
                (segment.from, segment.until),
                terms,
            );
            csv.write_record(record)?;
        }
    }
    Ok(csv.flush()?)
}

fn record(
    sku: &Sku,
    view: &View,
    revision: u64,
    (from, until): (Option<Instant>, Option<Instant>),
    terms: &Terms,
) -> [String; 16] {
    fn text(value: Option<impl ToString>) -> String {
        value.map_or(String::new(), |value| value.to_string())
    }
    let offers: Vec<&str> = terms.offers.iter().map(|offer| offer.id.as_str()).collect();
    [
        sku.to_string(),
        view.to_string(),
        revision.to_string(),
        text(from),
        text(until),
        terms.currency.to_string(),
        terms.price.to_string(),
        text(terms.regular),
        text(terms.prior),
        text(terms.reduction_percent),
        text(terms.unit_price.map(|unit| unit.amount)),
        text(terms.unit_price.map(|unit| unit.per)),
        text(terms.deposit),
        terms.tax.rate_bp.to_string(),
        terms.tax.included.to_string(),
        offers.join(" "),
    ]
}
