//! Checks of a market's policies for prices, and of prices against them.

use std::collections::BTreeSet;

use offercast_contract::Amount;

use super::problem::Problems;
use super::text::category_rule;
use super::{ErrorCode, WarningCode};
use crate::source::{Law, Market, Pricing, PriorPriceLaw, UnitPriceRule, ending};

/// No ending is worth more than a part of the price of so many percent.
const ENDING_PERCENT_MAX: u32 = 20;

pub(super) fn check_law(problems: &mut Problems, index: usize, law: &Law) {
    let Some(prior) = &law.prior_price else {
        return;
    };
    let days = PriorPriceLaw::DAYS_MIN..=PriorPriceLaw::DAYS_MAX;
    if !days.contains(&prior.days) {
        let reason = format!(
            "{} is not between {} and {}",
            prior.days,
            PriorPriceLaw::DAYS_MIN,
            PriorPriceLaw::DAYS_MAX
        );
        let field = "market.law.prior_price.days";
        problems.refuse(index, field, ErrorCode::Invalid, reason);
    }
    for (at, path) in prior.perishable_categories.iter().enumerate() {
        if let Err(reason) = category_rule(path) {
            let field = format!("market.law.prior_price.perishable_categories.{at}");
            problems.refuse(index, field, ErrorCode::Invalid, reason);
        }
    }
}

pub(super) fn check_pricing(problems: &mut Problems, index: usize, pricing: &Pricing) {
    let mut refuse = |field: String, reason: &str| {
        let field = format!("market.pricing.{field}");
        problems.refuse(index, field, ErrorCode::Invalid, reason);
    };
    let step = pricing.cash_step_minor.unwrap_or(1);
    if pricing.cash_step_minor.is_some_and(|step| step < 2) {
        refuse("cash_step_minor".to_owned(), "is less than 2");
    }
    let mut seen = BTreeSet::new();
    for (at, digits) in pricing.endings.iter().enumerate() {
        let reason = match ending(digits) {
            None => Some("is not one to six digits"),
            Some(_) if !seen.insert(digits) => Some("is there twice"),
            Some((value, modulus)) if step > 1 && (value % step != 0 || modulus % step != 0) => {
                Some("cannot be paid in steps of cash")
            }
            Some(_) => None,
        };
        if let Some(reason) = reason {
            refuse(format!("endings.{at}"), reason);
        }
    }
    if pricing.endings_within_percent > ENDING_PERCENT_MAX {
        refuse("endings_within_percent".to_owned(), "is more than 20");
    }
    let mut seen = BTreeSet::new();
    for (at, rule) in pricing.unit_prices.iter().enumerate() {
        if !UnitPriceRule::is_accepted(rule.per) {
            let reason = "is not a base measure that channels take, such as 1 kg, 0.1 kg or 0.1 l";
            refuse(format!("unit_prices.{at}.per"), reason);
        }
        if let Some(Err(reason)) = rule.category.as_deref().map(category_rule) {
            refuse(format!("unit_prices.{at}.category"), &reason);
        }
        if !seen.insert((&rule.category, rule.per.unit)) {
            refuse(format!("unit_prices.{at}"), "is there twice");
        }
    }
}

/// Warns of a typed price that does not end as prices of the market do.
pub(super) fn check_ending(
    problems: &mut Problems,
    index: usize,
    field: &str,
    amount_minor: i64,
    market: &Market,
) {
    if !market.pricing.ends_well(amount_minor) {
        let reason = format!(
            "{} {} does not end with {}, as prices of market {} do",
            Amount::new(amount_minor, market.currency),
            market.currency,
            market.pricing.endings.join(" or "),
            market.id
        );
        problems.warn(index, field, WarningCode::PriceEnding, reason);
    }
}
