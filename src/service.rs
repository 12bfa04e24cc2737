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
mod open_sites;
mod outside;
mod read;
mod ready;
mod reference;
mod replay;
mod site;
mod sites;
#[cfg(test)]
mod tests;
mod tokens;
mod transfer;
mod uses;
mod verify;
mod view;
mod watch;

use std::sync::{Arc, Once, Weak};
use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use crate::content::document::Hash;
use crate::content::id::PageId;
use crate::store::{SiteKey, Store};
use open_sites::OpenSites;
use ready::Readiness;
use site::{Budget, Outside};
use tokens::{Known, Strangers};
use uses::Uses;

pub use envelope::{Answer, Envelope, IdempotencyKey, TouchedPage};
pub use events::{Event, Events};
pub use fault::{Fault, Result};
pub use outside::{Chance, Clock, rfc3339};
pub use transfer::{Export, Imported, Stuck};
pub use verify::{Depth, Flaw, SiteReport, Verdict, verify_store};
pub use view::{
    At, Blame, Block, BlockBlame, BlockTypeLine, Commit, CommitLine, Comparison, HistoryQuery, HistoryStatus,
    Listed, LogEvent, Made, MadeToken, Mark, NewToken, Page, PageContent, PageLine, PageMeta, PageOfCommit,
    Paging, Ready, Redirect, Repeatable, ResyncEvent, SiteCard, SiteConfig, TokenCard,
};

/// Who calls, with which scope, through which door: a transport, which names no room below, has these words from here.
pub use crate::{auth::Principal, auth::Scope, store::Source};

/// How many bytes of ready-made pages are kept.
const READY_BYTES: u64 = 64 << 20;

/// How many bytes of ready-made blames are kept.
const BLAME_BYTES: u64 = 16 << 20;

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
    /// Held while idle sites are being closed.
    closing: Arc<Mutex<()>>,
    sites: OpenSites,
    pages: Cache<PageKey, Ready, Weight>,
    blames: Cache<PageKey, Ready, Weight>,
    tokens: Cache<[u8; 32], Known>,
    /// A turn to look up a secret that nobody knows here.
    strangers: Strangers,
    readiness: Readiness,
    uses: Uses,
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
            closing: Arc::default(),
            sites: OpenSites::default(),
            pages: Cache::with_weighter(10_000, READY_BYTES, Weight),
            blames: Cache::with_weighter(1_000, BLAME_BYTES, Weight),
            tokens: Cache::new(1_000),
            strangers: Strangers::default(),
            readiness: Readiness::default(),
            uses: Uses::default(),
        })
    }

    /// Lets every writer finish what it has and write its checkpoints. No site is opened any more.
    pub async fn close(&self) {
        for site in self.sites.close() {
            site.finish().await;
        }
        self.write_last_uses().await;
    }
}

/// Tells the entries of one writer from those of another.
fn salt(chance: &dyn Chance) -> u32 {
    let mut salt = [0; 4];
    chance.fill(&mut salt);
    u32::from_be_bytes(salt)
}
