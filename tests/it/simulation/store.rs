//! A store that a seed makes unreliable: it delays, loses answers, fails before writing, writes after all, is gone for a
//! while, and goes back in time. What it has said is `Done` stays, until it goes back.

mod registry;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use osier::store::{
    Append, Appended, Audit, Bounds, BranchKey, Checkpoint, Checkpoints, CommitRow, Digest, Entry, Hold,
    Link, Log, Memory, NodeKey, Registry, Result, SiteKey, SiteRow, Stack, StoreError, Touched,
};
use tokio::time::{Instant, sleep, sleep_until};

use crate::world::Seeded;

/// How often what happens: once in so many calls; 0 is never.
#[derive(Clone, Copy, Default)]
pub struct Faults {
    /// A read fails.
    pub no_read: u64,
    /// A write fails before it is done.
    pub no_write: u64,
    /// A write is done and its answer lost.
    pub lost_answer: u64,
    /// A write's answer is lost, and whether and when it is done is open.
    pub late_write: u64,
    /// The longest a call takes each way, milliseconds.
    pub delay_ms: u64,
}

/// What survives every crash, and the faults on the way to it.
pub struct Disk {
    kept: Mutex<Arc<Memory>>,
    /// Every append that was done, for going back.
    done: Mutex<Vec<Append>>,
    genesis: Mutex<Option<(String, Vec<u8>)>>,
    pub chance: Seeded,
    faults: Mutex<Faults>,
    gone_until: Mutex<Option<Instant>>,
    /// How often it went back in time.
    pub rewinds: AtomicU64,
}

impl Disk {
    pub fn new(seed: u64) -> Arc<Disk> {
        Arc::new(Disk {
            kept: Mutex::default(),
            done: Mutex::default(),
            genesis: Mutex::default(),
            chance: Seeded::new(seed),
            faults: Mutex::default(),
            gone_until: Mutex::default(),
            rewinds: AtomicU64::new(0),
        })
    }

    pub fn set(&self, faults: Faults) {
        *self.faults.lock().unwrap() = faults;
    }

    /// Every call fails or hangs for so long.
    pub fn is_gone_for(&self, time: Duration) {
        *self.gone_until.lock().unwrap() = Some(Instant::now() + time);
    }

    /// What is durable, for those who judge.
    pub fn kept(&self) -> Arc<Memory> {
        self.kept.lock().unwrap().clone()
    }

    /// Back to an older log, as a restored backup or a failed-over database is.
    pub async fn go_back(&self) {
        self.rewinds.fetch_add(1, Ordering::SeqCst);
        let old = Memory::default();
        let (id, genesis) = self.genesis.lock().unwrap().clone().unwrap();
        let (site, _) = old.create_site(&id, &genesis, 0).await.unwrap();
        let mut done = self.done.lock().unwrap().clone();
        let lose = 1 + self.chance.below(6) as usize;
        done.truncate(done.len().saturating_sub(lose).max(1));
        for append in &done {
            assert_eq!(old.append(site.key, append).await.unwrap(), Appended::Done);
        }
        *self.done.lock().unwrap() = done;
        *self.kept.lock().unwrap() = Arc::new(old);
    }

    fn happens(&self, once_in: u64) -> bool {
        once_in > 0 && self.chance.once_in(once_in)
    }

    /// Writes, unless the writer is of a time that is no more.
    async fn write(&self, site: SiteKey, append: &Append) -> Result<Appended> {
        let kept = self.kept();
        let stood = kept.entries(site, append.after.seq, 1).await?.first() == append.entries.first();
        let ended = kept.append(site, append).await;
        // It may have waited for its turn while the log went back: then it wrote to one that is no more.
        let here = Arc::ptr_eq(&kept, &self.kept());
        if matches!(ended, Ok(Appended::Done)) && !stood && here {
            self.done.lock().unwrap().push(append.clone());
        }
        ended
    }
}

