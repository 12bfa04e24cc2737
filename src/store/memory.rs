//! The store of tests and simulations: plain maps behind one lock, gone with the process.

mod audit;
mod log;
mod registry;
mod tokens;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    BranchKey, Checkpoint, Checkpoints, Digest, Entry, KeyedAnswer, Kind, Link, NodeKey, Result, Site,
    SiteKey, Token,
};

/// Keeps all in memory.
#[derive(Default)]
pub struct Memory {
    tables: Arc<Mutex<Tables>>,
    /// Appends take turns, so that one writer can hold the others back.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Tables {
    /// The site of key 1 stands first.
    sites: Vec<SiteRow>,
    /// The entry of `seq` 1 stands first.
    entries: HashMap<SiteKey, Vec<Entry>>,
    /// Commits, by their place in `entries`.
    versions: BTreeMap<(SiteKey, BranchKey, u64), usize>,
    keys: HashMap<(SiteKey, String, String), usize>,
    touched: BTreeMap<(SiteKey, BranchKey, u64, NodeKey), Mark>,
    checkpoints: BTreeMap<(SiteKey, BranchKey, NodeKey, u64), Checkpoint>,
    blobs: HashMap<(SiteKey, Digest), Bytes>,
    tokens: Vec<Token>,
    /// By who asked, and the key.
    answers: HashMap<(String, String), KeyedAnswer>,
}

struct SiteRow {
    site: Site,
    removed_ms: Option<i64>,
}

struct Mark {
    kind: Kind,
    live: bool,
}

impl Memory {
    /// Never held across an await. A panic under the lock left whole rows at worst, so the lock is taken anyway.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        locked(&self.tables)
    }
}

#[cfg(test)]
impl Memory {
    /// Holds what another holds, as a database that was restored from a backup does.
    pub(crate) fn go_back_to(&self, older: &Memory) {
        *self.tables() = std::mem::take(&mut *older.tables());
    }
}

fn locked(tables: &Mutex<Tables>) -> MutexGuard<'_, Tables> {
    tables.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Checkpoints for Memory {
    async fn put(
        &self,
        site: SiteKey,
        at: Link,
        checkpoints: &[Checkpoint],
        blobs: &[(Digest, Bytes)],
    ) -> Result<()> {
        let mut tables = self.tables();
        for (hash, bytes) in blobs {
            tables.blobs.entry((site, *hash)).or_insert_with(|| bytes.clone());
        }
        if tables.hash_at(site, at.seq) != Some(at.hash) {
            return Ok(());
        }
        for checkpoint in checkpoints {
            let key = (site, checkpoint.branch, checkpoint.node, checkpoint.version);
            tables.checkpoints.entry(key).or_insert_with(|| checkpoint.clone());
        }
        Ok(())
    }

    async fn checkpoint(
        &self,
        site: SiteKey,
        branch: BranchKey,
        node: NodeKey,
        at_most: u64,
    ) -> Result<Option<Checkpoint>> {
        let tables = self.tables();
        let mut below = tables.checkpoints.range((site, branch, node, 0)..=(site, branch, node, at_most));
        Ok(below.next_back().map(|(_, checkpoint)| checkpoint.clone()))
    }

    async fn blobs(&self, site: SiteKey, hashes: &[Digest]) -> Result<Vec<Option<Bytes>>> {
        let tables = self.tables();
        Ok(hashes.iter().map(|hash| tables.blobs.get(&(site, *hash)).cloned()).collect())
    }
}
