//! Checks of offers and channels against the state that results.

use std::collections::BTreeSet;

use offercast_contract::channel::Selector;
use offercast_contract::{Channel, ChannelId, Instant, Template};

use super::overlay::Overlay;
use super::policy;
use super::problem::Problems;
use super::promotions;
use super::text::{NAME_MAX, SHORT_MAX, category_rule, check_labels, check_text, check_time_zone};
use super::{ErrorCode, WarningCode, schedules};
use crate::schedule::{Schedule, zone_of};
use crate::source::{Effect, Offer, PriceRange};

pub(super) fn check_offer(
    problems: &mut Problems,
    index: usize,
    offer: &Offer,
    state: &mut Overlay<'_>,
    now: Instant,
) {
    check_labels(problems, index, "offer.labels", &offer.labels);
    if let Some(group) = &offer.group {
        check_text(problems, index, "offer.group", group, NAME_MAX);
    }
    schedules::check_schedule(problems, index, offer, state);
    check_exclusive(problems, index, offer, state);
    check_selectors(
        problems,
        index,
        "offer.target.include",
        &offer.target.include,
        state,
    );
    check_selectors(
        problems,
        index,
        "offer.target.exclude",
        &offer.target.exclude,
        state,
    );
    check_range(problems, index, offer.target.price);
    check_places(problems, index, offer, state);
    match &offer.effect {
        Effect::Promotion(terms) => promotions::check(problems, index, offer, terms, state, now),
        discount => check_discount(problems, index, discount),
    }
}

/// Channels are there and each once, and the reason is given.
fn check_exclusive(problems: &mut Problems, index: usize, offer: &Offer, state: &Overlay<'_>) {
    let field = "offer.exclusive_reason";
    match (&offer.exclusive_reason, offer.channels.is_empty()) {
        (None, true) => return,
        (Some(_), true) => {
            let reason = "is given, and the offer is not exclusive to any channel";
            problems.refuse(index, field, ErrorCode::Invalid, reason);
            return;
        }
        (None, false) => {
            let reason = "is needed: why is the price not the same everywhere";
            problems.refuse(index, field, ErrorCode::Invalid, reason);
        }
        (Some(text), false) => check_text(problems, index, field, text, SHORT_MAX),
    }
    if offer.promotion().is_some() {
        let reason = "a promotion stands in all channels; only a discount can be exclusive";
        problems.refuse(index, "offer.channels", ErrorCode::Invalid, reason);
    }
    if !offer.channels.is_sorted_by(|a, b| a < b) {
        let reason = "needs each channel once and in order";
        problems.refuse(index, "offer.channels", ErrorCode::Invalid, reason);
    }
    for (at, id) in offer.channels.iter().enumerate() {
        let field = format!("offer.channels.{at}");
        let Some(channel) = state.channel(id) else {
            let reason = format!("there is no channel {id}");
            problems.refuse(index, field, ErrorCode::UnknownChannel, reason);
            continue;
        };
        if !channel.views.iter().any(|view| offer.is_in(&view.market)) {
            let reason = format!("channel {id} stands in none of the offer's markets");
            problems.refuse(index, field, ErrorCode::Invalid, reason);
        }
    }
    let reason = "breaks \"the same price everywhere\": the price it makes is shown in its \
                  channels and nowhere else, and the board names it as an exclusive";
    let code = WarningCode::ExclusivePrice;
    problems.warn(index, "offer.channels", code, reason.to_owned());
}

/// A channel may not end while an offer is exclusive to it.
pub(super) fn check_ended_channel(
    problems: &mut Problems,
    index: usize,
    id: &ChannelId,
    state: &Overlay<'_>,
    now: Instant,
) {
    for market in state.markets() {
        for offer in state.offers(&market.id) {
            let is_over = Schedule::new(&offer, &zone_of(&market)).is_over(now);
            if !is_over && offer.channels.contains(id) {
                let reason = format!("offer {} is exclusive to channel {id}", offer.id);
                problems.refuse(index, "id", ErrorCode::InUse, reason);
                return;
            }
        }
    }
}

