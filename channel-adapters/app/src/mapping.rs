//! From terms to what the template prints. Pure.

use offercast_contract::projection::conditional_key;
use offercast_contract::terms::words_in;
use offercast_contract::{Amount, Field, Projection, canonical_bytes};
use offercast_kit::wording::Wording;
use offercast_kit::{RenderError, Shown};
use serde::Serialize;

/// All that the template may use. Absent things are null, never missing:
/// strict mode refuses names that it does not find.
#[derive(Debug, Serialize)]
pub(crate) struct Context<'a> {
    sku: &'a str,
    lang: &'a str,
    name: Option<&'a str>,
    brand: Option<&'a str>,
    image: Option<&'a str>,
    currency: &'static str,
    sale_unit: SaleUnit,
    price: Money<'a>,
    regular: Option<Money<'a>>,
    prior: Option<Money<'a>>,
    reduction: Option<Reduction>,
    unit_price: Option<UnitPrice>,
    quantities: Option<Quantities>,
    deposit: Option<Money<'a>>,
    tax: Option<Tax>,
    until: Option<Until>,
    conditional: Vec<Money<'a>>,
    references: Vec<Money<'a>>,
    offers: Vec<Offer<'a>>,
    order: Option<Order>,
    warnings: Vec<Warning<'a>>,
    promotions: Vec<Promotion<'a>>,
    conditions: Option<&'a str>,
    legal: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Money<'a> {
    /// The condition or the kind, where there are several; else empty.
    which: std::borrow::Cow<'a, str>,
    amount: String,
    label: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct SaleUnit {
    code: String,
    text: &'static str,
}

#[derive(Debug, Serialize)]
struct Reduction {
    percent: u8,
    text: String,
}

#[derive(Debug, Serialize)]
struct UnitPrice {
    amount: String,
    quantity: String,
    unit: String,
    label: &'static str,
    text: String,
}

#[derive(Debug, Serialize)]
struct Quantities {
    minimum: Option<String>,
    step: Option<String>,
    text: String,
}

#[derive(Debug, Serialize)]
struct Tax {
    included: bool,
    rate_bp: u32,
    text: String,
}

#[derive(Debug, Serialize)]
struct Until {
    at: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct Offer<'a> {
    id: &'a str,
    label: &'a str,
}

/// Order conditions; one that is not given is null.
#[derive(Debug, Serialize)]
struct Order {
    delivery_fee: Option<DeliveryFee>,
    minimum_order: Option<MinimumOrder>,
    payment: Option<Payment>,
    returns: Option<Returns>,
}

#[derive(Debug, Serialize)]
struct DeliveryFee {
    amount: String,
    free_from: Option<String>,
    text: String,
}

#[derive(Debug, Serialize)]
struct MinimumOrder {
    amount: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct Payment {
    methods: Vec<&'static str>,
    text: String,
}

#[derive(Debug, Serialize)]
struct Returns {
    days: u16,
    words: Option<String>,
    text: String,
}

#[derive(Debug, Serialize)]
struct Warning<'a> {
    id: &'a str,
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct Promotion<'a> {
    label: &'a str,
    /// The whole promotion but its words, as canonical JSON.
    terms: String,
    text: String,
}

/// Fields that the document cannot do without, so they cannot be declared as
/// implied.
const ALWAYS_SHOWN: [Field; 4] = [Field::Sku, Field::Currency, Field::Price, Field::SaleUnit];

/// The context of one item.
pub(crate) fn context<'a>(
    shown: &Shown<'a>,
    wording: &Wording,
) -> Result<Context<'a>, RenderError> {
    let projection = &shown.channel.projection;
    if let Some(field) = ALWAYS_SHOWN.iter().find(|field| !projection.shows(**field)) {
        return Err(RenderError::NotRepresentable(format!(
            "the app always shows {field}, so it cannot be implied"
        )));
    }
    let (facts, terms, words) = (shown.facts, shown.terms, wording.words());
    let content = facts.content_in(&shown.channel.locale);
    let content = content.map(|(_, content)| content);
    let parts = Parts {
        shown: *shown,
        wording,
        projection,
    };
    Ok(Context {
        sku: shown.sku.as_str(),
        lang: shown.channel.locale.as_str(),
        name: content
            .filter(|_| projection.shows(Field::Name))
            .map(|content| content.name.as_str()),
        brand: facts.brand.as_deref(),
        image: facts.image.as_deref(),
        currency: terms.currency.code(),
        sale_unit: SaleUnit {
            code: facts.sale_unit.to_string(),
            text: words.sale_unit(facts.sale_unit),
        },
        price: parts.money("", "", terms.price),
        regular: parts.some_money(Field::Regular, words.regular, terms.regular),
        prior: parts.some_money(Field::Prior, words.prior, terms.prior),
        reduction: parts.reduction(),
        unit_price: parts.unit_price(),
        quantities: parts.quantities(),
        deposit: parts.some_money(Field::Deposit, words.deposit, terms.deposit),
        tax: parts.tax(),
        until: parts.until(),
        conditional: parts.conditional(),
        references: parts.references(),
        offers: parts.offers(),
        order: parts.order(),
        warnings: parts.warnings(),
        promotions: parts.promotions(),
        conditions: content.and_then(|content| content.conditions.as_deref()),
        legal: content.and_then(|content| content.legal.as_deref()),
    })
}

/// Canonical JSON is UTF-8.
fn json(value: &impl Serialize) -> String {
    String::from_utf8(canonical_bytes(value)).unwrap_or_default()
}

