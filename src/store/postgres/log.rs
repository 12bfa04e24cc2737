//! The log on PostgreSQL.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::AssertSqlSafe;

use super::fault::Fault;
use super::lane::Ask;
use super::row::{self, entry_columns, get};
use super::{Postgres, append, hold};
use crate::store::number::{bound, counted, limit};
use crate::store::{
    Append, Appended, Bounds, BranchKey, CommitRow, Entry, Hold, Kind, Link, Log, Result, SiteKey, Stack,
    StoreError, Touched,
};

#[async_trait]
impl Log for Postgres {
    async fn append(&self, site: SiteKey, append: &Append) -> Result<Appended> {
        let lane = if append.relive.is_empty() { &self.writes } else { &self.relives };
        append::append(lane, site, append).await
    }

    async fn hold(&self, site: SiteKey) -> Result<Box<dyn Hold>> {
        // What will be appended is not known yet: either kind.
        hold::hold(&self.relives, site).await
    }

    async fn head(&self, site: SiteKey) -> Result<Link> {
        let ask = || {
            sqlx::query(
                "SELECT coalesce(e.seq, 0), coalesce(e.hash, s.genesis_hash)
                FROM site s
                LEFT JOIN LATERAL (
                    SELECT seq, hash FROM entry WHERE site = s.site ORDER BY seq DESC LIMIT 1
                ) e ON TRUE
                WHERE s.site = $1",
            )
            .bind(site.0)
        };
        let rows = self.reads.read(ask).await.map_err(Fault::of_read)?;
        let row = rows.first().ok_or_else(|| StoreError::Damaged(format!("there is no site {}", site.0)))?;
        Ok(Link { seq: counted(get(row, 0)?)?, hash: row::digest(get(row, 1)?)? })
    }

