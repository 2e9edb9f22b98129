//! The second way: what a customer reads must say what the attribute says.

use offercast_contract::order;
use offercast_contract::promotion_text::split_claim;
use offercast_contract::{Field, Instant};
use offercast_kit::wording::Customer;

use super::ShownClaim;
use super::fragment::one_space;

/// Checks the visible text of a claim against its value; the error says how
/// they differ.
pub(super) fn agrees(customer: &Customer, claim: &ShownClaim) -> Result<(), String> {
    let is_old_price = claim.key.field == Field::Regular;
    if claim.struck != is_old_price {
        let is_not = if is_old_price { "is not" } else { "is" };
        return Err(format!("the text {is_not} struck through"));
    }
    let said = said(customer, claim)?;
    if said == claim.value {
        Ok(())
    } else {
        Err(format!(
            "the text {:?} says {said:?}, the attribute {:?}",
            claim.text, claim.value
        ))
    }
}

/// What the visible text claims, in canonical form.
fn said(customer: &Customer, claim: &ShownClaim) -> Result<String, String> {
    let (text, words) = (claim.text.as_str(), customer.words());
    let which = claim.key.which.as_str();
    let said = match claim.key.field {
        Field::Sku => return Ok(labelled(text, words.sku)?.to_owned()),
        Field::Name | Field::Offer | Field::Warning if one_space(&claim.value) == text => {
            return Ok(claim.value.clone());
        }
        Field::Name | Field::Offer | Field::Warning => return Ok(text.to_owned()),
        Field::Order => return order(customer, claim),
        Field::Conditional => return conditional(customer, text, which),
        Field::Promotion => return promotion(customer, text, &claim.value),
        Field::Until => return until(customer, text, &claim.value),
        Field::Currency => return Err("the currency is read from the amounts".to_owned()),
        Field::SaleUnit => customer.sale_unit(text),
        Field::Price => customer.amount(text),
        Field::Regular => customer.amount(labelled(text, words.regular)?),
        Field::Prior => customer.amount(labelled(text, words.prior)?),
        Field::Deposit => customer.amount(labelled(text, words.deposit)?),
        Field::Reference => customer.amount(labelled(text, &words.reference_label(which))?),
        Field::UnitPrice => customer.unit_price(labelled(text, words.unit_price)?),
        Field::Reduction => customer.reduction(text),
        Field::Quantities => customer.quantities(text),
        Field::Tax => customer.tax(text),
    };
    said.map_err(|error| error.to_string())
}

/// What stands behind a label.
fn labelled<'a>(text: &'a str, label: &str) -> Result<&'a str, String> {
    text.strip_prefix(label)
        .and_then(|rest| rest.strip_prefix(' '))
        .ok_or_else(|| format!("{text:?} is not labelled {label:?}"))
}

/// One of the order conditions.
fn order(customer: &Customer, claim: &ShownClaim) -> Result<String, String> {
    let text = claim.text.as_str();
    let said = match claim.key.which.as_str() {
        order::DELIVERY_FEE => customer.delivery_fee(text),
        order::MINIMUM_ORDER => customer.minimum_order(text),
        order::PAYMENT => customer.payment(text),
        order::RETURNS => customer.returns(text),
        order::RETURNS_WORDS if one_space(&claim.value) == text => return Ok(claim.value.clone()),
        order::RETURNS_WORDS => return Ok(text.to_owned()),
        other => return Err(format!("{other:?} is no order condition")),
    };
    said.map_err(|error| error.to_string())
}

fn conditional(customer: &Customer, text: &str, which: &str) -> Result<String, String> {
    // Nothing breaks inside of an amount, so the last space stands before it.
    let (label, amount) = text
        .rsplit_once(' ')
        .ok_or_else(|| format!("{text:?} has no condition"))?;
    let condition = customer
        .condition(label)
        .map_err(|error| error.to_string())?;
    if condition == which {
        customer.amount(amount).map_err(|error| error.to_string())
    } else {
        Err(format!(
            "{label:?} says {condition:?}, the attribute {which:?}"
        ))
    }
}

/// The words before the first dash are the mechanic and its conditions, those
/// after it the label. What the words leave out is covered by the hash.
fn promotion(customer: &Customer, text: &str, value: &str) -> Result<String, String> {
    let (words, label) = text
        .split_once(" — ")
        .ok_or_else(|| format!("{text:?} has no label"))?;
    let said = customer
        .promotion(words)
        .map_err(|error| error.to_string())?;
    let (_, hash, meant) =
        split_claim(value).ok_or_else(|| format!("{value:?} is no promotion"))?;
    let label = if one_space(meant) == label {
        meant
    } else {
        label
    };
    Ok(format!("{said} #{hash}; {label}"))
}

fn until(customer: &Customer, text: &str, value: &str) -> Result<String, String> {
    let until: Instant = value
        .parse()
        .map_err(|error| format!("the attribute: {error}"))?;
    if customer.is_told_until(text, until) {
        Ok(until.to_string())
    } else {
        Ok(text.to_owned())
    }
}
