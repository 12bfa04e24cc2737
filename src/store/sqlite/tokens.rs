//! Tokens on SQLite.

use std::collections::HashSet;

use async_trait::async_trait;
use rusqlite::{Connection, TransactionBehavior, params};

use super::{Sqlite, fault, row};
use crate::store::{Digest, Result, Token, Tokens, actor};

#[async_trait]
impl Tokens for Sqlite {
    async fn create_token(&self, token: Token) -> Result<Token> {
        self.writer.run(move |connection| create_token(connection, token)).await
    }

    async fn token(&self, hash: &Digest) -> Result<Option<Token>> {
        self.readers.short(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, name, actor, hash, \"grant\", created_ms, expires_ms, revoked_ms, used_ms
                FROM token
                WHERE hash = ?1",
            )?;
            let mut rows = statement.query([&hash[..]])?;
            rows.next()?.map(row::token).transpose()
        })
    }

    async fn tokens(&self) -> Result<Vec<Token>> {
        self.readers.long(tokens).await
    }

    async fn revoke_token(&self, id: &str, at_ms: i64) -> Result<bool> {
        let id = id.to_owned();
        let work = move |connection: &mut Connection| {
            let revoked = connection.execute(
                "UPDATE token SET revoked_ms = ?2 WHERE id = ?1 AND revoked_ms IS NULL",
                params![id, at_ms],
            );
            Ok(revoked.map_err(fault::at_commit)? > 0)
        };
        self.writer.run(work).await
    }

    async fn tokens_used(&self, uses: &[(String, i64)]) -> Result<()> {
        let uses = uses.to_vec();
        self.writer.run(move |connection| tokens_used(connection, &uses)).await
    }
}

fn create_token(connection: &mut Connection, mut token: Token) -> Result<Token> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    token.actor = actor::free(&token.actor, &taken(&transaction, &token.actor)?);
    transaction.execute(
        "INSERT INTO token (id, name, actor, hash, \"grant\", created_ms, expires_ms, revoked_ms)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            token.id,
            token.name,
            token.actor,
            &token.hash[..],
            token.grant,
            token.created_ms,
            token.expires_ms,
            token.revoked_ms
        ],
    )?;
    transaction.commit().map_err(fault::at_commit)?;
    Ok(token)
}

fn taken(connection: &Connection, wanted: &str) -> Result<HashSet<String>> {
    let (from, to) = actor::numbered(wanted);
    let mut statement = connection
        .prepare_cached("SELECT actor FROM token WHERE actor = ?1 OR (actor >= ?2 AND actor < ?3)")?;
    let actors = statement.query_map([wanted, &from, &to], |row| row.get(0))?;
    Ok(actors.collect::<rusqlite::Result<_>>()?)
}

fn tokens(connection: &Connection) -> Result<Vec<Token>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, actor, hash, \"grant\", created_ms, expires_ms, revoked_ms, used_ms
        FROM token
        ORDER BY created_ms, id",
    )?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(row::token(row)?);
    }
    Ok(found)
}

fn tokens_used(connection: &mut Connection, uses: &[(String, i64)]) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (id, at_ms) in uses {
        let mut statement = transaction.prepare_cached(
            "UPDATE token SET used_ms = ?2 WHERE id = ?1 AND (used_ms IS NULL OR used_ms < ?2)",
        )?;
        statement.execute(params![id, at_ms])?;
    }
    transaction.commit().map_err(fault::at_commit)
}
