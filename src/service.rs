//! The use cases: the only place that combines rooms. Every door calls these and nothing below them.

mod authorize;
mod compare;
mod edit;
mod envelope;
mod events;
mod fault;
mod history;
mod outside;
mod read;
mod reference;
mod replay;
mod site;
mod sites;
#[cfg(test)]
mod tests;
mod tokens;
mod transfer;
mod verify;
mod view;
mod watch;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once, PoisonError, RwLock, Weak};
use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::sync::{Mutex, oneshot};

use crate::content::document::Hash;
use crate::content::id::PageId;
use crate::store::{SiteKey, Store};
use site::{Budget, Job, OpenSite, Outside};
use tokens::Known;

pub use envelope::{Answer, Envelope, TouchedPage};
pub use events::{Event, Events};
pub use fault::{Fault, Result};
pub use outside::{Chance, Clock, rfc3339};
pub use transfer::{Export, Imported, Stuck};
pub use verify::{Depth, Flaw, SiteReport, Verdict, verify_store};
pub use view::{At, HistoryQuery, Listed, Made, NewToken, Paging, Ready, SiteCard};

/// Who calls, with which scope, through which door: a transport, which names no room below, has these words from here.
pub use crate::{auth::Principal, auth::Scope, store::Source};

/// How many bytes of ready-made pages are kept.
const READY_BYTES: u64 = 64 << 20;

/// How much an open site may cost, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many bytes of page bodies are kept in memory, over all sites.
    pub state_bytes: usize,
    /// A site that nobody asked for in so long is closed.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { state_bytes: 256 << 20, idle: Duration::from_secs(900) }
    }
}

/// All use cases, over one store.
pub struct Service {
    me: Weak<Service>,
    outside: Outside,
    limits: Limits,
    /// The look-out for what other processes do; it starts with the first site.
    watch: Once,
    closed: AtomicBool,
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
        Service::with(store, clock, chance, Limits::default())
    }

    /// The same, with limits of the operator's.
    pub fn with(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
        limits: Limits,
    ) -> Arc<Service> {
        let mut salt = [0; 4];
        chance.fill(&mut salt);
        let budget = Arc::new(Budget::of(limits.state_bytes));
        let salt = u32::from_be_bytes(salt);
        Arc::new_cyclic(|me| Service {
            me: me.clone(),
            outside: Outside { store, clock, chance, salt, budget },
            limits,
            watch: Once::new(),
            closed: AtomicBool::new(false),
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

    /// Lets every writer finish what it has and write its checkpoints. No site is opened any more.
    pub async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        let open: Vec<_> = self.opened_sites().drain().map(|(_, open)| open).collect();
        for site in open {
            finish(&site).await;
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
        if self.closed.load(Ordering::Relaxed) {
            return Err(Fault::Unavailable("the server is stopping".into()));
        }
        let site = self.outside.store.site(id).await?.ok_or_else(|| Fault::SiteNotFound(id.to_owned()))?;
        let open = OpenSite::open(site, &self.outside).await?;
        self.watch.call_once(|| drop(tokio::spawn(watch::run(self.me.clone()))));
        self.opened_sites().insert(id.to_owned(), open.clone());
        Ok(open)
    }

    /// Lets go of a site that is no more. What goes by its id by now may be another, which stays.
    fn part_with(&self, gone: &Arc<OpenSite>) {
        gone.leave();
        let mut sites = self.opened_sites();
        if sites.get(&gone.site.id).is_some_and(|there| Arc::ptr_eq(there, gone)) {
            sites.remove(&gone.site.id);
        }
    }

    fn opened(&self, id: &str) -> Option<Arc<OpenSite>> {
        let sites = self.sites.read().unwrap_or_else(PoisonError::into_inner);
        let open = sites.get(id).filter(|open| !open.is_gone())?;
        open.asked(self.outside.clock.now_ms());
        Some(open.clone())
    }

    fn opened_sites(&self) -> std::sync::RwLockWriteGuard<'_, HashMap<String, Arc<OpenSite>>> {
        self.sites.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets a site's writer finish what it has; when it has ended the site can be opened anew.
async fn finish(site: &OpenSite) {
    let (done, closed) = oneshot::channel();
    if site.jobs.send(Job::Close(done)).await.is_ok() {
        let _ = closed.await;
    }
}
