//! A look at the file that changes nothing.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::connection::at_open;
use super::{Sqlite, migrate};
use crate::store::condition::Condition;
use crate::store::{Result, StoreError};

impl Sqlite {
    /// How the file is found.
    ///
    /// # Errors
    /// `Setup` where it can't be opened or is another program's; `Unavailable` where it is locked.
    pub(in crate::store) fn examine(path: &Path) -> Result<Condition> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let failed = |error: rusqlite::Error| at_open(path, &error);
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        let found = match migrate::version(&connection, path) {
            Ok(found) => found,
            Err(StoreError::Newer { found, .. }) => found,
            Err(error) => return Err(error),
        };
        let checked: String =
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
        Ok(Condition {
            exists: found > 0,
            schema: (found, migrate::known()),
            damage: (checked != "ok").then_some(checked),
            ..Sqlite::nothing()
        })
    }

    /// Where there is no file yet.
    pub(in crate::store) fn nothing() -> Condition {
        let database = format!("SQLite {}", rusqlite::version());
        Condition { database, schema: (0, migrate::known()), ..Condition::default() }
    }
}
