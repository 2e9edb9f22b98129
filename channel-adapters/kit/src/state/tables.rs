//! The tables of an adapter's state, and small helpers to read and write them.

use redb::{ReadableTable, TableDefinition, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StateError;

/// A key of everything that exists per view and SKU.
pub(super) type ViewSku = (&'static str, &'static str);

/// Single values, JSON by name.
pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
/// State digests by view.
pub(super) const DIGESTS: TableDefinition<'_, &str, &str> = TableDefinition::new("digests");
/// Items by SKU, canonical JSON, reduced to the channel's views.
pub(super) const ITEMS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("items");
/// Items of a pull that is under way.
pub(super) const STAGED: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("staged");
/// Hashes of revisions held before, by epoch and number.
pub(super) const PASSED: TableDefinition<'_, (u64, u64), &[u8; 32]> =
    TableDefinition::new("passed");
/// SKUs to be rendered; 1 where they are to be delivered even if unchanged.
pub(super) const DIRTY: TableDefinition<'_, &str, u8> = TableDefinition::new("dirty");
/// Boundaries to come, in microseconds, with the SKU that changes.
pub(super) const BOUNDARIES: TableDefinition<'_, (i64, &str), ()> =
    TableDefinition::new("boundaries");
/// The boundary that a SKU stands under in [`BOUNDARIES`].
pub(super) const NEXT: TableDefinition<'_, &str, i64> = TableDefinition::new("next_boundary");
/// What is to be shown: claims (JSON) and artefact.
pub(super) const CONTENT: TableDefinition<'_, ViewSku, (&[u8], &[u8])> =
    TableDefinition::new("content");
/// Held items with the reason.
pub(super) const HELD: TableDefinition<'_, ViewSku, &str> = TableDefinition::new("held");
/// What is not delivered yet: 1 to be shown, 0 to be withdrawn.
pub(super) const PENDING: TableDefinition<'_, ViewSku, u8> = TableDefinition::new("pending");
/// What is delivered and not observed yet.
pub(super) const UNOBSERVED: TableDefinition<'_, ViewSku, ()> = TableDefinition::new("unobserved");
/// Differences found outside (JSON).
pub(super) const MISMATCHES: TableDefinition<'_, ViewSku, &[u8]> =
    TableDefinition::new("mismatches");

/// Makes all tables, so that readers find them.
pub(super) fn create(txn: &WriteTransaction) -> Result<(), StateError> {
    txn.open_table(META)?;
    txn.open_table(DIGESTS)?;
    txn.open_table(ITEMS)?;
    txn.open_table(STAGED)?;
    txn.open_table(PASSED)?;
    txn.open_table(DIRTY)?;
    txn.open_table(BOUNDARIES)?;
    txn.open_table(NEXT)?;
    txn.open_table(CONTENT)?;
    txn.open_table(HELD)?;
    txn.open_table(PENDING)?;
    txn.open_table(UNOBSERVED)?;
    txn.open_table(MISMATCHES)?;
    Ok(())
}

/// Reads a single value.
pub(super) fn get_meta<T: DeserializeOwned>(
    table: &impl ReadableTable<&'static str, &'static [u8]>,
    name: &str,
) -> Result<Option<T>, StateError> {
    match table.get(name)? {
        Some(bytes) => Ok(Some(serde_json::from_slice(bytes.value())?)),
        None => Ok(None),
    }
}

/// Writes a single value; `None` removes it.
pub(super) fn set_meta<T: Serialize>(
    txn: &WriteTransaction,
    name: &str,
    value: Option<&T>,
) -> Result<(), StateError> {
    let mut table = txn.open_table(META)?;
    match value {
        Some(value) => table.insert(name, serde_json::to_vec(value)?.as_slice())?,
        None => table.remove(name)?,
    };
    Ok(())
}
