//! States of the past. Some that were folded on the way are kept, without bodies: who looks back looks back again near by.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::{Fault, Result};
use super::MAIN;
use super::load::{STRIDE, fold, nearest};
use crate::content::document::Root;
use crate::content::id::PageId;
use crate::store::{Bounds, Site, Store};

/// Every so many versions a state is kept, …
const APART: u64 = 32;

/// … and at most so many of them.
const KEPT: usize = 128;

/// The states of a site's `main` behind its head.
#[derive(Default)]
pub(in super::super) struct Past {
    kept: Mutex<BTreeMap<u64, Root>>,
    /// Counts how often all was forgotten: what was begun before is not kept.
    epoch: AtomicU64,
}

impl Past {
    /// The state of `main` after a version.
    ///
    /// # Errors
    /// `VersionNotFound` where the branch has not got there.
    pub(super) async fn at(&self, store: &dyn Store, site: &Site, version: u64) -> Result<Root> {
        let epoch = self.epoch.load(Ordering::Relaxed);
        let mut root = match self.below(version) {
            Some(near) if version - near.version < APART => near,
            near => {
                let (manifest, _) = nearest(store, site, version).await?;
                near.filter(|near| near.version > manifest.version).unwrap_or(manifest)
            }
        };
        while root.version < version {
            let bounds = Bounds {
                above: root.version,
                up_to: Some(version),
                oldest_first: true,
                limit: STRIDE,
                ..Bounds::default()
            };
            let rows = store.commits(site.key, MAIN, &bounds).await?;
            if rows.is_empty() {
                return Err(Fault::VersionNotFound(format!("main has no version {version}")));
            }
            for row in rows {
                fold(store, site, &mut root, &row.entry).await?;
                if root.version.is_multiple_of(APART) && self.epoch.load(Ordering::Relaxed) == epoch {
                    self.keep(&root, version);
                }
            }
        }
        Ok(root)
    }

    /// Forgets all: the log is not what it was.
    pub(super) fn clear(&self) {
        self.epoch.fetch_add(1, Ordering::Relaxed);
        self.kept().clear();
    }

    fn below(&self, version: u64) -> Option<Root> {
        self.kept().range(..=version).next_back().map(|(_, root)| root.clone())
    }

    /// Keeps a state; what lies farthest from the version that is asked for makes room.
    fn keep(&self, root: &Root, asked: u64) {
        let mut cold = root.clone();
        let warm: Vec<PageId> =
            cold.stubs().filter(|(_, stub)| stub.body.is_some()).map(|(id, _)| id.clone()).collect();
        warm.iter().for_each(|page| cold.unload(page));
        let mut kept = self.kept();
        kept.insert(cold.version, cold);
        if kept.len() > KEPT {
            let ends = [kept.keys().next(), kept.keys().next_back()].into_iter().flatten();
            let farthest = ends.copied().max_by_key(|end| end.abs_diff(asked));
            farthest.and_then(|end| kept.remove(&end));
        }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<u64, Root>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
