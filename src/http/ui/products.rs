//! Finding products.

use actix_web::{HttpResponse, web};
use offercast_contract::{Amount, Sku, View};
use offercast_domain::source::{Market, Product};
use offercast_usecases::engine::Current;
use offercast_usecases::search::ProductQuery;
use serde_json::{Value, json};

use super::ask::{Ask, Page, encode};
use super::format::Format;
use super::words::Lang;
use crate::problem::Problem;
use crate::state::Shared;

const PER_PAGE: usize = 25;

pub(super) async fn page(ask: Ask, shared: web::Data<Shared>) -> HttpResponse {
    let page = content(&ask, &shared).await;
    ask.answer(page)
}

async fn content(ask: &Ask, shared: &Shared) -> Result<Page, Problem> {
    ask.may_read()?;
    let (text, category) = (ask.param("q"), ask.param("category"));
    let after = ask.param("after").and_then(|sku| Sku::parse(&sku).ok());
    let query = ProductQuery {
        after: after.clone(),
        category: category.clone(),
        limit: PER_PAGE + 1,
        text: text.clone(),
    };
    let current = shared.engine.current();
    let (now, lang) = (shared.engine.now(), ask.lang);
    let listed = web::block(move || {
        let mut found = current.book.products(&query);
        let more = found.len() > PER_PAGE;
        found.truncate(PER_PAGE);
        let last = found.last().map(|product| product.sku.to_string());
        let rows: Vec<Value> = found
            .iter()
            .map(|product| row(lang, &current, product, now))
            .collect();
        let markets: Vec<Value> = current
            .book
            .markets()
            .map(|market| json!({ "name": market.name }))
            .collect();
        (rows, markets, last.filter(|_| more))
    });
    let (rows, markets, next) = listed.await.map_err(|error| Problem::internal(&error))?;
    let kept = |name: &str, value: &Option<String>| {
        value
            .as_ref()
            .map(|value| format!("{name}={}&", encode(value)))
    };
    let base = format!(
        "/products?{}{}",
        kept("q", &text).unwrap_or_default(),
        kept("category", &category).unwrap_or_default()
    );
    let body = json!({
        "category": category.clone().unwrap_or_default(),
        "filtered": text.is_some() || category.is_some(),
        "first": after.map(|_| base.trim_end_matches(['?', '&'])),
        "markets": markets,
        "next": next.map(|sku| format!("{base}after={}", encode(&sku))),
        "products": rows,
        "q": text.unwrap_or_default(),
    });
    Ok(Page::new("products", lang.t("nav.products"), body))
}

/// A product's name in the page's language.
pub(super) fn name(lang: Lang, product: &Product) -> String {
    let words = lang
        .locale()
        .and_then(|locale| Some(product.facts.content_in(&locale)?.1.name.clone()));
    words.unwrap_or_else(|| product.sku.to_string())
}

fn row(
    lang: Lang,
    current: &Current,
    product: &Product,
    now: offercast_contract::Instant,
) -> Value {
    let prices = current
        .book
        .markets()
        .map(|market| price(lang, current, product, market, now));
    json!({
        "brand": product.facts.brand,
        "category": product.facts.category,
        "category_query": encode(&product.facts.category),
        "name": name(lang, product),
        "prices": prices.collect::<Vec<_>>(),
        "sku": product.sku,
        "unit": Format::new(lang, "UTC").unit(product.facts.sale_unit),
    })
}

/// The price in a market: one, or from the lowest to the highest of its views.
fn price(
    lang: Lang,
    current: &Current,
    product: &Product,
    market: &Market,
    now: offercast_contract::Instant,
) -> Value {
    let format = Format::new(lang, &market.time_zone);
    let horizon = current.position.horizon;
    let terms = |view: &View| current.book.terms(&product.sku, view, now, horizon)?.terms;
    let views = current
        .book
        .views()
        .iter()
        .filter(|view| view.market == market.id);
    let found: Vec<_> = views.filter_map(terms).collect();
    let lowest = found.iter().map(|terms| terms.price.minor()).min();
    let highest = found.iter().map(|terms| terms.price.minor()).max();
    let write = |minor: i64| format.amount(Amount::new(minor, market.currency), market.currency);
    let price = lowest.zip(highest).map(|(lowest, highest)| {
        if lowest == highest {
            write(lowest)
        } else {
            format!("{} – {}", write(lowest), write(highest))
        }
    });
    let most = found
        .iter()
        .filter_map(|terms| terms.reduction_percent)
        .max();
    json!({ "price": price, "reduced": most.map(|percent| format!("−{percent}%")) })
}
