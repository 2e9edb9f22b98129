//! Addresses of databases.

use std::path::PathBuf;

use crate::StorageError;

/// The two databases that Offercast can live in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// Embedded, in a file.
    Sqlite,
    /// A server.
    Postgres,
}

/// A parsed address. It has no `Debug`, so that no password gets into a log.
#[derive(Clone)]
pub(crate) enum Address {
    Sqlite(PathBuf),
    Postgres(String),
}

const RULE: &str = "the database address must be sqlite:PATH, postgres://… or postgresql://…";

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self, StorageError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        match url.strip_prefix("sqlite:") {
            // Each connection to :memory: would be a database of its own.
            Some("" | ":memory:") => Err(StorageError::Address(format!(
                "{RULE}; sqlite: needs the path of a file"
            ))),
            // A path that looks like a URI would be taken for one by SQLite.
            Some(path) if path.starts_with("file:") || path.starts_with("sqlite:") => {
                Ok(Self::Sqlite(PathBuf::from(".").join(path)))
            }
            Some(path) => Ok(Self::Sqlite(PathBuf::from(path))),
            None => Err(StorageError::Address(match url.split_once(':') {
                // The scheme is safe to repeat, what follows it may be not.
                Some((scheme, _)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                    format!("{RULE}, not {scheme}:")
                }
                _ => RULE.to_owned(),
            })),
        }
    }

    pub(crate) fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(_) => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }

    /// A message from the driver without the address and its password, which
    /// libpq repeats when it cannot parse the address.
    pub(crate) fn redact(&self, message: &str) -> String {
        let Self::Postgres(url) = self else {
            return message.trim().to_owned();
        };
        let mut text = message.replace(url.as_str(), "the address");
        for secret in secrets(url) {
            text = text.replace(secret, "***");
        }
        text.trim().replace('\n', "; ")
    }
}

fn secrets(url: &str) -> impl Iterator<Item = &str> {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let user = rest.rsplit_once('@').map_or("", |(user, _)| user);
    let inline = user.split_once(':').map(|(_, password)| password);
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let named = query.split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.to_ascii_lowercase()
            .contains("password")
            .then_some(value)
    });
    inline
        .into_iter()
        .chain(named)
        .filter(|secret| !secret.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        Address::parse(url).err().unwrap().to_string()
    }

    #[test]
    fn refuses_other_addresses_without_repeating_them() {
        for url in [
            "mysql://me:geheim@host/db",
            "me:geheim@host",
            "",
            "sqlite:",
            "sqlite::memory:",
        ] {
            let message = refusal(url);
            assert!(message.contains("postgresql://"), "{message}");
            assert!(
                !message.contains("geheim") && !message.contains('\n'),
                "{message}"
            );
        }
        assert!(refusal("mysql://x").contains("not mysql:"));
    }

    #[test]
    fn passwords_never_leave() {
        let url = "postgres://me:p@ss@host:port/db?sslpassword=second";
        let Ok(address) = Address::parse(url) else {
            panic!("refused");
        };
        let text = address.redact(&format!("cannot parse \"{url}\"\nnor p@ss, second\n"));
        assert_eq!(text, "cannot parse \"the address\"; nor ***, ***");
    }
}
