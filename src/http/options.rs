//! What the server is told from outside.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use offercast_contract::Hash;
use serde::{Deserialize, Serialize};

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Pulling updates, as adapters do.
    Adapter,
    /// Everything, and the switches: freeze, resume, revert, epochs.
    Admin,
    /// Reading terms, items, the board, the log.
    Read,
    /// Edits and imports; contains [`Scope::Read`].
    Write,
}

impl Scope {
    const ALL: [Self; 4] = [Self::Adapter, Self::Admin, Self::Read, Self::Write];

    /// The name used in configuration and in problems.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adapter => "adapter",
            Self::Admin => "admin",
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// Whether having this scope allows what `wanted` allows.
    #[must_use]
    pub fn contains(self, wanted: Self) -> bool {
        self == wanted
            || self == Self::Admin
            || (self == Self::Write && wanted == Self::Read)
            || (self == Self::Adapter && wanted == Self::Read)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a scope (read, write, adapter, admin)")]
pub struct ScopeError(String);

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| ScopeError(text.to_owned()))
    }
}

/// A bearer token: only its hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Who uses it: the author in the log, so never a customer's name.
    pub name: String,
    /// What it allows.
    pub scopes: BTreeSet<Scope>,
    /// SHA-256 of the secret.
    pub sha256: Hash,
}

impl Token {
    /// A token for a secret, which is hashed and forgotten.
    #[must_use]
    pub fn new(name: &str, secret: &str, scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self {
            name: name.to_owned(),
            scopes: scopes.into_iter().collect(),
            sha256: Hash::of(&[secret.as_bytes()]),
        }
    }
}

/// How to serve.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// The largest JSON body that is accepted, in bytes.
    pub body_limit_bytes: usize,
    /// Memory for rendered bodies, in bytes.
    pub cache_bytes: u64,
    /// Listeners to the board at the most; each is sent the whole board up to
    /// five times a second.
    pub event_listeners: usize,
    /// The largest price list that is accepted, in bytes as sent.
    pub import_limit_bytes: u64,
    /// The longest that a cache may keep terms, in seconds, whatever their end.
    pub max_age_s: u32,
    /// Whether terms, items, the board and the log can be read without a token.
    pub public_reads: bool,
    /// The address that people use, such as `https://offers.example`; cookies
    /// are marked secure when it begins with `https:`.
    pub public_url: Option<String>,
    /// How long open requests may take to finish at a shutdown, in seconds.
    pub shutdown_timeout_s: u64,
    /// The tokens that are accepted.
    pub tokens: Vec<Token>,
    /// Threads that answer requests; none for one a core.
    pub workers: Option<usize>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            body_limit_bytes: 8 << 20,
            cache_bytes: 128 << 20,
            event_listeners: 256,
            import_limit_bytes: 1 << 30,
            max_age_s: 5,
            public_reads: true,
            public_url: None,
            shutdown_timeout_s: 10,
            tokens: Vec::new(),
            workers: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_contain_one_another() {
        assert!(Scope::Admin.contains(Scope::Write) && Scope::Admin.contains(Scope::Adapter));
        assert!(Scope::Write.contains(Scope::Read) && !Scope::Write.contains(Scope::Adapter));
        assert!(!Scope::Read.contains(Scope::Write) && !Scope::Write.contains(Scope::Admin));
        assert!(
            Scope::from_str("owner")
                .unwrap_err()
                .to_string()
                .contains("owner")
        );
    }
}
