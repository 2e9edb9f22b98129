//! What a customer takes from the words of a promotion: its parameters, as the
//! canonical text of [`offercast_contract::promotion_text`].

use offercast_contract::promotion_text::percent_text;

use super::read::{self, ReadError};
use super::{Customer, promotions::PromotionWords};

/// What stands in the gaps of a phrase; none if the text is not that phrase.
fn gaps<'t>(phrase: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut literals = phrase.split("{}");
    let mut rest = text.strip_prefix(literals.next()?)?;
    let mut found = Vec::new();
    let literals: Vec<&str> = literals.collect();
    for (at, literal) in literals.iter().enumerate() {
        let end = if at + 1 == literals.len() {
            rest.strip_suffix(literal)?.len()
        } else {
            rest.find(literal)?
        };
        found.push(&rest[..end]);
        rest = &rest[end + literal.len()..];
    }
    (rest.is_empty() && found.iter().all(|gap| !gap.is_empty())).then_some(found)
}

/// A count without sign or grouping.
fn count(text: &str) -> Option<&str> {
    let is_count = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    is_count.then_some(text)
}

/// A code, a SKU, an audience or a channel.
fn name(text: &str) -> Option<&str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    text.chars().all(fits).then_some(text)
}

impl Customer {
    /// The parameters that the words name: `n_for_m 3 2, per_customer 6`.
    pub fn promotion(&self, text: &str) -> Result<String, ReadError> {
        let reader = Reader {
            customer: self,
            words: PromotionWords::of(self.locale()),
        };
        let mut parts = text.split(", ");
        let first = parts.next().unwrap_or_default();
        let unexpected = |text: &str, expected| ReadError::Unexpected {
            text: text.to_owned(),
            expected,
        };
        let mechanic = reader.mechanic(first);
        let mut said = vec![mechanic.ok_or_else(|| unexpected(first, "a promotion"))?];
        for part in parts {
            let condition = reader.condition(part);
            said.push(condition.ok_or_else(|| unexpected(part, "a promotion's condition"))?);
        }
        Ok(said.join(", "))
    }
}

struct Reader<'c> {
    customer: &'c Customer,
    words: &'static PromotionWords,
}

