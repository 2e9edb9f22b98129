//! Shapes of single values.

use std::collections::BTreeMap;

use jiff::tz::TimeZoneDatabase;
use offercast_contract::Locale;

use super::ErrorCode;
use super::problem::Problems;

/// Longest name of anything, in characters.
pub(super) const NAME_MAX: usize = 300;
/// Longest short or spoken text.
pub(super) const SHORT_MAX: usize = 2_000;
/// Longest long text.
pub(super) const LONG_MAX: usize = 20_000;
/// Deepest category.
const CATEGORY_LEVELS_MAX: usize = 12;

/// Refuses a text that is blank, too long, or holds control characters.
pub(super) fn check_text(
    problems: &mut Problems,
    index: usize,
    field: &str,
    text: &str,
    max_chars: usize,
) {
    if let Err(reason) = text_rule(text, max_chars) {
        problems.refuse(index, field, ErrorCode::Invalid, reason);
    }
}

fn text_rule(text: &str, max_chars: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("is blank".to_owned());
    }
    let chars = text.chars().count();
    if chars > max_chars {
        return Err(format!(
            "has {chars} characters, at most {max_chars} are allowed"
        ));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err("holds control characters".to_owned());
    }
    Ok(())
}

/// Refuses labels that are missing, blank or too long.
pub(super) fn check_labels(
    problems: &mut Problems,
    index: usize,
    field: &str,
    labels: &BTreeMap<Locale, String>,
) {
    if labels.is_empty() {
        let reason = "needs words in at least one locale";
        problems.refuse(index, field, ErrorCode::Invalid, reason);
    }
    for (locale, label) in labels {
        check_text(
            problems,
            index,
            &format!("{field}.{locale}"),
            label,
            NAME_MAX,
        );
    }
}

/// Why a category path is not one: parts separated by `/`, none of them blank
/// or padded.
pub(super) fn category_rule(path: &str) -> Result<(), String> {
    text_rule(path, SHORT_MAX)?;
    if path.contains('\n') {
        return Err("holds control characters".to_owned());
    }
    if path.split('/').count() > CATEGORY_LEVELS_MAX {
        return Err(format!("has more than {CATEGORY_LEVELS_MAX} levels"));
    }
    let is_wrong = |part: &str| part.is_empty() || part.trim() != part;
    if path.split('/').any(is_wrong) {
        return Err("has an empty or padded part between its slashes".to_owned());
    }
    Ok(())
}

/// Why a text is not a GTIN: 14 digits, zero-padded, the last of which is the
/// check digit (GS1 General Specifications, 7.9: weights 3 and 1 in turn, the
/// sum is a multiple of ten).
pub fn gtin_rule(gtin: &str) -> Result<(), String> {
    if gtin.len() != 14 || !gtin.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{gtin:?} is not 14 digits"));
    }
    let weighted = gtin.bytes().zip([3_u32, 1].into_iter().cycle());
    let sum: u32 = weighted
        .map(|(byte, weight)| u32::from(byte - b'0') * weight)
        .sum();
    if sum.is_multiple_of(10) {
        Ok(())
    } else {
        Err(format!("the check digit of {gtin} is wrong"))
    }
}

/// Whether the IANA database, as bundled with this build, has exactly this
/// name.
pub(super) fn is_time_zone(name: &str) -> bool {
    TimeZoneDatabase::bundled()
        .get(name)
        .is_ok_and(|zone| zone.iana_name() == Some(name))
}

pub(super) fn check_time_zone(problems: &mut Problems, index: usize, field: &str, name: &str) {
    if !is_time_zone(name) {
        let reason = format!("{name:?} is not a time zone of the IANA database");
        problems.refuse(index, field, ErrorCode::UnknownTimeZone, reason);
    }
}