fn check_range(problems: &mut Problems, index: usize, range: Option<PriceRange>) {
    let Some(range) = range else { return };
    let reason = match (range.min_minor, range.max_minor) {
        (None, None) => "has neither a lowest nor a highest price",
        (Some(min), _) if min < 0 => "has a lowest price below zero",
        (Some(min), Some(max)) if max < min => "has a highest price below the lowest",
        (_, Some(max)) if max < 1 => "has a highest price that is not above zero",
        _ => return,
    };
    problems.refuse(index, "offer.target.price", ErrorCode::Invalid, reason);
}

/// The markets are there, each once, and share a currency where the effect is
/// an amount; each zone lies in one of them.
fn check_places(problems: &mut Problems, index: usize, offer: &Offer, state: &mut Overlay<'_>) {
    if offer.markets.is_empty() || !offer.markets.is_sorted_by(|a, b| a < b) {
        let reason = "needs at least one market, each once and in order";
        problems.refuse(index, "offer.markets", ErrorCode::Invalid, reason);
    }
    let mut currencies = BTreeSet::new();
    for (at, id) in offer.markets.iter().enumerate() {
        let Some(market) = state.market(id) else {
            let (field, reason) = (
                format!("offer.markets.{at}"),
                format!("there is no market {id}"),
            );
            problems.refuse(index, field, ErrorCode::UnknownMarket, reason);
            continue;
        };
        currencies.insert(market.currency);
        if let Effect::FixedPrice(minor) = offer.effect {
            policy::check_ending(problems, index, "offer.effect.fixed_price", minor, &market);
        }
        for locale in &market.locales {
            if !offer.labels.contains_key(locale) {
                let reason = format!("has no words in {locale}, which market {id} speaks");
                problems.warn(index, "offer.labels", WarningCode::MissingLocale, reason);
            }
        }
    }
    if currencies.len() > 1 && offer.target.price.is_some() {
        let reason = "is in amounts, and the markets have different currencies";
        problems.refuse(index, "offer.target.price", ErrorCode::Invalid, reason);
    }
    let names_amounts = match &offer.effect {
        Effect::AmountOff(_) | Effect::FixedPrice(_) => true,
        Effect::PercentOff(_) => false,
        Effect::Promotion(terms) => !terms.amounts().is_empty(),
    };
    if currencies.len() > 1 && names_amounts {
        let reason = "names an amount, and the markets have different currencies";
        problems.refuse(index, "offer.effect", ErrorCode::Invalid, reason);
    }
    for (at, zone) in offer.zones.iter().enumerate() {
        if !offer
            .markets
            .iter()
            .any(|market| state.zone(market, zone).is_some())
        {
            let field = format!("offer.zones.{at}");
            let reason = format!("none of its markets has a zone {zone}");
            problems.refuse(index, field, ErrorCode::UnknownZone, reason);
        }
    }
}

fn check_discount(problems: &mut Problems, index: usize, effect: &Effect) {
    let not_positive = |minor: &i64| (*minor <= 0).then_some("is not above zero");
    let (field, wrong) = match effect {
        Effect::AmountOff(minor) => ("amount_off", not_positive(minor)),
        Effect::FixedPrice(minor) => ("fixed_price", not_positive(minor)),
        Effect::PercentOff(basis_points) => (
            "percent_off",
            (!(1..=9_999).contains(basis_points))
                .then_some("is not between 1 and 9999 basis points"),
        ),
        Effect::Promotion(_) => return,
    };
    if let Some(reason) = wrong {
        let field = format!("offer.effect.{field}");
        problems.refuse(index, field, ErrorCode::Invalid, reason);
    }
}

pub(super) fn check_selectors(
    problems: &mut Problems,
    index: usize,
    field: &str,
    selectors: &[Selector],
    state: &mut Overlay<'_>,
) {
    for (at, selector) in selectors.iter().enumerate() {
        let field = format!("{field}.{at}");
        match selector {
            Selector::Sku(sku) => {
                if state.product(sku).is_none() {
                    let reason = format!("there is no product {sku}");
                    problems.refuse(index, field, ErrorCode::UnknownProduct, reason);
                }
            }
            Selector::Category(path) => {
                if let Err(reason) = category_rule(path) {
                    problems.refuse(index, field, ErrorCode::Invalid, reason);
                }
            }
            Selector::Attribute { name, value } => {
                check_text(problems, index, &format!("{field}.name"), name, NAME_MAX);
                check_text(problems, index, &format!("{field}.value"), value, NAME_MAX);
            }
            Selector::Brand(name) | Selector::Tag(name) => {
                check_text(problems, index, &field, name, NAME_MAX);
            }
        }
    }
}