impl Reader<'_> {
    fn amount(&self, text: &str) -> Option<String> {
        self.customer.amount(text).ok()
    }

    fn percent(&self, text: &str) -> Option<String> {
        let basis_points = read::basis_points(text, self.customer.hint()).ok()?;
        Some(percent_text(basis_points))
    }

    /// `-10%` or `-5.00`.
    fn less(&self, text: &str) -> Option<String> {
        let less = self.percent(text).or_else(|| self.amount(text))?;
        Some(format!("-{less}"))
    }

    /// `50.00` or `3x`.
    fn threshold(&self, text: &str) -> Option<String> {
        let units = gaps(self.words.units, text).and_then(|gap| count(gap[0]));
        let units = units.map(|units| format!("{units}x"));
        units.or_else(|| self.amount(text))
    }

    fn mechanic(&self, text: &str) -> Option<String> {
        let words = self.words;
        self.sets(text)
            .or_else(|| self.delivery(text))
            .or_else(|| {
                let gap = gaps(words.gift, text)?;
                Some(format!("gift {}", name(gap[0])?))
            })
            .or_else(|| {
                let gap = gaps(words.off_total, text)?;
                Some(format!("order {}", self.less(gap[0])?))
            })
            .or_else(|| {
                let gap = gaps(words.total_for, text)?;
                Some(format!("order ={}", self.amount(gap[0])?))
            })
            .or_else(|| self.tiers(text))
    }

    fn sets(&self, text: &str) -> Option<String> {
        let words = self.words;
        let two_counts = |kind: &str, phrase: &str, end: &str| {
            let gap = gaps(phrase, text)?;
            Some(format!("{kind} {} {}{end}", count(gap[0])?, count(gap[1])?))
        };
        let at_price = |kind: &str, phrase: &str| {
            let gap = gaps(phrase, text)?;
            Some(format!(
                "{kind} {} {}",
                count(gap[0])?,
                self.amount(gap[1])?
            ))
        };
        let reduced = || {
            let gap = gaps(words.get_reduced, text)?;
            let percent = self.percent(gap[2])?;
            Some(format!(
                "buy_get {} {} {percent}",
                count(gap[0])?,
                count(gap[1])?
            ))
        };
        let cheapest = || {
            let gap = gaps(words.cheapest_free, text)?;
            Some(format!("cheapest_free {}", count(gap[0])?))
        };
        two_counts("n_for_m", words.n_for_m, "")
            .or_else(|| at_price("n_for_price", words.n_for_price))
            .or_else(|| at_price("bundle", words.bundle))
            .or_else(|| two_counts("buy_get", words.get_free, " 100%"))
            .or_else(reduced)
            .or_else(cheapest)
    }

    fn delivery(&self, text: &str) -> Option<String> {
        let words = self.words;
        if text == words.free_delivery {
            return Some("delivery -100%".to_owned());
        }
        if let Some(gap) = gaps(words.off_delivery, text) {
            return Some(format!("delivery {}", self.less(gap[0])?));
        }
        let gap = gaps(words.delivery_for, text)?;
        Some(format!("delivery ={}", self.amount(gap[0])?))
    }

    fn tiers(&self, text: &str) -> Option<String> {
        let step = |step: &str| {
            let gap = gaps(self.words.tier, step)?;
            Some(format!(
                "{} {}",
                self.threshold(gap[1])?,
                self.less(gap[0])?
            ))
        };
        let steps: Option<Vec<String>> = text.split("; ").map(step).collect();
        Some(format!("tiered {}", steps?.join(" | ")))
    }

    fn condition(&self, text: &str) -> Option<String> {
        let words = self.words;
        if text == words.while_stocks_last {
            return Some("while_stocks_last".to_owned());
        }
        let named = [
            ("coupon", words.coupon),
            ("audience", words.audience),
            ("channel", words.channel),
        ];
        let counted = [
            ("applications", words.most_times),
            ("units", words.most_units),
            ("per_customer", words.per_customer),
        ];
        let is = |kind: &str, phrase: &str, read: &dyn Fn(&str) -> Option<String>| {
            let gap = gaps(phrase, text)?;
            Some(format!("{kind} {}", read(gap[0])?))
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let mut found = named
            .iter()
            .find_map(|(kind, phrase)| is(kind, phrase, &|gap| owned(name(gap))));
        found = found.or_else(|| {
            let mut counted = counted.iter();
            counted.find_map(|(kind, phrase)| is(kind, phrase, &|gap| owned(count(gap))))
        });
        found
            .or_else(|| is("amount", words.most_off, &|gap| self.amount(gap)))
            .or_else(|| is("from", words.from, &|gap| self.threshold(gap)))
    }
}

#[cfg(test)]
mod tests {
    use offercast_contract::promotion_text::promotion_text;

    use crate::samples;
    use crate::wording::{Customer, Wording};

    #[test]
    fn every_promotion_reads_as_it_was_meant_in_every_language() {
        for locale in ["en", "ru", "pl", "hr"] {
            for sample in samples::promotions().unwrap() {
                let currency = sample.terms.currency;
                let locale = locale.parse().unwrap();
                let wording = Wording::new(&locale, "Europe/Warsaw").unwrap();
                let customer = Customer::new(&locale, "Europe/Warsaw", currency).unwrap();
                for promotion in &sample.terms.promotions {
                    let words = wording.promotion(promotion, currency);
                    let said = customer.promotion(&words);
                    assert_eq!(said, Ok(promotion_text(promotion)), "{locale}: {words}");
                }
            }
        }
    }

    #[test]
    fn the_words_are_those_of_the_trade() {
        let sample = &samples::promotions().unwrap()[0];
        let promotion = &sample.terms.promotions[0];
        for (locale, words) in [
            ("en", "3 for 2, at most 6 a customer, while stocks last"),
            (
                "ru",
                "3 по цене 2, не более 6 в одни руки, пока товар в наличии",
            ),
            (
                "pl",
                "3 w cenie 2, najwyżej 6 na klienta, do wyczerpania zapasów",
            ),
        ] {
            let wording = Wording::new(&locale.parse().unwrap(), "Europe/Warsaw").unwrap();
            assert_eq!(wording.promotion(promotion, sample.terms.currency), words);
        }
    }

    #[test]
    fn what_is_no_promotion_is_not_read_as_one() {
        let customer = Customer::new(
            &"en".parse().unwrap(),
            "Europe/Warsaw",
            "EUR".parse().unwrap(),
        );
        let customer = customer.unwrap();
        for text in [
            "",
            "3 for",
            "03 for 2",
            "3 for 2, tomorrow",
            "-3 for 2",
            "3 for 2 pounds",
        ] {
            assert!(customer.promotion(text).is_err(), "{text}");
        }
    }
}
