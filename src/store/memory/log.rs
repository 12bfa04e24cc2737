//! The log in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::OwnedMutexGuard;

use super::{Mark, Memory, SiteRow, Tables, locked};
use crate::store::ground::{self, Ground};
use crate::store::{
    Append, Appended, Bounds, BranchKey, CommitRow, Digest, Entry, Hold, Link, Log, NodeKey, Relive, Result,
    Site, SiteKey, Stack, StoreError, Touched,
};

#[async_trait]
impl Log for Memory {
    async fn append(&self, site: SiteKey, append: &Append) -> Result<Appended> {
        let _turn = self.turn.lock().await;
        self.tables().append(site, append)
    }

    async fn hold(&self, site: SiteKey) -> Result<Box<dyn Hold>> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        Ok(Box::new(Held { tables: Arc::clone(&self.tables), site, _turn: turn }))
    }

    async fn head(&self, site: SiteKey) -> Result<Link> {
        let tables = self.tables();
        if let Some(entry) = tables.log(site).last() {
            return Ok(Link { seq: entry.seq, hash: entry.hash });
        }
        let row = tables.sites.iter().find(|row| row.site.key == site);
        let row = row.ok_or_else(|| StoreError::Damaged(format!("there is no site {}", site.0)))?;
        Ok(Link { seq: 0, hash: Site::genesis_hash(&row.site.genesis) })
    }

    async fn heads(&self, sites: &[SiteKey]) -> Result<Vec<Option<Link>>> {
        let mut heads = Vec::with_capacity(sites.len());
        for site in sites {
            let living = self.tables().living(*site).is_some();
            heads.push(if living { Some(self.head(*site).await?) } else { None });
        }
        Ok(heads)
    }

    async fn entries(&self, site: SiteKey, after: u64, limit: usize) -> Result<Vec<Entry>> {
        let tables = self.tables();
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(tables.log(site).iter().skip(after).take(limit).cloned().collect())
    }

    async fn commits(&self, site: SiteKey, branch: BranchKey, bounds: &Bounds) -> Result<Vec<CommitRow>> {
        let tables = self.tables();
        let up_to = bounds.up_to.unwrap_or(u64::MAX);
        if bounds.above >= up_to {
            return Ok(Vec::new());
        }
        let range = (site, branch, bounds.above + 1)..=(site, branch, up_to);
        let rows = tables
            .versions
            .range(range)
            .map(|(key, &at)| (key.2, &tables.log(site)[at]))
            .filter(|(_, entry)| bounds.who.as_ref().is_none_or(|who| *who == entry.who))
            .filter(|(version, _)| {
                bounds.node.is_none_or(|node| tables.touched.contains_key(&(site, branch, *version, node)))
            });
        let row = |(version, entry): (u64, &Entry)| CommitRow {
            entry: entry.clone(),
            live: tables.marks(site, branch, version).any(|(_, mark)| mark.live),
        };
        Ok(if bounds.oldest_first {
            rows.take(bounds.limit).map(row).collect()
        } else {
            rows.rev().take(bounds.limit).map(row).collect()
        })
    }

    async fn by_key(&self, site: SiteKey, who: &str, key: &str) -> Result<Option<Entry>> {
        let tables = self.tables();
        let at = tables.keys.get(&(site, who.to_owned(), key.to_owned()));
        Ok(at.map(|&at| tables.log(site)[at].clone()))
    }

    async fn newest(&self, site: SiteKey, branch: BranchKey, stack: &Stack) -> Result<Option<u64>> {
        let tables = self.tables();
        let up_to = (site, branch, stack.up_to.unwrap_or(u64::MAX), NodeKey(i64::MAX));
        let fits = |version: u64, node: NodeKey, mark: &Mark| {
            stack.node.is_none_or(|wanted| wanted == node)
                && (stack.kinds.is_empty() || stack.kinds.contains(&mark.kind))
                && (mark.live || !stack.live_only)
                && stack.who.as_ref().is_none_or(|who| tables.author(site, branch, version) == Some(who))
        };
        let mut rows = tables.touched.range((site, branch, 0, NodeKey(i64::MIN))..=up_to).rev();
        Ok(rows.find(|(key, mark)| fits(key.2, key.3, mark)).map(|(key, _)| key.2))
    }

    async fn touched(&self, site: SiteKey, branch: BranchKey, version: u64) -> Result<Vec<Touched>> {
        let tables = self.tables();
        let row = |(node, mark): (NodeKey, &Mark)| Touched {
            branch,
            node,
            version,
            kind: mark.kind,
            live: mark.live,
        };
        Ok(tables.marks(site, branch, version).map(row).collect())
    }
}

