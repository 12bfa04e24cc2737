//! The hottest path: one statement per append, in one round trip.

use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use super::fault::Fault;
use super::lane::{Ask, Lane, answered};
use super::row::{digest, get};
use crate::store::ground::{self, Ground};
use crate::store::number::kept;
use crate::store::{Append, Appended, Result, SiteKey, StoreError};

/// The site's row is locked, never updated: a row updated per commit leaves dead versions that every reader walks.
/// The other parts read `place`, so they run after the lock. The statement sees what was committed when it began,
/// before it had the lock: a winner's entry is then not seen but met, as a unique key that is taken. For that the
/// entries are inserted plainly; `ON CONFLICT DO NOTHING` would keep a loser's later rows.
macro_rules! append_sql {
    ($relived:literal) => {
        concat!(
            "WITH place AS (
                SELECT s.site
                FROM site s
                WHERE s.site = $1
                    AND s.removed_ms IS NULL
                    AND CASE $2
                        WHEN 0 THEN s.genesis_hash = $3
                        ELSE EXISTS (SELECT 1 FROM entry WHERE site = $1 AND seq = $2 AND hash = $3)
                    END
                FOR UPDATE
            ),
            appended AS (
                INSERT INTO entry
                    (site, seq, format, kind, at_ms, who, source, branch, version, key, request, hash, body)
                SELECT p.site, e.seq, e.format, e.kind, e.at_ms, e.who, e.source, e.branch, e.version, e.key,
                    e.request, e.hash, e.body
                FROM place p
                CROSS JOIN unnest($4::bigint[], $5::smallint[], $6::smallint[], $7::bigint[], $8::text[],
                    $9::smallint[], $10::bigint[], $11::bigint[], $12::text[], $13::bytea[], $14::bytea[],
                    $15::bytea[])
                    AS e (seq, format, kind, at_ms, who, source, branch, version, key, request, hash, body)
                RETURNING 1
            ),
            marked AS (
                INSERT INTO touched (site, branch, node, version, kind, live)
                SELECT p.site, t.branch, t.node, t.version, t.kind, t.live
                FROM place p
                CROSS JOIN unnest($16::bigint[], $17::bigint[], $18::bigint[], $19::smallint[], $20::boolean[])
                    AS t (branch, node, version, kind, live)
            ),
            stored AS (
                INSERT INTO blob (site, hash, bytes)
                SELECT p.site, b.hash, b.bytes
                FROM place p
                CROSS JOIN unnest($21::bytea[], $22::bytea[]) AS b (hash, bytes)
                ON CONFLICT (site, hash) DO NOTHING
            )",
            $relived,
            "SELECT count(*) FROM appended"
        )
    };
}

const APPEND: &str = append_sql!(" ");

/// Planned anew each time, for what it updates it must find: see `Plans::Anew`. An update applies one of the rows that
/// it joins a row with, whichever comes: here it must be the last that names it.
const APPEND_AND_RELIVE: &str = append_sql!(
    ",
    relived AS (
        UPDATE touched t
        SET live = r.live
        FROM place p
        CROSS JOIN unnest($23::bigint[], $24::bigint[], $25::bigint[], $26::boolean[]) WITH ORDINALITY
            AS r (branch, node, version, live, place)
        WHERE t.site = p.site
            AND t.branch = r.branch
            AND t.version = r.version
            AND (r.node IS NULL OR t.node = r.node)
            AND t.live <> r.live
            AND NOT EXISTS (
                SELECT 1
                FROM unnest($23::bigint[], $24::bigint[], $25::bigint[]) WITH ORDINALITY
                    AS later (branch, node, version, place)
                WHERE later.branch = t.branch
                    AND later.version = t.version
                    AND (later.node IS NULL OR later.node = t.node)
                    AND later.place > r.place
            )
    ) "
);

const GROUND: &str = "
SELECT
    (SELECT genesis_hash FROM site WHERE site = $1 AND removed_ms IS NULL),
    (SELECT hash FROM entry WHERE site = $1 AND seq = $2),
    (SELECT hash FROM entry WHERE site = $1 AND seq = $3),
    (SELECT hash FROM entry WHERE site = $1 AND seq = $4)";

/// How often an append is sent: collisions and dead connections pass.
const ATTEMPTS: usize = 4;

/// Appends all of it or nothing.
///
/// # Errors
/// As `Log::append`.
pub(super) async fn append(lane: &Lane, site: SiteKey, append: &Append) -> Result<Appended> {
    let mut broken = None;
    let end = attempts(lane, site, append, &mut broken).await;
    match (end, broken) {
        // Whatever the later attempts met, the first may have happened.
        (Err(StoreError::Unavailable(line) | StoreError::Full(line)), Some(first)) => {
            Err(StoreError::Unknown(format!("{first}, then {line}")))
        }
        (end, _) => end,
    }
}

/// Appends in a transaction that has locked the site's row; whether it did. It is for the caller to commit.
///
/// # Errors
/// As `Log::append`.
pub(super) async fn within(connection: &mut PgConnection, site: SiteKey, append: &Append) -> Result<bool> {
    ground::places(append)?;
    match answered(connection, Columns::of(append)?.ask(site, append)?).await {
        Ok(rows) => Ok(count(&rows)? > 0),
        // An entry is there already: the holder has not read all there was to read.
        Err(fault) if fault.is_taken() => Ok(false),
        Err(fault) => Err(fault.into()),
    }
}

