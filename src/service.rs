//! The use cases: the only place that combines rooms. Every door calls these and nothing below them.

mod authorize;
mod compare;
mod edit;
mod envelope;
mod fault;
mod history;
mod outside;
mod read;
mod reference;
mod site;
mod sites;
#[cfg(test)]
mod tests;
mod tokens;
mod view;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use quick_cache::sync::Cache;
use tokio::sync::{Mutex, oneshot};

use crate::content::document::Hash;
use crate::content::id::PageId;
use crate::store::{SiteKey, Store};
use site::{Job, OpenSite, Outside};
use tokens::Known;

pub use envelope::{Answer, Envelope, TouchedPage};
pub use fault::{Fault, Result};
pub use outside::{Chance, Clock, rfc3339};
pub use view::{At, HistoryQuery, Listed, Made, NewToken, Paging, Ready, SiteCard};

/// Who calls, with which scope, through which door: a transport, which names no room below, has these words from here.
pub use crate::{auth::Principal, auth::Scope, store::Source};

/// How many bytes of ready-made pages are kept.
const READY_BYTES: u64 = 64 << 20;

/// All use cases, over one store.
pub struct Service {
    outside: Outside,
    sites: RwLock<HashMap<String, Arc<OpenSite>>>,
    /// Held while a site is opened, so that it is opened once.
    opening: Mutex<()>,
    pages: Cache<PageKey, Ready, Weight>,
    tokens: Cache<[u8; 32], Known>,
}

/// A page as one commit left it. The hash stands here too: a database that went back in time may have another commit
/// of that version.
type PageKey = (SiteKey, PageId, u64, Hash);

/// Ready-made pages weigh their bytes.
#[derive(Clone)]
struct Weight;

impl quick_cache::Weighter<PageKey, Ready> for Weight {
    fn weight(&self, _: &PageKey, ready: &Ready) -> u64 {
        ready.bytes.len() as u64 + 200
    }
}

impl Service {
    /// Over a store, with a clock and chance of the house.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, chance: Arc<dyn Chance>) -> Arc<Service> {
        let mut salt = [0; 4];
        chance.fill(&mut salt);
        Arc::new(Service {
            outside: Outside { store, clock, chance, salt: u32::from_be_bytes(salt) },
            sites: RwLock::default(),
            opening: Mutex::default(),
            pages: Cache::with_weighter(10_000, READY_BYTES, Weight),
            tokens: Cache::new(1_000),
        })
    }

    /// Answers when the store does.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn ready(&self) -> Result<()> {
        Ok(self.outside.store.ping().await?)
    }

    /// Lets every writer finish what it has and write its checkpoints.
    pub async fn close(&self) {
        let open: Vec<_> = self
            .sites
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .drain()
            .map(|(_, open)| open)
            .collect();
        for site in open {
            let (done, closed) = oneshot::channel();
            if site.send(Job::Close(done)).await.is_ok() {
                let _ = closed.await;
            }
        }
    }

    /// The open site of an id; it is opened where it is not.
    async fn open(&self, id: &str) -> Result<Arc<OpenSite>> {
        if let Some(open) = self.opened(id) {
            return Ok(open);
        }
        // No site has it, and a store that is asked for it fails.
        if id.contains('\0') {
            return Err(Fault::SiteNotFound(id.to_owned()));
        }
        let _one_at_a_time = self.opening.lock().await;
        if let Some(open) = self.opened(id) {
            return Ok(open);
        }
        let site = self.outside.store.site(id).await?.ok_or_else(|| Fault::SiteNotFound(id.to_owned()))?;
        let open = OpenSite::open(site, &self.outside).await?;
        self.sites.write().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), open.clone());
        Ok(open)
    }

    fn opened(&self, id: &str) -> Option<Arc<OpenSite>> {
        let sites = self.sites.read().unwrap_or_else(PoisonError::into_inner);
        sites.get(id).filter(|open| !open.is_gone()).cloned()
    }
}
