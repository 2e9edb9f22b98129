//! Checks of products, markets and zones against the state that results.

use std::collections::BTreeSet;

use offercast_contract::measure::Quantity;
use offercast_contract::{Content, Facts, Instant, SaleUnit, Sku};

use super::overlay::Overlay;
use super::policy;
use super::problem::Problems;
use super::promotions;
use super::text::{
    LONG_MAX, NAME_MAX, SHORT_MAX, category_rule, check_text, check_time_zone, gtin_rule,
};
use super::{ErrorCode, WarningCode};
use crate::resolve::plausible_pack;
use crate::schedule::{Schedule, zone_of};
use crate::source::{Market, Product, Zone};
use offercast_contract::channel::Selector;

const RATE_MAX_BP: u32 = 10_000;
const GUARD_PERCENT: std::ops::RangeInclusive<u32> = 1..=1_000;

pub(super) fn check_product(
    problems: &mut Problems,
    index: usize,
    product: &Product,
    state: &Overlay<'_>,
) {
    check_facts(problems, index, &product.facts);
    if let Some(class) = &product.restriction_class
        && let Err(reason) = category_rule(class)
    {
        let field = "product.restriction_class";
        problems.refuse(index, field, ErrorCode::Invalid, reason);
    }
    let markets = state.markets();
    let known = |has: &dyn Fn(&Market) -> bool| markets.iter().any(|market| has(market));
    if !known(&|market| market.tax_rates.contains_key(&product.tax_class)) {
        let reason = format!("no market has a tax class {:?}", product.tax_class);
        let code = ErrorCode::UnknownTaxClass;
        problems.refuse(index, "product.tax_class", code, reason);
    } else {
        check_tax_where_sold(problems, index, product, state);
    }
    if let Some(class) = &product.deposit_class
        && !known(&|market| market.deposits.contains_key(class))
    {
        let reason = format!("no market has a deposit class {class:?}");
        let code = ErrorCode::UnknownDepositClass;
        problems.refuse(index, "product.deposit_class", code, reason);
    }
}

fn check_tax_where_sold(
    problems: &mut Problems,
    index: usize,
    product: &Product,
    state: &Overlay<'_>,
) {
    let rows = state.prices(&product.sku);
    let sold_in: BTreeSet<_> = rows.iter().map(|row| &row.key.place.market).collect();
    for id in sold_in {
        let Some(market) = state.market(id) else {
            continue;
        };
        if !market.tax_rates.contains_key(&product.tax_class) {
            let reason = format!(
                "market {id}, where the product has prices, has no tax class {:?}",
                product.tax_class
            );
            let code = ErrorCode::UnknownTaxClass;
            problems.refuse(index, "product.tax_class", code, reason);
        }
    }
}

fn check_facts(problems: &mut Problems, index: usize, facts: &Facts) {
    let invalid = ErrorCode::Invalid;
    if let Err(reason) = category_rule(&facts.category) {
        problems.refuse(index, "product.facts.category", invalid, reason);
    }
    if let Some(brand) = &facts.brand {
        check_text(problems, index, "product.facts.brand", brand, NAME_MAX);
    }
    check_labels_of(problems, index, facts);
    if let Some(Err(reason)) = facts.gtin.as_deref().map(gtin_rule) {
        problems.refuse(index, "product.facts.gtin", invalid, reason);
    }
    if let Some(image) = &facts.image {
        check_text(problems, index, "product.facts.image", image, SHORT_MAX);
        let is_address = ["https://", "http://", "/"]
            .iter()
            .any(|start| image.starts_with(start));
        if !is_address || image.contains(char::is_whitespace) {
            let reason = "is not an address that begins with https://, http:// or /";
            problems.refuse(index, "product.facts.image", invalid, reason);
        }
    }
    if facts.content.is_empty() {
        let reason = "needs words in at least one locale";
        problems.refuse(index, "product.facts.content", invalid, reason);
    }
    for (locale, content) in &facts.content {
        check_content(
            problems,
            index,
            &format!("product.facts.content.{locale}"),
            content,
        );
    }
    for (field, quantity) in [
        ("minimum_quantity", facts.minimum_quantity),
        ("step", facts.step),
    ] {
        if let Some(Err(reason)) = quantity.map(|quantity| quantity_rule(quantity, facts)) {
            problems.refuse(index, format!("product.facts.{field}"), invalid, reason);
        }
    }
    if let Some(pack) = facts.pack
        && let Err(reason) = plausible_pack(pack, facts.sale_unit)
    {
        let code = WarningCode::ImplausiblePack;
        problems.warn(index, "product.facts.pack", code, reason.to_string());
    }
}

