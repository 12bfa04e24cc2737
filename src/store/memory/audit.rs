//! All there is in memory.

use std::ops::Bound;

use async_trait::async_trait;
use bytes::Bytes;

use super::Memory;
use crate::store::{Audit, BranchKey, Checkpoint, Digest, NodeKey, Result, Site, SiteKey, SiteRow, Touched};

#[async_trait]
impl Audit for Memory {
    async fn site_rows(&self, after: SiteKey, limit: usize) -> Result<Vec<SiteRow>> {
        let tables = self.tables();
        let rows = tables.sites.iter().filter(|row| row.site.key > after);
        let row = |row: &super::SiteRow| SiteRow {
            site: row.site.clone(),
            genesis_hash: Site::genesis_hash(&row.site.genesis),
            removed_ms: row.removed_ms,
        };
        Ok(rows.take(limit).map(row).collect())
    }

    async fn touched_rows(
        &self,
        site: SiteKey,
        after: Option<&Touched>,
        limit: usize,
    ) -> Result<Vec<Touched>> {
        let tables = self.tables();
        let from = after
            .map_or((site, BranchKey(0), 0, NodeKey(0)), |row| (site, row.branch, row.version, row.node));
        let rows = tables.touched.range((Bound::Excluded(from), Bound::Unbounded));
        let rows = rows.take_while(|(key, _)| key.0 == site).take(limit);
        let row = |(key, mark): (&(SiteKey, BranchKey, u64, NodeKey), &super::Mark)| Touched {
            branch: key.1,
            node: key.3,
            version: key.2,
            kind: mark.kind,
            live: mark.live,
        };
        Ok(rows.map(row).collect())
    }

    async fn checkpoint_rows(
        &self,
        site: SiteKey,
        after: Option<&Checkpoint>,
        limit: usize,
    ) -> Result<Vec<Checkpoint>> {
        let tables = self.tables();
        let from = after
            .map_or((site, BranchKey(0), NodeKey(0), 0), |row| (site, row.branch, row.node, row.version));
        let rows = tables.checkpoints.range((Bound::Excluded(from), Bound::Unbounded));
        Ok(rows.take_while(|(key, _)| key.0 == site).take(limit).map(|(_, row)| row.clone()).collect())
    }

    async fn blob_rows(
        &self,
        site: SiteKey,
        after: Option<&Digest>,
        limit: usize,
    ) -> Result<Vec<(Digest, Bytes)>> {
        let tables = self.tables();
        let mut rows: Vec<_> = tables
            .blobs
            .iter()
            .filter(|((of, hash), _)| *of == site && after.is_none_or(|after| hash > after))
            .map(|((_, hash), bytes)| (*hash, bytes.clone()))
            .collect();
        rows.sort_unstable_by_key(|(hash, _)| *hash);
        rows.truncate(limit);
        Ok(rows)
    }

    async fn integrity(&self) -> Result<Option<String>> {
        Ok(None)
    }
}
