//! How big and how fast a price book is.
//!
//! `cargo bench -p offercast-pricebook --bench book -- 1000000` builds a book
//! of so many generated SKUs (a million without an argument) and prints memory
//! per SKU, resolved rows and look-ups per second, the time to the set that an
//! offer on a category affects, and what 1,000 active offers cost beside 10.

#![allow(missing_docs, clippy::print_stdout, clippy::float_arithmetic)]
#![allow(clippy::unwrap_used, clippy::expect_used)]
// A bench measures with the system's clock.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant as Clock};

use offercast_contract::channel::Selector;
use offercast_contract::{
    Audience, Channel, Content, Currency, Facts, Hash, Horizon, Instant, SaleUnit, Sku, Template,
    View,
};
use offercast_domain::revision::{Delta, Head, Revision};
use offercast_domain::source::{
    Document, Effect, Market, Offer, Place, PriceKey, PriceKind, PriceRow, Product, Target,
};
use offercast_pricebook::fold::{digests, fold, move_horizon};
use offercast_pricebook::{Book, Loader, affected};

const PRICES_PER_SKU: usize = 3;
/// Categories; the first holds a tenth of all SKUs.
const CATEGORIES: usize = 10;
const BRANDS: usize = 1_000;

fn day(days: i64) -> Instant {
    Instant::from_micros((20_000 + days) * 86_400 * 1_000_000)
}

fn sku(number: usize) -> Sku {
    Sku::parse(&format!("{:08}", number * 7_919 % 100_000_000)).unwrap()
}

fn product(number: usize) -> Document {
    let content = Content {
        name: format!("Product number {number}, 500 g"),
        ..Content::default()
    };
    Document::Product(Box::new(Product::new(
        sku(number),
        Facts {
            brand: Some(format!("Brand {}", number % BRANDS)),
            gtin: Some(format!("{number:014}")),
            ..Facts::new(
                category(number % CATEGORIES),
                SaleUnit::Piece,
                BTreeMap::from([("hr".parse().unwrap(), content)]),
            )
        },
        "full".to_owned(),
    )))
}

fn category(number: usize) -> String {
    format!("food/category {number}")
}

fn price(number: usize, kind: PriceKind, amount_minor: i64, from: i64) -> PriceRow {
    PriceRow {
        amount_minor,
        key: PriceKey {
            minimum_quantity: None,
            audience: Audience::everyone(),
            kind,
            place: Place {
                market: "hr".parse().unwrap(),
                zone: None,
            },
            sku: sku(number),
            valid_from: day(from),
        },
        valid_until: None,
    }
}

fn market() -> Document {
    Document::Market(Market {
        locales: vec!["hr".parse().unwrap()],
        tax_rates: BTreeMap::from([("full".to_owned(), 2_500)]),
        ..Market::new(
            "hr".parse().unwrap(),
            "Croatia",
            Currency::parse("EUR").unwrap(),
            "Europe/Zagreb",
        )
    })
}

fn view() -> View {
    "hr/-/everyone/delivery".parse().unwrap()
}

fn channel() -> Document {
    Document::Channel(Box::new(Channel {
        assortment: Default::default(),
        calls_quote: false,
        exceptions: Vec::new(),
        family: "site".to_owned(),
        id: "web".parse().unwrap(),
        locale: "hr".parse().unwrap(),
        mode: Default::default(),
        name: "Web".to_owned(),
        projection: Default::default(),
        template: Template::new("a", "a"),
        time_zone: "Europe/Zagreb".to_owned(),
        views: vec![view()],
    }))
}

fn offer(id: usize, include: Vec<Selector>, from: i64, until: i64) -> Offer {
    Offer {
        labels: BTreeMap::from([("hr".parse().unwrap(), "Akcija".to_owned())]),
        target: Target {
            include,
            ..Target::default()
        },
        valid_until: Some(day(until).into()),
        ..Offer::new(
            format!("offer-{id}").parse().unwrap(),
            "hr".parse().unwrap(),
            Effect::PercentOff(1_000 + (id % 10) as u32),
            day(from),
        )
    }
}

fn load(count: usize, offers: Vec<Offer>) -> Book {
    let mut loader = Loader::new();
    loader.push_document(&market(), 1);
    loader.push_document(&channel(), 1);
    for offer in offers {
        loader.push_document(&Document::Offer(offer), 1);
    }
    for number in 0..count {
        loader.push_document(&product(number), 1);
        let amount = 100 + (number % 5_000) as i64;
        loader.push_price(&price(number, PriceKind::Regular, amount, 0), 1);
        loader.push_price(&price(number, PriceKind::Anchor, amount + 20, 0), 1);
        loader.push_price(&price(number, PriceKind::Prior, amount + 10, 0), 1);
    }
    loader.finish(Head {
        epoch: 1,
        hash: Hash::ZERO,
        number: 1,
        recorded_at: day(0),
    })
}

fn revision(book: &Book, delta: &Delta) -> Revision {
    let root = delta.content_root();
    let header = book.head().next("bench", "bench", delta, root, day(1));
    Revision {
        hash: header.hash(),
        header,
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Clock::now();
    let done = work();
    (done, start.elapsed())
}

/// Resident memory of this process in bytes; zero where it is not known.
fn resident_bytes() -> usize {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return 0;
    };
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let digits = line.map(|text| text.trim().trim_end_matches(" kB").trim().to_owned());
    digits
        .and_then(|text| text.parse::<usize>().ok())
        .unwrap_or(0)
        * 1_024
}

fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

fn main() {
    let count = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(1_000_000);
    let horizon = Horizon::containing(day(1));
    let before = resident_bytes();
    let (book, time) = timed(|| load(count, Vec::new()));
    let bytes = resident_bytes().saturating_sub(before);
    println!("{count} SKUs x {PRICES_PER_SKU} prices: built in {time:.2?}");
    let each = bytes as f64 / count as f64;
    println!(
        "memory: {} MiB, {each:.0} B a SKU with texts and indexes",
        bytes >> 20
    );
    full(&book, count, horizon);
    lookups(&book, count, horizon);
    category_offer(&book, count, horizon);
    single_edit(&book, count, horizon);
    offers_ratio();
}

fn full(book: &Book, count: usize, horizon: Horizon) {
    let (_, time) = timed(|| {
        for sku in book.skus() {
            black_box(book.timeline(sku, &view(), horizon));
        }
    });
    println!(
        "resolve all, one core: {time:.2?}, {:.0} SKUs/s",
        per_second(count, time)
    );
    let (made, time) = timed(|| digests(book, horizon));
    println!(
        "resolve and digest all, all cores: {time:.2?}, {:.0} SKUs/s",
        per_second(count, time)
    );
    let (moved, time) = timed(|| move_horizon(book, horizon, Horizon(horizon.0 + 1), made));
    println!(
        "move the horizon: {time:.2?}, {} SKUs changed",
        moved.changed.len()
    );
}

fn lookups(book: &Book, count: usize, horizon: Horizon) {
    let wanted: Vec<Sku> = (0..500_000).map(|n| sku(n * 31 % count)).collect();
    let (_, time) = timed(|| {
        for sku in &wanted {
            black_box(book.terms(sku, &view(), day(2), horizon));
        }
    });
    println!(
        "terms of random SKUs, one core: {:.0} /s",
        per_second(wanted.len(), time)
    );
    let (_, time) = timed(|| {
        for sku in &wanted {
            black_box(book.facts(sku));
        }
    });
    println!(
        "facts of random SKUs, one core: {:.0} /s",
        per_second(wanted.len(), time)
    );
}

fn category_offer(book: &Book, count: usize, horizon: Horizon) {
    let made = digests(book, horizon);
    let target = vec![Selector::Category(category(0))];
    let delta = Delta {
        opened_documents: vec![Document::Offer(offer(1, target, 3, 5))],
        ..Delta::default()
    };
    let revision = revision(book, &delta);
    let (new, time) = timed(|| book.apply(&revision, &delta));
    println!("an offer on one category of {count} SKUs: applied in {time:.2?}");
    let (found, time) = timed(|| affected(book, &new, &delta));
    println!("  affected set of {} SKUs in {time:.2?}", found.len());
    let (folded, time) = timed(|| fold(book, &revision, &delta, horizon, made));
    println!(
        "  folded with digests in {time:.2?}, {} SKUs changed",
        folded.changed.len()
    );
    let (views, time) = timed(|| {
        let shown = |item: offercast_contract::Item| black_box(item).timelines.len();
        folded.items().map(shown).sum::<usize>()
    });
    println!("  its items with {views} timelines made in {time:.2?}");
}

fn single_edit(book: &Book, count: usize, horizon: Horizon) {
    const EDITS: usize = 1_000;
    let mut made = digests(book, horizon);
    let mut book = book.clone();
    let (_, time) = timed(|| {
        for edit in 0..EDITS {
            let number = edit * 977 % count;
            let row = price(number, PriceKind::Special, 99, 2);
            let delta = Delta {
                opened_prices: vec![row],
                ..Delta::default()
            };
            let revision = revision(&book, &delta);
            let folded = fold(&book, &revision, &delta, horizon, std::mem::take(&mut made));
            (book, made) = (folded.book, folded.digests);
        }
    });
    println!(
        "one price edit folded with digests: {:.2?}",
        time / EDITS as u32
    );
}

/// Three offers match every SKU; the others target other products.
fn offers_ratio() {
    const SKUS: usize = 10_000;
    let horizon = Horizon::containing(day(1));
    let book_with = |offers: usize| {
        let matching =
            (0..3).map(|id| offer(id, vec![Selector::Category("food".to_owned())], 0, 9));
        let others = (3..offers).map(|id| {
            let target = match id % 3 {
                0 => Selector::Brand(format!("Other {id}")),
                1 => Selector::Category(format!("other/{id}")),
                _ => Selector::Sku(Sku::parse(&format!("other-{id}")).unwrap()),
            };
            offer(id, vec![target], 0, 9)
        });
        load(SKUS, matching.chain(others).collect())
    };
    let (few, many) = (book_with(10), book_with(1_000));
    let pass = |book: &Book| {
        let (_, time) = timed(|| {
            for sku in book.skus() {
                black_box(book.timeline(sku, &view(), horizon));
            }
        });
        time
    };
    // The best of several passes in turn, so that neither is favoured.
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..7 {
        best = (best.0.min(pass(&few)), best.1.min(pass(&many)));
    }
    let each = |time: Duration| time / SKUS as u32;
    println!(
        "resolve one SKU, 3 offers match: of 10 {:.2?}, of 1000 {:.2?}",
        each(best.0),
        each(best.1)
    );
    println!(
        "ratio 1000 / 10: {:.2}",
        best.1.as_secs_f64() / best.0.as_secs_f64()
    );
}
