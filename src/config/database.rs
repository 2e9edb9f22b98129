//! Where the source of truth lives.

use serde::{Deserialize, Deserializer};

use super::secret::Secret;
use super::value::wrong;

/// The database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    /// `sqlite:PATH`, `postgres://…` or `postgresql://…`. Default
    /// `sqlite:offercast.db` in `data_dir`.
    #[serde(deserialize_with = "address")]
    pub(crate) url: Secret,
}

const ADDRESS: &str = "sqlite:PATH, postgres://… or postgresql://…";

/// Checks the scheme only: what follows it is the driver's own language.
fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    let text = String::deserialize(deserializer)?;
    let known = ["sqlite:", "postgres://", "postgresql://"]
        .into_iter()
        .any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
    if known {
        Ok(Secret::new(text))
    } else {
        Err(wrong(&text, ADDRESS))
    }
}
