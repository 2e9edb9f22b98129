//! Checks of restrictions against the state that results.

use std::collections::BTreeMap;

use offercast_contract::{ChannelSelector, Locale, MarketId, ZoneId};

use super::ErrorCode;
use super::overlay::Overlay;
use super::problem::Problems;
use super::text::{NAME_MAX, SHORT_MAX, category_rule, check_text};
use crate::source::{PriceLimit, Restriction, Rule};

const INVALID: ErrorCode = ErrorCode::Invalid;

pub(super) fn check(
    problems: &mut Problems,
    index: usize,
    restriction: &Restriction,
    state: &Overlay<'_>,
) {
    if let Err(reason) = category_rule(&restriction.class) {
        problems.refuse(index, "restriction.class", INVALID, reason);
    }
    let source = &restriction.source;
    check_text(problems, index, "restriction.source", source, SHORT_MAX);
    if restriction
        .valid_until
        .is_some_and(|until| until <= restriction.valid_from)
    {
        let reason = "ends before it starts";
        problems.refuse(index, "restriction.valid_until", INVALID, reason);
    }
    let in_order = [
        ("channels", restriction.channels.is_sorted_by(|a, b| a < b)),
        ("modes", restriction.modes.is_sorted_by(|a, b| a < b)),
        ("zones", restriction.zones.is_sorted_by(|a, b| a < b)),
    ];
    for (name, is_sorted) in in_order {
        if !is_sorted {
            let field = format!("restriction.{name}");
            problems.refuse(index, field, INVALID, "names each once and in order");
        }
    }
    check_channels(problems, index, restriction, state);
    let Some(market) = state.market(&restriction.market) else {
        let reason = format!("there is no market {}", restriction.market);
        let code = ErrorCode::UnknownMarket;
        problems.refuse(index, "restriction.market", code, reason);
        return;
    };
    for (at, zone) in restriction.zones.iter().enumerate() {
        let field = format!("restriction.zones.{at}");
        check_zone(problems, index, &field, &market.id, zone, state);
    }
    match &restriction.rule {
        Rule::MaximumPrice(limit) | Rule::MinimumPrice(limit) => {
            check_limit(problems, index, &restriction.rule, *limit);
        }
        Rule::Warning(labels) => check_warning(problems, index, labels, &market.locales),
        Rule::Hide | Rule::NoDiscount | Rule::NoPromotion => {}
    }
}

/// A zone that is not there is refused by its field.
pub(super) fn check_zone(
    problems: &mut Problems,
    index: usize,
    field: &str,
    market: &MarketId,
    zone: &ZoneId,
    state: &Overlay<'_>,
) {
    if state.zone(market, zone).is_none() {
        let reason = format!("market {market} has no zone {zone}");
        problems.refuse(index, field, ErrorCode::UnknownZone, reason);
    }
}

fn check_channels(
    problems: &mut Problems,
    index: usize,
    restriction: &Restriction,
    state: &Overlay<'_>,
) {
    if !restriction.channels.is_empty() && !restriction.rule.is_per_channel() {
        let reason = format!(
            "a price is the same in all channels, so {} is for all of them",
            restriction.rule.as_str()
        );
        problems.refuse(index, "restriction.channels", INVALID, reason);
    }
    for (at, selector) in restriction.channels.iter().enumerate() {
        let field = format!("restriction.channels.{at}");
        match selector {
            ChannelSelector::Family(family) => {
                check_text(problems, index, &field, family, NAME_MAX);
            }
            ChannelSelector::Id(id) if state.channel(id).is_none() => {
                let reason = format!("there is no channel {id}");
                problems.refuse(index, field, ErrorCode::UnknownChannel, reason);
            }
            ChannelSelector::Id(_) => {}
        }
    }
}

fn check_limit(problems: &mut Problems, index: usize, rule: &Rule, limit: PriceLimit) {
    let field = format!("restriction.rule.{}", rule.as_str());
    if limit.amount_minor <= 0 {
        let field = format!("{field}.amount_minor");
        problems.refuse(index, field, INVALID, "is not above zero");
    }
    if limit.per.is_some_and(|per| per.quantity.millionths() <= 0) {
        let field = format!("{field}.per.quantity");
        problems.refuse(index, field, INVALID, "is not above zero");
    }
}

/// A warning is the law's: it may not be missing in any language of the market.
fn check_warning(
    problems: &mut Problems,
    index: usize,
    labels: &BTreeMap<Locale, String>,
    locales: &[Locale],
) {
    let field = "restriction.rule.warning";
    for locale in locales.iter().filter(|it| !labels.contains_key(*it)) {
        let reason = format!("has no text in {locale}, which the market speaks");
        problems.refuse(index, field, ErrorCode::UnknownLocale, reason);
    }
    for (locale, text) in labels {
        let field = format!("{field}.{locale}");
        check_text(problems, index, &field, text, SHORT_MAX);
    }
}
