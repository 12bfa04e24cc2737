//! All there is in a PostgreSQL database, and what PostgreSQL itself says of it.

use async_trait::async_trait;
use bytes::Bytes;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::Postgres;
use super::fault::{self, Fault};
use super::row::{self, get};
use crate::store::number::{kept, limit};
use crate::store::schema::INDEXES;
use crate::store::{
    Audit, BranchKey, Checkpoint, Digest, NodeKey, Result, SiteKey, SiteRow, StoreError, Touched,
};

#[async_trait]
impl Audit for Postgres {
    async fn site_rows(&self, after: SiteKey, most: usize) -> Result<Vec<SiteRow>> {
        let ask = || {
            sqlx::query(
                "SELECT site, id, genesis, created_ms, genesis_hash, removed_ms
                FROM site
                WHERE site > $1
                ORDER BY site
                LIMIT $2",
            )
            .bind(after.0)
            .bind(limit(most))
        };
        self.reads.read(ask).await.map_err(Fault::of_read)?.iter().map(row::site_row).collect()
    }

    async fn touched_rows(
        &self,
        site: SiteKey,
        after: Option<&Touched>,
        most: usize,
    ) -> Result<Vec<Touched>> {
        let (branch, version, node) =
            after.map_or(Ok((0, 0, 0)), |row| kept(row.version).map(|at| (row.branch.0, at, row.node.0)))?;
        let ask = || {
            sqlx::query(
                "SELECT node, version, kind, live, branch
                FROM touched
                WHERE site = $1 AND (branch, version, node) > ($2, $3, $4)
                ORDER BY branch, version, node
                LIMIT $5",
            )
            .bind(site.0)
            .bind(branch)
            .bind(version)
            .bind(node)
            .bind(limit(most))
        };
        let rows = self.reads.read(ask).await.map_err(Fault::of_read)?;
        rows.iter().map(|row| row::touched(row, BranchKey(get(row, 4)?))).collect()
    }

    async fn checkpoint_rows(
        &self,
        site: SiteKey,
        after: Option<&Checkpoint>,
        most: usize,
    ) -> Result<Vec<Checkpoint>> {
        let (branch, node, version) =
            after.map_or(Ok((0, 0, 0)), |row| kept(row.version).map(|at| (row.branch.0, row.node.0, at)))?;
        let ask = || {
            sqlx::query(
                "SELECT version, seq, hash, branch, node
                FROM checkpoint
                WHERE site = $1 AND (branch, node, version) > ($2, $3, $4)
                ORDER BY branch, node, version
                LIMIT $5",
            )
            .bind(site.0)
            .bind(branch)
            .bind(node)
            .bind(version)
            .bind(limit(most))
        };
        let rows = self.reads.read(ask).await.map_err(Fault::of_read)?;
        rows.iter().map(|row| row::checkpoint(row, BranchKey(get(row, 3)?), NodeKey(get(row, 4)?))).collect()
    }

    async fn blob_rows(
        &self,
        site: SiteKey,
        after: Option<&Digest>,
        most: usize,
    ) -> Result<Vec<(Digest, Bytes)>> {
        let after = after.map_or(&[][..], |hash| &hash[..]);
        let ask = || {
            sqlx::query("SELECT hash, bytes FROM blob WHERE site = $1 AND hash > $2 ORDER BY hash LIMIT $3")
                .bind(site.0)
                .bind(after.to_vec())
                .bind(limit(most))
        };
        let rows = self.reads.read(ask).await.map_err(Fault::of_read)?;
        let blob = |row| Ok((row::digest(get(row, 0)?)?, Bytes::copy_from_slice(get(row, 1)?)));
        rows.iter().map(blob).collect()
    }

    async fn integrity(&self) -> Result<Option<String>> {
        let mut connection = self.reads.patient().await?;
        let found = integrity(&mut connection).await;
        let _ = connection.close().await;
        found
    }
}

const LOOSE_CONSTRAINTS: &str =
    "SELECT conrelid::regclass || ': the constraint ' || conname || ' was never checked'
    FROM pg_constraint
    WHERE connamespace = current_schema()::regnamespace AND NOT convalidated
    LIMIT 1";

const BROKEN_INDEXES: &str = "SELECT 'the index ' || i.indexrelid::regclass || ' is not valid'
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND NOT (i.indisvalid AND i.indisready)
    LIMIT 1";

const THERE: &str = "SELECT indexname::text FROM pg_indexes WHERE schemaname = current_schema()";

/// Where amcheck is installed and this user may call it: the function that checks an index.
const AMCHECK: &str = "SELECT quote_ident(n.nspname) || '.bt_index_check'
    FROM pg_extension e
    JOIN pg_namespace n ON n.oid = e.extnamespace
    JOIN pg_proc p ON p.pronamespace = n.oid AND p.proname = 'bt_index_check' AND p.pronargs = 1
    WHERE e.extname = 'amcheck' AND has_function_privilege(p.oid, 'EXECUTE')";

/// The server proves every row against its constraints as it writes, and an index against its rows as it makes it; what
/// is left to ask is whether it ever did, and, with amcheck, whether the indexes still are as they were made.
async fn integrity(connection: &mut PgConnection) -> Result<Option<String>> {
    for sql in [LOOSE_CONSTRAINTS, BROKEN_INDEXES] {
        if let Some(wrong) = texts(connection, sql).await?.into_iter().next() {
            return Ok(Some(wrong));
        }
    }
    let there = texts(connection, THERE).await?;
    if let Some(name) = INDEXES.iter().find(|name| !there.iter().any(|index| index == *name)) {
        return Ok(Some(format!("the index {name} is missing")));
    }
    match texts(connection, AMCHECK).await?.into_iter().next() {
        Some(function) => check_indexes(connection, &function).await,
        None => Ok(None),
    }
}

async fn check_indexes(connection: &mut PgConnection, function: &str) -> Result<Option<String>> {
    let sql = format!(
        "SELECT {function}(c.oid)::text
        FROM pg_class c
        JOIN pg_am a ON a.oid = c.relam
        WHERE c.relkind = 'i' AND a.amname = 'btree' AND c.relnamespace = current_schema()::regnamespace"
    );
    match connection.fetch_all(AssertSqlSafe(sql)).await.map_err(fault::sent) {
        Ok(_) => Ok(None),
        // Index or data corrupted: that is what was asked.
        Err(Fault::Refused { code, message }) if code.starts_with("XX") => Ok(Some(message)),
        Err(fault) => Err(fault.of_read()),
    }
}

async fn texts(connection: &mut PgConnection, sql: &'static str) -> Result<Vec<String>> {
    let rows =
        connection.fetch_all(sql).await.map_err(|error| StoreError::from(fault::sent(error).of_read()))?;
    rows.iter().map(|row: &PgRow| get(row, 0)).collect()
}
