//! The log on SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::row::{self, entry_columns};
use super::{Sqlite, append, hold};
use crate::store::number::{bound, counted, limit};
use crate::store::{
    Append, Appended, Bounds, BranchKey, CommitRow, Digest, Entry, Hold, Kind, Link, Log, Result, SiteKey,
    Stack, StoreError, Touched,
};

/// So many heads are read on the caller's thread.
const FEW: usize = 8;

#[async_trait]
impl Log for Sqlite {
    async fn append(&self, site: SiteKey, append: &Append) -> Result<Appended> {
        // Texts and bodies are counted references: the copy costs a hundredth of what is done with it.
        let append = append.clone();
        self.writer.run(move |connection| append::append(connection, site, &append)).await
    }

    async fn hold(&self, site: SiteKey) -> Result<Box<dyn Hold>> {
        hold::hold(self, site).await
    }

    async fn head(&self, site: SiteKey) -> Result<Link> {
        self.readers.short(|connection| head(connection, site))
    }

    async fn heads(&self, sites: &[SiteKey]) -> Result<Vec<Option<Link>>> {
        let read = |sites: &[SiteKey], connection: &Connection| {
            sites.iter().map(|site| living_head(connection, *site)).collect()
        };
        if sites.len() <= FEW {
            return self.readers.short(|connection| read(sites, connection));
        }
        let sites = sites.to_vec();
        self.readers.long(move |connection| read(&sites, connection)).await
    }

    async fn entries(&self, site: SiteKey, after: u64, limit: usize) -> Result<Vec<Entry>> {
        self.readers.long(move |connection| entries(connection, site, after, limit)).await
    }

    async fn commits(&self, site: SiteKey, branch: BranchKey, bounds: &Bounds) -> Result<Vec<CommitRow>> {
        let bounds = bounds.clone();
        self.readers.long(move |connection| commits(connection, site, branch, &bounds)).await
    }

    async fn by_key(&self, site: SiteKey, who: &str, key: &str) -> Result<Option<Entry>> {
        self.readers.short(|connection| {
            let mut statement = connection.prepare_cached(concat!(
                "SELECT ",
                entry_columns!(),
                " FROM entry e WHERE e.site = ?1 AND e.who = ?2 AND e.key = ?3"
            ))?;
            let mut rows = statement.query(params![site.0, who, key])?;
            rows.next()?.map(row::entry).transpose()
        })
    }

    async fn newest(&self, site: SiteKey, branch: BranchKey, stack: &Stack) -> Result<Option<u64>> {
        if stack.who.is_none() {
            return self.readers.short(|connection| newest(connection, site, branch, stack));
        }
        // It may have to walk over all that others did since.
        let stack = stack.clone();
        self.readers.long(move |connection| newest(connection, site, branch, &stack)).await
    }

    async fn touched(&self, site: SiteKey, branch: BranchKey, version: u64) -> Result<Vec<Touched>> {
        self.readers.long(move |connection| touched(connection, site, branch, version)).await
    }
}

fn living_head(connection: &Connection, site: SiteKey) -> Result<Option<Link>> {
    let mut living =
        connection.prepare_cached("SELECT 1 FROM site WHERE site = ?1 AND removed_ms IS NULL")?;
    if living.exists([site.0])? { head(connection, site).map(Some) } else { Ok(None) }
}

fn head(connection: &Connection, site: SiteKey) -> Result<Link> {
    let mut newest =
        connection.prepare_cached("SELECT seq, hash FROM entry WHERE site = ?1 ORDER BY seq DESC LIMIT 1")?;
    let found: Option<(i64, Digest)> =
        newest.query_row([site.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    if let Some((seq, hash)) = found {
        return Ok(Link { seq: counted(seq)?, hash });
    }
    let mut genesis = connection.prepare_cached("SELECT genesis_hash FROM site WHERE site = ?1")?;
    let hash = genesis.query_row([site.0], |row| row.get(0)).optional()?;
    let hash = hash.ok_or_else(|| StoreError::Damaged(format!("there is no site {}", site.0)))?;
    Ok(Link { seq: 0, hash })
}

fn entries(connection: &Connection, site: SiteKey, after: u64, most: usize) -> Result<Vec<Entry>> {
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ",
        entry_columns!(),
        " FROM entry e WHERE e.site = ?1 AND e.seq > ?2 ORDER BY e.seq LIMIT ?3"
    ))?;
    let mut rows = statement.query(params![site.0, bound(after), limit(most)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(row::entry(row)?);
    }
    Ok(found)
}

/// `CROSS JOIN` keeps the order of the tables: the touched index first, where a node is asked for.
fn commits_sql(bounds: &Bounds) -> String {
    let from = match bounds.node {
        Some(_) => {
            "touched t CROSS JOIN entry e ON e.site = t.site AND e.branch = t.branch AND e.version = t.version
            WHERE t.site = :site AND t.branch = :branch AND t.node = :node
                AND t.version > :above AND t.version <= :up_to"
        }
        None => {
            "entry e
            WHERE e.site = :site AND e.branch = :branch AND :node IS NULL
                AND e.version > :above AND e.version <= :up_to"
        }
    };
    let version = if bounds.node.is_some() { "t.version" } else { "e.version" };
    let order = if bounds.oldest_first { "ASC" } else { "DESC" };
    format!(
        "SELECT {}, EXISTS (
                SELECT 1
                FROM touched l
                WHERE l.site = e.site AND l.branch = e.branch AND l.version = e.version AND l.live = 1
            )
        FROM {from} AND (:who IS NULL OR e.who = :who)
        ORDER BY {version} {order}
        LIMIT :limit",
        entry_columns!()
    )
}

