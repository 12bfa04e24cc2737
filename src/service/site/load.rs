//! From the store to state: the newest, the manifest below any other, and single pages.

use std::sync::Arc;

use super::super::{Fault, Result};
use super::{Head, MAIN, node_key};
use crate::content::commit::Body;
use crate::content::document::{Amiss, Manifest, Page, Root, Stamp, Types, fold_page};
use crate::content::id::PageId;
use crate::content::json::{Map, Value};
use crate::store::{Bounds, Entry, Link, NodeKey, Site, Store, StoreError};

/// How many entries are read at a time.
pub(super) const STRIDE: usize = 512;

/// The state before a site's first entry.
pub(super) fn genesis(site: &Site) -> Result<Root> {
    let config: Map<String, Value> = serde_json::from_slice(&site.genesis).map_err(damaged)?;
    Ok(Root::new(config))
}

fn damaged(error: impl std::fmt::Display) -> Fault {
    StoreError::Damaged(error.to_string()).into()
}

/// The newest state: the newest manifest, and what the log has behind it.
pub(super) async fn newest(store: &dyn Store, site: &Site) -> Result<Head> {
    let (mut root, mut seq) = nearest(store, site, i64::MAX.unsigned_abs()).await?;
    let mut head =
        Head { root: root.clone(), link: Link { seq, hash: Site::genesis_hash(&site.genesis) }, at_ms: 0 };
    if seq > 0 {
        let entry = store
            .entries(site.key, seq - 1, 1)
            .await?
            .pop()
            .ok_or_else(|| damaged("a manifest without its entry"))?;
        (head.link.hash, head.at_ms) = (entry.hash, entry.at_ms);
    }
    loop {
        let entries = store.entries(site.key, seq, STRIDE).await?;
        let Some(last) = entries.last() else { break };
        (head.link, head.at_ms) = (Link { seq: last.seq, hash: last.hash }, last.at_ms);
        seq = last.seq;
        for entry in &entries {
            fold(store, site, &mut root, entry).await?;
        }
    }
    head.root = root;
    Ok(head)
}

/// The newest manifest at or below a version, and the entry it holds all up to; else the genesis.
pub(in super::super) async fn nearest(store: &dyn Store, site: &Site, version: u64) -> Result<(Root, u64)> {
    let Some(kept) = store.checkpoint(site.key, MAIN, NodeKey::SITE, version).await? else {
        return Ok((genesis(site)?, 0));
    };
    let index = blob(store, site, kept.hash).await?;
    let hashes: Vec<[u8; 32]> = index.chunks_exact(32).filter_map(|chunk| chunk.try_into().ok()).collect();
    let mut parts = Vec::with_capacity(hashes.len());
    for (bytes, hash) in store.blobs(site.key, &hashes).await?.into_iter().zip(&hashes) {
        let bytes =
            bytes.ok_or_else(|| damaged(format!("no blob {}", data_encoding::HEXLOWER.encode(hash))))?;
        parts.push(zstd::stream::decode_all(&bytes[..]).map_err(damaged)?);
    }
    let mut parts = parts.into_iter();
    let (Some(fields), Some(order)) = (parts.next(), parts.next()) else {
        return Err(damaged("a manifest without its parts"));
    };
    let manifest = Manifest { site: fields, order, chunks: parts.collect() };
    Ok((Root::from_manifest(&manifest).map_err(damaged)?, kept.seq))
}

async fn blob(store: &dyn Store, site: &Site, hash: [u8; 32]) -> Result<bytes::Bytes> {
    let found = store.blobs(site.key, &[hash]).await?.pop().flatten();
    found.ok_or_else(|| damaged(format!("no blob {}", data_encoding::HEXLOWER.encode(&hash))))
}

/// Brings one entry's changes onto a state, loading the bodies it touches.
pub(in super::super) async fn fold(
    store: &dyn Store,
    site: &Site,
    root: &mut Root,
    entry: &Entry,
) -> Result<()> {
    let Some(version) = entry.version else { return Ok(()) };
    if version <= root.version {
        return Ok(());
    }
    let body = Body::decode(entry.format, &entry.body).map_err(damaged)?;
    fold_body(store, site, root, entry, &body).await
}

/// The same, of an entry whose body was read already.
pub(super) async fn fold_body(
    store: &dyn Store,
    site: &Site,
    root: &mut Root,
    entry: &Entry,
    body: &Body,
) -> Result<()> {
    let Some(version) = entry.version.filter(|version| *version > root.version) else { return Ok(()) };
    let stamp = Stamp { version, at_ms: entry.at_ms, who: entry.who.clone() };
    loop {
        let mut next = root.clone();
        match next.apply(&body.changes) {
            Ok(touched) => {
                next.seal(&touched, &stamp);
                *root = next;
                return Ok(());
            }
            Err(Amiss::Missing(page)) => {
                let body = load_page(store, site, &page, root.version, &root.types).await?;
                root.load(&page, body.ok_or_else(|| damaged(format!("page {page} has no body")))?);
            }
            Err(Amiss::Misfit(misfit)) => return Err(damaged(format!("entry {}: {misfit}", entry.seq))),
        }
    }
}

/// A page as it stood after a version: its newest checkpoint, and what touched it since.
pub(in super::super) async fn load_page(
    store: &dyn Store,
    site: &Site,
    page: &PageId,
    version: u64,
    types: &Types,
) -> Result<Option<Arc<Page>>> {
    let node = node_key(page);
    let (mut body, mut above) = (None, 0);
    if let Some(kept) = store.checkpoint(site.key, MAIN, node, version).await? {
        let bytes = blob(store, site, kept.hash).await?;
        let json = zstd::stream::decode_all(&bytes[..]).map_err(damaged)?;
        let value: Value = serde_json::from_slice(&json).map_err(damaged)?;
        body = Some(Page::from_value(&value, types, &mut Default::default()).map_err(damaged)?);
        above = kept.version;
    }
    loop {
        let bounds = Bounds {
            above,
            up_to: Some(version),
            node: Some(node),
            oldest_first: true,
            limit: STRIDE,
            ..Bounds::default()
        };
        let rows = store.commits(site.key, MAIN, &bounds).await?;
        for row in &rows {
            let changes = Body::decode(row.entry.format, &row.entry.body).map_err(damaged)?.changes;
            body = fold_page(body, page, &changes, types).map_err(damaged)?;
            above = row.entry.version.unwrap_or(above);
        }
        if rows.len() < STRIDE {
            return Ok(body.map(Arc::new));
        }
    }
}
