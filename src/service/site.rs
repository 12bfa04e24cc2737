//! An open site: its state in memory, the one writer that changes it, and what follows behind.

mod checkpoint;
mod feed;
mod history;
mod job;
mod load;
mod past;
mod recent;
mod residence;
mod round;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use arc_swap::ArcSwap;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::content::document::Root;
use crate::store::{Bounds, BranchKey, CommitRow, Link, NodeKey, Site, SiteKey, Store};

use super::outside::{Chance, Clock};
use super::{Fault, Result};
use past::Past;

pub(super) use checkpoint::Due;
pub(super) use feed::{Feed, Followed, Following, Logged};
pub(super) use history::{BRANCH_STACK, CLEARS_REDO, PAGE_STACK};
pub(super) use job::{Intent, Job, Keyed, Submission};
pub(super) use load::{fold, load_page, nearest};
pub(super) use residence::Budget;
pub(super) use round::{answer, digest, touches_site};

/// How many batches of a site may be in hand, from the look at their key to their answer, before callers are told to come
/// back.
const QUEUE: usize = 1024;

/// A batch takes one more place for so many bytes: all that wait are 64 MB at most.
const PLACE_BYTES: usize = 64 << 10;

/// The newest durable state of `main`, and where it stands in the log.
pub(super) struct Head {
    pub(super) root: Root,
    pub(super) link: Link,
    /// The time of the newest entry, milliseconds.
    pub(super) at_ms: i64,
}

/// What readers and doors hold of an open site.
pub(super) struct OpenSite {
    pub(super) site: Site,
    pub(super) head: ArcSwap<Head>,
    pub(super) feed: Arc<Feed>,
    pub(super) jobs: mpsc::Sender<Job>,
    pub(super) store: Arc<dyn Store>,
    places: Arc<Semaphore>,
    past: Arc<Past>,
    gone: AtomicBool,
    /// When somebody asked for it last, milliseconds.
    asked_ms: AtomicI64,
}

/// Why a writer did not take a job.
pub(super) enum Unsent {
    /// Too many wait.
    Full,
    /// The site is closing: it can be opened anew.
    Closed(Job),
}

impl From<Unsent> for Fault {
    fn from(unsent: Unsent) -> Self {
        match unsent {
            Unsent::Full => {
                Fault::Overloaded(format!("{QUEUE} batches wait for this site: send it again in a moment"))
            }
            Unsent::Closed(_) => Fault::Unavailable("the site is being closed: send it again".into()),
        }
    }
}

/// What the rooms of a site are given by the house.
#[derive(Clone)]
pub(super) struct Outside {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) chance: Arc<dyn Chance>,
    /// Tells this server's entries from those of others: see `Body::salt`.
    pub(super) salt: u32,
    /// For the page bodies of all open sites.
    pub(super) budget: Arc<Budget>,
}

/// The commit of `main` that made a version, if the log has it.
pub(super) async fn commit_row(store: &dyn Store, site: SiteKey, version: u64) -> Result<Option<CommitRow>> {
    let Some(above) = version.checked_sub(1) else { return Ok(None) };
    let bounds = Bounds { above, up_to: Some(version), limit: 1, ..Bounds::default() };
    Ok(store.commits(site, MAIN, &bounds).await?.pop())
}

impl OpenSite {
    /// Reads the newest state and starts the writer.
    pub(super) async fn open(site: Site, outside: &Outside) -> Result<Arc<OpenSite>> {
        let head = load::newest(outside.store.as_ref(), &site).await?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let store = outside.store.clone();
        let open = Arc::new(OpenSite {
            feed: Feed::new(site.key, store.clone(), head.link.seq, head.root.version),
            site,
            head: ArcSwap::from_pointee(head),
            jobs,
            store,
            places: Arc::new(Semaphore::new(QUEUE)),
            past: Arc::default(),
            gone: AtomicBool::new(false),
            asked_ms: AtomicI64::new(outside.clock.now_ms()),
        });
        tokio::spawn(writer::run(Arc::downgrade(&open), open.head.load_full(), queue, outside.clone()));
        Ok(open)
    }

    /// The commit that made a version, if there is one.
    pub(super) async fn commit_row(&self, version: u64) -> Result<Option<CommitRow>> {
        commit_row(self.store.as_ref(), self.site.key, version).await
    }

