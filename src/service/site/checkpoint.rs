//! The follower that writes checkpoints, off the write path: documents of pages much was done to, and manifests.
//! Both are derived: one that is not written costs a longer start and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::feed::{Feed, Followed, Following, Logged};
use super::{Head, MAIN, OpenSite, node_key};
use crate::content::document::{Page, Root};
use crate::content::id::PageId;
use crate::store::{Checkpoint, Digest, NodeKey, Site, Store};

/// A page's document is written when its changes since the last weigh this much, …
const PAGE_BYTES: usize = 16 << 10;
/// … or are so many.
const PAGE_TOUCHES: u32 = 500;
/// A manifest is written behind so many entries, …
const MANIFEST_ENTRIES: u64 = 4096;
/// … or so many bytes of them.
const MANIFEST_BYTES: usize = 4 << 20;
/// A start should not fold more than this: a site that is closed with more behind its manifest gets a new one.
const CLOSE_ENTRIES: u64 = 64;
/// Parts of a manifest that go to the store in one call.
const PARTS: usize = 64;
/// A store that is down is asked again after this.
const PAUSE: Duration = Duration::from_secs(1);

/// The task that follows the feed.
pub(super) struct Follower {
    stop: oneshot::Sender<()>,
    task: JoinHandle<u64>,
    site: Site,
    store: Arc<dyn Store>,
}

/// Counts what was done since the last checkpoints, and writes those that are due.
struct Checkpointer {
    site: Site,
    open: Weak<OpenSite>,
    store: Arc<dyn Store>,
    pages: HashMap<PageId, (usize, u32)>,
    entries: u64,
    bytes: usize,
}

impl Follower {
    /// Follows from behind an entry.
    pub(super) fn start(
        site: &Site,
        store: &Arc<dyn Store>,
        open: Weak<OpenSite>,
        feed: &Arc<Feed>,
        after: u64,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        // How far back the newest manifest lies is not known here: a full stride is the safe guess.
        let entries = after.min(MANIFEST_ENTRIES);
        let (site, store) = (site.clone(), store.clone());
        let checkpointer = Checkpointer {
            site: site.clone(),
            store: store.clone(),
            open,
            pages: HashMap::new(),
            entries,
            bytes: 0,
        };
        let task = tokio::spawn(checkpointer.run(feed.follow(after), stopped));
        Follower { stop, task, site, store }
    }

    /// Waits for what is being written, and writes a last manifest if that spares the next start work.
    pub(super) async fn close(self, head: &Head) {
        drop(self.stop);
        if self.task.await.is_ok_and(|entries| entries > CLOSE_ENTRIES) {
            let written = write_manifest(&self.site, self.store.as_ref(), head.root.clone(), head.link.seq);
            tell(&self.site, written.await);
        }
    }
}

impl Checkpointer {
    /// Answers how many entries stand behind the last manifest.
    async fn run(mut self, mut following: Following, mut stopped: oneshot::Receiver<()>) -> u64 {
        loop {
            let followed = tokio::select! {
                biased;
                _ = &mut stopped => return self.entries,
                followed = following.next() => followed,
            };
            match followed {
                Ok(Followed::Entries(entries)) => {
                    for logged in &entries {
                        self.count(logged);
                    }
                    self.write().await;
                }
                Ok(Followed::Another(seq)) => {
                    self.pages.clear();
                    self.entries = seq.min(MANIFEST_ENTRIES);
                }
                Ok(Followed::End) => return self.entries,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn count(&mut self, logged: &Logged) {
        // What another process wrote it checkpoints itself.
        if logged.pages.is_empty() {
            return;
        }
        let bytes = logged.entry.body.len();
        self.entries += 1;
        self.bytes += bytes;
        for page in logged.pages.iter() {
            let due = self.pages.entry(page.clone()).or_default();
            *due = (due.0 + bytes / logged.pages.len(), due.1 + 1);
        }
    }

    /// Writes what is due, of the head as it is now.
    async fn write(&mut self) {
        let Some(head) = self.open.upgrade().map(|open| open.head.load_full()) else { return };
        let (version, seq) = (head.root.version, head.link.seq);
        let due: Vec<PageId> = self
            .pages
            .iter()
            .filter(|(_, (bytes, touches))| *bytes > PAGE_BYTES || *touches > PAGE_TOUCHES)
            .map(|(id, _)| id.clone())
            .collect();
        for id in due {
            // A body that was let go is read again by whoever touches it next, and counted on.
            let Ok(page) = head.root.page(&id).map(|page| page.cloned()) else { continue };
            let Some(page) = page else {
                self.pages.remove(&id);
                continue;
            };
            let (bytes, touches) = self.pages.get(&id).copied().unwrap_or_default();
            if bytes > page.bytes() / 4 || touches > PAGE_TOUCHES {
                tell(&self.site, write_page(&self.site, self.store.as_ref(), page, version, seq).await);
                self.pages.remove(&id);
            }
        }
        if self.entries >= MANIFEST_ENTRIES || self.bytes >= MANIFEST_BYTES {
            let written = write_manifest(&self.site, self.store.as_ref(), head.root.clone(), seq).await;
            tell(&self.site, written);
            (self.entries, self.bytes) = (0, 0);
        }
    }
}

fn tell(site: &Site, written: Result<(), String>) {
    if let Err(why) = written {
        tracing::warn!(site = site.id, why, "a checkpoint was not written; a later one will be");
    }
}

async fn write_page(
    site: &Site,
    store: &dyn Store,
    page: Arc<Page>,
    version: u64,
    seq: u64,
) -> Result<(), String> {
    let node = node_key(&page.id);
    let (hash, bytes) = off_thread(move || pack(page.to_json("").as_bytes())).await?;
    let checkpoint = Checkpoint { branch: MAIN, node, version, seq, hash };
    store.put(site.key, &[checkpoint], &[(hash, bytes)]).await.map_err(|e| e.to_string())
}

/// Blobs first, the checkpoint that names them last: a manifest is there whole or not at all.
async fn write_manifest(site: &Site, store: &dyn Store, root: Root, seq: u64) -> Result<(), String> {
    let version = root.version;
    let parts = off_thread(move || {
        let manifest = root.manifest().map_err(|e| e.to_string())?;
        [manifest.site, manifest.order].iter().chain(&manifest.chunks).map(|part| pack(part)).collect()
    });
    let parts: Vec<(Digest, Bytes)> = parts.await?;
    for some in parts.chunks(PARTS) {
        store.put(site.key, &[], some).await.map_err(|e| e.to_string())?;
    }
    let index: Bytes = parts.iter().flat_map(|(hash, _)| *hash).collect();
    let hash = *blake3::hash(&index).as_bytes();
    let checkpoint = Checkpoint { branch: MAIN, node: NodeKey::SITE, version, seq, hash };
    store.put(site.key, &[checkpoint], &[(hash, index)]).await.map_err(|e| e.to_string())
}

fn pack(bytes: &[u8]) -> Result<(Digest, Bytes), String> {
    let packed = zstd::bulk::compress(bytes, 3).map_err(|e| e.to_string())?;
    Ok((*blake3::hash(&packed).as_bytes(), packed.into()))
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.map_err(|e| e.to_string())?
}
