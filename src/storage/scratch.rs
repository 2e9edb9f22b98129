//! Databases made for one test and dropped with it.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use tempfile::TempDir;

/// Why no database could be made.
pub type ScratchError = Box<dyn std::error::Error + Send + Sync>;

/// An empty database of its own, which goes when this is dropped.
pub struct Scratch {
    url: String,
    place: Place,
}

enum Place {
    Folder(TempDir),
    Server { admin_url: String, name: String },
}

impl Scratch {
    /// A file in a folder of its own.
    pub fn sqlite() -> Result<Self, ScratchError> {
        let folder = TempDir::new()?;
        let file = folder.path().join("offercast.db");
        Ok(Self {
            url: format!("sqlite:{}", file.display()),
            place: Place::Folder(folder),
        })
    }

    /// A new database on the server of `admin_url`, whose user may create one.
    #[allow(
        clippy::disallowed_methods,
        reason = "the clock only makes the name unique; nothing is timed by it"
    )]
    pub fn postgres(admin_url: &str) -> Result<Self, ScratchError> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
        let name = format!(
            "offercast_{}_{nanos}_{}",
            std::process::id(),
            COUNTER.fetch_add(1, Ordering::Relaxed)
        );
        PgConnection::establish(admin_url)?
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0"))?;
        Ok(Self {
            url: with_database(admin_url, &name).ok_or("the address names no database")?,
            place: Place::Server {
                admin_url: admin_url.to_owned(),
                name,
            },
        })
    }

    /// The address for [`crate::Store::open`].
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder of a SQLite database.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Folder(folder) => Some(folder.path()),
            Place::Server { .. } => None,
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Place::Server { admin_url, name } = &self.place
            && let Ok(mut connection) = PgConnection::establish(admin_url)
        {
            // A database that stays behind does no harm to any other test.
            let _ =
                connection.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

fn with_database(url: &str, name: &str) -> Option<String> {
    let (address, query) = match url.split_once('?') {
        Some((address, query)) => (address, format!("?{query}")),
        None => (url, String::new()),
    };
    let (server, database) = address.rsplit_once('/')?;
    (!server.ends_with('/') && !database.is_empty()).then(|| format!("{server}/{name}{query}"))
}