    /// Whether it must be opened anew: another process has removed the site, or its writer has ended.
    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed) || self.jobs.is_closed()
    }

    /// A place for a batch of so many bytes, until it is answered. Where all are taken the caller is told at once: it
    /// would only wait longer, and take memory while it does.
    pub(super) fn place(&self, bytes: usize) -> Result<OwnedSemaphorePermit> {
        let places = u32::try_from(1 + bytes / PLACE_BYTES).unwrap_or(u32::MAX);
        let refused = || format!("{QUEUE} batches wait for this site: send it again in a moment");
        Arc::clone(&self.places).try_acquire_many_owned(places).map_err(|_| Fault::Overloaded(refused()))
    }

    /// Another process has removed it: whoever has it still finds out.
    pub(super) fn leave(&self) {
        self.gone.store(true, Ordering::Relaxed);
        self.feed.close();
    }

    /// Lets its writer finish what it has; when it has ended the site can be opened anew.
    pub(super) async fn finish(&self) {
        let (done, closed) = oneshot::channel();
        if self.jobs.send(Job::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
    }

    /// Somebody asked for it.
    pub(super) fn asked(&self, now_ms: i64) {
        self.asked_ms.store(now_ms, Ordering::Relaxed);
    }

    /// When somebody asked for it last; now, while anyone follows it.
    pub(super) fn last_asked_ms(&self, now_ms: i64) -> i64 {
        // One follower is its own: the checkpoints.
        if self.feed.followers() > 1 { now_ms } else { self.asked_ms.load(Ordering::Relaxed) }
    }

    /// Hands a job to the writer. Where too many wait already the caller is told at once: it would only wait longer, and
    /// take memory while it does.
    pub(super) fn send(&self, job: Job) -> std::result::Result<(), Unsent> {
        self.jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => Unsent::Full,
            TrySendError::Closed(job) => Unsent::Closed(job),
        })
    }

    /// How many jobs wait for the writer.
    pub(super) fn waiting(&self) -> usize {
        self.jobs.max_capacity() - self.jobs.capacity()
    }

    /// Waits until the branch is at least at a version, at most five seconds.
    pub(super) async fn at_least(&self, version: u64) -> Result<Arc<Head>> {
        let mut news = self.feed.watch();
        let reached = news.wait_for(|now| now.version >= version);
        match tokio::time::timeout(std::time::Duration::from_secs(5), reached).await {
            Ok(Ok(_)) => Ok(self.head.load_full()),
            _ => Err(Fault::VersionNotFound(format!(
                "main is at {}, not yet at {version}",
                self.head.load().root.version
            ))),
        }
    }
}

/// The touched index's number for a page.
pub(super) fn node_key(page: &crate::content::id::PageId) -> NodeKey {
    let hash = blake3::hash(page.as_str().as_bytes());
    let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
    let key = i64::from_le_bytes([a, b, c, d, e, f, g, h]);
    // Zero is the site itself.
    NodeKey(if key == 0 { 1 } else { key })
}

/// The only branch yet.
pub(super) const MAIN: BranchKey = BranchKey::MAIN;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Memory;

    #[tokio::test]
    async fn a_batch_beyond_those_in_hand_is_told_at_once_until_one_is_answered() {
        let store: Arc<dyn Store> = Arc::new(Memory::default());
        let (site, _) = store.create_site("s", b"{}", 1).await.unwrap();
        let head = load::newest(store.as_ref(), &site).await.unwrap();
        let (jobs, mut queue) = mpsc::channel(1);
        let (head, gone, past) = (ArcSwap::from_pointee(head), AtomicBool::new(false), Arc::default());
        let feed = Feed::new(site.key, store.clone(), 0, 0);
        let (places, asked_ms) = (Arc::new(Semaphore::new(1)), AtomicI64::default());
        let open = OpenSite { site, head, feed, jobs, store, places, past, gone, asked_ms };
        assert!(open.send(Job::Fold).is_ok());
        assert!(matches!(open.send(Job::Fold).map_err(Fault::from), Err(Fault::Overloaded(_))));
        queue.recv().await.unwrap();
        assert!(open.send(Job::Fold).is_ok());
        let first = open.place(10).unwrap();
        assert!(matches!(open.place(10), Err(Fault::Overloaded(_))));
        drop(first);
        assert!(open.place(10).is_ok());
        drop(queue);
        assert!(matches!(open.send(Job::Fold), Err(Unsent::Closed(Job::Fold))));
    }
}
