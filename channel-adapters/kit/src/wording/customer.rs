//! What a customer takes from the phrases around a price.

use jiff::tz::TimeZone;
use offercast_contract::projection::{quantities_text, tax_text, unit_price_text};
use offercast_contract::{Channel, Currency, Instant, Locale, SaleUnit, Tax, UnitPrice};

use super::read::{self, Hint, ReadError};
use super::{WordingError, Words};

/// A customer of one channel: knows its language, its time zone and what
/// currency the shop uses, and answers with the canonical texts of claims.
#[derive(Debug, Clone)]
pub struct Customer {
    hint: Hint,
    locale: Locale,
    words: &'static Words,
    zone: TimeZone,
    currency: Currency,
}

impl Customer {
    /// A customer of `channel` looking at an item sold in `currency`.
    pub fn of(channel: &Channel, currency: Currency) -> Result<Self, WordingError> {
        Self::new(&channel.locale, &channel.time_zone, currency)
    }

    /// A customer who speaks `locale` and lives in the IANA time zone.
    pub fn new(locale: &Locale, time_zone: &str, currency: Currency) -> Result<Self, WordingError> {
        let zone = TimeZone::get(time_zone)
            .map_err(|_| WordingError::UnknownTimeZone(time_zone.to_owned()))?;
        Ok(Self {
            hint: Hint::of(locale),
            locale: locale.clone(),
            words: Words::of(locale),
            zone,
            currency,
        })
    }

    pub(super) fn locale(&self) -> &Locale {
        &self.locale
    }

    /// What the locale tells a reader.
    #[must_use]
    pub fn hint(&self) -> Hint {
        self.hint
    }

    /// The currency of the item.
    pub(super) fn currency(&self) -> Currency {
        self.currency
    }

    /// The words that the customer knows.
    #[must_use]
    pub fn words(&self) -> &'static Words {
        self.words
    }

    /// An amount in full, in the currency of the item: `399.90`.
    pub fn amount(&self, text: &str) -> Result<String, ReadError> {
        let money = read::money(text, self.hint)?;
        self.check_currency(text, money.currency())?;
        Ok(money.amount().to_string())
    }

    /// A unit price: `1599.60/1 kg`.
    pub fn unit_price(&self, text: &str) -> Result<String, ReadError> {
        let (money, per) = read::unit_price(text, self.hint)?;
        self.check_currency(text, money.currency())?;
        Ok(unit_price_text(UnitPrice {
            amount: money.amount(),
            per,
        }))
    }

    /// What a price is for: `kilogram`.
    pub fn sale_unit(&self, text: &str) -> Result<String, ReadError> {
        let units = [
            SaleUnit::Piece,
            SaleUnit::Kilogram,
            SaleUnit::Litre,
            SaleUnit::Metre,
            SaleUnit::Hour,
        ];
        units
            .into_iter()
            .find(|unit| self.words.sale_unit(*unit) == text)
            .map(|unit| unit.to_string())
            .ok_or_else(|| unexpected(text, "a sale unit"))
    }

    /// The condition of a price: `audience:gold`, `channel:app`, `quantity:6`, or several that
    /// hold together: `audience:gold+quantity:6`.
    pub fn condition(&self, label: &str) -> Result<String, ReadError> {
        let mut parts = Vec::new();
        for part in label.split(", ") {
            parts.push(self.part(part)?);
        }
        // The parts of a condition are named in the order of the alphabet.
        if parts.is_sorted_by(|a, b| a < b) {
            Ok(parts.join("+"))
        } else {
            Err(unexpected(label, "the parts of a condition in order"))
        }
    }

    fn part(&self, label: &str) -> Result<String, ReadError> {
        if let Some(audience) = Words::gap(self.words.member, label) {
            return Ok(format!("audience:{audience}"));
        }
        if let Some(channel) = Words::gap(self.words.only_in, label) {
            return Ok(format!("channel:{channel}"));
        }
        let minimum = Words::gap(self.words.from_quantity, label)
            .ok_or_else(|| unexpected(label, "a condition"))?;
        let (quantity, _) = read::quantity(minimum, self.hint)?;
        Ok(format!("quantity:{quantity}"))
    }

    /// How much is sold: `minimum 0.5 step 0.1`.
    pub fn quantities(&self, text: &str) -> Result<String, ReadError> {
        let (mut minimum, mut step) = (None, None);
        for part in text.split(", ") {
            let said = |phrase| Words::gap(phrase, part);
            let (place, quantity) = match (said(self.words.minimum), said(self.words.step)) {
                (Some(quantity), _) if step.is_none() => (&mut minimum, quantity),
                (_, Some(quantity)) => (&mut step, quantity),
                _ => return Err(unexpected(part, "a quantity that is sold")),
            };
            let (quantity, _) = read::quantity(quantity, self.hint)?;
            if place.replace(quantity).is_some() {
                return Err(unexpected(text, "each quantity once"));
            }
        }
        quantities_text(minimum, step).ok_or_else(|| unexpected(text, "a quantity that is sold"))
    }

    /// A reduction in whole percent: `20`.
    pub fn reduction(&self, text: &str) -> Result<String, ReadError> {
        let expected = || unexpected(text, "a reduction in whole percent");
        let percent = text.strip_prefix('−').ok_or_else(expected)?;
        match read::basis_points(percent, self.hint)? {
            points if points % 100 == 0 => Ok((points / 100).to_string()),
            _ => Err(expected()),
        }
    }

    /// What is said about tax: `included 2200`.
    pub fn tax(&self, text: &str) -> Result<String, ReadError> {
        let included = Words::gap(self.words.tax_included, text).map(|rate| (true, rate));
        let excluded = || Words::gap(self.words.tax_excluded, text).map(|rate| (false, rate));
        let (included, rate) = included
            .or_else(excluded)
            .ok_or_else(|| unexpected(text, "a word about tax"))?;
        let rate_bp = read::basis_points(rate, self.hint)?;
        Ok(tax_text(Tax { included, rate_bp }))
    }

    /// Whether the text says that the terms end at `until`. (A local time
    /// alone may name two instants, so it cannot be read without one.)
    #[must_use]
    pub fn is_told_until(&self, text: &str, until: Instant) -> bool {
        let says_day = Words::gap(self.words.through, text)
            .is_some_and(|day| read::says_last_day(day, until, &self.zone));
        let says_moment = Words::gap(self.words.until, text)
            .is_some_and(|moment| read::says_moment(moment, until, &self.zone));
        says_day || says_moment
    }

    /// Whether an ISO 8601 date is the last local day before `until`.
    #[must_use]
    pub fn is_last_day(&self, date: &str, until: Instant) -> bool {
        let last_moment = until.plus_micros(-1).to_timestamp();
        let day = last_moment.to_zoned(self.zone.clone()).date();
        date.parse()
            .is_ok_and(|said: jiff::civil::Date| said == day)
    }

    fn check_currency(&self, text: &str, shown: Currency) -> Result<(), ReadError> {
        if shown == self.currency {
            return Ok(());
        }
        Err(ReadError::OtherCurrency {
            text: text.to_owned(),
            shown,
            expected: self.currency,
        })
    }
}

pub(super) fn unexpected(text: &str, expected: &'static str) -> ReadError {
    ReadError::Unexpected {
        text: text.to_owned(),
        expected,
    }
}
