//! The store of teams: any number of servers on one PostgreSQL database.
//!
//! Every call is one autocommitted statement, so a broken connection never leaves half of one behind; only a hold keeps a
//! transaction open, for as long as one round takes.

mod append;
mod audit;
mod checkpoints;
mod examine;
mod fault;
mod hold;
mod lane;
mod log;
mod migrate;
mod registry;
mod row;
mod tokens;

use std::str::FromStr;
use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::{Result, StoreError};
use lane::{Lane, Plans};

/// The oldest major version that is tried out.
const OLDEST_SERVER: u32 = 15;

/// Keeps all in a PostgreSQL database.
pub struct Postgres {
    /// Writes never wait behind reads: each has connections of its own.
    writes: Arc<Lane>,
    /// Appends that change rows of earlier ones, which they must find: see `Plans::Anew`.
    relives: Arc<Lane>,
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
        let mut connection = lane::connect(&options, Plans::Anew).await.map_err(fault::at_open)?;
        if let Some(version) = connection.server_version_num().map(|number| number / 10_000)
            && version < OLDEST_SERVER
        {
            let line = format!("PostgreSQL {OLDEST_SERVER} or newer is needed, this is {version}");
            return Err(StoreError::Setup(line));
        }
        migrate::run(&mut connection).await?;
        let _ = connection.close().await;
        let writes = Arc::new(Lane::of(options.clone(), Plans::Kept));
        let relives = Arc::new(Lane::of(options.clone(), Plans::Anew));
        Ok(Self { writes, relives, reads: Lane::of(options, Plans::Anew) })
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;
    use crate::store::contract::bed::{database_url, drop_database, execute, fresh_database};
    use crate::store::{Log, Registry};

    #[tokio::test]
    async fn a_server_that_is_not_there_is_unavailable() {
        let refused = Postgres::open("postgres://anna:hunter2@127.0.0.1:1/osier").await.map(|_| ());
        let Err(StoreError::Unavailable(line)) = refused else { panic!("{refused:?}") };
        assert!(!line.contains("hunter2"), "{line}");
    }

    #[tokio::test]
    async fn a_database_that_is_not_there_is_a_fault_of_the_address() {
        let Some((server, name)) = fresh_database().await else { return };
        let refused = Postgres::open(&database_url(&server, "osier_no_such_database")).await.map(|_| ());
        assert!(matches!(refused, Err(StoreError::Setup(_))), "{refused:?}");
        drop_database(&server, &name).await;
    }

    #[tokio::test]
    async fn a_store_of_a_newer_osier_is_not_opened() {
        let Some((server, name)) = fresh_database().await else { return };
        let url = database_url(&server, &name);
        drop(Postgres::open(&url).await.unwrap());
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (99999999999999, 'tomorrow', TRUE, '', 0)";
        execute(&url, newer.to_owned()).await;
        let refused = Postgres::open(&url).await.map(|_| ());
        assert!(matches!(refused, Err(StoreError::Newer { found: 99_999_999_999_999, .. })), "{refused:?}");
        drop_database(&server, &name).await;
    }

    #[tokio::test]
    async fn many_that_open_a_new_database_at_once_all_find_the_schema() {
        let Some((server, name)) = fresh_database().await else { return };
        let url = database_url(&server, &name);
        for store in join_all((0..4).map(|_| Postgres::open(&url))).await {
            store.unwrap().sites("", 1).await.unwrap();
        }
        drop_database(&server, &name).await;
    }

    #[tokio::test]
    async fn connections_that_the_server_ended_are_made_anew() {
        let Some((server, name)) = fresh_database().await else { return };
        let url = database_url(&server, &name);
        let store = Postgres::open(&url).await.unwrap();
        let (site, _) = store.create_site("s", b"{}", 1).await.unwrap();
        let start = store.head(site.key).await.unwrap();
        let end_all = "SELECT pg_terminate_backend(pid)
            FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        execute(&url, end_all.to_owned()).await;

        assert_eq!(store.head(site.key).await.unwrap(), start);
        let batch = crate::store::contract::first_append(start);
        assert_eq!(store.append(site.key, &batch).await.unwrap(), crate::store::Appended::Done);
        assert_eq!(store.head(site.key).await.unwrap().seq, 1);
        drop_database(&server, &name).await;
    }
}
