//! How a store is found, without changing anything about it: for those who look why a server does not start.

use std::path::Path;

use super::open::embedded_path;
use super::{Postgres, Result, Sqlite, StoreError};

/// What was found where the store should be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition {
    /// Which database, in which version.
    pub database: String,
    /// Whether there is a store; the first start makes one.
    pub exists: bool,
    /// Migrations the store has and lacks, as the database counts them: found, known to this binary.
    pub schema: (i64, i64),
    /// Settings of the database that a promise hangs on: name, value, and what is lost with it.
    pub unsafe_settings: Vec<(String, String, &'static str)>,
    /// The clock of the database, milliseconds since 1970, where it has one of its own.
    pub clock_ms: Option<i64>,
    /// The first damage that the database itself finds.
    pub damage: Option<String>,
}

/// Looks at the store at an address. Nothing is made, migrated or locked.
///
/// # Errors
/// `Setup`, `Unavailable`, as `open`.
pub async fn examine(url: &str) -> Result<Condition> {
    if let Some(path) = embedded_path(url) {
        return tokio::task::spawn_blocking(move || on_file(&path))
            .await
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    }
    match url.split_once(':') {
        Some(("memory", "")) => Ok(Condition { database: "memory".into(), ..Condition::default() }),
        Some(("postgres" | "postgresql", _)) => Postgres::examine(url).await,
        // The words for an address that is none stand there.
        _ => super::open(url).await.map(|_| Condition::default()),
    }
}

fn on_file(path: &Path) -> Result<Condition> {
    match std::fs::metadata(path) {
        Ok(about) if about.len() > 0 => Sqlite::examine(path),
        Ok(_) => Ok(Sqlite::nothing()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Sqlite::nothing()),
        Err(error) => Err(StoreError::Setup(format!("{}: {error}", path.display()))),
    }
}
