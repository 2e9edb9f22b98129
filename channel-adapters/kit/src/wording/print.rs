//! Printing for people.

use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use offercast_contract::measure::Quantity;
use offercast_contract::{
    Amount, Condition, Currency, Facts, Instant, Locale, Measure, SaleUnit, Tax, UnitPrice,
};

use super::style::{DateStyle, NO_BREAK_SPACE, Style};
use super::{WordingError, Words};

/// Prints numbers, dates and words for one locale in one time zone.
pub struct Wording {
    locale: Locale,
    style: &'static Style,
    words: &'static Words,
    zone: TimeZone,
    digits: Option<DecimalFormatter>,
}

impl std::fmt::Debug for Wording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wording")
            .field("locale", &self.locale)
            .field("zone", &self.zone.iana_name())
            .finish_non_exhaustive()
    }
}

impl Wording {
    /// The wording of a locale; dates are local to the IANA time zone.
    pub fn new(locale: &Locale, time_zone: &str) -> Result<Self, WordingError> {
        let style = Style::of(locale);
        let zone = TimeZone::get(time_zone)
            .map_err(|_| WordingError::UnknownTimeZone(time_zone.to_owned()))?;
        let digits = if style.is_supported() {
            Some(digits_of(locale)?)
        } else {
            None
        };
        Ok(Self {
            locale: locale.clone(),
            style,
            words: Words::of(locale),
            zone,
            digits,
        })
    }

