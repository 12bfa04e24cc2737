//! The writer and the log: appending in the face of doubt, and folding what others wrote.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::super::super::{Fault, Result};
use super::super::feed::Logged;
use super::super::load::{STRIDE, fold_body, newest};
use super::super::recent::{Keys, Recent};
use super::super::round::remember;
use super::super::{Head, history};
use super::Writer;
use crate::content::commit::Body;
use crate::store::{Append, Appended, Entry, Hold, Link, SiteKey, Store, StoreError};
use crate::telemetry::metrics;

/// How long a write is tried before callers are told that the store is not there.
const DEADLINE: Duration = Duration::from_secs(8);

/// How a flight ended.
pub(super) enum Landing {
    /// The store said so.
    At(Appended),
    /// Nothing was written.
    Refused(StoreError),
    /// Nobody knows; the reason.
    Doubt(String),
}

/// Appends; an outcome in doubt is resolved by sending the same rows again, which the store takes for done where they
/// stand already.
pub(super) async fn land(
    store: &dyn Store,
    site: SiteKey,
    append: &Append,
    mut hold: Option<Box<dyn Hold>>,
) -> Landing {
    let mut doubt = None;
    let attempts = async {
        loop {
            let attempt = match hold.take() {
                Some(hold) => match hold.append(append).await {
                    // The lock is gone, and nothing else is wrong so far.
                    Err(StoreError::Unavailable(_)) => continue,
                    held => held,
                },
                None => store.append(site, append).await,
            };
            match attempt {
                Ok(end) => return Landing::At(end),
                Err(StoreError::Unknown(why)) => doubt = Some(why),
                Err(StoreError::Unavailable(_) | StoreError::Full(_)) if doubt.is_some() => {}
                Err(error) => return Landing::Refused(error),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    match tokio::time::timeout(DEADLINE, attempts).await {
        Ok(landing) => landing,
        Err(_) => Landing::Doubt(doubt.unwrap_or_else(|| "the store does not answer".into())),
    }
}

/// Whether a round without rows was judged on the newest: a refusal may come from not yet knowing what another process
/// wrote. Where the store can't be asked nobody knows whether it is right.
pub(super) async fn look(store: &dyn Store, site: SiteKey, after: Link) -> Landing {
    match store.head(site).await {
        Ok(head) if head.seq > after.seq => Landing::At(Appended::Lost),
        Ok(head) if head != after => Landing::At(Appended::Foreign),
        Ok(_) => Landing::At(Appended::Done),
        Err(error) => Landing::Refused(error),
    }
}

impl Writer {
    /// After a lost compare-and-set: folds the winner's entries; after a foreign one: reads all anew.
    pub(super) async fn recover(&mut self, lost: Appended) -> Result<()> {
        match lost {
            Appended::Foreign => self.begin_anew().await,
            Appended::Lost | Appended::Done | Appended::Gone => self.catch_up().await,
        }
    }

    /// Takes the lock of the site, and folds all there is by then.
    pub(super) async fn hold(&mut self) -> Result<Box<dyn Hold>> {
        let hold = self.outside.store.hold(self.site.key).await?;
        self.catch_up().await?;
        Ok(hold)
    }

    /// Reads the state as if it had never been read: the log is another one.
    async fn begin_anew(&mut self) -> Result<()> {
        let head = newest(self.outside.store.as_ref(), &self.site).await?;
        self.past.clear();
        self.recent = Recent::from(head.root.version);
        self.keys = Keys::from(head.link.seq);
        self.residence.settle_in(&head.root);
        self.head = Arc::new(head);
        self.behind = false;
        if let Some(open) = self.open.upgrade() {
            open.head.store(self.head.clone());
            open.feed.replace(self.head.link.seq, self.head.root.version);
        }
        Ok(())
    }

    /// Folds what others had written when it was asked. Who writes faster than this one folds is not waited for: it would be
    /// for ever. The entry that is the head is read again with it: where another stands in its place, or none, what follows
    /// does not follow from our state.
    pub(super) async fn catch_up(&mut self) -> Result<()> {
        loop {
            let Link { seq, hash } = self.head.link;
            let before = seq.saturating_sub(1);
            let mut entries = self.outside.store.entries(self.site.key, before, STRIDE).await?;
            let all = entries.len() < STRIDE;
            if seq > 0 {
                if entries.first().is_none_or(|head| head.seq != seq || head.hash != hash) {
                    return self.begin_anew().await;
                }
                entries.remove(0);
            }
            if entries.is_empty() {
                self.behind = false;
                return Ok(());
            }
            // On copies: what fails half way has changed nothing.
            let (mut root, mut recent) = (self.head.root.clone(), self.recent.clone());
            let (mut link, mut at_ms) = (self.head.link, self.head.at_ms);
            let mut touched = BTreeSet::new();
            for entry in &entries {
                let body = self.follow(entry)?;
                fold_body(self.outside.store.as_ref(), &self.site, &mut root, entry, &body).await?;
                touched.extend(body.pages.iter().map(|page| page.id.clone()));
                if let Some(version) = entry.version {
                    history::follow(&mut recent, remember(entry, body, version));
                }
                (link, at_ms) = (Link { seq: entry.seq, hash: entry.hash }, entry.at_ms);
            }
            touched.iter().for_each(|page| self.residence.used(&root, page));
            self.head = Arc::new(Head { root, link, at_ms });
            self.recent = recent;
            metrics::folded(entries.len());
            self.publish(entries.into_iter().map(|entry| Logged::new(entry, None)));
            if all {
                self.behind = false;
                return Ok(());
            }
        }
    }

    /// Takes in what another's entry says beside its changes.
    fn follow(&mut self, entry: &Entry) -> Result<Body> {
        if let (Some(key), Some(request)) = (&entry.key, entry.request) {
            self.keys.insert(entry.who.clone(), key.clone(), entry.seq, request);
        }
        Body::decode(entry.format, &entry.body).map_err(|e| Fault::Internal(e.to_string()))
    }
}
