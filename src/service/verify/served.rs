//! What readers are served against the walk: the state from the nearest manifest, the pages from their nearest
//! checkpoints, and the blobs themselves.

use super::super::site::{fold, load_page, nearest};
use super::Strides;
use super::checkpoints::hex;
use super::flaw::{Halt, Mend};
use super::site::Subject;
use crate::content::document::Root;

/// Blobs read at a time: a page's document each, or a part of a manifest.
const BLOBS: usize = 32;

/// Whether the state that a start makes of what is kept is the one that the whole log makes, page by page.
pub(super) async fn compare(subject: &Subject<'_>, root: &Root) -> Result<(), Halt> {
    let (store, site) = (subject.store.as_ref(), subject.site());
    let place = || subject.place().at_version(Some(root.version));
    let served = |fault| Halt::served(fault, place());
    let (mut head, after) = nearest(store, site, root.version).await.map_err(served)?;
    let mut strides = Strides::new(subject.store, site.key, after, subject.head.seq);
    loop {
        let entries = strides.next().await.map_err(|e| Halt::read(e, place()))?;
        if entries.is_empty() {
            break;
        }
        for entry in &entries {
            fold(store, site, &mut head, entry).await.map_err(served)?;
        }
    }
    if head.manifest().ok() != root.manifest().ok() {
        return Err(place().into_halt("the state that is served is not what the log makes", Mend::Derived));
    }
    for id in &root.order {
        let found = load_page(store, site, id, root.version, &root.types).await.map_err(served)?;
        let wanted = root.page(id).ok().flatten();
        if found.map(|page| page.to_json("")) != wanted.map(|page| page.to_json("")) {
            let what = format!("the page {id} that is served is not what the log makes");
            return Err(place().into_halt(what, Mend::Derived));
        }
    }
    Ok(())
}

/// Whether every blob hashes to its name; how many there are.
pub(super) async fn blobs(subject: &Subject<'_>) -> Result<u64, Halt> {
    let (mut after, mut count) = (None, 0);
    loop {
        let rows = subject.store.blob_rows(subject.site().key, after.as_ref(), BLOBS).await;
        let rows = rows.map_err(|e| Halt::read(e, subject.place()))?;
        for (hash, bytes) in &rows {
            if blake3::hash(bytes).as_bytes() != hash {
                let what = format!("the blob {} does not hash to its name", hex(hash));
                return Err(subject.place().into_halt(what, Mend::Derived));
            }
        }
        count += rows.len() as u64;
        match rows.last() {
            Some((hash, _)) => after = Some(*hash),
            None => return Ok(count),
        }
    }
}
