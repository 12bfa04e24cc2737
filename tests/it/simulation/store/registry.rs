//! Sites and tokens behind the same line.

use async_trait::async_trait;
use osier::store::{Created, Digest, KeyedAnswer, Registry, Result, Site, SiteKey, Token, Tokens};

use super::Line;

#[async_trait]
impl Registry for Line {
    async fn create_site_once(
        &self,
        id: &str,
        genesis: &[u8],
        at_ms: i64,
        answer: Option<&KeyedAnswer>,
    ) -> Result<Created> {
        *self.disk.genesis.lock().unwrap() = Some((id.to_owned(), genesis.to_vec()));
        self.disk.kept().create_site_once(id, genesis, at_ms, answer).await
    }

    async fn keep_answer(&self, answer: &KeyedAnswer) -> Result<KeyedAnswer> {
        self.back(self.reading().await?.keep_answer(answer).await).await
    }

    async fn site(&self, id: &str) -> Result<Option<Site>> {
        self.back(self.reading().await?.site(id).await).await
    }

    async fn sites(&self, after: &str, limit: usize) -> Result<Vec<Site>> {
        self.back(self.reading().await?.sites(after, limit).await).await
    }

    async fn remove_site(&self, site: SiteKey, at_ms: i64) -> Result<bool> {
        self.back(self.reading().await?.remove_site(site, at_ms).await).await
    }

    async fn ping(&self) -> Result<()> {
        self.back(self.reading().await?.ping().await).await
    }
}

#[async_trait]
impl Tokens for Line {
    async fn create_token(&self, token: Token) -> Result<Token> {
        self.back(self.reading().await?.create_token(token).await).await
    }

    async fn token(&self, hash: &Digest) -> Result<Option<Token>> {
        self.back(self.reading().await?.token(hash).await).await
    }

    async fn tokens(&self) -> Result<Vec<Token>> {
        self.back(self.reading().await?.tokens().await).await
    }

    async fn revoke_token(&self, id: &str, at_ms: i64) -> Result<bool> {
        self.back(self.reading().await?.revoke_token(id, at_ms).await).await
    }

    async fn tokens_used(&self, uses: &[(String, i64)]) -> Result<()> {
        self.back(self.reading().await?.tokens_used(uses).await).await
    }
}