/// One server's way to the disk. A server that was killed gets no answer any more and writes nothing new; what it has
/// sent may still arrive.
pub struct Line {
    disk: Arc<Disk>,
    killed: Arc<AtomicBool>,
    holds: Mutex<Vec<Slot>>,
}

/// A hold, until it is used or its server dies.
type Slot = Arc<Mutex<Option<Box<dyn Hold>>>>;

impl Line {
    pub fn to(disk: &Arc<Disk>) -> Arc<Line> {
        Arc::new(Line { disk: disk.clone(), killed: Arc::default(), holds: Mutex::default() })
    }

    /// What the server holds is free: its connections are gone.
    pub fn kill(&self) {
        self.killed.store(true, Ordering::SeqCst);
        self.holds.lock().unwrap().drain(..).for_each(|slot| drop(slot.lock().unwrap().take()));
    }

    pub fn is_killed(&self) -> bool {
        self.killed.load(Ordering::SeqCst)
    }

    async fn way(&self) {
        let most = self.disk.faults.lock().unwrap().delay_ms;
        if most > 0 && !self.disk.chance.once_in(3) {
            sleep(Duration::from_micros(self.disk.chance.below(most * 1000))).await;
        }
        if self.is_killed() {
            std::future::pending::<()>().await;
        }
    }

    /// The way there; a store that is gone refuses or says nothing until it is back.
    async fn there(&self) -> Result<Faults> {
        self.way().await;
        let until = *self.disk.gone_until.lock().unwrap();
        if let Some(until) = until.filter(|until| *until > Instant::now()) {
            if self.disk.chance.once_in(2) {
                sleep_until(until.min(Instant::now() + Duration::from_secs(3))).await;
            }
            return Err(StoreError::Unavailable("gone".into()));
        }
        Ok(*self.disk.faults.lock().unwrap())
    }

    /// There, to read; answers where from.
    async fn reading(&self) -> Result<Arc<Memory>> {
        let faults = self.there().await?;
        if self.disk.happens(faults.no_read) {
            return Err(StoreError::Unavailable("a read failed".into()));
        }
        Ok(self.disk.kept())
    }

    /// And back.
    async fn back<T>(&self, answer: Result<T>) -> Result<T> {
        self.way().await;
        answer
    }
}

#[async_trait]
impl Log for Line {
    async fn append(&self, site: SiteKey, append: &Append) -> Result<Appended> {
        let faults = self.there().await?;
        let disk = self.disk.clone();
        if disk.happens(faults.no_write) {
            let full = disk.chance.once_in(3);
            return Err(if full {
                StoreError::Full("full".into())
            } else {
                StoreError::Unavailable("refused".into())
            });
        }
        let unknown = || Err(StoreError::Unknown("the answer was lost".into()));
        if disk.happens(faults.late_write) {
            let (append, wait) = (append.clone(), Duration::from_millis(disk.chance.below(400)));
            // What was sent arrives or not, whoever lives to see it.
            if !disk.chance.once_in(3) {
                tokio::spawn(async move {
                    sleep(wait).await;
                    let _ = disk.write(site, &append).await;
                });
            }
            return unknown();
        }
        let ended = disk.write(site, append).await;
        if disk.happens(faults.lost_answer) {
            return unknown();
        }
        self.back(ended).await
    }

    async fn hold(&self, site: SiteKey) -> Result<Box<dyn Hold>> {
        self.there().await?;
        let kept = self.disk.kept();
        let slot: Slot = Arc::new(Mutex::new(Some(kept.hold(site).await?)));
        self.holds.lock().unwrap().push(slot.clone());
        self.way().await;
        Ok(Box::new(Held { disk: self.disk.clone(), killed: self.killed.clone(), kept, slot }))
    }

    async fn heads(&self, sites: &[SiteKey]) -> Result<Vec<Option<Link>>> {
        self.back(self.reading().await?.heads(sites).await).await
    }

    async fn head(&self, site: SiteKey) -> Result<Link> {
        self.back(self.reading().await?.head(site).await).await
    }