fn commits(
    connection: &Connection,
    site: SiteKey,
    branch: BranchKey,
    bounds: &Bounds,
) -> Result<Vec<CommitRow>> {
    let mut statement = connection.prepare_cached(&commits_sql(bounds))?;
    let mut rows = statement.query(named_params! {
        ":site": site.0,
        ":branch": branch.0,
        ":node": bounds.node.map(|node| node.0),
        ":above": bound(bounds.above),
        ":up_to": bound(bounds.up_to.unwrap_or(u64::MAX)),
        ":who": bounds.who.as_deref(),
        ":limit": limit(bounds.limit),
    })?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(CommitRow { entry: row::entry(row)?, live: row.get(12)? });
    }
    Ok(found)
}

/// A kind stands in the text and is no parameter, so that the partial indexes of what can be redone are seen.
fn newest_sql(stack: &Stack) -> String {
    let mut sql = "SELECT t.version FROM touched t
        WHERE t.site = :site AND t.branch = :branch AND t.version <= :up_to"
        .to_owned();
    sql += if stack.node.is_some() { " AND t.node = :node" } else { " AND :node IS NULL" };
    match stack.kinds.as_slice() {
        [] => {}
        [kind] => sql += &format!(" AND t.kind = {}", kind.code()),
        kinds => sql += &format!(" AND t.kind IN ({})", codes(kinds)),
    }
    if stack.live_only {
        sql += " AND t.live = 1";
    }
    sql += match stack.who {
        Some(_) => {
            " AND EXISTS (
                SELECT 1
                FROM entry e
                WHERE e.site = t.site AND e.branch = t.branch AND e.version = t.version AND e.who = :who
            )"
        }
        None => " AND :who IS NULL",
    };
    sql + " ORDER BY t.version DESC LIMIT 1"
}

fn codes(kinds: &[Kind]) -> String {
    let mut codes: Vec<i16> = kinds.iter().map(|kind| kind.code()).collect();
    // In order, so that the same question has the same text and is prepared once.
    codes.sort_unstable();
    codes.iter().map(i16::to_string).collect::<Vec<_>>().join(", ")
}

fn newest(connection: &Connection, site: SiteKey, branch: BranchKey, stack: &Stack) -> Result<Option<u64>> {
    let mut statement = connection.prepare_cached(&newest_sql(stack))?;
    let version: Option<i64> = statement
        .query_row(
            named_params! {
                ":site": site.0,
                ":branch": branch.0,
                ":up_to": bound(stack.up_to.unwrap_or(u64::MAX)),
                ":node": stack.node.map(|node| node.0),
                ":who": stack.who.as_deref(),
            },
            |row| row.get(0),
        )
        .optional()?;
    version.map(counted).transpose()
}

fn touched(connection: &Connection, site: SiteKey, branch: BranchKey, version: u64) -> Result<Vec<Touched>> {
    let mut statement = connection.prepare_cached(
        "SELECT node, version, kind, live
        FROM touched
        WHERE site = ?1 AND branch = ?2 AND version = ?3
        ORDER BY node",
    )?;
    let mut rows = statement.query(params![site.0, branch.0, bound(version)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(row::touched(row, branch)?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::NodeKey;

    /// How SQLite would answer, in its words.
    fn plan(sql: &str) -> String {
        let connection = Connection::open_in_memory().unwrap();
        let schema = include_str!("../../../migrations/sqlite/20261121160000_log_and_registries.sql");
        connection.execute_batch(schema).unwrap();
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let lines = statement.raw_query().mapped(|row| row.get::<_, String>(3));
        lines.collect::<rusqlite::Result<Vec<_>>>().unwrap().join(" · ")
    }

    #[test]
    fn no_question_scans_a_table_or_sorts() {
        let node = Some(NodeKey(1));
        let who = Some("anna".into());
        let stacks = [
            (Stack::default(), "PRIMARY KEY"),
            (Stack { who: who.clone(), live_only: true, ..Stack::default() }, "PRIMARY KEY"),
            (Stack { kinds: vec![Kind::Edit, Kind::Merge], ..Stack::default() }, "PRIMARY KEY"),
            (Stack { node, ..Stack::default() }, "touched_node"),
            (Stack { kinds: vec![Kind::Undo], live_only: true, ..Stack::default() }, "touched_redoable "),
            (
                Stack { node, kinds: vec![Kind::Undo], live_only: true, ..Stack::default() },
                "touched_redoable_node",
            ),
        ];
        let histories = [
            (Bounds { who, ..Bounds::default() }, "entry_version"),
            (Bounds { node, ..Bounds::default() }, "touched_node"),
        ];
        let stacks = stacks.map(|(stack, index)| (newest_sql(&stack), index));
        let histories = histories.map(|(bounds, index)| (commits_sql(&bounds), index));
        for (sql, index) in stacks.into_iter().chain(histories) {
            let plan = plan(&sql);
            assert!(plan.contains(index), "{index} is not used: {plan}");
            assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