/// The most tags or attributes of a product: they travel with it.
const LABELS_MAX: usize = 100;

fn check_labels_of(problems: &mut Problems, index: usize, facts: &Facts) {
    let padded = |text: &str| text.trim() != text;
    for (field, count) in [
        ("product.facts.attributes", facts.attributes.len()),
        ("product.facts.tags", facts.tags.len()),
    ] {
        if count > LABELS_MAX {
            let reason = format!("has {count} entries, at most {LABELS_MAX} are allowed");
            problems.refuse(index, field, ErrorCode::Invalid, reason);
        }
    }
    let tags = facts.tags.iter().map(|tag| ("product.facts.tags", tag));
    let attributes = facts.attributes.iter();
    let attributes = attributes.flat_map(|pair| [pair.0, pair.1]);
    let attributes = attributes.map(|text| ("product.facts.attributes", text));
    for (field, text) in tags.chain(attributes) {
        check_text(problems, index, field, text, NAME_MAX);
        if padded(text) {
            let reason = format!("{text:?} has blanks around it");
            problems.refuse(index, field, ErrorCode::Invalid, reason);
        }
    }
}

/// A quantity that can be sold: whole for goods by the piece, and a number of
/// whole steps. (A step of zero is no quantity at all.)
pub(super) fn quantity_rule(quantity: Quantity, facts: &Facts) -> Result<(), String> {
    if facts.sale_unit == SaleUnit::Piece && !quantity.is_whole() {
        return Err(format!("{quantity} is not a whole number of pieces"));
    }
    match facts.step {
        Some(step) if !quantity.is_multiple_of(step) => {
            Err(format!("{quantity} is no multiple of the step {step}"))
        }
        _ => Ok(()),
    }
}

fn check_content(problems: &mut Problems, index: usize, field: &str, content: &Content) {
    let name = format!("{field}.name");
    check_text(problems, index, &name, &content.name, NAME_MAX);
    let texts = [
        ("conditions", &content.conditions, LONG_MAX),
        ("description", &content.description, LONG_MAX),
        ("legal", &content.legal, LONG_MAX),
        ("short", &content.short, SHORT_MAX),
        ("spoken", &content.spoken, SHORT_MAX),
    ];
    for (part, text, max) in texts {
        if let Some(text) = text {
            check_text(problems, index, &format!("{field}.{part}"), text, max);
        }
    }
}

/// A product may not end while an offer that is not over names it.
pub(super) fn check_ended_product(
    problems: &mut Problems,
    index: usize,
    sku: &Sku,
    state: &Overlay<'_>,
    now: Instant,
) {
    let names = |selector: &Selector| matches!(selector, Selector::Sku(named) if named == sku);
    for market in state.markets() {
        for offer in state.offers(&market.id) {
            let is_over = Schedule::new(&offer, &zone_of(&market)).is_over(now);
            let is_named = offer.target.include.iter().any(names)
                || offer
                    .promotion()
                    .is_some_and(|terms| promotions::names(terms, sku));
            if !is_over && is_named {
                let reason = format!("offer {} names product {sku}", offer.id);
                problems.refuse(index, "sku", ErrorCode::InUse, reason);
            }
        }
    }
}

