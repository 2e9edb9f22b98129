//! Order conditions in words, and back.

use offercast_contract::order::{fee_text, payment_text};
use offercast_contract::{Amount, Currency, DeliveryFee, PaymentMethod};

use super::customer::{Customer, unexpected};
use super::read::{self, ReadError};
use super::{Wording, Words};

/// Between two ways to pay.
const AND: &str = ", ";

impl Wording {
    /// What delivery costs: `Delivery €4.99, free from €50.00`.
    #[must_use]
    pub fn delivery_fee(&self, fee: DeliveryFee, currency: Currency) -> String {
        let words = self.words();
        if fee.amount.minor() == 0 {
            return words.delivery_free.to_owned();
        }
        let cost = Words::fill(words.delivery, &self.amount(fee.amount, currency));
        let free = fee.free_from.map(|from| {
            let from = self.amount(from, currency);
            Words::fill(words.delivery_free_from, &from)
        });
        format!("{cost}{}", free.unwrap_or_default())
    }

    /// The smallest order: `Minimum order €20.00`.
    #[must_use]
    pub fn minimum_order(&self, amount: Amount, currency: Currency) -> String {
        Words::fill(self.words().minimum_order, &self.amount(amount, currency))
    }

    /// How an order may be paid: `Payment: card, cash`.
    #[must_use]
    pub fn payment(&self, methods: &[PaymentMethod]) -> String {
        let words = self.words();
        let names: Vec<&str> = methods
            .iter()
            .map(|method| words.payment_method(*method))
            .collect();
        Words::fill(words.payment, &names.join(AND))
    }

    /// What may be given back: `Returns (days): 14`.
    #[must_use]
    pub fn returns(&self, days: u16) -> String {
        match days {
            0 => self.words().no_returns.to_owned(),
            days => Words::fill(self.words().returns, &days.to_string()),
        }
    }
}

impl Customer {
    /// What delivery costs: `14.99`, `14.99 free from 150.00`.
    pub fn delivery_fee(&self, text: &str) -> Result<String, ReadError> {
        let words = self.words();
        let fee = |amount, free_from| fee_text(DeliveryFee { amount, free_from });
        if text == words.delivery_free {
            return Ok(fee(Amount::new(0, self.currency()), None));
        }
        let (before, _) = words
            .delivery_free_from
            .split_once("{}")
            .unwrap_or_default();
        let (cost, free) = match text.split_once(before) {
            Some((cost, _)) => (cost, Some(&text[cost.len()..])),
            None => (text, None),
        };
        let cost = Words::gap(words.delivery, cost)
            .ok_or_else(|| unexpected(text, "what delivery costs"))?;
        let free_from = free
            .map(|free| {
                let from = Words::gap(words.delivery_free_from, free);
                self.parsed(from.ok_or_else(|| unexpected(text, "what delivery costs"))?)
            })
            .transpose()?;
        Ok(fee(self.parsed(cost)?, free_from))
    }

    /// The smallest order: `50.00`.
    pub fn minimum_order(&self, text: &str) -> Result<String, ReadError> {
        let amount = Words::gap(self.words().minimum_order, text);
        self.amount(amount.ok_or_else(|| unexpected(text, "a minimum order"))?)
    }

    /// How an order may be paid: `card,cash`.
    pub fn payment(&self, text: &str) -> Result<String, ReadError> {
        let words = self.words();
        let wrong = || unexpected(text, "ways to pay");
        let list = Words::gap(words.payment, text).ok_or_else(wrong)?;
        let method = |name: &str| {
            let mut all = PaymentMethod::ALL.into_iter();
            all.find(|method| words.payment_method(*method) == name)
                .ok_or_else(wrong)
        };
        let methods: Vec<PaymentMethod> = list.split(AND).map(method).collect::<Result<_, _>>()?;
        Ok(payment_text(&methods))
    }

    /// What may be given back, in days: `14`.
    pub fn returns(&self, text: &str) -> Result<String, ReadError> {
        let words = self.words();
        if text == words.no_returns {
            return Ok("0".to_owned());
        }
        let days = Words::gap(words.returns, text).and_then(|days| days.parse::<u16>().ok());
        days.filter(|days| *days > 0)
            .map(|days| days.to_string())
            .ok_or_else(|| unexpected(text, "the days for returns"))
    }

    fn parsed(&self, text: &str) -> Result<Amount, ReadError> {
        // An amount with words behind it would be read as the amount alone.
        if text.contains(AND) {
            return Err(unexpected(text, "an amount and nothing else"));
        }
        let amount = self.amount(text)?;
        amount
            .parse()
            .map_err(|_| read::ReadError::Malformed(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(locale: &str) -> (Wording, Customer, Currency) {
        let currency = Currency::parse("EUR").unwrap();
        let locale: offercast_contract::Locale = locale.parse().unwrap();
        let wording = Wording::new(&locale, "Europe/Warsaw").unwrap();
        let family = crate::samples::view().unwrap();
        let template = offercast_contract::Template::new("t", "");
        let channel = offercast_contract::Channel {
            assortment: Default::default(),
            calls_quote: false,
            exceptions: Vec::new(),
            family: "site".to_owned(),
            id: "c".parse().unwrap(),
            locale,
            mode: Default::default(),
            name: "c".to_owned(),
            projection: Default::default(),
            template,
            time_zone: "Europe/Warsaw".to_owned(),
            views: vec![family],
        };
        (wording, Customer::of(&channel, currency).unwrap(), currency)
    }

    #[test]
    fn what_is_printed_is_read() {
        for locale in ["en", "ru", "pl", "hr", "cs"] {
            let (wording, customer, currency) = pair(locale);
            let amount = |minor| Amount::new(minor, currency);
            for (cost, free) in [(0, None), (499, None), (123_450, Some(5_000_000))] {
                let fee = DeliveryFee {
                    amount: amount(cost),
                    free_from: free.map(amount),
                };
                let text = wording.delivery_fee(fee, currency);
                assert_eq!(
                    customer.delivery_fee(&text).unwrap(),
                    fee_text(fee),
                    "{text}"
                );
            }
            let text = wording.minimum_order(amount(2_000), currency);
            assert_eq!(customer.minimum_order(&text).unwrap(), "20.00", "{text}");
            let text = wording.payment(&PaymentMethod::ALL);
            assert_eq!(
                customer.payment(&text).unwrap(),
                payment_text(&PaymentMethod::ALL)
            );
            for days in [0, 1, 14, 365] {
                let text = wording.returns(days);
                assert_eq!(customer.returns(&text).unwrap(), days.to_string(), "{text}");
            }
        }
    }

    #[test]
    fn another_phrase_is_not_read() {
        let (_, customer, _) = pair("en");
        for text in [
            "Delivery",
            "Delivery 4.99",
            "Delivery €4.99, free",
            "Free",
            "",
        ] {
            assert!(customer.delivery_fee(text).is_err(), "{text}");
        }
        for text in ["Returns (days): 0", "Returns (days): x", "Returns"] {
            assert!(customer.returns(text).is_err(), "{text}");
        }
        assert!(customer.payment("Payment: card, gold").is_err());
    }
}
