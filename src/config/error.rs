//! A configuration mistake, as one line.

use std::path::Path;

use figment::error::Kind;
use figment::{Figment, Source};

use super::sources::ENVIRONMENT;

/// A mistake: the key, the value, where it was given, what is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("configuration: {0}")]
pub(crate) struct ConfigError(String);

/// Keys whose values are not repeated: they are, or may hold, passwords.
const SECRET: [&str; 4] = ["broker.url", "database.url", "server_token", "tokens"];

impl ConfigError {
    pub(super) fn new(error: figment::Error, figment: &Figment) -> Self {
        // Several mistakes are told one at a time, the first first.
        let first = error.clone().into_iter().last().unwrap_or(error);
        Self(one_line(&describe(&first, figment)))
    }

    pub(super) fn unreadable(path: &Path, source: &std::io::Error) -> Self {
        Self(one_line(&format!("{}: {source}", path.display())))
    }
}

fn describe(error: &figment::Error, figment: &Figment) -> String {
    let key = match &error.kind {
        Kind::UnknownField(name, _) if error.path.last() != Some(name) => {
            joined(&error.path, Some(name))
        }
        Kind::MissingField(name) => joined(&error.path, Some(name)),
        _ => joined(&error.path, None),
    };
    let place = place(error, &key);
    match &error.kind {
        Kind::UnknownField(name, known) => {
            format!("{key} ({place}): there is no such key{}", hint(name, known))
        }
        Kind::UnknownVariant(name, known) => {
            let known = known.join(", ");
            format!("{key} = {name:?} ({place}): expected one of {known}")
        }
        Kind::MissingField(_) => format!("{key} ({place}): is missing"),
        Kind::InvalidType(_, expected)
        | Kind::InvalidValue(_, expected)
        | Kind::InvalidLength(_, expected) => {
            format!(
                "{key}{} ({place}): expected {expected}",
                value(&key, figment)
            )
        }
        Kind::Message(message) if key.is_empty() => format!("{place}: {message}"),
        Kind::Message(message) => {
            format!("{key}{} ({place}): {message}", value(&key, figment))
        }
        other => format!("{key} ({place}): {other}"),
    }
}

fn joined(path: &[String], last: Option<&str>) -> String {
    let parts: Vec<&str> = path.iter().map(String::as_str).chain(last).collect();
    parts.join(".")
}

/// Where the value was given: a file, a variable, the command line.
fn place(error: &figment::Error, key: &str) -> String {
    let Some(metadata) = &error.metadata else {
        return "not given".to_owned();
    };
    if metadata.name == ENVIRONMENT {
        return format!("OFFERCAST_{}", key.to_uppercase().replace('.', "__"));
    }
    match &metadata.source {
        Some(Source::File(path)) => path.display().to_string(),
        _ => metadata.name.to_string(),
    }
}

/// ` = VALUE`, if the value may be shown.
fn value(key: &str, figment: &Figment) -> String {
    let is_secret = SECRET.iter().any(|secret| {
        key.strip_prefix(secret)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    if is_secret {
        return String::new();
    }
    match figment.find_value(key) {
        Ok(figment::value::Value::String(_, text)) => format!(" = {text:?}"),
        Ok(figment::value::Value::Num(_, number)) => number
            .to_i128()
            .map_or_else(String::new, |number| format!(" = {number}")),
        Ok(figment::value::Value::Bool(_, flag)) => format!(" = {flag}"),
        _ => String::new(),
    }
}

/// The known key that is most like the one given, else all of them.
fn hint(name: &str, known: &[&str]) -> String {
    let distance = |other: &&&str| strsim::damerau_levenshtein(name, other);
    match known.iter().min_by_key(distance) {
        Some(closest) if distance(&closest) <= 2 => format!("; did you mean {closest}?"),
        Some(_) => format!("; known are {}", known.join(", ")),
        None => String::new(),
    }
}

/// Parsers draw their errors over several lines; the last one says what is
/// wrong, the first one where.
fn one_line(text: &str) -> String {
    let drawn = |line: &&str| !line.is_empty() && !line.contains('|');
    let lines: Vec<&str> = text.lines().map(str::trim).filter(drawn).collect();
    lines.join(": ")
}
