//! From terms to what the template prints. Pure.

use offercast_contract::projection::{conditional_key, quantities_text, tax_text, unit_price_text};
use offercast_contract::promotion_text::promotion_claim;
use offercast_contract::terms::words_in;
use offercast_contract::{Amount, ConditionalPrice, Field, OfferId, order};
use offercast_kit::wording::Wording;
use offercast_kit::{RenderError, Shown};
use serde::Serialize;

use crate::structured;

/// All that the template may use. Absent things are null, never missing:
/// strict mode refuses names that it does not find.
#[derive(Debug, Serialize)]
pub(crate) struct Context {
    lang: String,
    text_lang: String,
    currency: &'static str,
    sku: Line,
    name: Option<Name>,
    brand: Option<String>,
    image: Option<String>,
    price: Line,
    sale_unit: Line,
    reduction: Option<Line>,
    regular: Option<Line>,
    prior: Option<Line>,
    quantities: Option<Line>,
    conditional: Vec<Line>,
    offers: Vec<Line>,
    order: Vec<Line>,
    promotions: Vec<Line>,
    until: Option<Line>,
    unit_price: Option<Line>,
    deposit: Option<Line>,
    references: Vec<Line>,
    tax: Option<Line>,
    warnings: Vec<Line>,
    conditions: Option<String>,
    legal: Option<String>,
    json_ld: String,
}

/// One claim: for machines, and in words.
#[derive(Debug, Serialize)]
struct Line {
    /// The key of the claim: `price`, `offer.summer`.
    claim: String,
    /// The claim's canonical text.
    value: String,
    /// The words before the amount; empty where there are none.
    label: String,
    /// What people read.
    text: String,
}

#[derive(Debug, Serialize)]
struct Name {
    lang: String,
    value: String,
}

/// Fields that a fragment cannot do without: they cannot be declared as
/// implied, since every amount prints its currency and every item its price.
const ALWAYS_SHOWN: [Field; 4] = [Field::Sku, Field::Currency, Field::Price, Field::SaleUnit];

/// The context of one item.
pub(crate) fn context(shown: &Shown<'_>, wording: &Wording) -> Result<Context, RenderError> {
    let projection = &shown.channel.projection;
    if let Some(field) = ALWAYS_SHOWN.iter().find(|field| !projection.shows(**field)) {
        return Err(RenderError::NotRepresentable(format!(
            "the site always shows {field}, so it cannot be implied"
        )));
    }
    let lines = Lines { shown, wording };
    let (facts, terms, words) = (shown.facts, shown.terms, wording.words());
    let content = facts.content_in(&shown.channel.locale);
    let text = |pick: fn(&offercast_contract::Content) -> &Option<String>| {
        content.and_then(|(_, content)| pick(content).clone())
    };
    let price = lines.amount(Field::Price, "", terms.price);
    let sale_unit = facts.sale_unit;
    Ok(Context {
        lang: shown.channel.locale.to_string(),
        text_lang: content.map_or(String::new(), |(locale, _)| locale.to_string()),
        currency: terms.currency.code(),
        sku: line(Field::Sku, shown.sku, words.sku, shown.sku.to_string()),
        name: content
            .filter(|_| projection.shows(Field::Name))
            .map(|(locale, content)| Name {
                lang: locale.to_string(),
                value: content.name.clone(),
            }),
        brand: facts.brand.clone(),
        image: facts.image.clone(),
        price,
        sale_unit: line(
            Field::SaleUnit,
            sale_unit,
            "",
            words.sale_unit(sale_unit).to_owned(),
        ),
        reduction: lines.reduction(),
        regular: lines.some_amount(Field::Regular, words.regular, terms.regular),
        prior: lines.some_amount(Field::Prior, words.prior, terms.prior),
        quantities: lines.quantities(),
        conditional: lines.conditional(),
        offers: lines.offers(),
        order: lines.order(),
        promotions: lines.promotions(),
        until: lines.until(),
        unit_price: lines.unit_price(),
        deposit: lines.some_amount(Field::Deposit, words.deposit, terms.deposit),
        references: lines.references(),
        tax: lines.tax(),
        warnings: lines.warnings(),
        conditions: text(|content| &content.conditions),
        legal: text(|content| &content.legal),
        json_ld: structured::json_ld(shown, wording.zone()),
    })
}

fn line(claim: impl ToString, value: impl ToString, label: &str, text: String) -> Line {
    Line {
        claim: claim.to_string(),
        value: value.to_string(),
        label: label.to_owned(),
        text,
    }
}

struct Lines<'a> {
    shown: &'a Shown<'a>,
    wording: &'a Wording,
}

