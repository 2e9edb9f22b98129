//! Who may do what over HTTP.

use std::collections::BTreeSet;
use std::fmt;

use offercast_contract::Hash;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::value;

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    /// Pull updates and answer for channels.
    Adapter,
    /// Freeze, resume, revert, open an epoch.
    Admin,
    /// Read what is not public.
    Read,
    /// Make revisions.
    Write,
}

/// A token, known by its hash only.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    /// Who holds it: the author of what is done with it.
    #[serde(deserialize_with = "name")]
    pub(crate) name: String,
    /// What it allows; at least one scope.
    #[serde(deserialize_with = "scopes")]
    pub(crate) scopes: BTreeSet<Scope>,
    /// SHA-256 of its text.
    #[serde(deserialize_with = "sha256")]
    pub(crate) sha256: Hash,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("name", &self.name)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() || text.len() > 64 || text.chars().any(char::is_control) {
        return Err(value::wrong(&text, "a name of 1 to 64 bytes"));
    }
    Ok(text)
}

fn scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<Scope>, D::Error> {
    let scopes = BTreeSet::deserialize(deserializer)?;
    if scopes.is_empty() {
        let expected = "at least one of adapter, admin, read, write";
        return Err(D::Error::invalid_length(0, &expected));
    }
    Ok(scopes)
}

fn sha256<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
    let expected = "the SHA-256 of the token's text, as 64 lower-case hexadecimal digits";
    value::parsed(deserializer, expected)
}

/// All tokens. Names and hashes are unique, or an author would be in doubt.
pub(super) fn tokens<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Token>, D::Error> {
    let tokens = Vec::<Token>::deserialize(deserializer)?;
    for (index, token) in tokens.iter().enumerate() {
        for other in &tokens[..index] {
            let twice = if other.name == token.name {
                "the name is"
            } else if other.sha256 == token.sha256 {
                "its hash is"
            } else {
                continue;
            };
            return Err(D::Error::custom(format!(
                "token {:?}: {twice} that of another token",
                token.name
            )));
        }
    }
    Ok(tokens)
}