pub(super) fn check_market(
    problems: &mut Problems,
    index: usize,
    market: &Market,
    state: &Overlay<'_>,
) {
    let invalid = ErrorCode::Invalid;
    check_text(problems, index, "market.name", &market.name, NAME_MAX);
    check_time_zone(problems, index, "market.time_zone", &market.time_zone);
    let distinct: BTreeSet<_> = market.locales.iter().collect();
    if market.locales.is_empty() || distinct.len() < market.locales.len() {
        let reason = "needs at least one locale, each once";
        problems.refuse(index, "market.locales", invalid, reason);
    }
    if market.tax_rates.is_empty() {
        let reason = "needs at least one tax class";
        problems.refuse(index, "market.tax_rates", invalid, reason);
    }
    for (class, rate) in &market.tax_rates {
        let field = format!("market.tax_rates.{class}");
        if *rate > RATE_MAX_BP {
            let reason = format!("{rate} basis points is more than {RATE_MAX_BP}");
            problems.refuse(index, field, invalid, reason);
        }
    }
    for (class, deposit) in &market.deposits {
        if *deposit < 0 {
            let field = format!("market.deposits.{class}");
            problems.refuse(index, field, invalid, "is below zero");
        }
    }
    if market
        .floors
        .minimum_margin_bp
        .is_some_and(|margin| margin >= RATE_MAX_BP)
    {
        let field = "market.floors.minimum_margin_bp";
        problems.refuse(index, field, invalid, "is not between 0 and 9999");
    }
    policy::check_law(problems, index, &market.law);
    policy::check_pricing(problems, index, &market.pricing);
    if !GUARD_PERCENT.contains(&market.guard.refused_change_percent) {
        let field = "market.guard.refused_change_percent";
        problems.refuse(index, field, invalid, "is not between 1 and 1000");
    }
    if let Some(before) = state.base.market(&market.id) {
        check_market_change(problems, index, &before, market, state);
    }
}

/// What others rely on may not be taken out of a market.
fn check_market_change(
    problems: &mut Problems,
    index: usize,
    before: &Market,
    after: &Market,
    state: &Overlay<'_>,
) {
    let in_use = ErrorCode::InUse;
    if before.currency != after.currency
        && let Some(sku) = state.base.find_sold(&after.id, &mut |_| true)
    {
        let reason = format!(
            "prices are in {} (product {sku}), so the currency stays",
            before.currency
        );
        problems.refuse(index, "market.currency", in_use, reason);
    }
    let mut check_class = |field: &str, class: &str, used: &dyn Fn(&Product) -> bool| {
        let found = state.base.find_sold(&after.id, &mut |product| {
            state
                .as_staged(product)
                .is_some_and(|product| used(&product))
        });
        if let Some(sku) = found {
            let reason = format!("class {class:?} is that of product {sku}, which has prices here");
            problems.refuse(index, format!("{field}.{class}"), in_use, reason);
        }
    };
    for class in before.tax_rates.keys() {
        if !after.tax_rates.contains_key(class) {
            check_class("market.tax_rates", class, &|product| {
                product.tax_class == *class
            });
        }
    }
    for class in before.deposits.keys() {
        if !after.deposits.contains_key(class) {
            check_class("market.deposits", class, &|product| {
                product.deposit_class.as_ref() == Some(class)
            });
        }
    }
    for channel in state.channels() {
        let here = channel.views.iter().any(|view| view.market == after.id);
        if here && !after.locales.contains(&channel.locale) {
            let reason = format!("channel {} speaks {}", channel.id, channel.locale);
            problems.refuse(index, "market.locales", in_use, reason);
        }
    }
}

pub(super) fn check_zone(problems: &mut Problems, index: usize, zone: &Zone, state: &Overlay<'_>) {
    check_text(problems, index, "zone.name", &zone.name, NAME_MAX);
    if state.market(&zone.market).is_none() {
        let reason = format!("there is no market {}", zone.market);
        problems.refuse(index, "zone.market", ErrorCode::UnknownMarket, reason);
        return;
    }
    if let Some(parent) = &zone.parent
        && state.zone(&zone.market, parent).is_none()
    {
        let reason = format!("market {} has no zone {parent}", zone.market);
        problems.refuse(index, "zone.parent", ErrorCode::UnknownZone, reason);
    }
    if let Err(again) = state.zone_chain(&zone.market, Some(&zone.id)) {
        let reason = format!("zone {again} would lie in itself");
        problems.refuse(index, "zone.parent", ErrorCode::Invalid, reason);
    }
}
