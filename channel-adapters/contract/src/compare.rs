//! The rule of identity: reading = declared projection of the terms.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::channel::{Channel, DeclaredException};
use crate::claims::{ClaimKey, Claims};
use crate::{Instant, Sku};

/// One claim that differs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// What should be shown; absent for a surplus claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// Which claim.
    pub field: ClaimKey,
    /// What is shown; absent where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
}

/// How an item of a channel stands to the terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Reading = all claims of the terms.
    Identical,
    /// Reading = projection, which leaves declared fields out.
    DeclaredOmissions,
    /// Differs as a declared exception allows.
    DeclaredException,
    /// Shows terms of an earlier revision.
    Behind,
    /// Deliberately not shown, because it could not be shown truly.
    Held,
    /// Differs.
    Mismatch,
    /// Cannot be read.
    Unreadable,
}

impl ItemState {
    /// Whether "N of N channels" counts it as showing the terms.
    #[must_use]
    pub fn counts_as_shown(self) -> bool {
        matches!(
            self,
            Self::Identical | Self::DeclaredOmissions | Self::DeclaredException
        )
    }
}

/// Compares a reading with the projection of the terms: missing, surplus and
/// differing claims, in the order of fields.
#[must_use]
pub fn compare(expected: &Claims, shown: &Claims) -> Vec<Difference> {
    let keys: BTreeSet<&ClaimKey> = expected
        .iter()
        .chain(shown.iter())
        .map(|(key, _)| key)
        .collect();
    keys.into_iter()
        .filter(|key| expected.get(key) != shown.get(key))
        .map(|key| Difference {
            expected: expected.get(key).map(str::to_owned),
            field: key.clone(),
            shown: shown.get(key).map(str::to_owned),
        })
        .collect()
}

/// The state of an item whose reading has `differences` to its projection.
#[must_use]
pub fn judge(channel: &Channel, sku: &Sku, at: Instant, differences: &[Difference]) -> ItemState {
    let excused = |difference: &Difference| {
        channel
            .exceptions
            .iter()
            .any(|exception| covers(exception, sku, at, difference))
    };
    match differences {
        [] if channel.projection == crate::Projection::default() => ItemState::Identical,
        [] => ItemState::DeclaredOmissions,
        differences if differences.iter().all(excused) => ItemState::DeclaredException,
        _ => ItemState::Mismatch,
    }
}

fn covers(exception: &DeclaredException, sku: &Sku, at: Instant, difference: &Difference) -> bool {
    exception.field == difference.field.field
        && exception.sku.as_ref().is_none_or(|only| only == sku)
        && at < exception.until
}
