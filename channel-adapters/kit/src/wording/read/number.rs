//! Figures with separators, taken apart.

use offercast_contract::{Amount, Currency};

use super::ReadError;
use crate::wording::symbols;

/// A run of figures with what separates them.
#[derive(Debug)]
struct Token<'a> {
    /// Where it starts, in bytes.
    start: usize,
    /// Where it ends, in bytes, exclusive.
    end: usize,
    /// The groups of figures; never empty.
    groups: Vec<&'a str>,
    /// The separators between them; all kinds of spaces are `' '`.
    separators: Vec<char>,
    /// Whether it begins with a separator: `.75`.
    starts_with: Option<char>,
}

/// The only amount in `text`.
pub(super) fn only_amount(
    text: &str,
    decimal: Option<char>,
    currency: Option<Currency>,
) -> Result<Amount, ReadError> {
    if has_other_figures(text) {
        return Err(ReadError::Malformed(text.to_owned()));
    }
    let mut tokens = tokens(text);
    tokens.retain(|token| !text[token.end..].trim_start().starts_with('%'));
    let value = match tokens.as_slice() {
        [] => return Err(ReadError::NoAmount(text.to_owned())),
        [only] if is_multiplied(&text[only.end..]) => {
            return Err(ReadError::Malformed(text.to_owned()));
        }
        [only] => only.read(text, decimal, currency)?,
        [whole, cents] if is_split_by_currency(text, whole, cents) => {
            format!("{}.{}", whole.groups.concat(), cents.groups.concat())
        }
        _ => return Err(ReadError::SeveralAmounts(text.to_owned())),
    };
    let sign = if is_negative(text) { "-" } else { "" };
    format!("{sign}{value}")
        .parse()
        .map_err(|_| ReadError::Malformed(text.to_owned()))
}

/// A text that is a number and nothing else.
pub(super) fn plain(text: &str, decimal: Option<char>) -> Option<Amount> {
    let tokens = tokens(text);
    let [only] = tokens.as_slice() else {
        return None;
    };
    if only.start != 0 || only.end != text.len() {
        return None;
    }
    only.read(text, decimal, None).ok()?.parse().ok()
}

/// Figures other than 0 to 9, such as raised cents (`12⁹⁹`), would be lost.
/// The exponents of m² and m³ are none.
fn has_other_figures(text: &str) -> bool {
    let mut before = ' ';
    text.chars().any(|c| {
        let exponent = matches!(c, '²' | '³') && matches!(before, 'm' | 'м');
        before = c;
        c.is_numeric() && !c.is_ascii_digit() && !exponent
    })
}

/// `1,5 млн ₽` is not one and a half roubles.
fn is_multiplied(after: &str) -> bool {
    const WORDS: [&str; 18] = [
        "k", "K", "M", "mn", "bn", "тыс", "млн", "млрд", "mln", "mld", "mlrd", "tys", "tis", "tsd",
        "mil", "Mio", "million", "thousand",
    ];
    let after = after.trim_start();
    let word = after.find(|c: char| !c.is_alphabetic());
    let word = &after[..word.unwrap_or(after.len())];
    WORDS.contains(&word)
}

/// French shops print `35€ 99`.
fn is_split_by_currency(text: &str, whole: &Token<'_>, cents: &Token<'_>) -> bool {
    let between = text[whole.end..cents.start].trim_end();
    let ends = text[cents.end..].trim().is_empty();
    whole.separators.iter().all(|separator| *separator == ' ')
        && whole.starts_with.is_none()
        && cents.separators.is_empty()
        && cents.starts_with.is_none()
        && cents.groups.concat().len() == 2
        && matches!(between, "€" | "£")
        && ends
}

/// Whether a minus stands first, directly at the figures or their currency.
fn is_negative(text: &str) -> bool {
    let mut chars = text.trim_start().chars();
    matches!(chars.next(), Some('-' | '−')) && chars.next().is_some_and(|c| !c.is_whitespace())
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) = text[at..].find(|c: char| c.is_ascii_digit()) {
        let token = token(text, at + offset);
        at = token.end;
        found.push(token);
    }
    found
}

fn token(text: &str, start: usize) -> Token<'_> {
    let mut token = Token {
        start,
        end: start,
        groups: Vec::new(),
        separators: Vec::new(),
        starts_with: leading_separator(&text[..start]),
    };
    token.push_group(text, start);
    while let Some((separator, next)) = token.next_group(text) {
        token.separators.push(separator);
        token.push_group(text, next);
    }
    token
}

