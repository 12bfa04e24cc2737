//! The thread that writes: it takes one job after another, so that no write of this process waits for a lock.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::store::{Result, StoreError};

/// Jobs that wait beyond these make their callers wait.
const WAITING_JOBS: usize = 64;

/// So long a job may wait for its turn, and so long for its answer: five seconds of those the lock may take.
const PATIENCE: Duration = Duration::from_secs(8);

/// What the other process needs to come between two batches of this one.
const GAP: Duration = Duration::from_millis(2);

/// For so many batches after one of the other's, some second of work, the gap is left.
const WARY_BATCHES: u32 = 250;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The way to the thread; it ends when this is dropped.
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// `Unavailable` where the machine has no thread to give.
    pub fn start(connection: Connection) -> Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING_JOBS);
        std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || write(connection, waiting))
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self { jobs })
    }

    /// Does some work on the writing connection and answers what it answered.
    ///
    /// # Errors
    /// `Unavailable` where it never got its turn, `Unknown` where it was begun and did not answer.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        self.begin(move |connection| {
            // Nobody waits any more: the caller was told that nothing is known of it, so better nothing happens.
            if !answer.is_closed() {
                let _ = answer.send(work(connection));
            }
        })
        .await?;
        match timeout(PATIENCE, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(StoreError::Unknown("a write broke off".to_owned())),
            Err(_) => Err(StoreError::Unknown("a write takes too long".to_owned())),
        }
    }

    /// Hands some work to the thread and does not wait for it.
    ///
    /// # Errors
    /// `Unavailable` where too much waits before it.
    pub async fn begin(&self, work: impl FnOnce(&mut Connection) + Send + 'static) -> Result<()> {
        match timeout(PATIENCE, self.jobs.send(Box::new(work))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(StoreError::Unavailable("the writing thread has ended".to_owned())),
            Err(_) => Err(StoreError::Unavailable("too many writes wait".to_owned())),
        }
    }
}

fn write(mut connection: Connection, mut waiting: mpsc::Receiver<Job>) {
    let mut seen = data_version(&connection);
    let mut wary: u32 = 0;
    while let Some(job) = waiting.blocking_recv() {
        // A job that panics is rolled back by its transaction; the next ones are not to suffer.
        let _ = catch_unwind(AssertUnwindSafe(|| job(&mut connection)));
        let now = data_version(&connection);
        wary = if now == seen { wary.saturating_sub(1) } else { WARY_BATCHES };
        seen = now;
        if wary > 0 {
            std::thread::sleep(GAP);
        }
    }
}

/// Changes when another connection than this one has committed.
fn data_version(connection: &Connection) -> Option<i64> {
    let mut statement = connection.prepare_cached("PRAGMA data_version").ok()?;
    statement.query_row([], |row| row.get(0)).ok()
}
