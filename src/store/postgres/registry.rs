//! Sites on PostgreSQL.

use async_trait::async_trait;

use super::Postgres;
use super::fault::Fault;
use super::row;
use crate::store::number::limit;
use crate::store::{Registry, Result, Site, SiteKey, StoreError};

/// How often a name that another takes first is looked for again.
pub(super) const ATTEMPTS: usize = 16;

#[async_trait]
impl Registry for Postgres {
    async fn create_site(&self, id: &str, genesis: &[u8], at_ms: i64) -> Result<(Site, bool)> {
        for _ in 0..ATTEMPTS {
            if let Some(site) = self.site(id).await? {
                return Ok((site, false));
            }
            // Rows of sites are never deleted, so the next number was never another's. Two that take it at once meet
            // in the primary key.
            let ask = sqlx::query(
                "INSERT INTO site (site, id, genesis, genesis_hash, created_ms)
                SELECT coalesce(max(site), 0) + 1, $1, $2, $3, $4
                FROM site
                RETURNING site, id, genesis, created_ms",
            )
            .bind(id)
            .bind(genesis)
            .bind(Site::genesis_hash(genesis))
            .bind(at_ms);
            match self.writes.once(ask).await {
                Ok(rows) => {
                    let made = rows.first().ok_or_else(|| damaged("an insert gave no row"))?;
                    return Ok((row::site(made)?, true));
                }
                Err(fault) if fault.is_taken() || fault.is_collision() => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(StoreError::Unavailable("too many sites are made at once".to_owned()))
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

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(what.to_owned())
}
