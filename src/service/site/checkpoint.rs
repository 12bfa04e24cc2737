//! The follower that writes checkpoints, off the write path: documents of pages much was done to, and manifests.
//! Both are derived: one that is not written costs a longer start and nothing else.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::{Head, MAIN, node_key};
use crate::content::document::{Page, Root};
use crate::content::id::PageId;
use crate::store::{Append, Checkpoint, Digest, NodeKey, Site, Store};

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
/// How many documents may wait; one that finds no room is written behind a later commit.
const QUEUE: usize = 64;
/// Parts of a manifest that go to the store in one call.
const PARTS: usize = 64;

enum Task {
    Page { page: Arc<Page>, version: u64, seq: u64 },
    Manifest { root: Box<Root>, seq: u64 },
    Close(oneshot::Sender<()>),
}

/// Counts what was done since the last checkpoints and hands what is due to the task that writes.
pub(in super::super) struct Follower {
    tasks: mpsc::Sender<Task>,
    pages: HashMap<PageId, (usize, u32)>,
    entries: u64,
    bytes: usize,
}

impl Follower {
    /// Starts the task that writes.
    pub(in super::super) fn start(site: Site, store: Arc<dyn Store>, head: &Head) -> Self {
        let (tasks, queue) = mpsc::channel(QUEUE);
        tokio::spawn(write(site, store, queue));
        // How far back the newest manifest lies is not known here: a full stride is the safe guess.
        Follower { tasks, pages: HashMap::new(), entries: head.link.seq.min(MANIFEST_ENTRIES), bytes: 0 }
    }

    /// Counts a round that was appended, and hands over what is due.
    pub(in super::super) fn note(&mut self, append: &Append, touched: HashMap<PageId, u32>, root: &Root) {
        let bytes: usize = append.entries.iter().map(|entry| entry.body.len()).sum();
        self.entries += append.entries.len() as u64;
        self.bytes += bytes;
        let seq = append.entries.last().map_or(append.after.seq, |entry| entry.seq);
        let share = bytes / append.touched.len().max(1);
        for (id, times) in touched {
            let Ok(Some(page)) = root.page(&id).map(|page| page.cloned()) else { continue };
            let due = self.pages.entry(id.clone()).or_default();
            *due =
                (due.0 + share.saturating_mul(usize::try_from(times).unwrap_or(usize::MAX)), due.1 + times);
            let weight = PAGE_BYTES.max(page.bytes() / 4);
            if (due.0 > weight || due.1 > PAGE_TOUCHES)
                && self.tasks.try_send(Task::Page { page, version: root.version, seq }).is_ok()
            {
                self.pages.remove(&id);
            }
        }
        if self.entries >= MANIFEST_ENTRIES || self.bytes >= MANIFEST_BYTES {
            let task = Task::Manifest { root: Box::new(root.clone()), seq };
            if self.tasks.try_send(task).is_ok() {
                (self.entries, self.bytes) = (0, 0);
            }
        }
    }

    /// Writes a last manifest if that spares the next start work, and waits for all that is under way.
    pub(in super::super) async fn close(&self, head: &Head) {
        if self.entries > CLOSE_ENTRIES {
            let task = Task::Manifest { root: Box::new(head.root.clone()), seq: head.link.seq };
            let _ = self.tasks.send(task).await;
        }
        let (done, finished) = oneshot::channel();
        if self.tasks.send(Task::Close(done)).await.is_ok() {
            let _ = finished.await;
        }
    }
}

async fn write(site: Site, store: Arc<dyn Store>, mut queue: mpsc::Receiver<Task>) {
    while let Some(task) = queue.recv().await {
        let written = match task {
            Task::Page { page, version, seq } => write_page(&site, store.as_ref(), page, version, seq).await,
            Task::Manifest { root, seq } => write_manifest(&site, store.as_ref(), *root, seq).await,
            Task::Close(done) => {
                let _ = done.send(());
                return;
            }
        };
        if let Err(why) = written {
            tracing::warn!(site = site.id, why, "a checkpoint was not written; a later one will be");
        }
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
