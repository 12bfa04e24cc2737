//! The use cases: the only place that combines rooms. Every door calls these and nothing below them.

mod authorize;
mod blame;
mod compare;
mod cursor;
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
pub use view::{
    At, Blame, Block, BlockBlame, BlockTypeLine, Commit, CommitLine, Comparison, HistoryQuery, HistoryStatus,
    Listed, LogEvent, Made, Mark, NewToken, Page, PageContent, PageLine, PageMeta, PageOfCommit, Paging,
    Ready, Redirect, ResyncEvent, SiteCard, SiteConfig,
};

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
    /// Held while idle sites are being closed.
    closing: Arc<Mutex<()>>,
    sites: RwLock<HashMap<String, Arc<OpenSite>>>,
    /// Of each site that is being opened: held meanwhile, so that it is opened once.
    gates: std::sync::Mutex<HashMap<String, Weak<Mutex<()>>>>,
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
        let budget = Arc::new(Budget::of(limits.state_bytes));
        let salt = salt(chance.as_ref());
        Arc::new_cyclic(|me| Service {
            me: me.clone(),
            outside: Outside { store, clock, chance, salt, budget },
            limits,
            watch: Once::new(),
            closed: AtomicBool::new(false),
            closing: Arc::default(),
            sites: RwLock::default(),
            gates: std::sync::Mutex::default(),
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
        let turn = self.gate(id).lock_owned().await;
        if let Some(open) = self.opened(id) {
            return Ok(open);
        }
        let Some(me) = self.me.upgrade() else { return Err(stopping()) };
        let id = id.to_owned();
        // It goes on when its caller goes away: one with less patience than it takes finds it done the next time.
        let opening = tokio::spawn(async move {
            let _until_it_ends = turn;
            me.open_now(id).await
        });
        opening.await.map_err(|e| Fault::Internal(format!("opening a site: {e}")))?
    }

    async fn open_now(&self, id: String) -> Result<Arc<OpenSite>> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(stopping());
        }
        let site = self.outside.store.site(&id).await?.ok_or_else(|| Fault::SiteNotFound(id.clone()))?;
        // A salt of its own: a site may be open a second time while its first writer finishes.
        let outside = Outside { salt: salt(self.outside.chance.as_ref()), ..self.outside.clone() };
        let open = OpenSite::open(site, &outside).await?;
        if !self.list(id, &open) {
            finish(&open).await;
            return Err(stopping());
        }
        self.watch.call_once(|| drop(tokio::spawn(watch::run(self.me.clone()))));
        Ok(open)
    }

    /// Puts a site on the list; not when the service has closed meanwhile, and with it all that were on the list.
    fn list(&self, id: String, open: &Arc<OpenSite>) -> bool {
        let mut sites = self.opened_sites();
        let is_closed = self.closed.load(Ordering::Relaxed);
        if !is_closed {
            sites.insert(id, open.clone());
        }
        !is_closed
    }

    /// Where those wait who need the same site opened.
    fn gate(&self, id: &str) -> Arc<Mutex<()>> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(id).and_then(Weak::upgrade) {
            return gate;
        }
        gates.retain(|_, gate| gate.strong_count() > 0);
        let gate = Arc::default();
        gates.insert(id.to_owned(), Arc::downgrade(&gate));
        gate
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

/// Tells the entries of one writer from those of another.
fn salt(chance: &dyn Chance) -> u32 {
    let mut salt = [0; 4];
    chance.fill(&mut salt);
    u32::from_be_bytes(salt)
}

fn stopping() -> Fault {
    Fault::Unavailable("the server is stopping".into())
}

/// Lets a site's writer finish what it has; when it has ended the site can be opened anew.
async fn finish(site: &OpenSite) {
    let (done, closed) = oneshot::channel();
    if site.jobs.send(Job::Close(done)).await.is_ok() {
        let _ = closed.await;
    }
}
