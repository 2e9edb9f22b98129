//! Reading a document back: the values as a machine takes them, the display
//! texts as a customer reads them. Both must agree.

use offercast_contract::claims::ClaimKey;
use offercast_contract::promotion_text::promotion_text;
use offercast_contract::{Channel, Claims, Currency, Field, Instant, Reading, order};
use offercast_kit::Unreadable;
use offercast_kit::wording::Customer;
use offercast_kit::wording::read::ReadError;

use crate::document::{Document, Order, Promotion, Quantities, Tax, UnitPrice};

/// The claims of a document.
pub(crate) fn read(channel: &Channel, body: &[u8]) -> Result<Reading, Unreadable> {
    let document: Document =
        serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    if document.lang != channel.locale.as_str() {
        let reason = format!("lang: {:?} is not {}", document.lang, channel.locale);
        return Err(Unreadable(reason));
    }
    let currency = Currency::parse(&document.price.currency)
        .map_err(|error| Unreadable(format!("price: {error}")))?;
    let customer =
        Customer::of(channel, currency).map_err(|error| Unreadable(error.to_string()))?;
    let mut reader = Reader {
        customer,
        currency,
        claims: Claims::default(),
    };
    reader.claims.set(Field::Currency, currency.code());
    reader.item(&document)?;
    reader.prices(&document)?;
    reader.lists(&document)?;
    Ok(reader.claims)
}

struct Reader {
    customer: Customer,
    currency: Currency,
    claims: Claims,
}

impl Reader {
    fn item(&mut self, document: &Document) -> Result<(), Unreadable> {
        self.claims.set(Field::Sku, document.sku.as_str());
        self.claims.set_some(Field::Name, document.name.as_ref());
        let unit = &document.sale_unit;
        self.claim(
            Field::SaleUnit,
            &unit.code,
            self.customer.sale_unit(&unit.text),
        )?;
        if let Some(tax) = &document.tax {
            self.claim(Field::Tax, &tax_claim(tax), self.customer.tax(&tax.text))?;
        }
        if let Some(sold) = &document.quantities {
            let said = self.customer.quantities(&sold.text);
            self.claim(Field::Quantities, &quantities_claim(sold), said)?;
        }
        match &document.until {
            Some(until) => self.until(&until.at, &until.text),
            None => Ok(()),
        }
    }

    fn prices(&mut self, document: &Document) -> Result<(), Unreadable> {
        let words = self.customer.words();
        let price = &document.price;
        self.money(Field::Price, &price.amount, &price.currency, &price.text)?;
        for (field, money, label) in [
            (Field::Regular, &document.regular, words.regular),
            (Field::Prior, &document.prior, words.prior),
            (Field::Deposit, &document.deposit, words.deposit),
        ] {
            if let Some(money) = money {
                check_label(field, &money.label, label)?;
                self.money(field, &money.amount, &money.currency, &money.text)?;
            }
        }
        if let Some(reduction) = &document.reduction {
            let said = self.customer.reduction(&reduction.text);
            self.claim(Field::Reduction, &reduction.percent.to_string(), said)?;
        }
        if let Some(price) = &document.unit_price {
            check_label(Field::UnitPrice, &price.label, words.unit_price)?;
            self.check_currency(&Field::UnitPrice.into(), &price.currency)?;
            let said = self.customer.unit_price(&price.text);
            self.claim(Field::UnitPrice, &unit_price_claim(price), said)?;
        }
        Ok(())
    }

    fn lists(&mut self, document: &Document) -> Result<(), Unreadable> {
        for price in &document.conditional {
            let key = ClaimKey::of(Field::Conditional, &price.condition);
            let said = self.customer.condition(&price.label);
            agree(&key, &price.condition, said)?;
            self.money(key, &price.amount, &price.currency, &price.text)?;
        }
        for reference in &document.references {
            let key = ClaimKey::of(Field::Reference, &reference.kind);
            let label = self.customer.words().reference_label(&reference.kind);
            check_label(key.clone(), &reference.label, &label)?;
            self.money(key, &reference.amount, &reference.currency, &reference.text)?;
        }
        for offer in &document.offers {
            let key = ClaimKey::of(Field::Offer, &offer.id);
            self.set(key, &offer.label)?;
        }
        for shown in &document.promotions {
            self.promotion(shown)?;
        }
        for warning in &document.warnings {
            self.set(ClaimKey::of(Field::Warning, &warning.id), &warning.text)?;
        }
        document.order.as_ref().map_or(Ok(()), |it| self.order(it))
    }

