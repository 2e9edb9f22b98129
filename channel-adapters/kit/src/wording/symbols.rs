//! Finding out which currency a printed price is in.

use offercast_contract::Currency;

/// Symbols that mean one currency wherever they are printed, longest first.
/// Signs shared by several (`$`, `¥`, `kr`, `р.`, `₨`) are not here: only a
/// locale or a hint can tell.
const SYMBOLS: [(&str, &str); 40] = [
    ("euros", "EUR"),
    ("euro", "EUR"),
    ("руб", "RUB"),
    ("грн", "UAH"),
    ("AU$", "AUD"),
    ("CA$", "CAD"),
    ("HK$", "HKD"),
    ("JP¥", "JPY"),
    ("CN¥", "CNY"),
    ("MX$", "MXN"),
    ("NT$", "TWD"),
    ("NZ$", "NZD"),
    ("US$", "USD"),
    ("$US", "USD"),
    ("£GB", "GBP"),
    ("lei", "RON"),
    ("A$", "AUD"),
    ("C$", "CAD"),
    ("R$", "BRL"),
    ("S$", "SGD"),
    ("zł", "PLN"),
    ("kč", "CZK"),
    ("Ft", "HUF"),
    ("лв", "BGN"),
    ("Rp", "IDR"),
    ("RM", "MYR"),
    ("TL", "TRY"),
    ("KD", "KWD"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("₽", "RUB"),
    ("₴", "UAH"),
    ("₹", "INR"),
    ("₪", "ILS"),
    ("₫", "VND"),
    ("₩", "KRW"),
    ("₺", "TRY"),
    ("₸", "KZT"),
    ("₾", "GEL"),
    ("Br", "BYN"),
];

/// Currencies printed without decimals in practice, whatever ISO 4217 says
/// (CLDR's `digits` or `cashDigits` of 0).
const NO_DECIMALS: [&str; 12] = [
    "VND", "JPY", "KRW", "CLP", "ISK", "HUF", "IDR", "TWD", "PYG", "UGX", "XAF", "XOF",
];

/// ISO codes that are also English words in capitals.
const WORDS: [&str; 6] = ["ALL", "TOP", "TRY", "CUP", "PEN", "MAD"];

/// Whether the currency is printed without decimals in practice.
pub(super) fn has_no_decimals(currency: Currency) -> bool {
    NO_DECIMALS.contains(&currency.code())
}

/// The distinct currencies that `text` names, in order, without duplicates:
/// by symbol, or by code standing as a word of its own.
///
/// `local` maps signs that several currencies share to the one that the
/// locale means.
pub(super) fn named_in(text: &str, local: &[(&str, &str)]) -> Vec<Currency> {
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(c) = text[rest..].chars().next() {
        let (code, length) = at(text, rest, local).unwrap_or(("", c.len_utf8()));
        if let Ok(currency) = Currency::parse(code)
            && !found.contains(&currency)
        {
            found.push(currency);
        }
        rest += length;
    }
    found
}

/// The currency named at a byte position, and how many bytes name it.
fn at<'a>(text: &'a str, start: usize, local: &[(&'a str, &'a str)]) -> Option<(&'a str, usize)> {
    let tail = &text[start..];
    // Most characters of a price are figures: look at them only once.
    let first = tail.chars().next().filter(|c| is_symbolic(*c))?;
    let lower = first.to_lowercase().next();
    let symbol = SYMBOLS.iter().chain(local).find_map(|(symbol, code)| {
        let initial = symbol.chars().next();
        let starts = initial == Some(first) || initial == lower;
        let length = starts.then(|| prefix_ignoring_case(tail, symbol))??;
        stands_alone(text, start, length).then_some((*code, length))
    });
    symbol.or_else(|| {
        let code = tail.get(..3)?;
        let is_code = code.bytes().all(|byte| byte.is_ascii_uppercase())
            && !WORDS.contains(&code)
            && stands_alone(text, start, 3);
        is_code.then_some((code, 3))
    })
}

/// Whether a currency's symbol or code may begin with it.
fn is_symbolic(c: char) -> bool {
    !(c.is_ascii_digit() || c.is_whitespace() || matches!(c, '.' | ',' | '-' | '\'' | '/'))
}

/// How many bytes of `text` spell `symbol`. Symbols in lower case match any
/// case; those with capitals only themselves.
fn prefix_ignoring_case(text: &str, symbol: &str) -> Option<usize> {
    let mut length = 0;
    let mut chars = text.chars();
    for wanted in symbol.chars() {
        let c = chars.next()?;
        if c != wanted && !c.to_lowercase().eq([wanted]) {
            return None;
        }
        length += c.len_utf8();
    }
    Some(length)
}

/// Whether the letters at either end of the match do not go on: `ft` is not
/// found in `oft`, and `$` not in `US$` when that was not understood.
fn stands_alone(text: &str, start: usize, length: usize) -> bool {
    let (before, matched, after) = (
        text[..start].chars().next_back(),
        &text[start..start + length],
        text[start + length..].chars().next(),
    );
    let first_is_letter = matched.chars().next().is_some_and(char::is_alphabetic);
    let last_is_letter = matched.chars().next_back().is_some_and(char::is_alphabetic);
    let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let shared_sign = matches!(matched, "$" | "¥");
    !(first_is_letter && letter(before)
        || last_is_letter && letter(after)
        || shared_sign && (letter(before) || letter(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        named_in(text, &[("$", "USD")])
            .into_iter()
            .map(Currency::code)
            .collect()
    }

    #[test]
    fn symbols_and_codes_are_found_whole() {
        for (text, expected) in [
            ("12,99 zł", vec!["PLN"]),
            ("100 РУБ.", vec!["RUB"]),
            ("3 Kč / ks", vec!["CZK"]),
            ("12.99 EUR", vec!["EUR"]),
            ("$5", vec!["USD"]),
            ("US$5", vec!["USD"]),
            ("GY$ 5", vec![]),
            ("Software 12", vec![]),
            ("ALL ITEMS 5", vec![]),
            ("3 Ft", vec!["HUF"]),
            ("3 ft of rope", vec![]),
            ("5 € / 4 £", vec!["EUR", "GBP"]),
            ("5 £GB", vec!["GBP"]),
        ] {
            assert_eq!(codes(text), expected, "{text}");
        }
    }
}