    async fn heads(&self, sites: &[SiteKey]) -> Result<Vec<Option<Link>>> {
        let keys: Vec<i64> = sites.iter().map(|site| site.0).collect();
        let ask = || {
            sqlx::query(
                "SELECT s.site, coalesce(e.seq, 0), coalesce(e.hash, s.genesis_hash)
                FROM unnest($1::bigint[]) AS asked (site)
                JOIN site s ON s.site = asked.site AND s.removed_ms IS NULL
                LEFT JOIN LATERAL (
                    SELECT seq, hash FROM entry WHERE site = s.site ORDER BY seq DESC LIMIT 1
                ) e ON TRUE",
            )
            .bind(keys.clone())
        };
        let mut found = HashMap::new();
        for row in &self.reads.read(ask).await.map_err(Fault::of_read)? {
            let link = Link { seq: counted(get(row, 1)?)?, hash: row::digest(get(row, 2)?)? };
            found.insert(get::<i64>(row, 0)?, link);
        }
        Ok(keys.iter().map(|key| found.get(key).copied()).collect())
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
        let ask = || commits(site, branch, bounds);
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
        let ask = || newest(site, branch, stack);
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

/// A node is asked for as a part of a pair, so that only the index that begins with it gives the order. A parameter
/// that a question does not use is named all the same.
fn commits(site: SiteKey, branch: BranchKey, bounds: &Bounds) -> Ask {
    let order = if bounds.oldest_first { "ASC" } else { "DESC" };
    let (from, order) = match bounds.node {
        Some(_) => (
            "touched t
            JOIN entry e ON e.site = t.site AND e.branch = t.branch AND e.version = t.version
            WHERE t.site = $1 AND t.branch = $2 AND (t.node, t.version) > ($6, $3) AND (t.node, t.version) <= ($6, $4)",
            format!("t.node {order}, t.version {order}"),
        ),
        None => (
            "entry e
            WHERE e.site = $1 AND e.branch = $2 AND $6::bigint IS NULL AND e.version > $3 AND e.version <= $4",
            format!("e.version {order}"),
        ),
    };
    let who = if bounds.who.is_some() { "e.who = $7" } else { "$7::text IS NULL" };
    let sql = format!(
        "SELECT {}, EXISTS (
                SELECT 1
                FROM touched l
                WHERE l.site = e.site AND l.branch = e.branch AND l.version = e.version AND l.live
            )
        FROM {from} AND {who}
        ORDER BY {order}
        LIMIT $5",
        entry_columns!()
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(site.0)
        .bind(branch.0)
        .bind(bound(bounds.above))
        .bind(bound(bounds.up_to.unwrap_or(u64::MAX)))
        .bind(limit(bounds.limit))
        .bind(bounds.node.map(|node| node.0))
        .bind(bounds.who.as_deref())
}

/// A node is asked for as in `commits`. A kind stands in the text and is no parameter, so that the partial indexes of what can be redone are seen.
fn newest(site: SiteKey, branch: BranchKey, stack: &Stack) -> Ask {
    let mut sql = "SELECT t.version FROM touched t
        WHERE t.site = $1 AND t.branch = $2"
        .to_owned();
    let (node, order) = match stack.node {
        Some(_) => (
            " AND (t.node, t.version) <= ($4, $3) AND (t.node, t.version) > ($4, 0)",
            "t.node DESC, t.version DESC",
        ),
        None => (" AND $4::bigint IS NULL AND t.version <= $3", "t.version DESC"),
    };
    sql += node;
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
    sqlx::query(AssertSqlSafe(format!("{sql} ORDER BY {order} LIMIT 1")))
        .bind(site.0)
        .bind(branch.0)
        .bind(bound(stack.up_to.unwrap_or(u64::MAX)))
        .bind(stack.node.map(|node| node.0))
        .bind(stack.who.as_deref())
}

fn codes(kinds: &[Kind]) -> String {
    let mut codes: Vec<i16> = kinds.iter().map(|kind| kind.code()).collect();
    // In order, so that the same question has the same text and is prepared once.
    codes.sort_unstable();
    codes.iter().map(i16::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::NodeKey;
    use crate::store::contract::bed::{database_url, drop_database, execute, fresh_database};

    /// A young table as a bulk import leaves it: large, and the server knows nothing of it.
    const IMPORTED: &str = "
        ALTER TABLE entry SET (autovacuum_enabled = off);
        ALTER TABLE touched SET (autovacuum_enabled = off);
        INSERT INTO entry (site, seq, format, kind, at_ms, who, source, branch, version, body, hash)
        SELECT 1, n, 1, 1, 1, 'anna', 1, 1, n, '', decode(repeat('00', 32), 'hex') FROM generate_series(1, 20000) n;
        INSERT INTO touched (site, branch, node, version, kind, live)
        SELECT 1, 1, n % 100, n, 1, TRUE FROM generate_series(1, 20000) n";

    async fn plan(store: &Postgres, ask: Ask) -> String {
        use sqlx::Execute;
        let (mut ask, prefix) = (ask, "EXPLAIN (COSTS OFF) ");
        let arguments = ask.take_arguments().unwrap().unwrap();
        let sql = format!("{prefix}{}", ask.sql().as_str());
        let explain = || sqlx::query_with(AssertSqlSafe(sql.clone()), arguments.clone());
        let rows = store.reads.read(explain).await.unwrap();
        rows.iter().map(|row| get::<String>(row, 0).unwrap()).collect::<Vec<_>>().join("\n")
    }

    #[tokio::test]
    async fn questions_to_a_young_table_find_their_indexes() {
        let Some((server, name)) = fresh_database().await else { return };
        let url = database_url(&server, &name);
        let store = Postgres::open(&url).await.unwrap();
        execute(&url, IMPORTED.to_owned()).await;
        let (node, who) = (Some(NodeKey(5)), Some("anna".into()));
        let redo = Stack { kinds: vec![Kind::Undo], live_only: true, ..Stack::default() };
        let stacks = [
            (Stack::default(), "using touched_pkey on touched t"),
            (Stack { node, ..Stack::default() }, "using touched_node on touched t"),
            (Stack { node, who: who.clone(), ..Stack::default() }, "using entry_version on entry e"),
            (redo.clone(), "using touched_redoable on touched t"),
            (Stack { node, ..redo }, "using touched_redoable_node on touched t"),
        ];
        let histories = [
            (Bounds { node, limit: 20, ..Bounds::default() }, "using touched_node on touched t"),
            (Bounds { who, limit: 20, ..Bounds::default() }, "using touched_pkey on touched l"),
        ];
        let (site, main) = (SiteKey(1), BranchKey::MAIN);
        let stacks = stacks.map(|(stack, index)| (newest(site, main, &stack), index));
        let histories = histories.map(|(bounds, index)| (commits(site, main, &bounds), index));
        for (ask, index) in stacks.into_iter().chain(histories) {
            let plan = plan(&store, ask).await;
            assert!(plan.contains(index), "not {index}:\n{plan}");
            assert!(!plan.contains("Seq Scan") && !plan.contains("Sort"), "{plan}");
        }
        drop_database(&server, &name).await;
    }
}