impl Lines<'_> {
    fn shows(&self, field: Field) -> bool {
        self.shown.channel.projection.shows(field)
    }

    fn amount(&self, claim: impl ToString, label: &str, amount: Amount) -> Line {
        let text = self.wording.amount(amount, self.shown.terms.currency);
        line(claim, amount, label, text)
    }

    fn some_amount(&self, field: Field, label: &str, amount: Option<Amount>) -> Option<Line> {
        let amount = amount.filter(|_| self.shows(field))?;
        Some(self.amount(field, label, amount))
    }

    fn reduction(&self) -> Option<Line> {
        let percent = self.shown.terms.reduction_percent;
        let percent = percent.filter(|_| self.shows(Field::Reduction))?;
        let text = self.wording.reduction(percent);
        Some(line(Field::Reduction, percent, "", text))
    }

    fn quantities(&self) -> Option<Line> {
        let facts = self.shown.facts;
        let value = quantities_text(facts.minimum_quantity, facts.step);
        let value = value.filter(|_| self.shows(Field::Quantities))?;
        let text = self.wording.quantities(facts)?;
        Some(line(Field::Quantities, value, "", text))
    }

    fn conditional(&self) -> Vec<Line> {
        let prices = &self.shown.terms.conditional;
        prices
            .iter()
            .filter(|_| self.shows(Field::Conditional))
            .filter(|price| price.condition.is_shown_in(&self.shown.channel.id))
            .map(|price| self.conditional_price(price))
            .collect()
    }

    fn conditional_price(&self, price: &ConditionalPrice) -> Line {
        let sale_unit = self.shown.facts.sale_unit;
        let label = self.wording.condition(&price.condition, sale_unit);
        self.amount(conditional_key(price), &label, price.amount)
    }

    fn offers(&self) -> Vec<Line> {
        let key = |id: &OfferId| format!("{}.{id}", Field::Offer);
        let offers = &self.shown.terms.offers;
        offers
            .iter()
            .filter(|_| self.shows(Field::Offer))
            .map(|offer| {
                let label = offer.label_in(&self.shown.channel.locale);
                line(key(&offer.id), label, "", label.to_owned())
            })
            .collect()
    }

    /// The claims in order, each with the words for it.
    fn order(&self) -> Vec<Line> {
        let (terms, wording) = (self.shown.terms, self.wording);
        let Some(order) = terms.order.as_ref().filter(|_| self.shows(Field::Order)) else {
            return Vec::new();
        };
        let claims = order.claims(&self.shown.channel.locale);
        claims
            .into_iter()
            .filter_map(|(key, value)| {
                let text = match key.which.as_str() {
                    order::DELIVERY_FEE => {
                        wording.delivery_fee(order.delivery_fee?, terms.currency)
                    }
                    order::MINIMUM_ORDER => {
                        wording.minimum_order(order.minimum_order?, terms.currency)
                    }
                    order::PAYMENT => wording.payment(&order.payment),
                    order::RETURNS => wording.returns(order.returns.as_ref()?.days),
                    _ => value.clone(),
                };
                Some(line(key, value, "", text))
            })
            .collect()
    }

    fn warnings(&self) -> Vec<Line> {
        let channel = self.shown.channel;
        let warnings = self.shown.terms.warnings_in(channel);
        warnings
            .filter(|_| self.shows(Field::Warning))
            .map(|warning| {
                let text = words_in(&warning.labels, &channel.locale).unwrap_or_default();
                let key = format!("{}.{}", Field::Warning, warning.restriction);
                line(key, text, "", text.to_owned())
            })
            .collect()
    }

    /// The mechanic in words, then the label.
    fn promotions(&self) -> Vec<Line> {
        let (terms, locale) = (self.shown.terms, &self.shown.channel.locale);
        let promotions = terms.promotions.iter();
        promotions
            .filter(|_| self.shows(Field::Promotion))
            .map(|promotion| {
                let words = self.wording.promotion(promotion, terms.currency);
                let key = format!("{}.{}", Field::Promotion, promotion.id);
                let label = promotion.label_in(locale).to_owned();
                line(key, promotion_claim(promotion, locale), &words, label)
            })
            .collect()
    }

    fn until(&self) -> Option<Line> {
        let until = self.shown.until.filter(|_| self.shows(Field::Until))?;
        Some(line(Field::Until, until, "", self.wording.until(until)))
    }

    fn unit_price(&self) -> Option<Line> {
        let price = self.shown.terms.unit_price;
        let price = price.filter(|_| self.shows(Field::UnitPrice))?;
        let text = self.wording.unit_price(price, self.shown.terms.currency);
        let label = self.wording.words().unit_price;
        Some(line(Field::UnitPrice, unit_price_text(price), label, text))
    }

    fn references(&self) -> Vec<Line> {
        let references = &self.shown.terms.references;
        references
            .iter()
            .filter(|_| self.shows(Field::Reference))
            .map(|reference| {
                let label = self.wording.words().reference_label(&reference.kind);
                let claim = format!("{}.{}", Field::Reference, reference.kind);
                self.amount(claim, &label, reference.amount)
            })
            .collect()
    }

    fn tax(&self) -> Option<Line> {
        if !self.shows(Field::Tax) {
            return None;
        }
        let tax = self.shown.terms.tax;
        let text = self.wording.tax(tax);
        Some(line(Field::Tax, tax_text(tax), "", text))
    }
}
