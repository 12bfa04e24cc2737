//! The log on PostgreSQL.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;

use super::row::{self, entry_columns, get};
use super::{Postgres, append};
use crate::store::number::{bound, counted, limit};
use crate::store::{
    Append, Appended, Bounds, BranchKey, CommitRow, Entry, Kind, Link, Log, Result, SiteKey, Stack,
    StoreError, Touched,
};

use super::fault::Fault;

#[async_trait]
impl Log for Postgres {
    async fn append(&self, site: SiteKey, append: &Append) -> Result<Appended> {
        append::append(&self.writes, site, append).await
    }

    async fn head(&self, site: SiteKey) -> Result<Link> {
        let ask = || {
            sqlx::query(
                "SELECT seq, hash
                FROM (
                    (SELECT seq, hash FROM entry WHERE site = $1 ORDER BY seq DESC LIMIT 1)
                    UNION ALL
                    SELECT 0, genesis_hash FROM site WHERE site = $1
                ) AS link
                ORDER BY seq DESC
                LIMIT 1",
            )
            .bind(site.0)
        };
        let rows = self.reads.read(ask).await.map_err(Fault::of_read)?;
        let row = rows.first().ok_or_else(|| StoreError::Damaged(format!("there is no site {}", site.0)))?;
        Ok(Link { seq: counted(get(row, 0)?)?, hash: row::digest(get(row, 1)?)? })
    }

    async fn entries(&self, site: SiteKey, after: u64, most: usize) -> Result<Vec<Entry>> {
        let ask = || {
            sqlx::query(concat!(
                "SELECT ",
                entry_columns!(),
                " FROM entry e WHERE e.site = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3"
            ))
            .bind(site.0)
            .bind(bound(after))
            .bind(limit(most))
        };
        self.reads.read(ask).await.map_err(Fault::of_read)?.iter().map(row::entry).collect()
    }

    async fn commits(&self, site: SiteKey, branch: BranchKey, bounds: &Bounds) -> Result<Vec<CommitRow>> {
        let sql = commits_sql(bounds);
        let ask = || {
            sqlx::query(AssertSqlSafe(sql.as_str()))
                .bind(site.0)
                .bind(branch.0)
                .bind(bound(bounds.above))
                .bind(bound(bounds.up_to.unwrap_or(u64::MAX)))
                .bind(limit(bounds.limit))
                .bind(bounds.node.map(|node| node.0))
                .bind(bounds.who.as_deref())
        };
        let rows = self.reads.read(ask).await.map_err(Fault::of_read)?;
        rows.iter().map(|row| Ok(CommitRow { entry: row::entry(row)?, live: get(row, 12)? })).collect()
    }

    async fn by_key(&self, site: SiteKey, who: &str, key: &str) -> Result<Option<Entry>> {
        let ask = || {
            sqlx::query(concat!(
                "SELECT ",
                entry_columns!(),
                " FROM entry e WHERE e.site = $1 AND e.who = $2 AND e.key = $3"
            ))
            .bind(site.0)
            .bind(who)
            .bind(key)
        };
        self.reads.read(ask).await.map_err(Fault::of_read)?.first().map(row::entry).transpose()
    }

    async fn newest(&self, site: SiteKey, branch: BranchKey, stack: &Stack) -> Result<Option<u64>> {
        let sql = newest_sql(stack);
        let ask = || {
            sqlx::query(AssertSqlSafe(sql.as_str()))
                .bind(site.0)
                .bind(branch.0)
                .bind(bound(stack.up_to.unwrap_or(u64::MAX)))
                .bind(stack.node.map(|node| node.0))
                .bind(stack.who.as_deref())
        };
        let rows = self.reads.read(ask).await.map_err(Fault::of_read)?;
        rows.first().map(|row| counted(get(row, 0)?)).transpose()
    }

    async fn touched(&self, site: SiteKey, branch: BranchKey, version: u64) -> Result<Vec<Touched>> {
        let ask = || {
            sqlx::query(
                "SELECT node, version, kind, live
                FROM touched
                WHERE site = $1 AND branch = $2 AND version = $3
                ORDER BY node",
            )
            .bind(site.0)
            .bind(branch.0)
            .bind(bound(version))
        };
        let rows = self.reads.read(ask).await.map_err(Fault::of_read)?;
        rows.iter().map(|row| row::touched(row, branch)).collect()
    }
}

/// A parameter that a question does not use is named all the same: the arguments are always these seven.
fn commits_sql(bounds: &Bounds) -> String {
    let (from, version) = match bounds.node {
        Some(_) => (
            "touched t
            JOIN entry e ON e.site = t.site AND e.branch = t.branch AND e.version = t.version
            WHERE t.site = $1 AND t.branch = $2 AND t.node = $6 AND t.version > $3 AND t.version <= $4",
            "t.version",
        ),
        None => (
            "entry e
            WHERE e.site = $1 AND e.branch = $2 AND $6::bigint IS NULL AND e.version > $3 AND e.version <= $4",
            "e.version",
        ),
    };
    let who = if bounds.who.is_some() { "e.who = $7" } else { "$7::text IS NULL" };
    let order = if bounds.oldest_first { "ASC" } else { "DESC" };
    format!(
        "SELECT {}, EXISTS (
                SELECT 1
                FROM touched l
                WHERE l.site = e.site AND l.branch = e.branch AND l.version = e.version AND l.live
            )
        FROM {from} AND {who}
        ORDER BY {version} {order}
        LIMIT $5",
        entry_columns!()
    )
}

/// A kind stands in the text and is no parameter, so that the partial indexes of what can be redone are seen.
fn newest_sql(stack: &Stack) -> String {
    let mut sql = "SELECT t.version FROM touched t
        WHERE t.site = $1 AND t.branch = $2 AND t.version <= $3"
        .to_owned();
    sql += if stack.node.is_some() { " AND t.node = $4" } else { " AND $4::bigint IS NULL" };
    match stack.kinds.as_slice() {
        [] => {}
        [kind] => sql += &format!(" AND t.kind = {}", kind.code()),
        kinds => sql += &format!(" AND t.kind IN ({})", codes(kinds)),
    }
    if stack.live_only {
        sql += " AND t.live";
    }
    sql += match stack.who {
        Some(_) => {
            " AND EXISTS (
                SELECT 1
                FROM entry e
                WHERE e.site = t.site AND e.branch = t.branch AND e.version = t.version AND e.who = $5
            )"
        }
        None => " AND $5::text IS NULL",
    };
    sql + " ORDER BY t.version DESC LIMIT 1"
}

fn codes(kinds: &[Kind]) -> String {
    let mut codes: Vec<i16> = kinds.iter().map(|kind| kind.code()).collect();
    // In order, so that the same question has the same text and is prepared once.
    codes.sort_unstable();
    codes.iter().map(i16::to_string).collect::<Vec<_>>().join(", ")
}
