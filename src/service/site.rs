//! An open site: its state in memory, the one writer that changes it, and what follows behind.

mod checkpoint;
mod history;
mod job;
mod load;
mod past;
mod recent;
mod round;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc, watch};

use crate::content::document::Root;
use crate::store::{BranchKey, Link, NodeKey, Site, Store};

use super::outside::{Chance, Clock};
use super::{Fault, Result};
use past::Past;

pub(super) use history::{BRANCH_STACK, CLEARS_REDO, PAGE_STACK};
pub(super) use job::{Intent, Job, Keyed, Submission};
pub(super) use load::load_page;
pub(super) use round::{answer, digest};

/// How many batches of a site may be in hand, from the look at their key to their answer, before callers are told to come
/// back.
const QUEUE: usize = 1024;

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
    pub(super) versions: watch::Sender<u64>,
    pub(super) jobs: mpsc::Sender<Job>,
    pub(super) store: Arc<dyn Store>,
    places: Semaphore,
    past: Arc<Past>,
    gone: AtomicBool,
}

/// What the rooms of a site are given by the house.
#[derive(Clone)]
pub(super) struct Outside {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) chance: Arc<dyn Chance>,
    /// Tells this server's entries from those of others: see `Body::salt`.
    pub(super) salt: u32,
}

impl OpenSite {
    /// Reads the newest state and starts the writer.
    pub(super) async fn open(site: Site, outside: &Outside) -> Result<Arc<OpenSite>> {
        let head = load::newest(outside.store.as_ref(), &site).await?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (versions, _) = watch::channel(head.root.version);
        let store = outside.store.clone();
        let open = Arc::new(OpenSite {
            site,
            head: ArcSwap::from_pointee(head),
            versions,
            jobs,
            store,
            places: Semaphore::new(QUEUE),
            past: Arc::default(),
            gone: AtomicBool::new(false),
        });
        tokio::spawn(writer::run(Arc::downgrade(&open), open.head.load_full(), queue, outside.clone()));
        tokio::spawn(watch_others(Arc::downgrade(&open)));
        Ok(open)
    }

    /// Whether it must be opened anew: another process has removed the site, or its writer has ended.
    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed) || self.jobs.is_closed()
    }

    /// A place for a batch. Where all are taken the caller is told at once: it would only wait longer, and take memory
    /// while it does.
    pub(super) fn place(&self) -> Result<SemaphorePermit<'_>> {
        let refused = || format!("{QUEUE} batches of this site are in hand: send it again in a moment");
        self.places.try_acquire().map_err(|_| Fault::Overloaded(refused()))
    }

    /// Hands a job to the writer.
    pub(super) async fn send(&self, job: Job) -> Result<()> {
        self.jobs.send(job).await.map_err(|_| Fault::Unavailable("the site is being closed".into()))
    }

    /// Waits until the branch is at least at a version, at most five seconds.
    pub(super) async fn at_least(&self, version: u64) -> Result<Arc<Head>> {
        let mut versions = self.versions.subscribe();
        let reached = versions.wait_for(|now| *now >= version);
        match tokio::time::timeout(std::time::Duration::from_secs(5), reached).await {
            Ok(Ok(_)) => Ok(self.head.load_full()),
            _ => Err(Fault::VersionNotFound(format!(
                "main is at {}, not yet at {version}",
                self.head.load().root.version
            ))),
        }
    }
}

/// How many looks at the log there are between two at the registry.
const LOOKS: u32 = 20;

/// Looks every 50 ms whether another process has written, and has the writer fold what is new; every second, whether
/// the site was removed.
async fn watch_others(open: std::sync::Weak<OpenSite>) {
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(50));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for look in 1_u32.. {
        tick.tick().await;
        let Some(open) = open.upgrade() else { return };
        if look % LOOKS == 0
            && let Ok(site) = open.store.site(&open.site.id).await
            && site.is_none_or(|site| site.key != open.site.key)
        {
            open.gone.store(true, Ordering::Relaxed);
            return;
        }
        let seen = open.head.load().link.seq;
        match open.store.head(open.site.key).await {
            Ok(link) if link.seq > seen => {
                if open.jobs.send(Job::Fold).await.is_err() {
                    return;
                }
            }
            // A store that is down is told to whoever writes; here it is asked again.
            Ok(_) | Err(_) => {}
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
        let (jobs, _queue) = mpsc::channel(1);
        let (versions, _) = watch::channel(0);
        let (head, gone, past) = (ArcSwap::from_pointee(head), AtomicBool::new(false), Arc::default());
        let places = Semaphore::new(1);
        let open = OpenSite { site, head, versions, jobs, store, places, past, gone };
        let first = open.place().unwrap();
        assert!(matches!(open.place(), Err(Fault::Overloaded(_))));
        drop(first);
        assert!(open.place().is_ok());
    }
}
