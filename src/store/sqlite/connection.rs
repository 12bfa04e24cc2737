//! How the file is made, opened and waited for.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::store::{Result, StoreError};

/// After so many waits of 1.5 ms on average, some five seconds, another process keeps the file too long.
const MOST_WAITS: i32 = 3_300;

/// Makes the directory and the file where they are missing, for their owner only.
///
/// # Errors
/// `Setup` where that can't be, or the file can't be written.
pub(super) fn make_place(path: &Path) -> Result<()> {
    let refused = |error: std::io::Error| unusable(path, &error.to_string());
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(refused)?;
    }
    let mut make = OpenOptions::new();
    make.read(true).write(true).create(true).truncate(false).mode(0o600);
    make.open(path).map_err(refused)?;
    Ok(())
}

/// The connection that writes.
///
/// # Errors
/// `Setup` where the file can't be opened, `Unavailable` where another process keeps it locked.
pub(super) fn to_write(path: &Path) -> Result<Connection> {
    let connection = open(path).map_err(|error| at_open(path, &error))?;
    connection.busy_handler(Some(wait))?;
    // The first checkpoint only after 16 MB: every one waits for the disk twice, and hot pages are written once.
    connection
        .execute_batch(
            "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000;
             PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;",
        )
        .map_err(|error| at_open(path, &error))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Switches to the write-ahead log, if the file does not have it yet: readers then never wait for the writer.
///
/// # Errors
/// As `to_write`.
pub(super) fn keep_write_ahead_log(connection: &Connection, path: &Path) -> Result<()> {
    // Two processes that switch at once: SQLite answers one of them `busy` without asking the busy handler.
    let mut waits = 0;
    loop {
        let switched = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
        match switched {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => return Err(unusable(path, &format!("it stays in journal mode {mode}"))),
            Err(error) if is_busy(&error) && wait(waits) => waits += 1,
            Err(error) => return Err(at_open(path, &error)),
        }
    }
}

/// A connection that reads.
///
/// # Errors
/// `Unavailable` where the file is gone or can't be opened any more.
pub(super) fn to_read(path: &Path) -> Result<Connection> {
    let connection = open(path)?;
    connection.busy_handler(Some(wait))?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -4000;")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// What is wrong with the place of the store.
pub(super) fn unusable(path: &Path, why: &str) -> StoreError {
    StoreError::Setup(format!("the store can't be kept in {}: {why}", path.display()))
}

/// A fault while opening is the place's, except that somebody is at work there.
pub(super) fn at_open(path: &Path, error: &rusqlite::Error) -> StoreError {
    if is_busy(error) {
        return StoreError::Unavailable(format!("another process keeps {} locked", path.display()));
    }
    unusable(path, &error.to_string())
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// The path is a path and never a URI, and a connection is one thread's at a time.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
}

/// Waits 1 to 2 ms for the file to be free. SQLite's own handler waits up to 100 ms, so that a process which writes
/// all the time starves the other; and two that wait equally long meet again and again.
pub(super) fn wait(waits_before: i32) -> bool {
    let turn = waits_before.unsigned_abs().wrapping_mul(0x9E37_79B9) ^ std::process::id();
    let jitter_us = u64::from(turn.wrapping_mul(0x85EB_CA6B) >> 22);
    std::thread::sleep(Duration::from_micros(1_000 + jitter_us));
    waits_before < MOST_WAITS
}
