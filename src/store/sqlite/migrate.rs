//! Brings a file's schema up to this binary's: forward only, each migration in a transaction of its own.
//!
//! `application_id` tells a store of Osier's from other files, `user_version` counts the migrations it has.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::connection::{at_open, keep_write_ahead_log, unusable};
use crate::store::{Result, StoreError};

/// `OSIE`, in the header of the file.
const APPLICATION_ID: i64 = 0x4F53_4945;

/// In the order they are run. One that was released is never changed.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/sqlite/20261121160000_log_and_registries.sql"),
    include_str!("../../../migrations/sqlite/20261121222000_last_use_of_tokens.sql"),
    include_str!("../../../migrations/sqlite/20261121223000_keyed_answers.sql"),
];

/// How many migrations this binary knows.
pub(super) fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Runs what is missing. Processes that start at once wait for each other.
///
/// # Errors
/// `Newer`; `Setup` where the file is not a store of Osier's or a migration fails.
pub(super) fn run(connection: &mut Connection, path: &Path) -> Result<()> {
    version(connection, path)?;
    keep_write_ahead_log(connection, path)?;
    run_missing(connection, path)
}

/// The same, in the journal that the file has.
///
/// # Errors
/// As `run`.
pub(super) fn run_missing(connection: &mut Connection, path: &Path) -> Result<()> {
    let failed = |error: rusqlite::Error| at_open(path, &error);
    let mut found = version(connection, path)?;
    while found < known() {
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        // Another process may have run it while this one waited.
        found = version(&transaction, path)?;
        let next = usize::try_from(found).ok().and_then(|at| MIGRATIONS.get(at));
        if let Some(migration) = next {
            transaction.execute_batch(migration).map_err(failed)?;
            found += 1;
            transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
            transaction.pragma_update(None, "user_version", found).map_err(failed)?;
            transaction.commit().map_err(failed)?;
        }
    }
    Ok(())
}

/// Refuses to write where a newer Osier migrated the file after this one opened it.
///
/// # Errors
/// `Newer`.
pub(super) fn refuse_newer(connection: &Connection) -> Result<()> {
    let found: i64 = connection.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))?;
    if found > known() {
        return Err(StoreError::Newer { found, known: known() });
    }
    Ok(())
}

/// Makes in an empty database all that the migrations make, to compare with.
///
/// # Errors
/// Those of SQLite.
pub(super) fn make(connection: &mut Connection) -> Result<()> {
    for migration in MIGRATIONS {
        connection.execute_batch(migration)?;
    }
    Ok(())
}

/// That a file is a store of Osier's with the very schema of this binary, without changing it.
///
/// # Errors
/// `Newer`; `Setup` where it is another program's, or has an older schema.
pub(super) fn expect_known(connection: &Connection, path: &Path) -> Result<()> {
    if expect_store(connection, path)? < known() {
        let line = "has the schema of an older osier: run `osier migrate` on it first";
        return Err(StoreError::Setup(format!("{} {line}", path.display())));
    }
    Ok(())
}

/// That a file is a store of Osier's, of this binary's schema or an older one: how many migrations it has.
///
/// # Errors
/// `Newer`; `Setup` where it is another program's.
pub(super) fn expect_store(connection: &Connection, path: &Path) -> Result<i64> {
    match version(connection, path) {
        Ok(0) | Err(StoreError::Setup(_)) => {
            Err(StoreError::Setup(format!("{} is no store of Osier's", path.display())))
        }
        checked => checked,
    }
}

/// How many migrations the file has: 0 for an empty one.
pub(super) fn version(connection: &Connection, path: &Path) -> Result<i64> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let failed = |error: rusqlite::Error| at_open(path, &error);
    let tables = number("SELECT count(*) FROM sqlite_schema").map_err(failed)?;
    let application = number("PRAGMA application_id").map_err(failed)?;
    let found = number("PRAGMA user_version").map_err(failed)?;
    if application != APPLICATION_ID && (tables > 0 || application != 0) {
        return Err(unusable(path, "it holds another program's database"));
    }
    if found > known() {
        return Err(StoreError::Newer { found, known: known() });
    }
    Ok(found)
}
