use std::path::Path;

use offercast_contract::UnitPrice;
use proptest::prelude::*;

use super::*;
use crate::wording::{Wording, Words};

fn locale(tag: &str) -> Locale {
    tag.parse().unwrap()
}

fn shown(text: &str, hint: Hint) -> String {
    match price(text, hint) {
        Ok(Printed { amount, currency }) => {
            let code = currency.map_or("?", Currency::code);
            format!("{amount} {code}")
        }
        Err(ReadError::Ambiguous { first, second, .. }) => format!("{first} or {second}"),
        Err(ReadError::SeveralAmounts(_)) => "several amounts".to_owned(),
        Err(ReadError::SeveralCurrencies(_)) => "several currencies".to_owned(),
        Err(ReadError::NoAmount(_)) => "nothing".to_owned(),
        Err(_) => "malformed".to_owned(),
    }
}

#[test]
fn without_a_locale_only_the_certain_is_read() {
    for (text, expected) in [
        ("1 299,90 ₽", "1299.90 RUB"),
        ("1.299,00 €", "1299.00 EUR"),
        ("US$:12.99", "12.99 USD"),
        ("1.299 zł", "1299 or 1.299"),
        ("15,000 руб.", "15000 or 15.000"),
        ("423.923 KD", "423923 or 423.923"),
        ("12.500 ₫", "12500 VND"),
        ("3,990 Ft", "3990 HUF"),
        ("0.500 €", "0.500 EUR"),
        ("1234.567 €", "1234.567 EUR"),
        ("1.234.567", "1234567 ?"),
        ("12,34,567.00 ₹", "1234567.00 INR"),
        ("CHF 1'049,95", "1049.95 CHF"),
        (".75 €", "0.75 EUR"),
        ("Rs.75", "75 ?"),
        ("35€ 99", "35.99 EUR"),
        ("$ 119. 95", "119.95 ?"),
        ("129,00 € (-15%)", "129.00 EUR"),
        ("-5,00 €", "-5.00 EUR"),
        ("£6.95 - £9.95", "several amounts"),
        ("5 € oder 4 £", "several currencies"),
        ("12.34.56", "malformed"),
        ("1.23.456,78", "malformed"),
        ("1,234.567'000", "malformed"),
        ("12⁹⁹ €", "malformed"),
        ("1,5 млн ₽", "malformed"),
        ("$1.5M", "malformed"),
        ("12.99 € / m²", "12.99 EUR"),
        ("14,00 €/100 g", "several amounts"),
        ("12 99 €", "several amounts"),
        ("15 %", "nothing"),
        ("not available", "nothing"),
    ] {
        assert_eq!(shown(text, Hint::default()), expected, "{text}");
    }
}

#[test]
fn a_locale_decides() {
    for (text, tag, expected) in [
        ("1.299 zł", "pl", "1299 PLN"),
        ("1.299 €", "en", "1.299 EUR"),
        ("1,299 €", "en-GB", "1299 EUR"),
        ("$5.00", "en", "5.00 USD"),
        ("$5.00", "en-CA", "5.00 ?"),
        ("5,00 $", "ru", "5.00 USD"),
    ] {
        assert_eq!(
            shown(text, Hint::of(&locale(tag))),
            expected,
            "{text} {tag}"
        );
    }
}

#[test]
fn money_has_all_its_decimals_and_a_currency() {
    let hint = Hint::of(&locale("ru"));
    assert_eq!(money("19,90\u{a0}₽", hint).unwrap().minor(), 1990);
    assert!(money("19,9\u{a0}₽", hint).is_err());
    assert!(money("19,90", hint).is_err());
}

#[test]
fn dates_are_read_in_every_style() {
    let expected = Date::new(2026, 11, 3).unwrap();
    for text in [
        "03.11.2026",
        "3. 11. 2026.",
        "3. 11. 2026",
        "03/11/2026",
        "3 Nov 2026",
        "2026-11-03",
    ] {
        assert_eq!(date(text), Some(expected), "{text}");
    }
    for text in ["03.13.2026", "3 anF 2026", "11.2026", "", "3 Nov 2026 x"] {
        assert_eq!(date(text), None, "{text}");
    }
}

/// One line of the shared list of prices as real sites print them.
#[derive(serde::Deserialize)]
struct Case {
    text: Option<String>,
    currency_hint: Option<String>,
    decimal_separator: Option<String>,
    amount: Option<String>,
    currency_iso_derived: Option<String>,
    upstream_xfail: bool,
}

impl Case {
    fn read(&self) -> Result<Printed, ReadError> {
        let hint = Hint {
            decimal: self
                .decimal_separator
                .as_ref()
                .and_then(|s| s.chars().next()),
            ..Hint::default()
        };
        let hint = hint.with_currency(self.currency_hint.as_deref().and_then(currency_in));
        price(self.text.as_deref().unwrap_or_default(), hint)
    }