    /// The words around the numbers.
    #[must_use]
    pub fn words(&self) -> &'static Words {
        self.words
    }

    /// The locale.
    #[must_use]
    pub fn locale(&self) -> &Locale {
        &self.locale
    }

    /// The time zone of dates.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// An amount of money with all decimals of its currency: `1 299,90 ₽`,
    /// `€12.99`. Nothing in it breaks across lines.
    #[must_use]
    pub fn amount(&self, amount: Amount, currency: Currency) -> String {
        let symbol = self.style.currency(currency, &self.locale);
        let decimals = i16::from(amount.exponent());
        if !self.style.currency_first {
            let number = self.number(amount.minor(), decimals);
            return format!("{number}{NO_BREAK_SPACE}{symbol}");
        }
        // `-€5.00`: the sign comes first of all.
        let sign = if amount.minor() < 0 { "-" } else { "" };
        let number = match amount.minor().checked_abs() {
            Some(minor) => self.number(minor, decimals),
            None => self
                .number(amount.minor(), decimals)
                .trim_start_matches('-')
                .to_owned(),
        };
        let gap = if symbol.ends_with(|c: char| c.is_alphabetic()) {
            NO_BREAK_SPACE
        } else {
            ""
        };
        format!("{sign}{symbol}{gap}{number}")
    }

    /// Whole percent: `20 %`.
    #[must_use]
    pub fn percent(&self, percent: u8) -> String {
        self.basis_points(u32::from(percent) * 100)
    }

    /// Basis points as percent, without needless zeros: 2200 is `22 %`, 950 is
    /// `9,5 %`.
    #[must_use]
    pub fn basis_points(&self, basis_points: u32) -> String {
        let number = self.trimmed(i64::from(basis_points), 2);
        format!("{number}{}%", self.style.percent_gap)
    }

    /// A number without needless zeros: `0,5`.
    #[must_use]
    pub fn quantity(&self, quantity: Quantity) -> String {
        self.trimmed(quantity.millionths(), 6)
    }

    /// A quantity in the sale unit: `6 шт.`, `1,5 kg`.
    #[must_use]
    pub fn sold_quantity(&self, quantity: Quantity, unit: SaleUnit) -> String {
        let number = self.quantity(quantity);
        format!("{number}{NO_BREAK_SPACE}{}", self.style.sale_unit(unit))
    }

    /// A measure: `0,5 kg`.
    #[must_use]
    pub fn measure(&self, measure: Measure) -> String {
        let number = self.quantity(measure.quantity);
        let unit = self.style.measure_unit(measure.unit);
        format!("{number}{NO_BREAK_SPACE}{unit}")
    }

    /// A unit price: `1 599,60 ₽/кг`, or `1,60 zł/100 g` where the base is not
    /// one of its unit.
    #[must_use]
    pub fn unit_price(&self, price: UnitPrice, currency: Currency) -> String {
        let amount = self.amount(price.amount, currency);
        let unit = self.style.measure_unit(price.per.unit);
        if price.per.quantity == Quantity::ONE {
            return format!("{amount}/{unit}");
        }
        let millionths = price.per.quantity.millionths();
        let is_small = millionths < Quantity::ONE.millionths() && millionths % 1_000 == 0;
        match small_unit(unit).filter(|_| is_small) {
            Some(small) => format!("{amount}/{}{NO_BREAK_SPACE}{small}", millionths / 1_000),
            None => format!("{amount}/{}", self.measure(price.per)),
        }
    }

    /// A reduction in whole percent, with the sign that says so: `−20 %`.
    #[must_use]
    pub fn reduction(&self, percent: u8) -> String {
        format!("−{}", self.percent(percent))
    }

    /// What stands before a conditional price: `Member price (gold)`, `Only in
    /// app`, `From 6 pcs`, and several of them: `Member price (gold), From 6`.
    #[must_use]
    pub fn condition(&self, condition: &Condition, unit: SaleUnit) -> String {
        let member = condition
            .audience
            .as_ref()
            .map(|audience| Words::fill(self.words.member, audience.as_str()));
        let only_in = condition
            .channel
            .as_ref()
            .map(|channel| Words::fill(self.words.only_in, channel.as_str()));
        let from = condition.quantity.map(|minimum| {
            let minimum = self.sold_quantity(minimum, unit);
            Words::fill(self.words.from_quantity, &minimum)
        });
        let parts: Vec<String> = [member, only_in, from].into_iter().flatten().collect();
        parts.join(", ")
    }

    /// How much is sold: `sold from 0.5 kg, in steps of 0.1 kg`; none where
    /// neither is said.
    #[must_use]
    pub fn quantities(&self, facts: &Facts) -> Option<String> {
        let say = |phrase: &str, quantity: Quantity| {
            Words::fill(phrase, &self.sold_quantity(quantity, facts.sale_unit))
        };
        let parts = [
            facts
                .minimum_quantity
                .map(|minimum| say(self.words.minimum, minimum)),
            facts.step.map(|step| say(self.words.step, step)),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// What is said about tax: `incl. 22% VAT`.
    #[must_use]
    pub fn tax(&self, tax: Tax) -> String {
        let phrase = if tax.included {
            self.words.tax_included
        } else {
            self.words.tax_excluded
        };
        Words::fill(phrase, &self.basis_points(tax.rate_bp))
    }

    /// The end of terms (exclusive), as customers say it: an end at local
    /// midnight names the last day on which the terms hold (`through 30 Nov
    /// 2026`), any other names the minute (`until 30 Nov 2026, 18:00`), with
    /// seconds and microseconds only where there are any.
    #[must_use]
    pub fn until(&self, until: Instant) -> String {
        let local = until.to_timestamp().to_zoned(self.zone.clone());
        match last_day(&local) {
            Some(day) => Words::fill(self.words.through, &self.date(day)),
            None => {
                let (date, time) = (self.date(local.date()), time_text(local.time()));
                Words::fill(self.words.until, &format!("{date}, {time}"))
            }
        }
    }

    /// A day: `30.11.2026`.
    #[must_use]
    pub fn date(&self, date: Date) -> String {
        let (year, month, day) = (date.year(), date.month(), date.day());
        match self.style.date {
            DateStyle::Dotted => format!("{day:02}.{month:02}.{year:04}"),
            DateStyle::DottedOrdinal => format!("{day}. {month}. {year:04}."),
            DateStyle::DottedSpaced => format!("{day}. {month}. {year:04}"),
            DateStyle::Slashed => format!("{day:02}/{month:02}/{year:04}"),
            DateStyle::EnglishMonth => {
                let name = ENGLISH_MONTHS
                    .get(usize::from(month.unsigned_abs()).saturating_sub(1))
                    .copied()
                    .unwrap_or_default();
                format!("{day} {name} {year:04}")
            }
            DateStyle::Iso => format!("{year:04}-{month:02}-{day:02}"),
        }
    }

    /// `value` units of ten to the power of minus `decimals`, all decimals
    /// written.
    fn number(&self, value: i64, decimals: i16) -> String {
        let mut decimal = Decimal::from(value);
        decimal.multiply_pow10(-decimals);
        self.decimal(&decimal)
    }

    fn trimmed(&self, value: i64, decimals: i16) -> String {
        let mut decimal = Decimal::from(value);
        decimal.multiply_pow10(-decimals);
        decimal.absolute.trim_end();
        self.decimal(&decimal)
    }

    fn decimal(&self, decimal: &Decimal) -> String {
        match &self.digits {
            Some(digits) => digits.format(decimal).to_string(),
            None => decimal.to_string(),
        }
    }
}

const ENGLISH_MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn digits_of(locale: &Locale) -> Result<DecimalFormatter, WordingError> {
    let missing = || WordingError::NoDigits(locale.clone());
    let parsed = icu_locale_core::Locale::try_from_str(locale.as_str()).map_err(|_| missing())?;
    DecimalFormatter::try_new(parsed.into(), Default::default()).map_err(|_| missing())
}

/// The day before, if `until` is the first moment of its local day. (In a zone
/// that skips midnight that moment is one o'clock.)
fn last_day(until: &Zoned) -> Option<Date> {
    let start = until.start_of_day().ok()?;
    let day_before = until.date().checked_sub(1.day()).ok()?;
    (start == *until).then_some(day_before)
}

fn time_text(time: Time) -> String {
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let micros = time.subsec_nanosecond() / 1000;
    match (second, micros) {
        (0, 0) => format!("{hour:02}:{minute:02}"),
        (_, 0) => format!("{hour:02}:{minute:02}:{second:02}"),
        _ => format!("{hour:02}:{minute:02}:{second:02}.{micros:06}"),
    }
}

/// The word for a thousandth of a unit, where shoppers know one.
fn small_unit(unit: &str) -> Option<&'static str> {
    match unit {
        "kg" => Some("g"),
        "кг" => Some("г"),
        "l" => Some("ml"),
        "л" => Some("мл"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wording(locale: &str) -> Wording {
        Wording::new(&locale.parse().unwrap(), "Europe/Moscow").unwrap()
    }

    fn amount(locale: &str, minor: i64, code: &str) -> String {
        let currency = Currency::parse(code).unwrap();
        wording(locale).amount(Amount::new(minor, currency), currency)
    }

    #[test]
    fn amounts_agree_with_babel() {
        // Printed by Babel 2.18 (CLDR 47), whose `en` lacks the gap that the
        // pattern wants before a code.
        for (locale, minor, code, printed) in [
            ("en", 1_234_560, "EUR", "€12,345.60"),
            ("en", -129_990, "EUR", "-€1,299.90"),
            ("en", 1_234_560, "USD", "$12,345.60"),
            ("en-GB", 1_234_560, "USD", "US$12,345.60"),
            ("en-GB", 12_346, "JPY", "JP¥12,346"),
            ("en", 12_346, "JPY", "¥12,346"),
            ("en", 12_345_600, "KWD", "KWD\u{a0}12,345.600"),
            ("ru", 129_990, "RUB", "1\u{a0}299,90\u{a0}₽"),
            ("ru-RU", -129_990, "EUR", "-1\u{a0}299,90\u{a0}€"),
            ("ru", 1_234_560, "CZK", "12\u{a0}345,60\u{a0}CZK"),
            ("pl", 1299, "PLN", "12,99\u{a0}zł"),
            ("pl-PL", 1_234_560, "PLN", "12\u{a0}345,60\u{a0}zł"),
            ("hr", 1_234_560, "EUR", "12.345,60\u{a0}€"),
            ("de", 1_234_560, "USD", "12.345,60\u{a0}$"),
            ("fr", 1_234_560, "EUR", "12\u{202f}345,60\u{a0}€"),
            ("fr", 1_234_560, "USD", "12\u{202f}345,60\u{a0}$US"),
            ("cs", 1_234_560, "CZK", "12\u{a0}345,60\u{a0}Kč"),
            ("lt", 1_234_560, "EUR", "12\u{a0}345,60\u{a0}€"),
        ] {
            assert_eq!(amount(locale, minor, code), printed, "{locale} {code}");
        }
    }

    #[test]
    fn other_languages_fall_back_to_plain_figures() {
        assert_eq!(amount("th", 129_990, "EUR"), "1299.90\u{a0}EUR");
        assert_eq!(amount("bn-BD", -5, "EUR"), "-0.05\u{a0}EUR");
    }

    #[test]
    fn percentages_and_quantities_have_no_needless_zeros() {
        assert_eq!(wording("ru").basis_points(2200), "22\u{a0}%");
        assert_eq!(wording("pl").basis_points(950), "9,5%");
        assert_eq!(wording("en").percent(20), "20%");
        assert_eq!(wording("fr").percent(5), "5\u{202f}%");
        assert_eq!(
            wording("hr").sold_quantity("0.5".parse().unwrap(), SaleUnit::Kilogram),
            "0,5\u{a0}kg"
        );
        let eur = Currency::parse("EUR").unwrap();
        let price = UnitPrice {
            amount: Amount::new(1599, eur),
            per: Measure {
                quantity: "0.1".parse().unwrap(),
                unit: offercast_contract::MeasureUnit::Kilogram,
            },
        };
        assert_eq!(
            wording("de").unit_price(price, eur),
            "15,99\u{a0}€/100\u{a0}g"
        );
    }

    #[test]
    fn ends_are_local_and_exact() {
        let midnight: Instant = "2026-11-30T21:00:00Z".parse().unwrap();
        let evening: Instant = "2026-11-30T15:00:00Z".parse().unwrap();
        let odd: Instant = "2026-11-30T15:00:00.25Z".parse().unwrap();
        assert_eq!(wording("en").until(midnight), "through 30 Nov 2026");
        assert_eq!(wording("ru").until(midnight), "по 30.11.2026 включительно");
        assert_eq!(wording("pl").until(evening), "do 30.11.2026, 18:00");
        assert_eq!(wording("hr").until(evening), "do 30. 11. 2026., 18:00");
        assert_eq!(
            wording("en").until(odd),
            "until 30 Nov 2026, 18:00:00.250000"
        );
    }

    #[test]
    fn an_unknown_zone_is_named() {
        let error = Wording::new(&"en".parse().unwrap(), "Europe/Atlantis").unwrap_err();
        assert!(error.to_string().contains("Europe/Atlantis"));
    }
}
