//! Brings the schema up to this binary's: forward only, each migration in a transaction of its own.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{Executor, PgConnection, Row, SqlSafeStr};
use tokio::time::timeout;

use super::fault;
use crate::store::{Result, StoreError};

/// Version, name, text. One that was released is never changed.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (
        20_261_121_160_000,
        "log and registries",
        include_str!("../../../migrations/postgres/20261121160000_log_and_registries.sql"),
    ),
    (
        20_261_121_222_000,
        "last use of tokens",
        include_str!("../../../migrations/postgres/20261121222000_last_use_of_tokens.sql"),
    ),
    (
        20_261_121_223_000,
        "keyed answers",
        include_str!("../../../migrations/postgres/20261121223000_keyed_answers.sql"),
    ),
];

/// What a migration of a large database may take, and the wait for another process that runs it.
const PATIENCE: Duration = Duration::from_secs(600);

/// The version of the newest migration this binary has.
pub(super) fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.0)
}

/// Runs what is missing. Servers that start at once wait for each other.
///
/// # Errors
/// `Newer`; `Setup` where a migration fails or a past one is not the one this binary has.
pub(super) async fn run(connection: &mut PgConnection) -> Result<()> {
    let found = newest(connection).await?;
    if found > known() {
        return Err(StoreError::Newer { found, known: known() });
    }
    if found == known() {
        // Nothing to do: then neither a lock nor the right to make tables is needed.
        return Ok(());
    }
    connection.execute("SET statement_timeout = 0").await.map_err(fault::at_open)?;
    let migrator = Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect());
    match timeout(PATIENCE, migrator.run_direct(None, connection, false)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(failed(error)),
        Err(_) => Err(StoreError::Unavailable("the migration of PostgreSQL takes too long".to_owned())),
    }
}

fn migration(&(version, name, text): &(i64, &'static str, &'static str)) -> Migration {
    Migration::new(version, name.into(), MigrationType::Simple, text.into_sql_str(), false)
}

/// The newest migration the database has; 0 for none.
pub(super) async fn newest(connection: &mut PgConnection) -> Result<i64> {
    let has_any = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    let row = connection.fetch_one(has_any).await.map_err(fault::at_open)?;
    if !row.try_get::<bool, _>(0).map_err(fault::at_open)? {
        return Ok(0);
    }
    let newest = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
    let row = connection.fetch_one(newest).await.map_err(fault::at_open)?;
    row.try_get(0).map_err(fault::at_open)
}

fn failed(error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(found) if found > known() => StoreError::Newer { found, known: known() },
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => fault::at_open(error),
        other => StoreError::Setup(format!("the PostgreSQL store can't be migrated: {other}")),
    }
}
