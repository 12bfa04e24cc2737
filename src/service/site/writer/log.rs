//! The writer and the log: appending in the face of doubt, and folding what others wrote.

use std::sync::Arc;
use std::time::Duration;

use super::super::super::{Fault, Result};
use super::super::load::{fold, newest};
use super::super::recent::{Keys, Recent};
use super::super::round::remember;
use super::super::{Head, history};
use super::Writer;
use crate::content::commit::Body;
use crate::store::{Append, Appended, Link, StoreError};

/// How long a write is tried before callers are told that the store is not there.
const DEADLINE: Duration = Duration::from_secs(8);

impl Writer {
    /// Appends; an outcome in doubt is resolved by sending the same rows again, which the store takes for done where
    /// they stand already.
    pub(super) async fn append(&mut self, append: &Append) -> Result<Appended, StoreError> {
        if append.entries.is_empty() {
            return Ok(Appended::Done);
        }
        let store = self.outside.store.clone();
        let attempt = async {
            let mut doubt = false;
            loop {
                match store.append(self.site.key, append).await {
                    Err(StoreError::Unknown(_)) => doubt = true,
                    Err(StoreError::Unavailable(_)) if doubt => {}
                    ended => return ended,
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        match tokio::time::timeout(DEADLINE, attempt).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(error),
            Err(_) => {
                self.behind = true;
                Err(StoreError::Unavailable(
                    "a write ended in doubt: send it again with its idempotency key".into(),
                ))
            }
        }
    }

    /// After a lost compare-and-set: folds the winner's entries; after a foreign one: reads all anew.
    pub(super) async fn recover(&mut self, lost: Appended, losses: u32) -> Result<()> {
        if lost == Appended::Foreign {
            let head = newest(self.outside.store.as_ref(), &self.site).await?;
            self.recent = Recent::from(head.root.version);
            self.keys = Keys::from(head.link.seq);
            self.head = Arc::new(head);
            return Ok(());
        }
        if losses > 2 {
            // Two writers that lose to each other in turn part ways after a moment of different length.
            let mut byte = [0];
            self.outside.chance.fill(&mut byte);
            tokio::time::sleep(Duration::from_micros(
                200 * u64::from(byte[0] % 32) * u64::from(losses.min(8)),
            ))
            .await;
        }
        self.catch_up().await
    }

    /// Folds what others have written.
    pub(super) async fn catch_up(&mut self) -> Result<()> {
        loop {
            let entries = self.outside.store.entries(self.site.key, self.head.link.seq, 512).await?;
            if entries.is_empty() {
                self.behind = false;
                return Ok(());
            }
            let mut root = self.head.root.clone();
            let (mut link, mut at_ms) = (self.head.link, self.head.at_ms);
            for entry in &entries {
                fold(self.outside.store.as_ref(), &self.site, &mut root, entry).await?;
                let body =
                    Body::decode(entry.format, &entry.body).map_err(|e| Fault::Internal(e.to_string()))?;
                if let (Some(key), Some(request)) = (&entry.key, entry.request) {
                    self.keys.insert(entry.who.clone(), key.clone(), entry.seq, request);
                }
                if let Some(version) = entry.version {
                    history::follow(&mut self.recent, remember(entry, body, version));
                }
                (link, at_ms) = (Link { seq: entry.seq, hash: entry.hash }, entry.at_ms);
            }
            self.head = Arc::new(Head { root, link, at_ms });
        }
    }
}