struct Parts<'a, 'w> {
    shown: Shown<'a>,
    wording: &'w Wording,
    projection: &'a Projection,
}

impl<'a> Parts<'a, '_> {
    fn money(
        &self,
        which: impl Into<std::borrow::Cow<'a, str>>,
        label: impl Into<String>,
        amount: Amount,
    ) -> Money<'a> {
        Money {
            which: which.into(),
            amount: amount.to_string(),
            label: label.into(),
            text: self.wording.amount(amount, self.shown.terms.currency),
        }
    }

    fn some_money(&self, field: Field, label: &str, amount: Option<Amount>) -> Option<Money<'a>> {
        let amount = amount.filter(|_| self.projection.shows(field))?;
        Some(self.money("", label, amount))
    }

    fn reduction(&self) -> Option<Reduction> {
        let percent = self.shown.terms.reduction_percent;
        let percent = percent.filter(|_| self.projection.shows(Field::Reduction))?;
        Some(Reduction {
            percent,
            text: self.wording.reduction(percent),
        })
    }

    fn unit_price(&self) -> Option<UnitPrice> {
        let price = self.shown.terms.unit_price;
        let price = price.filter(|_| self.projection.shows(Field::UnitPrice))?;
        Some(UnitPrice {
            amount: price.amount.to_string(),
            quantity: price.per.quantity.to_string(),
            unit: price.per.unit.to_string(),
            label: self.wording.words().unit_price,
            text: self.wording.unit_price(price, self.shown.terms.currency),
        })
    }

    fn quantities(&self) -> Option<Quantities> {
        let facts = self.shown.facts;
        let text = self.wording.quantities(facts)?;
        self.projection
            .shows(Field::Quantities)
            .then(|| Quantities {
                minimum: facts.minimum_quantity.map(|minimum| minimum.to_string()),
                step: facts.step.map(|step| step.to_string()),
                text,
            })
    }

    fn tax(&self) -> Option<Tax> {
        let tax = self.shown.terms.tax;
        self.projection.shows(Field::Tax).then(|| Tax {
            included: tax.included,
            rate_bp: tax.rate_bp,
            text: self.wording.tax(tax),
        })
    }

    fn until(&self) -> Option<Until> {
        let until = self.shown.until;
        let until = until.filter(|_| self.projection.shows(Field::Until))?;
        Some(Until {
            at: until.to_string(),
            text: self.wording.until(until),
        })
    }

    fn conditional(&self) -> Vec<Money<'a>> {
        let sale_unit = self.shown.facts.sale_unit;
        let prices = self.shown.terms.conditional.iter();
        prices
            .filter(|_| self.projection.shows(Field::Conditional))
            .filter(|price| price.condition.is_shown_in(&self.shown.channel.id))
            .map(|price| {
                let label = self.wording.condition(&price.condition, sale_unit);
                self.money(conditional_key(price).which, label, price.amount)
            })
            .collect()
    }

    fn references(&self) -> Vec<Money<'a>> {
        let references = self.shown.terms.references.iter();
        references
            .filter(|_| self.projection.shows(Field::Reference))
            .map(|reference| {
                let label = self.wording.words().reference_label(&reference.kind);
                self.money(reference.kind.as_str(), label, reference.amount)
            })
            .collect()
    }

    fn order(&self) -> Option<Order> {
        let (terms, wording) = (self.shown.terms, self.wording);
        let order = terms.order.as_ref();
        let order = order.filter(|_| self.projection.shows(Field::Order))?;
        let fee = order.delivery_fee.map(|fee| DeliveryFee {
            amount: fee.amount.to_string(),
            free_from: fee.free_from.map(|from| from.to_string()),
            text: wording.delivery_fee(fee, terms.currency),
        });
        let minimum = order.minimum_order.map(|amount| MinimumOrder {
            amount: amount.to_string(),
            text: wording.minimum_order(amount, terms.currency),
        });
        let payment = (!order.payment.is_empty()).then(|| Payment {
            methods: order.payment.iter().map(|it| it.as_str()).collect(),
            text: wording.payment(&order.payment),
        });
        let returns = order.returns.as_ref().map(|returns| Returns {
            days: returns.days,
            words: words_in(&returns.labels, &self.shown.channel.locale).map(str::to_owned),
            text: wording.returns(returns.days),
        });
        Some(Order {
            delivery_fee: fee,
            minimum_order: minimum,
            payment,
            returns,
        })
    }

    fn warnings(&self) -> Vec<Warning<'a>> {
        let channel = self.shown.channel;
        let warnings = self.shown.terms.warnings_in(channel);
        warnings
            .filter(|_| self.projection.shows(Field::Warning))
            .map(|warning| Warning {
                id: warning.restriction.as_str(),
                text: words_in(&warning.labels, &channel.locale).unwrap_or_default(),
            })
            .collect()
    }

    fn promotions(&self) -> Vec<Promotion<'a>> {
        let terms = self.shown.terms;
        let promotions = terms.promotions.iter();
        promotions
            .filter(|_| self.projection.shows(Field::Promotion))
            .map(|promotion| Promotion {
                label: promotion.label_in(&self.shown.channel.locale),
                terms: json(&promotion.without_words()),
                text: self.wording.promotion(promotion, terms.currency),
            })
            .collect()
    }

    fn offers(&self) -> Vec<Offer<'a>> {
        let offers = self.shown.terms.offers.iter();
        offers
            .filter(|_| self.projection.shows(Field::Offer))
            .map(|offer| Offer {
                id: offer.id.as_str(),
                label: offer.label_in(&self.shown.channel.locale),
            })
            .collect()
    }
}