    async fn entries(&self, site: SiteKey, after: u64, limit: usize) -> Result<Vec<Entry>> {
        self.back(self.reading().await?.entries(site, after, limit).await).await
    }

    async fn commits(&self, site: SiteKey, branch: BranchKey, bounds: &Bounds) -> Result<Vec<CommitRow>> {
        self.back(self.reading().await?.commits(site, branch, bounds).await).await
    }

    async fn by_key(&self, site: SiteKey, who: &str, key: &str) -> Result<Option<Entry>> {
        self.back(self.reading().await?.by_key(site, who, key).await).await
    }

    async fn newest(&self, site: SiteKey, branch: BranchKey, stack: &Stack) -> Result<Option<u64>> {
        self.back(self.reading().await?.newest(site, branch, stack).await).await
    }

    async fn touched(&self, site: SiteKey, branch: BranchKey, version: u64) -> Result<Vec<Touched>> {
        self.back(self.reading().await?.touched(site, branch, version).await).await
    }
}

/// A site that one server holds.
struct Held {
    disk: Arc<Disk>,
    killed: Arc<AtomicBool>,
    /// The log it was held on; another by now has cut all connections.
    kept: Arc<Memory>,
    slot: Slot,
}

#[async_trait]
impl Hold for Held {
    async fn append(self: Box<Self>, append: &Append) -> Result<Appended> {
        let hold = self.slot.lock().unwrap().take();
        if self.killed.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        let faults = *self.disk.faults.lock().unwrap();
        let here = Arc::ptr_eq(&self.kept, &self.disk.kept());
        let Some(hold) = hold.filter(|_| here && !self.disk.happens(faults.no_write)) else {
            return Err(StoreError::Unavailable("the lock is gone".into()));
        };
        let ended = hold.append(append).await;
        if matches!(ended, Ok(Appended::Done)) {
            self.disk.done.lock().unwrap().push(append.clone());
        }
        if self.disk.happens(faults.lost_answer) {
            return Err(StoreError::Unknown("the answer was lost".into()));
        }
        ended
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.slot.lock().unwrap().take());
    }
}

#[async_trait]
impl Checkpoints for Line {
    async fn put(
        &self,
        site: SiteKey,
        at: Link,
        checkpoints: &[Checkpoint],
        blobs: &[(Digest, Bytes)],
    ) -> Result<()> {
        self.back(self.reading().await?.put(site, at, checkpoints, blobs).await).await
    }

    async fn checkpoint(
        &self,
        site: SiteKey,
        branch: BranchKey,
        node: NodeKey,
        at_most: u64,
    ) -> Result<Option<Checkpoint>> {
        self.back(self.reading().await?.checkpoint(site, branch, node, at_most).await).await
    }

    async fn blobs(&self, site: SiteKey, hashes: &[Digest]) -> Result<Vec<Option<Bytes>>> {
        self.back(self.reading().await?.blobs(site, hashes).await).await
    }
}

#[async_trait]
impl Audit for Line {
    async fn site_rows(&self, after: SiteKey, limit: usize) -> Result<Vec<SiteRow>> {
        self.back(self.reading().await?.site_rows(after, limit).await).await
    }

    async fn touched_rows(
        &self,
        site: SiteKey,
        after: Option<&Touched>,
        limit: usize,
    ) -> Result<Vec<Touched>> {
        self.back(self.reading().await?.touched_rows(site, after, limit).await).await
    }

    async fn checkpoint_rows(
        &self,
        site: SiteKey,
        after: Option<&Checkpoint>,
        limit: usize,
    ) -> Result<Vec<Checkpoint>> {
        self.back(self.reading().await?.checkpoint_rows(site, after, limit).await).await
    }

    async fn blob_rows(
        &self,
        site: SiteKey,
        after: Option<&Digest>,
        limit: usize,
    ) -> Result<Vec<(Digest, Bytes)>> {
        self.back(self.reading().await?.blob_rows(site, after, limit).await).await
    }

    async fn integrity(&self) -> Result<Option<String>> {
        self.back(self.reading().await?.integrity().await).await
    }
}
