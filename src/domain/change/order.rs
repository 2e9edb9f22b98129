//! Checks of order conditions against the state that results.

use offercast_contract::SalesMode;

use super::overlay::Overlay;
use super::problem::Problems;
use super::restrictions::check_zone;
use super::text::{SHORT_MAX, check_text};
use super::{ErrorCode, WarningCode};
use crate::source::{Fee, Market, OrderConditions, ReturnPolicy};

const INVALID: ErrorCode = ErrorCode::Invalid;

/// Nobody takes goods back after ten years.
const RETURN_DAYS_MAX: u16 = 3_650;

pub(super) fn check(
    problems: &mut Problems,
    index: usize,
    conditions: &OrderConditions,
    state: &Overlay<'_>,
) {
    let mut refuse = |field: &str, reason: &str| {
        let field = format!("order_conditions.{field}");
        problems.refuse(index, field, INVALID, reason);
    };
    if conditions
        .valid_until
        .is_some_and(|until| until <= conditions.valid_from)
    {
        refuse("valid_until", "ends before it starts");
    }
    if conditions.parts().is_empty() {
        refuse("id", "gives neither a fee, a minimum, payment nor returns");
    }
    if conditions
        .minimum_order_minor
        .is_some_and(|minor| minor < 0)
    {
        refuse("minimum_order_minor", "is below zero");
    }
    if !conditions.payment.is_sorted_by(|a, b| a < b) {
        refuse("payment", "names each once and in order");
    }
    if let Some(fee) = conditions.delivery_fee {
        let wrong = check_fee(fee, conditions.mode);
        wrong
            .iter()
            .for_each(|(field, reason)| refuse(field, reason));
    }
    let Some(market) = state.market(&conditions.market) else {
        let reason = format!("there is no market {}", conditions.market);
        let code = ErrorCode::UnknownMarket;
        problems.refuse(index, "order_conditions.market", code, reason);
        return;
    };
    if let Some(zone) = &conditions.zone {
        let field = "order_conditions.zone";
        check_zone(problems, index, field, &market.id, zone, state);
    }
    if let Some(returns) = &conditions.returns {
        check_returns(problems, index, returns, &market);
    }
    check_overlaps(problems, index, conditions, state);
}

fn check_fee(fee: Fee, mode: Option<SalesMode>) -> Vec<(&'static str, &'static str)> {
    let wrong = [
        (
            "delivery_fee.amount_minor",
            "is below zero",
            fee.amount_minor < 0,
        ),
        (
            "delivery_fee.free_from_minor",
            "is not above zero",
            fee.free_from_minor.is_some_and(|from| from <= 0),
        ),
        (
            "delivery_fee.free_from_minor",
            "says nothing where delivery is free",
            fee.amount_minor == 0 && fee.free_from_minor.is_some(),
        ),
        (
            "delivery_fee",
            "is for the sales mode delivery alone",
            mode.is_some_and(|mode| mode != SalesMode::Delivery),
        ),
    ];
    let wrong = wrong.into_iter().filter(|(_, _, is_wrong)| *is_wrong);
    wrong.map(|(field, reason, _)| (field, reason)).collect()
}

fn check_returns(problems: &mut Problems, index: usize, returns: &ReturnPolicy, market: &Market) {
    let field = "order_conditions.returns";
    if returns.days > RETURN_DAYS_MAX {
        let reason = format!("{} is more than {RETURN_DAYS_MAX}", returns.days);
        problems.refuse(index, format!("{field}.days"), INVALID, reason);
    }
    let labels = format!("{field}.labels");
    for (locale, text) in &returns.labels {
        let field = format!("{labels}.{locale}");
        check_text(problems, index, &field, text, SHORT_MAX);
    }
    let missing = market
        .locales
        .iter()
        .filter(|locale| !returns.labels.contains_key(*locale));
    for locale in missing.filter(|_| !returns.labels.is_empty()) {
        let reason = format!("has no words in {locale}, which the market speaks");
        problems.warn(index, labels.as_str(), WarningCode::MissingLocale, reason);
    }
}

/// Two conditions of the same place and mode that give the same part at the
/// same time would leave the answer to chance.
fn check_overlaps(
    problems: &mut Problems,
    index: usize,
    conditions: &OrderConditions,
    state: &Overlay<'_>,
) {
    for other in state.all_order_conditions(&conditions.market) {
        let ends_before = |a: &OrderConditions, b: &OrderConditions| {
            a.valid_until.is_some_and(|until| until <= b.valid_from)
        };
        let is_other = other.id != conditions.id
            && other.zone == conditions.zone
            && other.mode == conditions.mode
            && !ends_before(&other, conditions)
            && !ends_before(conditions, &other);
        if !is_other {
            continue;
        }
        let given = other.parts();
        for part in conditions.parts().iter().filter(|it| given.contains(it)) {
            let field = format!("order_conditions.{part}");
            let reason = format!(
                "{} and {} both give it for the same place, sales mode and time",
                conditions.id, other.id
            );
            problems.refuse(index, field, INVALID, reason);
        }
    }
}