    fn order(&mut self, order: &Order) -> Result<(), Unreadable> {
        let key = |which: &str| ClaimKey::of(Field::Order, which);
        if let Some(fee) = &order.delivery_fee {
            let key = key(order::DELIVERY_FEE);
            self.check_currency(&key, &fee.currency)?;
            let said = self.customer.delivery_fee(&fee.text);
            let value = match &fee.free_from {
                None => fee.amount.clone(),
                Some(from) => format!("{} free from {from}", fee.amount),
            };
            self.claim(key, &value, said)?;
        }
        if let Some(minimum) = &order.minimum_order {
            let key = key(order::MINIMUM_ORDER);
            self.check_currency(&key, &minimum.currency)?;
            let said = self.customer.minimum_order(&minimum.text);
            self.claim(key, &minimum.amount, said)?;
        }
        if let Some(payment) = &order.payment {
            let said = self.customer.payment(&payment.text);
            self.claim(key(order::PAYMENT), &payment.methods.join(","), said)?;
        }
        if let Some(returns) = &order.returns {
            let said = self.customer.returns(&returns.text);
            self.claim(key(order::RETURNS), &returns.days.to_string(), said)?;
            if let Some(words) = &returns.words {
                self.set(key(order::RETURNS_WORDS), words)?;
            }
        }
        Ok(())
    }

    /// The words say what the data say; the hash covers the data.
    fn promotion(&mut self, shown: &Promotion) -> Result<(), Unreadable> {
        let promotion = &shown.promotion;
        let key = ClaimKey::of(Field::Promotion, promotion.id.as_str());
        if !promotion.labels.is_empty() {
            return Err(Unreadable(format!("{key}: words among the data")));
        }
        let text = promotion_text(promotion);
        agree(&key, &text, self.customer.promotion(&shown.text))?;
        let claim = format!("{text} #{}; {}", promotion.short_hash(), shown.label);
        self.set(key, &claim)
    }

    fn money(
        &mut self,
        key: impl Into<ClaimKey>,
        amount: &str,
        currency: &str,
        text: &str,
    ) -> Result<(), Unreadable> {
        let key = key.into();
        self.check_currency(&key, currency)?;
        let said = self.customer.amount(text);
        self.claim(key, amount, said)
    }

    fn check_currency(&self, key: &ClaimKey, currency: &str) -> Result<(), Unreadable> {
        if currency == self.currency.code() {
            return Ok(());
        }
        let reason = format!("{key}: in {currency:?}, the price in {}", self.currency);
        Err(Unreadable(reason))
    }

    fn until(&mut self, at: &str, text: &str) -> Result<(), Unreadable> {
        let until: Instant = at
            .parse()
            .map_err(|error| Unreadable(format!("until: {error}")))?;
        if !self.customer.is_told_until(text, until) {
            let reason = format!("until: the text {text:?} does not say {until}");
            return Err(Unreadable(reason));
        }
        self.set(Field::Until.into(), at)
    }

    /// A claim whose text was read as `said`.
    fn claim(
        &mut self,
        key: impl Into<ClaimKey>,
        value: &str,
        said: Result<String, ReadError>,
    ) -> Result<(), Unreadable> {
        let key = key.into();
        agree(&key, value, said)?;
        self.set(key, value)
    }

    fn set(&mut self, key: ClaimKey, value: &str) -> Result<(), Unreadable> {
        if self.claims.get(&key).is_some() {
            return Err(Unreadable(format!("{key} is claimed twice")));
        }
        self.claims.set(key, value);
        Ok(())
    }
}

fn agree(key: &ClaimKey, value: &str, said: Result<String, ReadError>) -> Result<(), Unreadable> {
    match said {
        Ok(said) if said == value => Ok(()),
        Ok(said) => Err(Unreadable(format!(
            "{key}: the text says {said:?}, the value {value:?}"
        ))),
        Err(error) => Err(Unreadable(format!("{key}: {error}"))),
    }
}

fn check_label(key: impl Into<ClaimKey>, label: &str, expected: &str) -> Result<(), Unreadable> {
    if label == expected {
        return Ok(());
    }
    let key = key.into();
    let reason = format!("{key}: labelled {label:?}, not {expected:?}");
    Err(Unreadable(reason))
}

fn tax_claim(tax: &Tax) -> String {
    let basis = if tax.included { "included" } else { "excluded" };
    format!("{basis} {}", tax.rate_bp)
}

fn quantities_claim(sold: &Quantities) -> String {
    let parts = [("minimum", &sold.minimum), ("step", &sold.step)];
    let parts = parts
        .into_iter()
        .filter_map(|(name, quantity)| Some(format!("{name} {}", quantity.as_ref()?)));
    parts.collect::<Vec<_>>().join(" ")
}

fn unit_price_claim(price: &UnitPrice) -> String {
    let (amount, per) = (&price.amount, &price.per);
    format!("{amount}/{} {}", per.quantity, per.unit)
}
