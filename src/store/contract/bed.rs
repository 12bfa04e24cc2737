//! A fresh store per test.
#![cfg(test)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

use crate::store::{Memory, Store, open};

const POSTGRES: &str = "OSIER_TEST_POSTGRES";

/// A store of one test's own.
pub(in crate::store) struct Bed {
    pub store: Arc<dyn Store>,
    place: Place,
}

enum Place {
    Memory,
    Directory(TempDir),
    Database { server: String, name: String },
}

impl Bed {
    pub fn memory() -> Self {
        Self { store: Arc::new(Memory::default()), place: Place::Memory }
    }

    pub async fn sqlite() -> Self {
        let directory = TempDir::new().unwrap();
        let store = open(&sqlite_url(&directory)).await.unwrap();
        Self { store, place: Place::Directory(directory) }
    }

    /// None, and a line that says so, where no server is named.
    pub async fn postgres() -> Option<Self> {
        let (server, name) = fresh_database().await?;
        let store = open(&database_url(&server, &name)).await.unwrap();
        Some(Self { store, place: Place::Database { server, name } })
    }

    /// A second handle to the same store, opened anew: as another process has it. In memory there is but one.
    pub async fn another(&self) -> Arc<dyn Store> {
        match &self.place {
            Place::Memory => Arc::clone(&self.store),
            Place::Directory(directory) => open(&sqlite_url(directory)).await.unwrap(),
            Place::Database { server, name } => open(&database_url(server, name)).await.unwrap(),
        }
    }

    pub async fn remove(self) {
        if let Place::Database { server, name } = self.place {
            drop_database(&server, &name).await;
        }
    }
}

fn sqlite_url(directory: &TempDir) -> String {
    format!("sqlite:{}", directory.path().join("below").join("osier.db").display())
}

/// The address of a database on the server, whatever database the server's address names.
pub(in crate::store) fn database_url(server: &str, name: &str) -> String {
    let (address, query) = server.split_once('?').unwrap_or((server, ""));
    let from = address.find("://").unwrap() + 3;
    let host = address[from..].find('/').map_or(address, |at| &address[..from + at]);
    format!("{host}/{name}?{query}")
}

/// The server and a database on it that has no table yet.
pub(in crate::store) async fn fresh_database() -> Option<(String, String)> {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let Ok(server) = std::env::var(POSTGRES) else {
        eprintln!("not run on PostgreSQL: {POSTGRES} names no server");
        return None;
    };
    // Names of databases are shared with other runs on the same server.
    let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), std::process::id());
    let name = format!("osier_test_{random:016x}_{}", MADE.fetch_add(1, Ordering::Relaxed));
    execute(&server, format!("CREATE DATABASE {name}")).await;
    Some((server, name))
}

pub(in crate::store) async fn drop_database(server: &str, name: &str) {
    execute(server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

/// Runs one statement over a connection of its own.
pub(in crate::store) async fn execute(url: &str, sql: String) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}
