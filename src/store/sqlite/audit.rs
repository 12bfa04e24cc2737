//! All there is in a SQLite file, and what SQLite itself says of it.

use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::{Connection, Row, params};

use super::{Sqlite, row};
use crate::store::number::{kept, limit};
use crate::store::schema::INDEXES;
use crate::store::{
    Audit, BranchKey, Checkpoint, Digest, NodeKey, Result, SiteKey, SiteRow, StoreError, Touched,
};

#[async_trait]
impl Audit for Sqlite {
    async fn site_rows(&self, after: SiteKey, most: usize) -> Result<Vec<SiteRow>> {
        let sql = "SELECT site, id, genesis, created_ms, genesis_hash, removed_ms
            FROM site
            WHERE site > ?1
            ORDER BY site
            LIMIT ?2";
        self.readers.long(move |connection| all(connection, sql, [after.0, limit(most)], row::site_row)).await
    }

    async fn touched_rows(
        &self,
        site: SiteKey,
        after: Option<&Touched>,
        most: usize,
    ) -> Result<Vec<Touched>> {
        let sql = "SELECT node, version, kind, live, branch
            FROM touched
            WHERE site = ?1 AND (branch, version, node) > (?2, ?3, ?4)
            ORDER BY branch, version, node
            LIMIT ?5";
        let (branch, version, node) =
            after.map_or(Ok((0, 0, 0)), |row| kept(row.version).map(|at| (row.branch.0, at, row.node.0)))?;
        let keys = [site.0, branch, version, node, limit(most)];
        let read = |row: &Row<'_>| row::touched(row, BranchKey(row.get(4)?));
        self.readers.long(move |connection| all(connection, sql, keys, read)).await
    }

    async fn checkpoint_rows(
        &self,
        site: SiteKey,
        after: Option<&Checkpoint>,
        most: usize,
    ) -> Result<Vec<Checkpoint>> {
        let sql = "SELECT version, seq, hash, branch, node
            FROM checkpoint
            WHERE site = ?1 AND (branch, node, version) > (?2, ?3, ?4)
            ORDER BY branch, node, version
            LIMIT ?5";
        let (branch, node, version) =
            after.map_or(Ok((0, 0, 0)), |row| kept(row.version).map(|at| (row.branch.0, row.node.0, at)))?;
        let keys = [site.0, branch, node, version, limit(most)];
        let read = |row: &Row<'_>| row::checkpoint(row, BranchKey(row.get(3)?), NodeKey(row.get(4)?));
        self.readers.long(move |connection| all(connection, sql, keys, read)).await
    }

    async fn blob_rows(
        &self,
        site: SiteKey,
        after: Option<&Digest>,
        most: usize,
    ) -> Result<Vec<(Digest, Bytes)>> {
        let sql = "SELECT hash, bytes FROM blob WHERE site = ?1 AND hash > ?2 ORDER BY hash LIMIT ?3";
        let after = after.map_or(Vec::new(), |hash| hash.to_vec());
        let read = |row: &Row<'_>| Ok((row.get(0)?, row::bytes(row, 1)?));
        self.readers
            .long(move |connection| all(connection, sql, params![site.0, after, limit(most)], read))
            .await
    }

    async fn integrity(&self) -> Result<Option<String>> {
        self.readers.long(integrity).await
    }
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    keys: impl rusqlite::Params,
    read: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(keys)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// Pages, indexes, constraints and references, and that each index is there.
pub(super) fn integrity(connection: &Connection) -> Result<Option<String>> {
    let text = |row: &Row<'_>| -> Result<String> { Ok(row.get(0)?) };
    let checked = all(connection, "PRAGMA integrity_check(1)", [], text)?;
    if let Some(wrong) = checked.into_iter().find(|line| line != "ok") {
        return Ok(Some(format!("integrity_check: {wrong}")));
    }
    if let Some(table) = all(connection, "PRAGMA foreign_key_check", [], text)?.into_iter().next() {
        return Ok(Some(format!("foreign_key_check: a row of {table} refers to one that is gone")));
    }
    let there = all(connection, "SELECT name FROM sqlite_schema WHERE type = 'index'", [], text)?;
    let missing = INDEXES.iter().find(|name| !there.iter().any(|index| index == *name));
    Ok(missing.map(|name| format!("the index {name} is missing")))
}

/// As `integrity`, for a file that is not yet a store: what is found is damage.
pub(super) fn must_be_whole(connection: &Connection) -> Result<()> {
    integrity(connection)?.map_or(Ok(()), |wrong| Err(StoreError::Damaged(wrong)))
}
