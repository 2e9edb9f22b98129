//! What audits found: a plan, and one result per channel.

use std::collections::BTreeMap;

use diesel::prelude::*;
use offercast_contract::Instant;
use uuid::Uuid;

use crate::schema::audits;
use crate::{StorageError, Store};

impl Store {
    /// Keeps one part of an audit. A part that is there already stays.
    pub fn save_audit(
        &self,
        id: Uuid,
        part: &str,
        body: &str,
        now: Instant,
    ) -> Result<(), StorageError> {
        let saved = self.write(|connection| {
            let id = id.to_string();
            let known: i64 = audits::table
                .filter(audits::id.eq(&id).and(audits::part.eq(part)))
                .count()
                .get_result(connection)?;
            if known == 0 {
                diesel::insert_into(audits::table)
                    .values((
                        audits::id.eq(&id),
                        audits::part.eq(part),
                        audits::body.eq(body),
                        audits::recorded_at.eq(now.micros()),
                    ))
                    .execute(connection)?;
            }
            Ok(())
        });
        match saved {
            // Somebody saved the same part between the question and the insert.
            Err(StorageError::Conflict(_)) => Ok(()),
            saved => saved,
        }
    }

    /// All parts of an audit, by name; none if there is no such audit.
    pub fn audit_parts(&self, id: Uuid) -> Result<BTreeMap<String, String>, StorageError> {
        self.read(|connection| {
            let parts: Vec<(String, String)> = audits::table
                .select((audits::part, audits::body))
                .filter(audits::id.eq(id.to_string()))
                .load(connection)?;
            Ok(parts.into_iter().collect())
        })
    }
}
