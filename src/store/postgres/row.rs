//! Rows as PostgreSQL gives them.

use bytes::Bytes;
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row, Type};

use crate::store::number::counted;
use crate::store::{
    BranchKey, Checkpoint, Digest, Entry, KeyedAnswer, Kind, NodeKey, Result, Site, SiteKey, SiteRow, Source,
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
pub(super) fn entry(row: &PgRow) -> Result<Entry> {
    let source: i16 = get(row, 5)?;
    Ok(Entry {
        seq: counted(get(row, 0)?)?,
        format: get(row, 1)?,
        kind: kind(get(row, 2)?)?,
        at_ms: get(row, 3)?,
        who: get::<&str>(row, 4)?.into(),
        source: Source::from_code(source).ok_or_else(|| unknown("source", source))?,
        branch: get::<Option<i64>>(row, 6)?.map(BranchKey),
        version: get::<Option<i64>>(row, 7)?.map(counted).transpose()?,
        key: get::<Option<&str>>(row, 8)?.map(Into::into),
        request: get::<Option<&[u8]>>(row, 9)?.map(digest).transpose()?,
        hash: digest(get(row, 10)?)?,
        body: Bytes::copy_from_slice(get(row, 11)?),
    })
}

/// Reads node, version, kind, live.
///
/// # Errors
/// `Damaged` for what no store can hold.
pub(super) fn touched(row: &PgRow, branch: BranchKey) -> Result<Touched> {
    Ok(Touched {
        branch,
        node: NodeKey(get(row, 0)?),
        version: counted(get(row, 1)?)?,
        kind: kind(get(row, 2)?)?,
        live: get(row, 3)?,
    })
}

/// Reads version, seq, hash.
///
/// # Errors
/// `Damaged` for what no store can hold.
pub(super) fn checkpoint(row: &PgRow, branch: BranchKey, node: NodeKey) -> Result<Checkpoint> {
    let (version, seq) = (counted(get(row, 0)?)?, counted(get(row, 1)?)?);
    Ok(Checkpoint { branch, node, version, seq, hash: digest(get(row, 2)?)? })
}

/// Reads site, id, genesis, created_ms.
///
/// # Errors
/// `Damaged` for what no store can hold.
pub(super) fn site(row: &PgRow) -> Result<Site> {
    Ok(Site {
        key: SiteKey(get(row, 0)?),
        id: get(row, 1)?,
        genesis: Bytes::copy_from_slice(get(row, 2)?),
        created_ms: get(row, 3)?,
    })
}

/// Reads site, id, genesis, created_ms, genesis_hash, removed_ms.
///
/// # Errors
/// `Damaged` for what no store can hold.
pub(super) fn site_row(row: &PgRow) -> Result<SiteRow> {
    Ok(SiteRow { site: site(row)?, genesis_hash: digest(get(row, 4)?)?, removed_ms: get(row, 5)? })
}

/// Reads id, name, actor, hash, grant, created_ms, expires_ms, revoked_ms, used_ms.
///
/// # Errors
/// `Damaged` for what no store can hold.
pub(super) fn token(row: &PgRow) -> Result<Token> {
    Ok(Token {
        id: get(row, 0)?,
        name: get(row, 1)?,
        actor: get(row, 2)?,
        hash: digest(get(row, 3)?)?,
        grant: get(row, 4)?,
        created_ms: get(row, 5)?,
        expires_ms: get(row, 6)?,
        revoked_ms: get(row, 7)?,
        used_ms: get(row, 8)?,
    })
}

/// Reads who, key, request, answer, at_ms.
///
/// # Errors
/// `Damaged` for what no store can hold.
pub(super) fn keyed_answer(row: &PgRow) -> Result<KeyedAnswer> {
    Ok(KeyedAnswer {
        who: get(row, 0)?,
        key: get(row, 1)?,
        request: digest(get(row, 2)?)?,
        answer: Bytes::copy_from_slice(get(row, 3)?),
        at_ms: get(row, 4)?,
    })
}

/// Reads one column.
///
/// # Errors
/// `Damaged` where something else stands there.
pub(super) fn get<'r, T: Decode<'r, Postgres> + Type<Postgres>>(row: &'r PgRow, column: usize) -> Result<T> {
    row.try_get(column).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// The 32 bytes of a hash.
///
/// # Errors
/// `Damaged` where they are not 32.
pub(super) fn digest(bytes: &[u8]) -> Result<Digest> {
    bytes.try_into().map_err(|_| StoreError::Damaged(format!("a hash of {} bytes", bytes.len())))
}

fn kind(code: i16) -> Result<Kind> {
    Kind::from_code(code).ok_or_else(|| unknown("kind", code))
}

fn unknown(what: &str, code: i16) -> StoreError {
    StoreError::Damaged(format!("{what} {code} is unknown to this binary: run the newest osier"))
}
