//! A log walked from its genesis, entry after entry: what must hold of each behind the one before it, the state it leaves,
//! and the touched rows that follow from it. Pure: it needs no store, and keeps the state and nothing of the log.

mod chain;
mod lives;

use super::site::{MAIN, node_key, touches_site};
use crate::content::commit::Body;
use crate::content::document::{Amiss, Root, Stamp};
use crate::content::id::PageId;
use crate::content::json::{Map, Value};
use crate::store::{Entry, Kind, NodeKey, Relive, Touched};

pub(super) use chain::{Chain, Wrong};
pub(super) use lives::Lives;

/// A walk from the genesis on, all page bodies in memory.
pub(super) struct Replay {
    pub(super) chain: Chain,
    pub(super) root: Root,
    pub(super) lives: Lives,
}

/// What an entry did.
#[derive(Default)]
pub(super) struct Step {
    /// The pages it touched, those it removed too.
    pub(super) pages: Vec<PageId>,
    /// Its touched rows by node, as they stand until a later entry changes `live`.
    pub(super) touched: Vec<Touched>,
    /// What it changes of the rows of earlier entries.
    pub(super) relive: Vec<Relive>,
}

impl Replay {
    /// Before the first entry.
    ///
    /// # Errors
    /// The genesis is no config.
    pub(super) fn from(genesis: &[u8]) -> Result<Replay, Wrong> {
        let config: Map<String, Value> =
            serde_json::from_slice(genesis).map_err(|e| Wrong(format!("the genesis can't be read: {e}")))?;
        Ok(Replay { chain: Chain::from(genesis), root: Root::new(config), lives: Lives::default() })
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// It can't stand here. The state is half changed then, and of no use any more.
    pub(super) fn step(&mut self, entry: &Entry) -> Result<Step, Wrong> {
        let json = self.chain.follow(entry)?;
        let version = match (entry.kind, entry.version) {
            (Kind::Note, None) => {
                read(&json)?;
                return Ok(Step::default());
            }
            (_, None) => return Ok(Step::default()),
            (_, Some(version)) => version,
        };
        let body = read(&json)?;
        let stamp = Stamp { version, at_ms: entry.at_ms, who: entry.who.clone() };
        let pages = match self.root.apply(&body.changes) {
            Ok(pages) => pages,
            Err(Amiss::Misfit(misfit)) => return Err(Wrong(format!("its changes don't fit: {misfit}"))),
            Err(Amiss::Missing(page)) => {
                return Err(Wrong(format!("it changes the page {page}, which has no body")));
            }
        };
        self.root.seal(&pages, &stamp);
        let pages: Vec<PageId> = pages.into_iter().collect();
        self.compare(&body, &pages)?;
        let touched = rows(entry.kind, version, &body, &pages);
        let relive = self.lives.follow(entry.kind, version, &body)?;
        Ok(Step { pages, touched, relive })
    }

    /// Whether the pages are as the entry says that it left them.
    fn compare(&self, body: &Body, touched: &[PageId]) -> Result<(), Wrong> {
        for page in &body.pages {
            let stub = self.root.stub(&page.id);
            if stub.map(|stub| stub.hash) != page.hash {
                return Err(Wrong(format!(
                    "it says that it left {} with another hash than its changes do",
                    page.id
                )));
            }
            if stub.is_some_and(|stub| *stub.slug != *page.slug) {
                return Err(Wrong(format!("it says that it left {} at another address", page.id)));
            }
        }
        let untold =
            |id: &&PageId| self.root.stub(id).is_some() && !body.pages.iter().any(|page| page.id == **id);
        match touched.iter().find(untold) {
            Some(id) => Err(Wrong(format!("it does not say that it touched {id}"))),
            None => Ok(()),
        }
    }
}

fn read(json: &[u8]) -> Result<Body, Wrong> {
    Body::from_json(json).map_err(|e| Wrong(e.to_string()))
}

fn rows(kind: Kind, version: u64, body: &Body, pages: &[PageId]) -> Vec<Touched> {
    let site = touches_site(&body.changes).then_some(NodeKey::SITE);
    let mut nodes: Vec<NodeKey> = pages.iter().map(node_key).chain(site).collect();
    nodes.sort_unstable();
    let live = Lives::at_first(kind);
    nodes.into_iter().map(|node| Touched { branch: MAIN, node, version, kind, live }).collect()
}
