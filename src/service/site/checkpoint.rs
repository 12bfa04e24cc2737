//! The follower that writes checkpoints, off the write path: documents of pages much was done to, and manifests.
//! Both are derived: one that is not written costs a longer start and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::feed::{Followed, Following};
use super::{Head, MAIN, OpenSite, node_key};
use crate::content::document::{Page, Root};
use crate::content::id::PageId;
use crate::store::{Checkpoint, Digest, Link, NodeKey, Site, Store};
use crate::telemetry::metrics;

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
/// Between two looks at what is new.
const CALM: Duration = Duration::from_millis(20);
/// A store that is down is asked again after this.
const PAUSE: Duration = Duration::from_secs(1);

/// What was done since the last checkpoints.
pub(in super::super) struct Due {
    site: Site,
    store: Arc<dyn Store>,
    pages: HashMap<PageId, (usize, u32)>,
    entries: u64,
    bytes: usize,
    /// All up to this entry is counted.
    counted_to: u64,
}

impl Due {
    /// Nothing yet, behind an entry. How far back the newest manifest lies is not known here: a full stride is the
    /// safe guess.
    pub(in super::super) fn behind(site: &Site, store: &Arc<dyn Store>, after: u64) -> Self {
        let (site, store) = (site.clone(), store.clone());
        Due {
            site,
            store,
            pages: HashMap::new(),
            entries: after.min(MANIFEST_ENTRIES),
            bytes: 0,
            counted_to: after,
        }
    }

    /// Counts an entry: the pages it touched, the bytes of its body.
    pub(in super::super) fn count(&mut self, pages: &[PageId], bytes: usize) {
        self.entries += 1;
        self.counted_to += 1;
        self.bytes += bytes;
        for page in pages {
            let due = self.pages.entry(page.clone()).or_default();
            *due = (due.0 + bytes / pages.len(), due.1 + 1);
        }
    }

    /// Writes what is due, of a state at or behind all that was counted.
    pub(in super::super) async fn write(&mut self, head: &Head) {
        let heavy =
            |(_, (bytes, touches)): &(&PageId, &(usize, u32))| *bytes > PAGE_BYTES || *touches > PAGE_TOUCHES;
        let heavy: Vec<PageId> = self.pages.iter().filter(heavy).map(|(id, _)| id.clone()).collect();
        let mut pages = Vec::new();
        for id in heavy {
            // A body that was let go is read again by whoever touches it next, and counted on.
            let Ok(page) = head.root.page(&id).map(|page| page.cloned()) else { continue };
            let (bytes, touches) = self.pages.get(&id).copied().unwrap_or_default();
            let is_due = |page: &Arc<Page>| bytes > page.bytes() / 4 || touches > PAGE_TOUCHES;
            if page.as_ref().is_none_or(is_due) {
                self.pages.remove(&id);
                pages.extend(page);
            }
        }
        // Together: each call of the store waits for the disk.
        for some in pages.chunks(PARTS) {
            tell(&self.site, write_pages(&self.site, self.store.as_ref(), some.to_vec(), head).await);
        }
        if self.entries >= MANIFEST_ENTRIES || self.bytes >= MANIFEST_BYTES {
            self.write_manifest(head).await;
        }
    }

    /// Writes a last manifest if that spares the next start work.
    pub(in super::super) async fn close(mut self, head: &Head) {
        let not_counted = head.link.seq.saturating_sub(self.counted_to);
        if self.entries + not_counted > CLOSE_ENTRIES {
            self.write_manifest(head).await;
        }
    }

    async fn write_manifest(&mut self, head: &Head) {
        let written = write_manifest(&self.site, self.store.as_ref(), head.root.clone(), head.link).await;
        tell(&self.site, written);
        (self.entries, self.bytes) = (0, 0);
    }
}

/// The task that follows the feed.
pub(super) struct Follower {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Due>,
}

impl Follower {
    /// Follows from behind an entry.
    pub(super) fn start(due: Due, open: Weak<OpenSite>, following: Following) -> Self {
        let (stop, stopped) = oneshot::channel();
        Follower { stop, task: tokio::spawn(follow(due, open, following, stopped)) }
    }

    /// Waits for what is being written, and writes a last manifest if that spares the next start work.
    pub(super) async fn close(self, head: &Head) {
        drop(self.stop);
        if let Ok(due) = self.task.await {
            due.close(head).await;
        }
    }
}

/// Counts and writes until it is stopped; answers what is still due.
async fn follow(
    mut due: Due,
    open: Weak<OpenSite>,
    mut following: Following,
    mut stopped: oneshot::Receiver<()>,
) -> Due {
    loop {
        let followed = tokio::select! {
            biased;
            _ = &mut stopped => return due,
            followed = following.next() => followed,
        };
        match followed {
            Ok(Followed::Entries(entries)) => {
                for logged in &entries {
                    due.count(&logged.pages(), logged.entry.body.len());
                }
                let Some(head) = open.upgrade().map(|open| open.head.load_full()) else { return due };
                due.write(&head).await;
                // Nothing here is in a hurry: to be woken for every round would cost the round more than the count.
                tokio::select! {
                    _ = &mut stopped => return due,
                    () = tokio::time::sleep(CALM) => {}
                }
            }
            Ok(Followed::Another(seq)) => due = Due::behind(&due.site, &due.store, seq),
            Ok(Followed::End) => return due,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

fn tell(site: &Site, written: Result<(), String>) {
    if let Err(why) = written {
        metrics::checkpoint_failed();
        tracing::warn!(site = site.id, why, "a checkpoint was not written; a later one will be");
    }
}

async fn write_pages(
    site: &Site,
    store: &dyn Store,
    pages: Vec<Arc<Page>>,
    head: &Head,
) -> Result<(), String> {
    let (version, at) = (head.root.version, head.link);
    let packed = off_thread(move || {
        let packed = |page: Arc<Page>| Ok((node_key(&page.id), pack(page.to_json("").as_bytes())?));
        pages.into_iter().map(packed).collect::<Result<Vec<_>, String>>()
    });
    let packed = packed.await?;
    let row = |(node, (hash, _)): &(NodeKey, (Digest, Bytes))| Checkpoint {
        branch: MAIN,
        node: *node,
        version,
        seq: at.seq,
        hash: *hash,
    };
    let rows: Vec<Checkpoint> = packed.iter().map(row).collect();
    let blobs: Vec<(Digest, Bytes)> = packed.into_iter().map(|(_, blob)| blob).collect();
    store.put(site.key, at, &rows, &blobs).await.map_err(|e| e.to_string())
}

/// Blobs first, the checkpoint that names them last: a manifest is there whole or not at all.
async fn write_manifest(site: &Site, store: &dyn Store, root: Root, at: Link) -> Result<(), String> {
    let version = root.version;
    let parts = off_thread(move || {
        let manifest = root.manifest().map_err(|e| e.to_string())?;
        [manifest.site, manifest.order].iter().chain(&manifest.chunks).map(|part| pack(part)).collect()
    });
    let parts: Vec<(Digest, Bytes)> = parts.await?;
    for some in parts.chunks(PARTS) {
        store.put(site.key, at, &[], some).await.map_err(|e| e.to_string())?;
    }
    let index: Bytes = parts.iter().flat_map(|(hash, _)| *hash).collect();
    let hash = *blake3::hash(&index).as_bytes();
    let checkpoint = Checkpoint { branch: MAIN, node: NodeKey::SITE, version, seq: at.seq, hash };
    store.put(site.key, at, &[checkpoint], &[(hash, index)]).await.map_err(|e| e.to_string())
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