/// After a connection broke, the append is sent once more: what stands already is then found, hash by hash, so that
/// the second answer is definite.
async fn attempts(
    lane: &Lane,
    site: SiteKey,
    append: &Append,
    broken: &mut Option<String>,
) -> Result<Appended> {
    let places = ground::places(append)?;
    let columns = Columns::of(append)?;
    for _ in 0..ATTEMPTS {
        let taken = match lane.once(columns.ask(site, append)?).await {
            Ok(rows) if count(&rows)? > 0 => return Ok(Appended::Done),
            Ok(_) => None,
            Err(fault) if fault.is_taken() => Some(fault),
            Err(fault) if fault.is_collision() => continue,
            Err(Fault::Broken(line)) if broken.is_none() => {
                *broken = Some(line);
                continue;
            }
            Err(fault) => return Err(fault.into()),
        };
        match (ground(lane, site, append.after.seq, places).await?.judge(append), taken) {
            (Some(end), _) => return Ok(end),
            // The place is free, so it is another key of the rows that is taken.
            (None, Some(fault)) => return Err(fault.into()),
            // The ground has changed between the two statements.
            (None, None) => {}
        }
    }
    Err(StoreError::Unavailable("the log does not come to rest".to_owned()))
}

async fn ground(lane: &Lane, site: SiteKey, after: u64, (first, last): (u64, u64)) -> Result<Ground> {
    let (after, first, last) = (kept(after)?, kept(first)?, kept(last)?);
    let ask = || sqlx::query(GROUND).bind(site.0).bind(after).bind(first).bind(last);
    let rows = lane.read(ask).await.map_err(Fault::of_read)?;
    let row =
        rows.first().ok_or_else(|| StoreError::Damaged("no row where there is always one".to_owned()))?;
    let hash = |column| get::<Option<&[u8]>>(row, column)?.map(digest).transpose();
    Ok(Ground { genesis: hash(0)?, before: hash(1)?, first: hash(2)?, last: hash(3)? })
}

fn count(rows: &[PgRow]) -> Result<i64> {
    rows.first().map_or(Ok(0), |row| get(row, 0))
}

/// The numbers of an append, checked and turned by columns, as `unnest` takes them.
struct Columns {
    seq: Vec<i64>,
    version: Vec<Option<i64>>,
    touched_version: Vec<i64>,
    relive_version: Vec<i64>,
}

impl Columns {
    fn of(append: &Append) -> Result<Self> {
        Ok(Self {
            seq: append.entries.iter().map(|entry| kept(entry.seq)).collect::<Result<_>>()?,
            version: append
                .entries
                .iter()
                .map(|entry| entry.version.map(kept).transpose())
                .collect::<Result<_>>()?,
            touched_version: append.touched.iter().map(|row| kept(row.version)).collect::<Result<_>>()?,
            relive_version: append.relive.iter().map(|row| kept(row.version)).collect::<Result<_>>()?,
        })
    }

    /// The statement with its arguments, in their order.
    fn ask(&self, site: SiteKey, append: &Append) -> Result<Ask> {
        let (entries, touched, relive) = (&append.entries, &append.touched, &append.relive);
        // In one order everywhere, so that two statements which bring the same blobs never wait for each other.
        let mut blobs: Vec<_> = append.blobs.iter().collect();
        blobs.sort_unstable_by_key(|(hash, _)| *hash);
        let sql = if relive.is_empty() { APPEND } else { APPEND_AND_RELIVE };
        let ask = sqlx::query(sql)
            .bind(site.0)
            .bind(kept(append.after.seq)?)
            .bind(&append.after.hash[..])
            .bind(&self.seq)
            .bind(column(entries, |e| e.format))
            .bind(column(entries, |e| e.kind.code()))
            .bind(column(entries, |e| e.at_ms))
            .bind(column(entries, |e| &*e.who))
            .bind(column(entries, |e| e.source.code()))
            .bind(column(entries, |e| e.branch.map(|branch| branch.0)))
            .bind(&self.version)
            .bind(column(entries, |e| e.key.as_deref()))
            .bind(column(entries, |e| e.request.as_ref().map(|request| &request[..])))
            .bind(column(entries, |e| &e.hash[..]))
            .bind(column(entries, |e| &e.body[..]))
            .bind(column(touched, |t| t.branch.0))
            .bind(column(touched, |t| t.node.0))
            .bind(&self.touched_version)
            .bind(column(touched, |t| t.kind.code()))
            .bind(column(touched, |t| t.live))
            .bind(column(&blobs, |(hash, _)| &hash[..]))
            .bind(column(&blobs, |(_, bytes)| &bytes[..]));
        if relive.is_empty() {
            return Ok(ask);
        }
        let ask = ask
            .bind(column(relive, |r| r.branch.0))
            .bind(column(relive, |r| r.node.map(|node| node.0)))
            .bind(&self.relive_version)
            .bind(column(relive, |r| r.live));
        Ok(ask)
    }
}

/// One column of rows.
fn column<'r, R, T: 'r>(rows: &'r [R], part: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(part).collect()
}