pub(super) fn check_channel(
    problems: &mut Problems,
    index: usize,
    channel: &Channel,
    state: &mut Overlay<'_>,
) {
    let invalid = ErrorCode::Invalid;
    check_text(problems, index, "channel.name", &channel.name, NAME_MAX);
    check_text(problems, index, "channel.family", &channel.family, NAME_MAX);
    check_time_zone(problems, index, "channel.time_zone", &channel.time_zone);
    check_views(problems, index, channel, state);
    let assortment = &channel.assortment;
    check_selectors(
        problems,
        index,
        "channel.assortment.include",
        &assortment.include,
        state,
    );
    check_selectors(
        problems,
        index,
        "channel.assortment.exclude",
        &assortment.exclude,
        state,
    );
    for field in channel.projection.forbidden_omissions() {
        let reason = format!("{field} is always shown and cannot be omitted");
        problems.refuse(index, "channel.projection.omits", invalid, reason);
    }
    for (field, why) in &channel.projection.implied {
        let path = format!("channel.projection.implied.{field}");
        check_text(problems, index, &path, why, SHORT_MAX);
        if !field.is_class_a() {
            let reason = format!("{field} is not always shown: declare it as omitted instead");
            problems.refuse(index, path, invalid, reason);
        }
    }
    check_template(problems, index, &channel.template);
    for (at, exception) in channel.exceptions.iter().enumerate() {
        let path = format!("channel.exceptions.{at}");
        check_text(
            problems,
            index,
            &format!("{path}.owner"),
            &exception.owner,
            NAME_MAX,
        );
        check_text(
            problems,
            index,
            &format!("{path}.reason"),
            &exception.reason,
            SHORT_MAX,
        );
    }
}

/// The longest template source. Declarations travel inside messages, which a
/// broker bounds.
const TEMPLATE_MAX_BYTES: usize = 64 * 1024;

fn check_template(problems: &mut Problems, index: usize, template: &Template) {
    let invalid = ErrorCode::Invalid;
    check_text(
        problems,
        index,
        "channel.template.name",
        &template.name,
        NAME_MAX,
    );
    if template.source.len() > TEMPLATE_MAX_BYTES {
        let reason = format!("is longer than {TEMPLATE_MAX_BYTES} bytes");
        problems.refuse(index, "channel.template.source", invalid, reason);
    }
    if Template::new(&template.name, &template.source).sha256 != template.sha256 {
        let reason = "is not the SHA-256 of the source";
        problems.refuse(index, "channel.template.sha256", invalid, reason);
    }
}

fn check_views(problems: &mut Problems, index: usize, channel: &Channel, state: &Overlay<'_>) {
    let field = "channel.views";
    let distinct: BTreeSet<_> = channel.views.iter().collect();
    if channel.views.is_empty() || distinct.len() < channel.views.len() {
        let reason = "needs at least one view, each once";
        problems.refuse(index, field, ErrorCode::Invalid, reason);
    }
    for (at, view) in channel.views.iter().enumerate() {
        if view.audience.is_personal() {
            let reason = format!(
                "{} is one person, and a channel shows it to all",
                view.audience
            );
            problems.refuse(index, format!("{field}.{at}"), ErrorCode::Invalid, reason);
        }
    }
    for view in distinct {
        let Some(market) = state.market(&view.market) else {
            let reason = format!("there is no market {}", view.market);
            problems.refuse(index, field, ErrorCode::UnknownMarket, reason);
            continue;
        };
        if let Some(zone) = &view.zone
            && state.zone(&view.market, zone).is_none()
        {
            let reason = format!("market {} has no zone {zone}", view.market);
            problems.refuse(index, field, ErrorCode::UnknownZone, reason);
        }
        if !market.locales.contains(&channel.locale) {
            let reason = format!("market {} does not speak {}", market.id, channel.locale);
            problems.refuse(index, "channel.locale", ErrorCode::UnknownLocale, reason);
        }
    }
}
