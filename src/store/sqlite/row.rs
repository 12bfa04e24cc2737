//! Rows as SQLite gives them.

use std::sync::Arc;

use bytes::Bytes;
use rusqlite::Row;

use crate::store::number::counted;
use crate::store::{
    BranchKey, Checkpoint, Entry, KeyedAnswer, Kind, NodeKey, Result, Site, SiteKey, SiteRow, Source,
    StoreError, Token, Touched,
};

/// The columns of an entry, in the order `entry` reads them.
macro_rules! entry_columns {
    () => {
        "e.seq, e.format, e.kind, e.at_ms, e.who, e.source, e.branch, e.version, e.key, e.request, e.hash, e.body"
    };
}
pub(super) use entry_columns;

/// Reads the columns of `entry_columns!`, the first ones of the row.
///
/// # Errors
/// `Damaged` for what no store can hold.
pub(super) fn entry(row: &Row<'_>) -> Result<Entry> {
    let source: i16 = row.get(5)?;
    let version: Option<i64> = row.get(7)?;
    let key: Option<Arc<str>> = row.get(8)?;
    Ok(Entry {
        seq: counted(row.get(0)?)?,
        format: row.get(1)?,
        kind: kind(row.get(2)?)?,
        at_ms: row.get(3)?,
        who: row.get(4)?,
        source: Source::from_code(source).ok_or_else(|| unknown("source", source))?,
        branch: row.get::<_, Option<i64>>(6)?.map(BranchKey),
        version: version.map(counted).transpose()?,
        key,
        request: row.get(9)?,
        hash: row.get(10)?,
        body: bytes(row, 11)?,
    })
}

/// Reads node, version, kind, live.
///
/// # Errors
/// `Damaged` for what no store can hold.
pub(super) fn touched(row: &Row<'_>, branch: BranchKey) -> Result<Touched> {
    Ok(Touched {
        branch,
        node: NodeKey(row.get(0)?),
        version: counted(row.get(1)?)?,
        kind: kind(row.get(2)?)?,
        live: row.get(3)?,
    })
}

/// Reads version, seq, hash.
///
/// # Errors
/// `Damaged` for what no store can hold.
pub(super) fn checkpoint(row: &Row<'_>, branch: BranchKey, node: NodeKey) -> Result<Checkpoint> {
    let (version, seq) = (counted(row.get(0)?)?, counted(row.get(1)?)?);
    Ok(Checkpoint { branch, node, version, seq, hash: row.get(2)? })
}

/// Reads site, id, genesis, created_ms.
///
/// # Errors
/// `Damaged` for what no store can hold.
pub(super) fn site(row: &Row<'_>) -> Result<Site> {
    Ok(Site { key: SiteKey(row.get(0)?), id: row.get(1)?, genesis: bytes(row, 2)?, created_ms: row.get(3)? })
}

/// Reads site, id, genesis, created_ms, genesis_hash, removed_ms.
///
/// # Errors
/// `Damaged` for what no store can hold.
pub(super) fn site_row(row: &Row<'_>) -> Result<SiteRow> {
    Ok(SiteRow { site: site(row)?, genesis_hash: row.get(4)?, removed_ms: row.get(5)? })
}

/// Reads id, name, actor, hash, grant, created_ms, expires_ms, revoked_ms, used_ms.
///
/// # Errors
/// `Damaged` for what no store can hold.
pub(super) fn token(row: &Row<'_>) -> Result<Token> {
    Ok(Token {
        id: row.get(0)?,
        name: row.get(1)?,
        actor: row.get(2)?,
        hash: row.get(3)?,
        grant: row.get(4)?,
        created_ms: row.get(5)?,
        expires_ms: row.get(6)?,
        revoked_ms: row.get(7)?,
        used_ms: row.get(8)?,
    })
}

/// Reads who, key, request, answer, at_ms.
///
/// # Errors
/// `Damaged` for what no store can hold.
pub(super) fn keyed_answer(row: &Row<'_>) -> Result<KeyedAnswer> {
    Ok(KeyedAnswer {
        who: row.get(0)?,
        key: row.get(1)?,
        request: row.get(2)?,
        answer: bytes(row, 3)?,
        at_ms: row.get(4)?,
    })
}

/// Copies the bytes of a column.
///
/// # Errors
/// `Damaged` where they are none.
pub(super) fn bytes(row: &Row<'_>, column: usize) -> Result<Bytes> {
    let blob = row.get_ref(column)?.as_blob().map_err(|error| StoreError::Damaged(error.to_string()))?;
    Ok(Bytes::copy_from_slice(blob))
}

fn kind(code: i16) -> Result<Kind> {
    Kind::from_code(code).ok_or_else(|| unknown("kind", code))
}

fn unknown(what: &str, code: i16) -> StoreError {
    StoreError::Damaged(format!("{what} {code} is unknown to this binary: run the newest osier"))
}