/// A separator in front of the figures: `.75`, but not the point of `Rs.75`.
fn leading_separator(before: &str) -> Option<char> {
    let mut back = before.chars().rev();
    let separator = back.next().filter(|c| matches!(c, '.' | ','))?;
    let abbreviation = back.next().is_some_and(char::is_alphanumeric);
    (!abbreviation).then_some(separator)
}

fn digits_at(text: &str, start: usize) -> &str {
    let tail = &text[start..];
    let end = tail
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(tail.len());
    &tail[..end]
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

impl<'a> Token<'a> {
    fn push_group(&mut self, text: &'a str, start: usize) {
        let group = digits_at(text, start);
        self.end = start + group.len();
        self.groups.push(group);
    }

    /// The separator behind the token and where the next group starts, if the
    /// number goes on.
    fn next_group(&self, text: &str) -> Option<(char, usize)> {
        let mut chars = text[self.end..].chars();
        let c = chars.next()?;
        let next = self.end + c.len_utf8();
        let digits = digits_at(text, next);
        if is_space(c) {
            let grouped = self.separators.iter().all(|before| *before == ' ')
                && self.groups.iter().all(|group| group.len() <= 3)
                && digits.len() == 3;
            return grouped.then_some((' ', next));
        }
        match c {
            '.' | ',' if !digits.is_empty() => Some((c, next)),
            // `119. 95`: a decimal point, a gap, and cents at the end of it.
            '.' | ',' => {
                let gap = chars.next().filter(|c| is_space(*c))?;
                let cents = next + gap.len_utf8();
                let after = text[cents..].chars().nth(2);
                let lone = !after.is_some_and(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
                (digits_at(text, cents).len() == 2 && lone).then_some((c, cents))
            }
            '\'' | '’' if !digits.is_empty() => Some(('\'', next)),
            _ => None,
        }
    }

    /// The number as `digits[.digits]`.
    fn read(
        &self,
        text: &str,
        decimal: Option<char>,
        currency: Option<Currency>,
    ) -> Result<String, ReadError> {
        let malformed = || ReadError::Malformed(text.to_owned());
        let all = || self.groups.concat();
        match self.separators.as_slice() {
            [] if self.starts_with.is_some() => Ok(format!("0.{}", all())),
            [] => Ok(all()),
            [' ' | '\''] if self.is_grouped() => Ok(all()),
            [' ' | '\''] => Err(malformed()),
            [only] => self.read_one_separator(text, *only, decimal, currency),
            [first, .., last] if first == last => {
                let same = self.separators.iter().all(|separator| separator == first);
                (same && self.is_grouped()).then(all).ok_or_else(malformed)
            }
            [first, middle @ .., last] => {
                let (cents, whole) = self.groups.split_last().ok_or_else(malformed)?;
                let good = matches!(last, '.' | ',')
                    && middle.iter().all(|separator| separator == first)
                    && are_groups(whole, *first);
                good.then(|| format!("{}.{cents}", whole.concat()))
                    .ok_or_else(malformed)
            }
        }
    }

    /// One point or comma: it groups, or it separates decimals.
    fn read_one_separator(
        &self,
        text: &str,
        separator: char,
        decimal: Option<char>,
        currency: Option<Currency>,
    ) -> Result<String, ReadError> {
        let as_group = self.groups.concat();
        let as_decimal = self.groups.join(".");
        if !self.is_grouped() {
            return Ok(as_decimal);
        }
        match decimal {
            Some(known) if known == separator => Ok(as_decimal),
            Some(_) => Ok(as_group),
            None if currency.is_some_and(symbols::has_no_decimals) => Ok(as_group),
            None => Err(ReadError::Ambiguous {
                text: text.to_owned(),
                first: as_group,
                second: as_decimal,
            }),
        }
    }

    fn is_grouped(&self) -> bool {
        let separator = self.separators.first().copied();
        are_groups(&self.groups, separator.unwrap_or(' '))
    }
}

/// Whether the groups are thousands (`1 299 000`) or, as in India, a last
/// group of three after groups of two, always with commas (`12,34,567`).
fn are_groups(groups: &[&str], separator: char) -> bool {
    let Some((first, rest)) = groups.split_first() else {
        return false;
    };
    let Some((last, middle)) = rest.split_last() else {
        return true;
    };
    let western = first.len() <= 3 && middle.iter().all(|group| group.len() == 3);
    let indian =
        separator == ',' && first.len() <= 2 && middle.iter().all(|group| group.len() == 2);
    last.len() == 3 && !first.starts_with('0') && (western || indian)
}
