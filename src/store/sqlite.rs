//! The embedded store: one file, one thread that writes it, and connections of their own that read it.
//!
//! Two processes may share the file: each sees the other's commits with its next read.

mod append;
mod checkpoints;
mod connection;
mod fault;
mod log;
mod migrate;
mod readers;
mod registry;
mod row;
mod writer;

use std::path::Path;

use super::{Result, StoreError};
use readers::Readers;
use writer::Writer;

/// Keeps all in a SQLite file.
pub struct Sqlite {
    writer: Writer,
    readers: Readers,
}

impl Sqlite {
    /// Opens the file, makes it and its directory if they are missing, and brings its schema up to this binary's.
    ///
    /// # Errors
    /// `Setup` where the path can't be used or is not a store of Osier's, `Newer` where a newer Osier migrated it,
    /// `Unavailable` where another process keeps it locked.
    pub async fn open(path: &Path) -> Result<Self> {
        let place = path.to_owned();
        let opening = tokio::task::spawn_blocking(move || {
            connection::make_place(&place)?;
            let mut connection = connection::to_write(&place)?;
            migrate::run(&mut connection, &place)?;
            Ok::<_, StoreError>((connection, place))
        });
        let (connection, place) = opening.await.map_err(interrupted)??;
        Ok(Self { writer: Writer::start(connection)?, readers: Readers::of(place) })
    }
}

/// A reading task ended without an answer: a panic, or the runtime going down.
fn interrupted(error: tokio::task::JoinError) -> StoreError {
    StoreError::Unavailable(format!("a task of the store was interrupted: {error}"))
}
