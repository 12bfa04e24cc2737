//! Tokens in memory.

use async_trait::async_trait;

use super::Memory;
use crate::store::{Digest, Result, StoreError, Token, Tokens, actor};

#[async_trait]
impl Tokens for Memory {
    async fn create_token(&self, mut token: Token) -> Result<Token> {
        let mut tables = self.tables();
        if tables.tokens.iter().any(|kept| kept.id == token.id || kept.hash == token.hash) {
            return Err(StoreError::Damaged("the id or the hash of a new token is taken".to_owned()));
        }
        let taken = tables.tokens.iter().map(|kept| kept.actor.clone()).collect();
        token.actor = actor::free(&token.actor, &taken);
        tables.tokens.push(token.clone());
        Ok(token)
    }

    async fn token(&self, hash: &Digest) -> Result<Option<Token>> {
        Ok(self.tables().tokens.iter().find(|token| token.hash == *hash).cloned())
    }

    async fn tokens(&self) -> Result<Vec<Token>> {
        let mut tokens = self.tables().tokens.clone();
        tokens.sort_by(|a, b| (a.created_ms, &a.id).cmp(&(b.created_ms, &b.id)));
        Ok(tokens)
    }

    async fn revoke_token(&self, id: &str, at_ms: i64) -> Result<bool> {
        let mut tables = self.tables();
        let token = tables.tokens.iter_mut().find(|token| token.id == id && token.revoked_ms.is_none());
        Ok(token.map(|token| token.revoked_ms = Some(at_ms)).is_some())
    }

    async fn tokens_used(&self, uses: &[(String, i64)]) -> Result<()> {
        let mut tables = self.tables();
        for (id, at_ms) in uses {
            let token = tables.tokens.iter_mut().find(|token| token.id == *id);
            if let Some(token) = token {
                token.used_ms = token.used_ms.max(Some(*at_ms));
            }
        }
        Ok(())
    }
}
