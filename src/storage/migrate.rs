//! Migrations, embedded in the program.

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::connection::AnyConnection;
use crate::{StorageError, Store};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Any number that nothing else locks: two servers that start together
/// migrate one after the other.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(7102024)";

impl Store {
    /// Brings the schema to that of this build, all or nothing, and returns
    /// the names of the migrations applied now. A schema that is newer than
    /// this build is refused.
    pub fn migrate(&self) -> Result<Vec<String>, StorageError> {
        self.write(|connection| match connection {
            AnyConnection::Sqlite(sqlite) => run(sqlite, || SQLITE),
            AnyConnection::Postgres(postgres) => {
                postgres.batch_execute(MIGRATION_LOCK)?;
                run(postgres, || POSTGRES)
            }
        })
    }

    /// Names of the migrations that this build has and the database has not.
    pub fn pending_migrations(&self) -> Result<Vec<String>, StorageError> {
        self.write(|connection| match connection {
            AnyConnection::Sqlite(sqlite) => pending(sqlite, SQLITE),
            AnyConnection::Postgres(postgres) => pending(postgres, POSTGRES),
        })
    }
}

fn failure(error: Box<dyn std::error::Error + Send + Sync>) -> StorageError {
    match error.downcast::<diesel::result::Error>() {
        Ok(error) => StorageError::from(*error),
        Err(error) => StorageError::Schema(error.to_string()),
    }
}

fn run<DB, C>(
    connection: &mut C,
    migrations: fn() -> EmbeddedMigrations,
) -> Result<Vec<String>, StorageError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
{
    pending(connection, migrations())?;
    connection
        .run_pending_migrations(migrations())
        .map(|versions| versions.iter().map(ToString::to_string).collect())
        .map_err(failure)
}

fn pending<DB, C>(
    connection: &mut C,
    migrations: EmbeddedMigrations,
) -> Result<Vec<String>, StorageError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
{
    let known: Vec<Box<dyn Migration<DB>>> = migrations.migrations().map_err(failure)?;
    for applied in connection.applied_migrations().map_err(failure)? {
        if !known
            .iter()
            .any(|migration| migration.name().version() == applied)
        {
            return Err(StorageError::Schema(format!(
                "migration {applied} was applied by a newer version of Offercast; use that version"
            )));
        }
    }
    connection
        .pending_migrations(migrations)
        .map(|pending| {
            pending
                .iter()
                .map(|migration| migration.name().to_string())
                .collect()
        })
        .map_err(failure)
}