    /// Whether the amount is the expected one, not counting zeros at its end.
    fn is_amount(&self, printed: &Printed) -> bool {
        let trim = |text: &str| match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text.to_owned(),
        };
        self.amount.as_deref().map(trim) == Some(trim(&printed.amount.to_string()))
    }

    fn is_currency(&self, printed: &Printed) -> bool {
        let code = printed.currency.map(Currency::code);
        self.currency_iso_derived.is_none() || self.currency_iso_derived.as_deref() == code
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "CI is told by the environment")]
fn prices_as_real_sites_print_them() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/price-strings.jsonl");
    let Ok(lines) = std::fs::read_to_string(&path) else {
        assert!(
            std::env::var_os("CI").is_none(),
            "{} is missing",
            path.display()
        );
        #[allow(clippy::print_stderr)] // A test that was left out says so.
        {
            eprintln!("left out: {} is not there", path.display());
        }
        return;
    };
    let cases: Vec<Case> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|case: &Case| !case.upstream_xfail)
        .collect();
    let mut failed = Vec::new();
    for case in &cases {
        let as_expected = match case.read() {
            Ok(printed) => {
                // A wrong amount is never excused, only saying "cannot tell" is.
                assert!(
                    case.is_amount(&printed),
                    "{:?}: {printed:?}, not {:?}",
                    case.text,
                    case.amount
                );
                case.is_currency(&printed)
            }
            Err(_) => case.amount.is_none(),
        };
        if !as_expected {
            failed.push((&case.text, case.read()));
        }
    }
    let percent_read = 100 * (cases.len() - failed.len()) / cases.len();
    assert!(
        percent_read >= 95,
        "{percent_read} %, {} of {} not read: {failed:#?}",
        failed.len(),
        cases.len()
    );
}

const LOCALES: [&str; 12] = [
    "en", "en-GB", "ru", "ru-RU", "pl", "hr", "de", "fr", "cs", "lt", "th", "es-ES",
];

const CURRENCIES: [&str; 10] = [
    "EUR", "RUB", "PLN", "USD", "GBP", "CZK", "UAH", "JPY", "KWD", "HUF",
];

proptest! {
    #[test]
    fn money_survives_the_round_trip(
        tag in proptest::sample::select(&LOCALES[..]),
        code in proptest::sample::select(&CURRENCIES[..]),
        minor in prop_oneof![-100_000_i64..100_000, any::<i64>()],
    ) {
        let currency = Currency::parse(code).unwrap();
        let wording = Wording::new(&locale(tag), "Europe/Zagreb").unwrap();
        // The contract's own text of the smallest i64 does not parse either.
        let minor = minor.max(-i64::MAX);
        let text = wording.amount(Amount::new(minor, currency), currency);
        let read = money(&text, Hint::of(&locale(tag)));
        prop_assert_eq!(read, Ok(Money::new(minor, currency)), "{}", text);
    }

    #[test]
    fn measures_and_rates_survive_the_round_trip(
        tag in proptest::sample::select(&LOCALES[..]),
        minor in 0_i64..10_000_000,
        millionths in prop_oneof![1_i64..10_000_000_000, (1_i64..1_000).prop_map(|it| it * 1_000)],
        rate_bp in 0_u32..100_000,
    ) {
        let currency = Currency::parse("EUR").unwrap();
        let wording = Wording::new(&locale(tag), "Europe/Zagreb").unwrap();
        let hint = Hint::of(&locale(tag));
        for unit in [MeasureUnit::Kilogram, MeasureUnit::Litre, MeasureUnit::SquareMetre, MeasureUnit::Piece] {
            let quantity = Quantity::from_millionths(millionths).unwrap();
            let per = Measure { quantity, unit };
            let text = wording.unit_price(
                UnitPrice { amount: Amount::new(minor, currency), per },
                currency,
            );
            prop_assert_eq!(
                unit_price(&text, hint),
                Ok((Money::new(minor, currency), per)),
                "{}", text
            );
        }
        let text = wording.basis_points(rate_bp);
        prop_assert_eq!(basis_points(&text, hint), Ok(rate_bp), "{}", text);
    }

    #[test]
    fn ends_survive_the_round_trip(
        tag in proptest::sample::select(&LOCALES[..]),
        zone in proptest::sample::select(&["Europe/Zagreb", "America/Sao_Paulo", "Asia/Beirut"][..]),
        micros in 1_500_000_000_000_000_i64..1_900_000_000_000_000,
        coarse in proptest::sample::select(&[1_i64, 1_000_000, 1_800_000_000][..]),
    ) {
        let until = Instant::from_micros(micros / coarse * coarse);
        let wording = Wording::new(&locale(tag), zone).unwrap();
        let text = wording.until(until);
        let words = Words::of(&locale(tag));
        let says = |at: Instant| {
            Words::gap(words.through, &text).is_some_and(|day| says_last_day(day, at, wording.zone()))
                || Words::gap(words.until, &text).is_some_and(|t| says_moment(t, at, wording.zone()))
        };
        prop_assert!(says(until), "{} {}", until, text);
        prop_assert!(!says(until.plus_micros(1)), "{} {}", until, text);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,40}") {
        let _ = price(&text, Hint::default());
        let _ = price(&text, Hint::of(&locale("pl")));
        let _ = unit_price(&text, Hint::default());
        let _ = date(&text);
    }
}
