//! The hottest path: one transaction per append, and as little as can be per row.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{fault, migrate};
use crate::store::ground::{self, Ground};
use crate::store::number::kept;
use crate::store::{Append, Appended, Entry, Relive, Result, SiteKey, Touched};

/// Appends all of it or nothing. Within `BEGIN IMMEDIATE` nobody else writes, so what the ground shows stays true.
///
/// # Errors
/// As `Log::append`.
pub(super) fn append(connection: &mut Connection, site: SiteKey, append: &Append) -> Result<Appended> {
    append_within(begin(connection)?, site, append)
}

/// Takes the file's one writing lock.
///
/// # Errors
/// `Unavailable` where another process keeps it too long.
pub(super) fn begin(connection: &mut Connection) -> Result<Transaction<'_>> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

/// Appends in a transaction that has the lock, and commits it.
///
/// # Errors
/// As `Log::append`.
pub(super) fn append_within(
    transaction: Transaction<'_>,
    site: SiteKey,
    append: &Append,
) -> Result<Appended> {
    let places = ground::places(append)?;
    migrate::refuse_newer(&transaction)?;
    if let Some(end) = ground(&transaction, site, append.after.seq, places)?.judge(append) {
        return Ok(end);
    }
    // Before the touched rows: it speaks of those of earlier appends only.
    relive(&transaction, site, &append.relive)?;
    entries(&transaction, site, &append.entries)?;
    touched(&transaction, site, &append.touched)?;
    blobs(&transaction, site, append)?;
    transaction.commit().map_err(fault::at_commit)?;
    Ok(Appended::Done)
}

fn ground(
    transaction: &Transaction<'_>,
    site: SiteKey,
    after: u64,
    (first, last): (u64, u64),
) -> Result<Ground> {
    let mut statement = transaction.prepare_cached(
        "SELECT
            (SELECT genesis_hash FROM site WHERE site = ?1 AND removed_ms IS NULL),
            (SELECT hash FROM entry WHERE site = ?1 AND seq = ?2),
            (SELECT hash FROM entry WHERE site = ?1 AND seq = ?3),
            (SELECT hash FROM entry WHERE site = ?1 AND seq = ?4)",
    )?;
    let found = statement.query_row(params![site.0, kept(after)?, kept(first)?, kept(last)?], |row| {
        Ok(Ground { genesis: row.get(0)?, before: row.get(1)?, first: row.get(2)?, last: row.get(3)? })
    })?;
    Ok(found)
}

fn entries(transaction: &Transaction<'_>, site: SiteKey, entries: &[Entry]) -> Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO entry
            (site, seq, format, kind, at_ms, who, source, branch, version, key, request, hash, body)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    for entry in entries {
        insert.execute(params![
            site.0,
            kept(entry.seq)?,
            entry.format,
            entry.kind.code(),
            entry.at_ms,
            &*entry.who,
            entry.source.code(),
            entry.branch.map(|branch| branch.0),
            entry.version.map(kept).transpose()?,
            entry.key.as_deref(),
            entry.request.as_ref().map(|request| &request[..]),
            &entry.hash[..],
            &entry.body[..],
        ])?;
    }
    Ok(())
}

fn touched(transaction: &Transaction<'_>, site: SiteKey, rows: &[Touched]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut insert = transaction.prepare_cached(
        "INSERT INTO touched (site, branch, node, version, kind, live)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for row in rows {
        let version = kept(row.version)?;
        insert.execute(params![site.0, row.branch.0, row.node.0, version, row.kind.code(), row.live])?;
    }
    Ok(())
}

fn relive(transaction: &Transaction<'_>, site: SiteKey, changes: &[Relive]) -> Result<()> {
    for change in changes {
        let version = kept(change.version)?;
        match change.node {
            Some(node) => transaction
                .prepare_cached(
                    "UPDATE touched
                    SET live = ?5
                    WHERE site = ?1 AND branch = ?2 AND node = ?4 AND version = ?3 AND live <> ?5",
                )?
                .execute(params![site.0, change.branch.0, version, node.0, change.live])?,
            None => transaction
                .prepare_cached(
                    "UPDATE touched
                    SET live = ?4
                    WHERE site = ?1 AND branch = ?2 AND version = ?3 AND live <> ?4",
                )?
                .execute(params![site.0, change.branch.0, version, change.live])?,
        };
    }
    Ok(())
}

fn blobs(transaction: &Transaction<'_>, site: SiteKey, append: &Append) -> Result<()> {
    if append.blobs.is_empty() {
        return Ok(());
    }
    let mut insert = transaction.prepare_cached(
        "INSERT INTO blob (site, hash, bytes)
        VALUES (?1, ?2, ?3)
        ON CONFLICT (site, hash) DO NOTHING",
    )?;
    for (hash, bytes) in &append.blobs {
        insert.execute(params![site.0, &hash[..], &bytes[..]])?;
    }
    Ok(())
}
