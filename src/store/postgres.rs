//! The store of teams: any number of servers on one PostgreSQL database.
//!
//! Every call is one autocommitted statement, so a broken connection never leaves half of one behind.

mod append;
mod checkpoints;
mod fault;
mod lane;
mod log;
mod migrate;
mod registry;
mod row;

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::{Result, StoreError};
use lane::Lane;

/// The oldest major version that is tried out.
const OLDEST_SERVER: u32 = 15;

/// Keeps all in a PostgreSQL database.
pub struct Postgres {
    /// Writes never wait behind reads: each has connections of its own.
    writes: Lane,
    reads: Lane,
}

impl Postgres {
    /// Connects, and brings the schema up to this binary's.
    ///
    /// # Errors
    /// `Setup` for an address, a user or a database that can't be used, `Newer` where a newer Osier migrated it,
    /// `Unavailable` where the server does not answer.
    pub async fn open(url: &str) -> Result<Self> {
        let options = PgConnectOptions::from_str(url).map_err(|error| fault::address(&error))?;
        let options = options.application_name("osier").disable_statement_logging();
        let mut connection = lane::connect(&options).await.map_err(fault::at_open)?;
        if let Some(version) = connection.server_version_num().map(|number| number / 10_000)
            && version < OLDEST_SERVER
        {
            let line = format!("PostgreSQL {OLDEST_SERVER} or newer is needed, this is {version}");
            return Err(StoreError::Setup(line));
        }
        migrate::run(&mut connection).await?;
        let _ = connection.close().await;
        Ok(Self { writes: Lane::of(options.clone()), reads: Lane::of(options) })
    }
}
