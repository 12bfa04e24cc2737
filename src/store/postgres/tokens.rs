//! Tokens on PostgreSQL.

use std::collections::HashSet;

use async_trait::async_trait;

use super::Postgres;
use super::fault::Fault;
use super::registry::ATTEMPTS;
use super::row::{self, get};
use crate::store::{Digest, Result, StoreError, Token, Tokens, actor};

#[async_trait]
impl Tokens for Postgres {
    async fn create_token(&self, mut token: Token) -> Result<Token> {
        let wanted = token.actor.clone();
        for _ in 0..ATTEMPTS {
            token.actor = actor::free(&wanted, &self.taken(&wanted).await?);
            let ask = sqlx::query(
                "INSERT INTO token (id, name, actor, hash, \"grant\", created_ms, expires_ms, revoked_ms)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                ON CONFLICT (actor) DO NOTHING
                RETURNING id",
            )
            .bind(&token.id)
            .bind(&token.name)
            .bind(&token.actor)
            .bind(&token.hash[..])
            .bind(&token.grant)
            .bind(token.created_ms)
            .bind(token.expires_ms)
            .bind(token.revoked_ms);
            if !self.writes.once(ask).await?.is_empty() {
                return Ok(token);
            }
        }
        Err(StoreError::Unavailable("too many tokens are made at once".to_owned()))
    }

    async fn token(&self, hash: &Digest) -> Result<Option<Token>> {
        let ask = || {
            sqlx::query(
                "SELECT id, name, actor, hash, \"grant\", created_ms, expires_ms, revoked_ms, used_ms
                FROM token
                WHERE hash = $1",
            )
            .bind(&hash[..])
        };
        self.reads.read(ask).await.map_err(Fault::of_read)?.first().map(row::token).transpose()
    }

    async fn tokens(&self) -> Result<Vec<Token>> {
        let ask = || {
            sqlx::query(
                "SELECT id, name, actor, hash, \"grant\", created_ms, expires_ms, revoked_ms, used_ms
                FROM token
                ORDER BY created_ms, id",
            )
        };
        self.reads.read(ask).await.map_err(Fault::of_read)?.iter().map(row::token).collect()
    }

    async fn revoke_token(&self, id: &str, at_ms: i64) -> Result<bool> {
        let ask =
            sqlx::query("UPDATE token SET revoked_ms = $2 WHERE id = $1 AND revoked_ms IS NULL RETURNING id")
                .bind(id)
                .bind(at_ms);
        Ok(!self.writes.once(ask).await?.is_empty())
    }

    async fn tokens_used(&self, uses: &[(String, i64)]) -> Result<()> {
        let (ids, times): (Vec<String>, Vec<i64>) = uses.iter().cloned().unzip();
        let ask = sqlx::query(
            // Locked in one order: servers that write the same rows at once wait for each other, and not in a ring.
            "WITH used AS (
                SELECT token.id, u.at_ms
                FROM token
                JOIN unnest($1::text[], $2::bigint[]) AS u (id, at_ms) ON u.id = token.id
                WHERE token.used_ms IS NULL OR token.used_ms < u.at_ms
                ORDER BY token.id
                FOR UPDATE OF token
            )
            UPDATE token
            SET used_ms = greatest(token.used_ms, used.at_ms)
            FROM used
            WHERE token.id = used.id",
        )
        .bind(ids)
        .bind(times);
        self.writes.once(ask).await?;
        Ok(())
    }
}

impl Postgres {
    /// Of a wanted actor and its numbered ones, those that are taken.
    async fn taken(&self, wanted: &str) -> Result<HashSet<String>> {
        let (from, to) = actor::numbered(wanted);
        let ask = || {
            sqlx::query("SELECT actor FROM token WHERE actor = $1 OR (actor >= $2 AND actor < $3)")
                .bind(wanted)
                .bind(&from)
                .bind(&to)
        };
        let rows = self.reads.read(ask).await.map_err(Fault::of_read)?;
        rows.iter().map(|row| get(row, 0)).collect()
    }
}
