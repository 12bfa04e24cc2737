//! Stands in for the service until it is there.

use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::*;
use crate::auth::Principal;
use crate::store::{Source, Store};

/// What time it is.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> i64;
}

/// Random bytes that nobody can guess.
pub trait Chance: Send + Sync {
    /// Fills the whole slice.
    fn fill(&self, bytes: &mut [u8]);
}

/// The service.
pub struct Service;

fn no<T>() -> Result<T> {
    Err(Fault::Internal("not yet".into()))
}

#[allow(missing_docs, clippy::unused_async, unused_variables)]
impl Service {
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, chance: Arc<dyn Chance>) -> Arc<Service> {
        Arc::new(Service)
    }
    pub async fn close(&self) {}
    pub async fn submit(&self, who: &Principal, source: Source, request: &[u8], envelope: Envelope) -> Result<Answer> {
        no()
    }
    pub async fn principal(&self, secret: &str) -> Result<Principal> {
        no()
    }
    pub async fn sites(&self, who: &Principal, paging: &Paging) -> Result<Listed<SiteCard>> {
        no()
    }
    pub async fn create_site(&self, who: &Principal, id: &str, fields: Map<String, Value>) -> Result<(SiteCard, Made)> {
        no()
    }
    pub async fn site(&self, who: &Principal, site: &str) -> Result<SiteCard> {
        no()
    }
    pub async fn update_site(&self, who: &Principal, site: &str, patch: Map<String, Value>) -> Result<SiteCard> {
        no()
    }
    pub async fn remove_site(&self, who: &Principal, site: &str) -> Result<()> {
        no()
    }
    pub async fn config(&self, who: &Principal, site: &str, at: &At) -> Result<Ready> {
        no()
    }
    pub async fn redirects(&self, who: &Principal, site: &str, at: &At, paging: &Paging) -> Result<Listed<Value>> {
        no()
    }
    pub async fn pages(&self, who: &Principal, site: &str, at: &At, paging: &Paging) -> Result<Listed<Value>> {
        no()
    }
    pub async fn page(&self, who: &Principal, site: &str, at: &At, page: &str) -> Result<Ready> {
        no()
    }
    pub async fn block_types(&self, who: &Principal, site: &str, at: &At, paging: &Paging) -> Result<Listed<Box<RawValue>>> {
        no()
    }
    pub async fn block_type(&self, who: &Principal, site: &str, at: &At, name: &str) -> Result<Ready> {
        no()
    }
    pub async fn history(&self, who: &Principal, site: &str, query: &HistoryQuery, paging: &Paging) -> Result<Listed<Value>> {
        no()
    }
    pub async fn commit(&self, who: &Principal, site: &str, branch: Option<&str>, version: u64) -> Result<Value> {
        no()
    }
    pub async fn history_status(&self, who: &Principal, site: &str, branch: Option<&str>, page: Option<&str>) -> Result<Value> {
        no()
    }
    pub async fn diff(&self, who: &Principal, site: &str, from: &str, to: &str) -> Result<Value> {
        no()
    }
    pub async fn ready(&self) -> Result<()> {
        no()
    }
    pub async fn create_token(&self, who: &Principal, new: NewToken) -> Result<Value> {
        no()
    }
    pub async fn tokens(&self, who: &Principal) -> Result<Vec<Value>> {
        no()
    }
    pub async fn revoke_token(&self, who: &Principal, id: &str) -> Result<bool> {
        no()
    }
}
