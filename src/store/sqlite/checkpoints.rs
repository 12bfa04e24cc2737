//! Checkpoints and blobs on SQLite.

use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::{Sqlite, fault, row};
use crate::store::number::{bound, kept};
use crate::store::{BranchKey, Checkpoint, Checkpoints, Digest, Link, NodeKey, Result, SiteKey};

#[async_trait]
impl Checkpoints for Sqlite {
    async fn put(
        &self,
        site: SiteKey,
        at: Link,
        checkpoints: &[Checkpoint],
        blobs: &[(Digest, Bytes)],
    ) -> Result<()> {
        let (checkpoints, blobs) = (checkpoints.to_vec(), blobs.to_vec());
        self.writer.run(move |connection| put(connection, site, at, &checkpoints, &blobs)).await
    }

    async fn checkpoint(
        &self,
        site: SiteKey,
        branch: BranchKey,
        node: NodeKey,
        at_most: u64,
    ) -> Result<Option<Checkpoint>> {
        self.readers.short(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT version, seq, hash
                FROM checkpoint
                WHERE site = ?1 AND branch = ?2 AND node = ?3 AND version <= ?4
                ORDER BY version DESC
                LIMIT 1",
            )?;
            let mut rows = statement.query(params![site.0, branch.0, node.0, bound(at_most)])?;
            rows.next()?.map(|row| row::checkpoint(row, branch, node)).transpose()
        })
    }

    async fn blobs(&self, site: SiteKey, hashes: &[Digest]) -> Result<Vec<Option<Bytes>>> {
        let hashes = hashes.to_vec();
        self.readers.long(move |connection| blobs(connection, site, &hashes)).await
    }
}

fn put(
    connection: &mut Connection,
    site: SiteKey,
    at: Link,
    checkpoints: &[Checkpoint],
    blobs: &[(Digest, Bytes)],
) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO blob (site, hash, bytes)
            VALUES (?1, ?2, ?3)
            ON CONFLICT (site, hash) DO NOTHING",
        )?;
        for (hash, bytes) in blobs {
            insert.execute(params![site.0, &hash[..], &bytes[..]])?;
        }
        let mut insert = transaction.prepare_cached(
            "INSERT INTO checkpoint (site, branch, node, version, seq, hash)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6
            WHERE EXISTS (SELECT 1 FROM entry WHERE site = ?1 AND seq = ?7 AND hash = ?8)
            ON CONFLICT (site, branch, node, version) DO NOTHING",
        )?;
        for row in checkpoints {
            let (version, seq) = (kept(row.version)?, kept(row.seq)?);
            let place = (kept(at.seq)?, &at.hash[..]);
            insert.execute(params![
                site.0,
                row.branch.0,
                row.node.0,
                version,
                seq,
                &row.hash[..],
                place.0,
                place.1
            ])?;
        }
    }
    transaction.commit().map_err(fault::at_commit)
}

/// One look-up per hash: without a network between, that is as fast as one question for all.
fn blobs(connection: &Connection, site: SiteKey, hashes: &[Digest]) -> Result<Vec<Option<Bytes>>> {
    let mut statement = connection.prepare_cached("SELECT bytes FROM blob WHERE site = ?1 AND hash = ?2")?;
    let mut found = Vec::with_capacity(hashes.len());
    for hash in hashes {
        let read = |row: &rusqlite::Row<'_>| Ok(row::bytes(row, 0));
        found.push(statement.query_row(params![site.0, &hash[..]], read).optional()?.transpose()?);
    }
    Ok(found)
}
