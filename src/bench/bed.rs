//! Fresh stores to measure on.

use std::fs;
use std::path::PathBuf;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row};

use super::broken::Result;

/// The two stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Sqlite => "SQLite",
            Kind::Postgres => "PostgreSQL",
        }
    }
}

/// Where fresh stores are made.
pub(super) struct Beds {
    /// A folder of this run's own on a real disk.
    pub(super) folder: PathBuf,
    /// The server's URL.
    pub(super) postgres: Option<String>,
    made: u32,
}

/// A store with nothing in it yet.
#[derive(Clone, Debug)]
pub(super) struct Bed {
    pub(super) url: String,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    File(PathBuf),
    Database,
}

impl Beds {
    pub(super) fn of(folder: PathBuf, postgres: Option<String>) -> Beds {
        Beds { folder, postgres, made: 0 }
    }

    /// The stores there are to measure on.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        match self.postgres {
            Some(_) => vec![Kind::Sqlite, Kind::Postgres],
            None => vec![Kind::Sqlite],
        }
    }

    /// A fresh store; of PostgreSQL, a database of its own on the one server.
    pub(super) async fn fresh(&mut self, kind: Kind) -> Result<Bed> {
        self.made += 1;
        let server = match (kind, &self.postgres) {
            (Kind::Postgres, Some(server)) => server,
            (Kind::Sqlite, _) | (Kind::Postgres, None) => {
                let file = self.folder.join(format!("{}.db", self.made));
                return Ok(Bed { url: format!("sqlite:{}", file.display()), place: Place::File(file) });
            }
        };
        let name = format!("osier_bench_{}_{}", std::process::id(), self.made);
        let mut connection = connect(server).await?;
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
        connection.close().await?;
        let (address, _) = server.rsplit_once('/').unwrap_or((server, ""));
        Ok(Bed { url: format!("{address}/{name}"), place: Place::Database })
    }
}

impl Bed {
    /// The same store, reached by another way.
    pub(super) fn at(&self, url: String) -> Bed {
        Bed { url, place: self.place.clone() }
    }

    /// What it takes on disk, indexes and checkpoints included; of SQLite with the write-ahead log, of PostgreSQL without,
    /// for that is the whole server's and comes round again.
    pub(super) async fn bytes(&self) -> Result<u64> {
        match &self.place {
            Place::File(file) => {
                let length = |suffix: &str| {
                    fs::metadata(format!("{}{suffix}", file.display())).map_or(0, |data| data.len())
                };
                Ok(["", "-wal", "-shm"].into_iter().map(length).sum())
            }
            Place::Database => {
                let mut connection = connect(&self.url).await?;
                let row = connection
                    .fetch_one(
                        "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
                        FROM pg_class c
                        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace",
                    )
                    .await?;
                let bytes: i64 = row.try_get(0)?;
                connection.close().await?;
                Ok(bytes.unsigned_abs())
            }
        }
    }

    /// Sends the database away, so that a long run does not fill the disk. Files go with their folder.
    pub(super) async fn remove(self, beds: &Beds) -> Result<()> {
        match (&self.place, &beds.postgres) {
            (Place::File(file), _) => {
                for suffix in ["", "-wal", "-shm"] {
                    let _ = fs::remove_file(format!("{}{suffix}", file.display()));
                }
            }
            (Place::Database, Some(server)) => {
                let name = self.url.rsplit('/').next().unwrap_or_default();
                let mut connection = connect(server).await?;
                connection.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await?;
                connection.close().await?;
            }
            (Place::Database, None) => {}
        }
        Ok(())
    }
}

/// A connection that does not log what is slow: all is, while databases come and go.
pub(super) async fn connect(url: &str) -> Result<PgConnection> {
    Ok(PgConnectOptions::from_str(url)?.disable_statement_logging().connect().await?)
}
