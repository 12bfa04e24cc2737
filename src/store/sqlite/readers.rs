//! The connections that read: opened when needed, kept when idle.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{connection, interrupted};
use crate::store::{Result, StoreError};

/// Long reads at a time.
const LONG_READS: usize = 4;

/// Idle connections beyond these are closed.
const KEPT_IDLE: usize = 8;

const PATIENCE: Duration = Duration::from_secs(8);

/// Hands out connections.
pub(super) struct Readers {
    shelf: Arc<Shelf>,
    turns: Arc<Semaphore>,
}

struct Shelf {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Of the file at this path.
    pub fn of(path: PathBuf) -> Self {
        let shelf = Shelf { path, idle: Mutex::default() };
        Self { shelf: Arc::new(shelf), turns: Arc::new(Semaphore::new(LONG_READS)) }
    }

    /// Reads a row or a few on the caller's thread: that takes some 10 µs, the way to another thread 24.
    ///
    /// # Errors
    /// Those of the read.
    pub fn short<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.shelf.with(read)
    }

    /// Reads many rows on a thread that may wait.
    ///
    /// # Errors
    /// Those of the read; `Unavailable` where too many others read.
    pub async fn long<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(StoreError::Unavailable("too many reads wait".to_owned()));
        };
        let shelf = Arc::clone(&self.shelf);
        let reading = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            shelf.with(read)
        });
        reading.await.map_err(interrupted)?
    }
}

impl Shelf {
    /// A connection whose read failed is not kept: the file may have been moved from under it.
    fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let kept = self.idle().pop();
        let connection = kept.map_or_else(|| connection::to_read(&self.path), Ok)?;
        let answer = read(&connection)?;
        let mut idle = self.idle();
        if idle.len() < KEPT_IDLE {
            idle.push(connection);
        }
        Ok(answer)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
