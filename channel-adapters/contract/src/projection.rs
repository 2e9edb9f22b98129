//! The projection: what a channel must claim, given the terms.

use crate::channel::Channel;
use crate::claims::{ClaimKey, Claims, Field};
use crate::measure::Quantity;
use crate::promotion_text::promotion_claim;
use crate::terms::{ConditionalPrice, Tax, Terms, UnitPrice, words_in};
use crate::{Amount, Facts, Instant, Sku};

/// The claims that a channel must show for terms that hold until `until`:
/// every claim that follows from them, minus what the channel declared as
/// implied or omitted. Nothing else may be shown: a price that is exclusive to
/// another channel follows for that channel only.
#[must_use]
pub fn project(
    channel: &Channel,
    sku: &Sku,
    facts: &Facts,
    terms: &Terms,
    until: Option<Instant>,
) -> Claims {
    let mut claims = all_claims(channel, sku, facts, terms, until);
    claims.retain(|key| channel.projection.shows(key.field));
    claims
}

fn all_claims(
    channel: &Channel,
    sku: &Sku,
    facts: &Facts,
    terms: &Terms,
    until: Option<Instant>,
) -> Claims {
    let mut claims = Claims::default();
    claims.set(Field::Sku, sku.as_str());
    let content = facts.content_in(&channel.locale);
    claims.set_some(Field::Name, content.map(|(_, content)| &content.name));
    claims.set(Field::SaleUnit, facts.sale_unit.to_string());
    claims.set_some(
        Field::Quantities,
        quantities_text(facts.minimum_quantity, facts.step),
    );
    claims.set(Field::Currency, terms.currency.code());
    claims.set(Field::Price, terms.price.to_string());
    let conditional = terms.conditional.iter();
    for price in conditional.filter(|price| price.condition.is_shown_in(&channel.id)) {
        claims.set(conditional_key(price), price.amount.to_string());
    }
    claims.set_some(Field::Deposit, terms.deposit);
    claims.set(Field::Tax, tax_text(terms.tax));
    claims.set_some(Field::Regular, terms.regular);
    claims.set_some(Field::Prior, terms.prior);
    claims.set_some(Field::Reduction, terms.reduction_percent);
    for reference in &terms.references {
        claims.set(
            ClaimKey::of(Field::Reference, &reference.kind),
            reference.amount.to_string(),
        );
    }
    claims.set_some(Field::UnitPrice, terms.unit_price.map(unit_price_text));
    for offer in &terms.offers {
        claims.set(
            ClaimKey::of(Field::Offer, offer.id.as_str()),
            offer.label_in(&channel.locale),
        );
    }
    for (key, text) in terms.order.iter().flat_map(|it| it.claims(&channel.locale)) {
        claims.set(key, text);
    }
    for warning in terms.warnings_in(channel) {
        let id = warning.restriction.as_str();
        let text = words_in(&warning.labels, &channel.locale).unwrap_or(id);
        claims.set(ClaimKey::of(Field::Warning, id), text);
    }
    for promotion in &terms.promotions {
        claims.set(
            ClaimKey::of(Field::Promotion, promotion.id.as_str()),
            promotion_claim(promotion, &channel.locale),
        );
    }
    claims.set_some(Field::Until, until);
    claims
}

/// The key of the claim of a conditional price: `conditional.audience:gold`,
/// `conditional.quantity:6`.
#[must_use]
pub fn conditional_key(price: &ConditionalPrice) -> ClaimKey {
    ClaimKey::of(Field::Conditional, &price.condition.to_string())
}

/// The claim text of the smallest quantity sold and of the step; none where
/// neither is said.
#[must_use]
pub fn quantities_text(minimum: Option<Quantity>, step: Option<Quantity>) -> Option<String> {
    let parts = [
        minimum.map(|minimum| format!("minimum {minimum}")),
        step.map(|step| format!("step {step}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The claim text of a tax.
#[must_use]
pub fn tax_text(tax: Tax) -> String {
    let basis = if tax.included { "included" } else { "excluded" };
    format!("{basis} {}", tax.rate_bp)
}

/// The claim text of a unit price.
#[must_use]
pub fn unit_price_text(unit_price: UnitPrice) -> String {
    let amount: Amount = unit_price.amount;
    format!("{amount}/{}", unit_price.per)
}
