//! Sites on PostgreSQL.

use async_trait::async_trait;

use super::Postgres;
use super::fault::Fault;
use super::lane::Ask;
use super::row;
use crate::store::number::limit;
use crate::store::{Created, KeyedAnswer, Registry, Result, Site, SiteKey, StoreError};

/// How often a name that another takes first is looked for again.
pub(super) const ATTEMPTS: usize = 16;

#[async_trait]
impl Registry for Postgres {
    async fn create_site_once(
        &self,
        id: &str,
        genesis: &[u8],
        at_ms: i64,
        answer: Option<&KeyedAnswer>,
    ) -> Result<Created> {
        for _ in 0..ATTEMPTS {
            if let Some(answer) = answer
                && let Some(kept) = self.answered(answer).await?
            {
                return Ok(Created::Answered(kept));
            }
            if let Some(site) = self.site(id).await? {
                return Ok(Created::There(site));
            }
            match self.writes.once(insert_site(id, genesis, at_ms, answer)).await {
                Ok(rows) => {
                    if let Some(answer) = answer {
                        self.forget_old_answers(answer).await;
                    }
                    let made = rows.first().ok_or_else(|| damaged("an insert gave no row"))?;
                    return Ok(Created::New(row::site(made)?));
                }
                Err(fault) if fault.is_taken() || fault.is_collision() => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(StoreError::Unavailable("too many sites are made at once".to_owned()))
    }

    async fn keep_answer(&self, answer: &KeyedAnswer) -> Result<KeyedAnswer> {
        let ask = sqlx::query(
            "INSERT INTO keyed_answer (who, key, request, answer, at_ms)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (who, key) DO NOTHING",
        )
        .bind(answer.who.clone())
        .bind(answer.key.clone())
        .bind(answer.request.to_vec())
        .bind(answer.answer.to_vec())
        .bind(answer.at_ms);
        self.writes.once(ask).await?;
        let kept = self.answered(answer).await?;
        self.forget_old_answers(answer).await;
        kept.ok_or_else(|| damaged("an answer that was kept is not there"))
    }

    async fn site(&self, id: &str) -> Result<Option<Site>> {
        let ask = || {
            sqlx::query(
                "SELECT site, id, genesis, created_ms
                FROM site
                WHERE id = $1 AND removed_ms IS NULL",
            )
            .bind(id)
        };
        self.reads.read(ask).await.map_err(Fault::of_read)?.first().map(row::site).transpose()
    }

    async fn sites(&self, after: &str, most: usize) -> Result<Vec<Site>> {
        let ask = || {
            sqlx::query(
                "SELECT site, id, genesis, created_ms
                FROM site
                WHERE id > $1 AND removed_ms IS NULL
                ORDER BY id
                LIMIT $2",
            )
            .bind(after)
            .bind(limit(most))
        };
        self.reads.read(ask).await.map_err(Fault::of_read)?.iter().map(row::site).collect()
    }

    async fn remove_site(&self, site: SiteKey, at_ms: i64) -> Result<bool> {
        let ask = sqlx::query(
            "UPDATE site SET removed_ms = $2 WHERE site = $1 AND removed_ms IS NULL RETURNING site",
        )
        .bind(site.0)
        .bind(at_ms);
        Ok(!self.writes.once(ask).await?.is_empty())
    }

    async fn ping(&self) -> Result<()> {
        self.reads.read(|| sqlx::query("SELECT 1")).await.map_err(Fault::of_read)?;
        Ok(())
    }
}

impl Postgres {
    /// What can't be deleted now is deleted after another answer. Without an index: a week's answers are few, and this is
    /// how they stay so. Servers that delete at once pass over each other's rows.
    async fn forget_old_answers(&self, newest: &KeyedAnswer) {
        let ask = sqlx::query(
            "DELETE FROM keyed_answer
            WHERE (who, key) IN (
                SELECT who, key
                FROM keyed_answer
                WHERE at_ms < $1
                LIMIT $2
                FOR UPDATE SKIP LOCKED
            )",
        )
        .bind(newest.old_ms())
        .bind(limit(KeyedAnswer::FORGOTTEN));
        let _ = self.writes.once(ask).await;
    }

    /// What stands under the key of an answer.
    async fn answered(&self, answer: &KeyedAnswer) -> Result<Option<KeyedAnswer>> {
        let ask = || {
            sqlx::query(
                "SELECT who, key, request, answer, at_ms
                FROM keyed_answer
                WHERE who = $1 AND key = $2",
            )
            .bind(answer.who.clone())
            .bind(answer.key.clone())
        };
        self.reads.read(ask).await.map_err(Fault::of_read)?.first().map(row::keyed_answer).transpose()
    }
}

/// Rows of sites are never deleted, so the next number was never another's. Two that take it at once meet in the primary
/// key; two that come with one key, in that of the answers, and then neither half is done.
fn insert_site(id: &str, genesis: &[u8], at_ms: i64, answer: Option<&KeyedAnswer>) -> Ask {
    let ask = sqlx::query(
        "WITH made AS (
            INSERT INTO site (site, id, genesis, genesis_hash, created_ms)
            SELECT coalesce(max(site), 0) + 1, $1, $2, $3, $4
            FROM site
            RETURNING site, id, genesis, created_ms
        ), answered AS (
            INSERT INTO keyed_answer (who, key, request, answer, at_ms)
            SELECT $5, $6, $7, $8, $9
            WHERE $5 IS NOT NULL
        )
        SELECT site, id, genesis, created_ms
        FROM made",
    );
    ask.bind(id.to_owned())
        .bind(genesis.to_vec())
        .bind(Site::genesis_hash(genesis))
        .bind(at_ms)
        .bind(answer.map(|answer| answer.who.clone()))
        .bind(answer.map(|answer| answer.key.clone()))
        .bind(answer.map(|answer| answer.request.to_vec()))
        .bind(answer.map(|answer| answer.answer.to_vec()))
        .bind(answer.map(|answer| answer.at_ms))
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(what.to_owned())
}