/// The turn of one writer.
struct Held {
    tables: Arc<Mutex<Tables>>,
    site: SiteKey,
    _turn: OwnedMutexGuard<()>,
}

#[async_trait]
impl Hold for Held {
    async fn append(self: Box<Self>, append: &Append) -> Result<Appended> {
        locked(&self.tables).append(self.site, append)
    }
}

impl Tables {
    fn append(&mut self, site: SiteKey, append: &Append) -> Result<Appended> {
        let (first, last) = ground::places(append)?;
        let found = Ground {
            genesis: self.living(site).map(|row| Site::genesis_hash(&row.site.genesis)),
            before: self.hash_at(site, append.after.seq),
            first: self.hash_at(site, first),
            last: self.hash_at(site, last),
        };
        if let Some(end) = found.judge(append) {
            return Ok(end);
        }
        self.refuse_taken(site, append)?;
        self.write(site, append);
        Ok(Appended::Done)
    }

    fn living(&self, site: SiteKey) -> Option<&SiteRow> {
        self.sites.iter().find(|row| row.site.key == site && row.removed_ms.is_none())
    }

    fn log(&self, site: SiteKey) -> &[Entry] {
        self.entries.get(&site).map_or(&[], Vec::as_slice)
    }

    pub(super) fn hash_at(&self, site: SiteKey, seq: u64) -> Option<Digest> {
        let at = usize::try_from(seq.checked_sub(1)?).ok()?;
        self.log(site).get(at).map(|entry| entry.hash)
    }

    fn author(&self, site: SiteKey, branch: BranchKey, version: u64) -> Option<&Arc<str>> {
        self.versions.get(&(site, branch, version)).map(|&at| &self.log(site)[at].who)
    }

    /// The touched rows of one commit, by node.
    fn marks(
        &self,
        site: SiteKey,
        branch: BranchKey,
        version: u64,
    ) -> impl Iterator<Item = (NodeKey, &Mark)> {
        let all = (site, branch, version, NodeKey(i64::MIN))..=(site, branch, version, NodeKey(i64::MAX));
        self.touched.range(all).map(|(key, mark)| (key.3, mark))
    }

    /// What the unique keys of the databases refuse.
    fn refuse_taken(&self, site: SiteKey, append: &Append) -> Result<()> {
        let (mut versions, mut keys, mut nodes) = (Vec::new(), Vec::new(), Vec::new());
        for entry in &append.entries {
            versions.extend(commit_key(site, entry));
            keys.extend(caller_key(site, entry));
        }
        nodes.extend(append.touched.iter().map(|row| (site, row.branch, row.version, row.node)));
        let taken = versions.iter().any(|key| self.versions.contains_key(key))
            || keys.iter().any(|key| self.keys.contains_key(key))
            || nodes.iter().any(|key| self.touched.contains_key(key))
            || has_twins(versions)
            || has_twins(keys)
            || has_twins(nodes);
        if taken {
            return Err(StoreError::Damaged("a version, a key or a touched row is taken".to_owned()));
        }
        Ok(())
    }

    fn write(&mut self, site: SiteKey, append: &Append) {
        for relive in &append.relive {
            self.relive(site, relive);
        }
        for entry in &append.entries {
            let log = self.entries.entry(site).or_default();
            let at = log.len();
            log.push(entry.clone());
            self.versions.extend(commit_key(site, entry).map(|key| (key, at)));
            self.keys.extend(caller_key(site, entry).map(|key| (key, at)));
        }
        for row in &append.touched {
            let key = (site, row.branch, row.version, row.node);
            self.touched.insert(key, Mark { kind: row.kind, live: row.live });
        }
        for (hash, bytes) in &append.blobs {
            self.blobs.entry((site, *hash)).or_insert_with(|| bytes.clone());
        }
    }

    fn relive(&mut self, site: SiteKey, relive: &Relive) {
        let from = (site, relive.branch, relive.version, relive.node.unwrap_or(NodeKey(i64::MIN)));
        let to = (site, relive.branch, relive.version, relive.node.unwrap_or(NodeKey(i64::MAX)));
        for (_, mark) in self.touched.range_mut(from..=to) {
            mark.live = relive.live;
        }
    }
}

fn commit_key(site: SiteKey, entry: &Entry) -> Option<(SiteKey, BranchKey, u64)> {
    Some((site, entry.branch?, entry.version?))
}

fn caller_key(site: SiteKey, entry: &Entry) -> Option<(SiteKey, String, String)> {
    Some((site, entry.who.to_string(), entry.key.as_ref()?.to_string()))
}

fn has_twins<T: Ord>(mut keys: Vec<T>) -> bool {
    keys.sort();
    keys.windows(2).any(|pair| pair[0] == pair[1])
}
