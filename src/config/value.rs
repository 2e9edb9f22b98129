//! Values that several concerns share.
//!
//! The errors made here say only what was expected; `error.rs` adds the key,
//! the value and its source.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer};

/// A value parsed from text, or what would have been right.
pub(super) fn parsed<'de, D, T>(deserializer: D, expected: &'static str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| wrong(&text, expected))
}

/// An error for a text that is not what was expected.
pub(super) fn wrong<E: Error>(text: &str, expected: &'static str) -> E {
    E::invalid_value(Unexpected::Str(text), &expected)
}

/// A whole number within a range.
pub(super) fn within<'de, D>(
    deserializer: D,
    range: RangeInclusive<u64>,
    expected: &'static str,
) -> Result<u64, D::Error>
where
    D: Deserializer<'de>,
{
    let number = i64::deserialize(deserializer)
        .map_err(|_| D::Error::invalid_type(Unexpected::Other("text"), &expected))?;
    u64::try_from(number)
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| D::Error::invalid_value(Unexpected::Signed(number), &expected))
}

/// A path that is not empty.
pub(super) fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Err(wrong(&text, "the path of a directory"));
    }
    Ok(PathBuf::from(text))
}

/// A path that is not empty, where one is given.
pub(super) fn some_path<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<PathBuf>, D::Error> {
    path(deserializer).map(Some)
}

const HTTP_URL: &str = "an http:// or https:// address without user, query and fragment";

/// The address of a server, returned without a slash at the end, so that
/// `/v1/…` can be appended.
pub(super) fn http_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let url: url::Url = text.parse().map_err(|_| wrong(&text, HTTP_URL))?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !plain {
        return Err(wrong(&text, HTTP_URL));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// The address of a server, where one is given.
pub(super) fn some_http_url<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    http_url(deserializer).map(Some)
}

/// `true` or `false`; from the environment it comes as text.
pub(super) fn yes_or_no<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Bool(bool),
        Text(String),
    }
    match Given::deserialize(deserializer)? {
        Given::Bool(yes) => Ok(yes),
        Given::Text(text) => text.parse().map_err(|_| wrong(&text, "true or false")),
    }
}
