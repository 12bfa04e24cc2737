//! Sites on SQLite.

use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::{Connection, TransactionBehavior, params};

use super::{Sqlite, fault, row};
use crate::store::number::limit;
use crate::store::{Created, KeyedAnswer, Registry, Result, Site, SiteKey};

#[async_trait]
impl Registry for Sqlite {
    async fn create_site_once(
        &self,
        id: &str,
        genesis: &[u8],
        at_ms: i64,
        answer: Option<&KeyedAnswer>,
    ) -> Result<Created> {
        let (id, genesis, answer) = (id.to_owned(), Bytes::copy_from_slice(genesis), answer.cloned());
        self.writer.run(move |connection| create_site(connection, id, genesis, at_ms, answer.as_ref())).await
    }

    async fn keep_answer(&self, answer: &KeyedAnswer) -> Result<KeyedAnswer> {
        let answer = answer.clone();
        self.writer.run(move |connection| keep_answer(connection, answer)).await
    }

    async fn site(&self, id: &str) -> Result<Option<Site>> {
        self.readers.short(|connection| site(connection, id))
    }

    async fn sites(&self, after: &str, limit: usize) -> Result<Vec<Site>> {
        let after = after.to_owned();
        self.readers.long(move |connection| sites(connection, &after, limit)).await
    }

    async fn remove_site(&self, site: SiteKey, at_ms: i64) -> Result<bool> {
        let work = move |connection: &mut Connection| {
            let removed = connection.execute(
                "UPDATE site SET removed_ms = ?2 WHERE site = ?1 AND removed_ms IS NULL",
                params![site.0, at_ms],
            );
            Ok(removed.map_err(fault::at_commit)? > 0)
        };
        self.writer.run(work).await
    }

    async fn ping(&self) -> Result<()> {
        self.readers.short(|connection| {
            connection.prepare_cached("SELECT 1 FROM site LIMIT 1")?.exists([])?;
            Ok(())
        })
    }
}

fn site(connection: &Connection, id: &str) -> Result<Option<Site>> {
    let mut statement = connection.prepare_cached(
        "SELECT site, id, genesis, created_ms
        FROM site
        WHERE id = ?1 AND removed_ms IS NULL",
    )?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(row::site).transpose()
}

fn sites(connection: &Connection, after: &str, most: usize) -> Result<Vec<Site>> {
    let mut statement = connection.prepare_cached(
        "SELECT site, id, genesis, created_ms
        FROM site
        WHERE id > ?1 AND removed_ms IS NULL
        ORDER BY id
        LIMIT ?2",
    )?;
    let mut rows = statement.query(params![after, limit(most)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(row::site(row)?);
    }
    Ok(found)
}

/// Rows of sites are never deleted, so SQLite's next number was never another's.
fn create_site(
    connection: &mut Connection,
    id: String,
    genesis: Bytes,
    created_ms: i64,
    answer: Option<&KeyedAnswer>,
) -> Result<Created> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(kept) = answer.map(|answer| answered(&transaction, answer)).transpose()?.flatten() {
        return Ok(Created::Answered(kept));
    }
    if let Some(site) = site(&transaction, &id)? {
        return Ok(Created::There(site));
    }
    transaction.execute(
        "INSERT INTO site (id, genesis_hash, created_ms, genesis) VALUES (?1, ?2, ?3, ?4)",
        params![id, Site::genesis_hash(&genesis), created_ms, &genesis[..]],
    )?;
    let key = SiteKey(transaction.last_insert_rowid());
    if let Some(answer) = answer {
        insert_answer(&transaction, answer)?;
    }
    transaction.commit().map_err(fault::at_commit)?;
    Ok(Created::New(Site { key, id, genesis, created_ms }))
}

fn keep_answer(connection: &mut Connection, answer: KeyedAnswer) -> Result<KeyedAnswer> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(kept) = answered(&transaction, &answer)? {
        return Ok(kept);
    }
    insert_answer(&transaction, &answer)?;
    transaction.commit().map_err(fault::at_commit)?;
    Ok(answer)
}

/// What stands under the key of an answer.
fn answered(connection: &Connection, answer: &KeyedAnswer) -> Result<Option<KeyedAnswer>> {
    let mut statement = connection.prepare_cached(
        "SELECT who, key, request, answer, at_ms
        FROM keyed_answer
        WHERE who = ?1 AND key = ?2",
    )?;
    let mut rows = statement.query([&answer.who, &answer.key])?;
    rows.next()?.map(row::keyed_answer).transpose()
}

fn insert_answer(connection: &Connection, answer: &KeyedAnswer) -> Result<()> {
    connection.execute(
        "INSERT INTO keyed_answer (who, key, request, answer, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![answer.who, answer.key, &answer.request[..], &answer.answer[..], answer.at_ms],
    )?;
    // Without an index: a week's answers are few, and this is how they stay so.
    connection.execute(
        "DELETE FROM keyed_answer
        WHERE (who, key) IN (SELECT who, key FROM keyed_answer WHERE at_ms < ?1 LIMIT ?2)",
        params![answer.old_ms(), limit(KeyedAnswer::FORGOTTEN)],
    )?;
    Ok(())
}
