//! A look at the database that changes nothing.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Executor, Row};

use super::lane::{self, Plans};
use super::{OLDEST_SERVER, Postgres, fault, migrate};
use crate::store::condition::Condition;
use crate::store::{Result, StoreError};

/// Settings that a promise hangs on: name, the one good value, what is lost with another.
const PROMISES: [(&str, &str, &str); 4] = [
    ("fsync", "on", "a crash of the machine loses or damages the log"),
    ("full_page_writes", "on", "a crash of the machine can damage the log"),
    ("synchronous_commit", "on", "edits that were acknowledged are lost in a crash"),
    ("server_encoding", "UTF8", "texts of many languages can't be kept"),
];

impl Postgres {
    /// How the database is found.
    ///
    /// # Errors
    /// `Setup` for an address, a user or a database that can't be used; `Unavailable`.
    pub(in crate::store) async fn examine(url: &str) -> Result<Condition> {
        let options = PgConnectOptions::from_str(url).map_err(|error| fault::address(&error))?;
        let options = options.application_name("osier-doctor").disable_statement_logging();
        let mut connection = lane::connect(&options, Plans::Anew).await.map_err(fault::at_open)?;
        let version = connection.server_version_num().map_or(0, |number| number / 10_000);
        if version < OLDEST_SERVER {
            let line = format!("PostgreSQL {OLDEST_SERVER} or newer is needed, this is {version}");
            return Err(StoreError::Setup(line));
        }
        let found = migrate::newest(&mut connection).await?;
        let mut unsafe_settings = Vec::new();
        for (name, good, lost) in PROMISES {
            let row = connection.fetch_one(sqlx::query("SELECT current_setting($1)").bind(name)).await;
            let value: String = row.and_then(|row| row.try_get(0)).map_err(fault::at_open)?;
            // A standby that must answer too is more than is asked for.
            let is_more = name == "synchronous_commit" && ["remote_apply", "remote_write"].contains(&&*value);
            if value != good && !is_more {
                unsafe_settings.push((name.to_owned(), value, lost));
            }
        }
        let clock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
        let row = connection.fetch_one(clock).await.map_err(fault::at_open)?;
        Ok(Condition {
            database: format!("PostgreSQL {version}"),
            exists: found > 0,
            schema: (found, migrate::known()),
            unsafe_settings,
            clock_ms: Some(row.try_get(0).map_err(fault::at_open)?),
            damage: None,
        })
    }
}
