//! Checkpoints and blobs on PostgreSQL.

use std::collections::HashMap;

use async_trait::async_trait;
use bytes::Bytes;

use super::Postgres;
use super::fault::Fault;
use super::row::{self, get};
use crate::store::number::{bound, kept};
use crate::store::{BranchKey, Checkpoint, Checkpoints, Digest, Link, NodeKey, Result, SiteKey};

const PUT: &str = "
WITH stored AS (
    INSERT INTO blob (site, hash, bytes)
    SELECT $1, b.hash, b.bytes
    FROM unnest($2::bytea[], $3::bytea[]) AS b (hash, bytes)
    ON CONFLICT (site, hash) DO NOTHING
)
INSERT INTO checkpoint (site, branch, node, version, seq, hash)
SELECT $1, c.branch, c.node, c.version, c.seq, c.hash
FROM unnest($4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bytea[])
    AS c (branch, node, version, seq, hash)
WHERE EXISTS (SELECT 1 FROM entry WHERE site = $1 AND seq = $9 AND hash = $10)
ON CONFLICT (site, branch, node, version) DO NOTHING";

#[async_trait]
impl Checkpoints for Postgres {
    async fn put(
        &self,
        site: SiteKey,
        at: Link,
        checkpoints: &[Checkpoint],
        blobs: &[(Digest, Bytes)],
    ) -> Result<()> {
        let version = checkpoints.iter().map(|row| kept(row.version)).collect::<Result<Vec<_>>>()?;
        let seq = checkpoints.iter().map(|row| kept(row.seq)).collect::<Result<Vec<_>>>()?;
        let after = kept(at.seq)?;
        // In the order of an append's, so that the two never wait for each other.
        let mut blobs: Vec<_> = blobs.iter().collect();
        blobs.sort_unstable_by_key(|(hash, _)| *hash);
        let ask = || {
            sqlx::query(PUT)
                .bind(site.0)
                .bind(blobs.iter().map(|(hash, _)| &hash[..]).collect::<Vec<_>>())
                .bind(blobs.iter().map(|(_, bytes)| &bytes[..]).collect::<Vec<_>>())
                .bind(checkpoints.iter().map(|row| row.branch.0).collect::<Vec<_>>())
                .bind(checkpoints.iter().map(|row| row.node.0).collect::<Vec<_>>())
                .bind(&version)
                .bind(&seq)
                .bind(checkpoints.iter().map(|row| &row.hash[..]).collect::<Vec<_>>())
                .bind(after)
                .bind(&at.hash[..])
        };
        // Twice is as good as once, so a dead connection is met as a read meets it.
        self.writes.read(ask).await?;
        Ok(())
    }

    async fn checkpoint(
        &self,
        site: SiteKey,
        branch: BranchKey,
        node: NodeKey,
        at_most: u64,
    ) -> Result<Option<Checkpoint>> {
        let ask = || {
            sqlx::query(
                "SELECT version, seq, hash
                FROM checkpoint
                WHERE site = $1 AND branch = $2 AND node = $3 AND version <= $4
                ORDER BY version DESC
                LIMIT 1",
            )
            .bind(site.0)
            .bind(branch.0)
            .bind(node.0)
            .bind(bound(at_most))
        };
        let rows = self.reads.read(ask).await.map_err(Fault::of_read)?;
        rows.first().map(|row| row::checkpoint(row, branch, node)).transpose()
    }

    async fn blobs(&self, site: SiteKey, hashes: &[Digest]) -> Result<Vec<Option<Bytes>>> {
        let ask = || {
            sqlx::query("SELECT hash, bytes FROM blob WHERE site = $1 AND hash = ANY ($2)")
                .bind(site.0)
                .bind(hashes.iter().map(|hash| &hash[..]).collect::<Vec<_>>())
        };
        let rows = self.reads.read(ask).await.map_err(Fault::of_read)?;
        let mut found = HashMap::with_capacity(rows.len());
        for row in &rows {
            found.insert(row::digest(get(row, 0)?)?, Bytes::copy_from_slice(get(row, 1)?));
        }
        Ok(hashes.iter().map(|hash| found.get(hash).cloned()).collect())
    }
}
