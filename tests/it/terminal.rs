//! The binary on the store of a test's own, and that store with its cover off.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

/// A command on a store, with nothing of this machine's settings.
pub fn osier(database: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_osier"));
    command.args(arguments).args(["--database", database]).stdin(Stdio::null());
    command.env_clear().env("OSIER_DATA_DIR", "/nonexistent").current_dir("/");
    command
}

/// Runs it without keeping the runtime from its work.
pub async fn run(database: &str, arguments: &[&str]) -> Output {
    let mut command = osier(database, arguments);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// What it says when it succeeds. Only a store that it made may be remarked on.
pub async fn succeed(database: &str, arguments: &[&str]) -> String {
    let output = run(database, arguments).await;
    let told = String::from_utf8_lossy(&output.stderr);
    let mut remarks = told.lines().filter(|line| !line.starts_with("Made a new store in "));
    assert!(output.status.success() && remarks.next().is_none(), "{arguments:?}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

pub async fn succeed_json(database: &str, arguments: &[&str]) -> Value {
    serde_json::from_str(&succeed(database, arguments).await).unwrap()
}

/// The one line it fails with, beside what it says of a store that it made.
pub async fn fail(database: &str, arguments: &[&str], code: i32) -> String {
    let output = run(database, arguments).await;
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    let lines: Vec<_> = told.lines().filter(|line| !line.starts_with("Made a new store in ")).collect();
    assert_eq!(lines.len(), 1, "{arguments:?}: {told}");
    format!("{}\n", lines[0])
}

/// The address of a store in a folder.
pub fn sqlite(folder: &Path, name: &str) -> String {
    format!("sqlite:{}", folder.join(name).display())
}

/// Runs SQL on a store, past all the code. What the database refuses is told.
pub async fn execute(database: &str, sql: &str) -> Result<(), String> {
    if let Some(path) = database.strip_prefix("sqlite:") {
        let connection = rusqlite::Connection::open(path).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        return connection.execute_batch(sql).map_err(|e| e.to_string());
    }
    let mut connection = PgConnection::connect(database).await.unwrap();
    connection.execute(AssertSqlSafe(sql.to_owned())).await.map(|_| ()).map_err(|e| e.to_string())
}

/// A copy of a store that no server is at.
pub async fn copy_of(database: &str, folder: &TempDir) -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    if let Some(path) = database.strip_prefix("sqlite:") {
        let copy = folder.path().join(format!("copy-{number}.db"));
        let connection = rusqlite::Connection::open(path).unwrap();
        connection.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
        return format!("sqlite:{}", copy.display());
    }
    let (address, name) = database.rsplit_once('/').unwrap();
    let mut connection = PgConnection::connect(&format!("{address}/postgres")).await.unwrap();
    let copy = format!("{name}_copy_{number}");
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    for sql in
        [end, format!("DROP DATABASE IF EXISTS {copy}"), format!("CREATE DATABASE {copy} TEMPLATE {name}")]
    {
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    format!("{address}/{copy}")
}

/// A store with nothing in it, of the same kind as another.
pub async fn fresh_like(database: &str, folder: &TempDir) -> String {
    if database.starts_with("sqlite:") {
        static MADE: AtomicU32 = AtomicU32::new(0);
        return sqlite(folder.path(), &format!("fresh-{}.db", MADE.fetch_add(1, Ordering::Relaxed)));
    }
    crate::harness::Server::postgres_database().await.unwrap().0
}
