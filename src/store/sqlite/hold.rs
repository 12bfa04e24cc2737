//! Holding the file: the writing thread waits, with the lock, for what its holder will append.

use std::sync::mpsc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{Sqlite, append};
use crate::store::{Append, Appended, Hold, Result, SiteKey, StoreError};

/// A holder who takes longer than this loses the lock: others wait for it.
const LONGEST: Duration = Duration::from_secs(3);

/// So long the holder waits for the lock, and for its append.
const PATIENCE: Duration = Duration::from_secs(8);

type Answer = oneshot::Sender<Result<Appended>>;

struct Held {
    /// To the writing thread; dropped, the lock is let go.
    appends: mpsc::Sender<(Append, Answer)>,
}

/// Waits for the lock.
///
/// # Errors
/// `Unavailable`.
pub(super) async fn hold(store: &Sqlite, site: SiteKey) -> Result<Box<dyn Hold>> {
    let (appends, asked) = mpsc::channel::<(Append, Answer)>();
    let (ready, held) = oneshot::channel();
    let late = || StoreError::Unavailable("another process keeps the file too long".to_owned());
    let job = store.writer.begin(move |connection| {
        let transaction = match append::begin(connection) {
            Ok(transaction) => transaction,
            Err(error) => {
                let _ = ready.send(Err(error));
                return;
            }
        };
        // A holder that is gone by now lets go at once; one that never appends, in a while.
        if ready.send(Ok(())).is_ok()
            && let Ok((rows, answer)) = asked.recv_timeout(LONGEST)
        {
            let _ = answer.send(append::append_within(transaction, site, &rows));
        }
    });
    job.await?;
    match timeout(PATIENCE, held).await {
        Ok(Ok(taken)) => taken.map(|()| Box::new(Held { appends }) as Box<dyn Hold>),
        Ok(Err(_)) | Err(_) => Err(late()),
    }
}

#[async_trait]
impl Hold for Held {
    async fn append(self: Box<Self>, append: &Append) -> Result<Appended> {
        let (answer, answered) = oneshot::channel();
        if self.appends.send((append.clone(), answer)).is_err() {
            return Err(StoreError::Unavailable("the lock was held too long".to_owned()));
        }
        match timeout(PATIENCE, answered).await {
            Ok(Ok(end)) => end,
            Ok(Err(_)) => Err(StoreError::Unknown("a write broke off".to_owned())),
            Err(_) => Err(StoreError::Unknown("a write takes too long".to_owned())),
        }
    }
}
