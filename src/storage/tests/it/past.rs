//! What the ledger of effective prices is read from.

use offercast_contract::Instant;
use offercast_domain::resolve::ledger;
use offercast_domain::revision::Delta;
use offercast_domain::source::{Document, Effect, Market, Offer, PriceKind, PriceRow};
use offercast_storage::{Append, PastRow};

use crate::common::{Database, at, market, price, prices, replace};

on_both!(
    closed_rows_are_read_with_their_times,
    what_lies_before_the_ledger_is_left_out,
    later_revisions_change_nothing,
);

fn past(database: &Database, revision: u64) -> Vec<String> {
    let mut rows = Vec::new();
    let mut times_first = true;
    database
        .store
        .load_past_at(revision, &mut |row| {
            times_first &= matches!(row, PastRow::Revision { .. })
                || rows.iter().any(|row: &String| row.starts_with("revision"));
            rows.push(describe(&row));
        })
        .unwrap();
    assert!(times_first, "revisions come before what names them");
    rows.sort();
    rows
}

fn describe(row: &PastRow) -> String {
    match row {
        PastRow::Market { id, recorded_at } => format!("market {id} {recorded_at}"),
        PastRow::Offer {
            offer,
            since_revision,
            until_revision,
        } => format!("offer {} {since_revision}-{until_revision}", offer.id),
        PastRow::Price {
            row,
            since_revision,
            until_revision,
        } => format!(
            "price {} {} {since_revision}-{until_revision}",
            row.key.sku, row.amount_minor
        ),
        PastRow::Revision {
            number,
            recorded_at,
        } => format!("revision {number} {recorded_at}"),
    }
}

fn append_at(database: &Database, delta: &Delta, now: Instant) {
    let status = database.store.head().unwrap();
    let root = delta.content_root();
    let header = status.head.next("tester", "because", delta, root, now);
    let append = Append {
        expected: &status.head,
        header: &header,
        delta,
        horizon: status.horizon,
        change_set: None,
        outcome: None,
    };
    database.store.append(&append).unwrap();
}

fn declare() -> Delta {
    let currency = "EUR".parse().unwrap();
    let declared = Market::new(market(), "Croatia", currency, "Europe/Zagreb");
    Delta {
        opened_documents: vec![Document::Market(declared)],
        ..Delta::default()
    }
}

fn offer(percent_bp: u32) -> Document {
    let effect = Effect::PercentOff(percent_bp);
    Document::Offer(Offer::new("sale".parse().unwrap(), market(), effect, at(0)))
}

fn of_kind(kind: PriceKind, amount_minor: i64) -> PriceRow {
    let mut row = price("tea", None, amount_minor);
    row.key.kind = kind;
    row
}

fn closed_rows_are_read_with_their_times(database: &Database) {
    append_at(database, &declare(), at(10));
    let anchor = of_kind(PriceKind::Anchor, 700);
    append_at(
        database,
        &prices(&[price("milk", None, 500), anchor.clone()]),
        at(20),
    );
    let first = Delta {
        opened_documents: vec![offer(1_000)],
        ..replace(&price("milk", None, 500), &price("milk", None, 450))
    };
    append_at(database, &first, at(30));
    let second = Delta {
        closed_documents: vec![offer(1_000).key()],
        opened_documents: vec![offer(2_000)],
        ..replace(&anchor, &of_kind(PriceKind::Anchor, 710))
    };
    append_at(database, &second, at(40));
    let expected = [
        "market hr 1970-01-01T00:00:10Z",
        "offer sale 3-4",
        // Nobody pays an anchor price: its past is not kept.
        "price milk 500 2-3",
        "revision 1 1970-01-01T00:00:10Z",
        "revision 2 1970-01-01T00:00:20Z",
        "revision 3 1970-01-01T00:00:30Z",
        "revision 4 1970-01-01T00:00:40Z",
    ];
    assert_eq!(past(database, 4), expected);
}

fn what_lies_before_the_ledger_is_left_out(database: &Database) {
    let days = |days| ledger::days_after(at(0), days);
    append_at(database, &declare(), days(1));
    let amounts = [500, 510, 520, 530];
    append_at(
        database,
        &prices(&[price("milk", None, amounts[0])]),
        days(2),
    );
    let late = ledger::LEDGER_DAYS;
    for (pair, day) in amounts.windows(2).zip([3, 5, 4 + late]) {
        let delta = replace(&price("milk", None, pair[0]), &price("milk", None, pair[1]));
        append_at(database, &delta, days(day));
    }
    let found = past(database, 5);
    let prices: Vec<&String> = found
        .iter()
        .filter(|row| row.starts_with("price"))
        .collect();
    // The ledger begins on day 4: what ended on day 3 is too old.
    assert_eq!(prices, ["price milk 510 3-4", "price milk 520 4-5"]);
    let revisions = found.iter().filter(|row| row.starts_with("revision"));
    assert_eq!(revisions.count(), 2);
    assert!(found.contains(&format!("market hr {}", days(1))));
}

fn later_revisions_change_nothing(database: &Database) {
    append_at(database, &declare(), at(10));
    append_at(database, &prices(&[price("milk", None, 500)]), at(20));
    let delta = replace(&price("milk", None, 500), &price("milk", None, 450));
    append_at(database, &delta, at(30));
    let before = past(database, 3);
    let delta = replace(&price("milk", None, 450), &price("milk", None, 400));
    append_at(database, &delta, at(40));
    assert_eq!(past(database, 3), before);
    assert_eq!(past(database, 4).len(), before.len() + 2);
    assert_eq!(past(database, 0), [""; 0]);
}
