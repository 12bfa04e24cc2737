//! Is the store what its log says? Every entry is read from the genesis on, and everything that is derived and kept is
//! compared with what follows: byte for byte, or hash for hash. Nothing is written, and a server may run beside it: the
//! head of each site is fixed when its turn comes.

mod checkpoints;
mod flaw;
mod served;
mod site;
mod strides;
mod touched;

use std::sync::Arc;

use serde::Serialize;

use super::{Fault, Result, Service, authorize};
use crate::auth::{Principal, Scope};
use crate::store::{SiteKey, Store};

pub use flaw::Flaw;
pub(super) use strides::Strides;

use flaw::{Halt, Mend};

/// How far a check goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The hash chain, and the database's own check.
    Chain,
    /// Everything.
    Whole,
}

/// What a check came to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Nothing is wrong: what was looked at.
    Sound(Vec<SiteReport>),
    /// The first thing that is wrong.
    Flawed(Flaw),
}

/// What was looked at of a site.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SiteReport {
    /// Its id.
    pub site: String,
    /// It was taken away; its log stays.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
    /// Entries of its log.
    pub entries: u64,
    /// The version of `main`.
    pub version: u64,
    /// The hash of its newest entry, or of its genesis.
    pub head: String,
    /// Pages of `main`.
    pub pages: u64,
    /// Rows of the touched index.
    pub touched: u64,
    /// Checkpoints: pages' documents and manifests.
    pub checkpoints: u64,
    /// Blobs.
    pub blobs: u64,
}

/// Told now and then: the site, how many entries of how many are checked.
pub type Tell<'a> = dyn FnMut(&str, u64, u64) + Send + 'a;

/// Rows of sites that are read at a time.
const SITES: usize = 100;

/// Checks a store: all its sites, removed ones too, or those that have or had this id; then what the database itself
/// says.
///
/// # Errors
/// `SiteNotFound`; `Unavailable`: nothing can be said. What is wrong is no error but a verdict.
pub async fn verify_store(
    store: &Arc<dyn Store>,
    id: Option<&str>,
    depth: Depth,
    tell: &mut Tell<'_>,
) -> Result<Verdict> {
    match check(store, id, depth, tell).await {
        Ok(reports) => Ok(Verdict::Sound(reports)),
        Err(Halt::Flaw(flaw)) => Ok(Verdict::Flawed(*flaw)),
        Err(Halt::Fault(fault)) => Err(fault),
    }
}

async fn check(
    store: &Arc<dyn Store>,
    id: Option<&str>,
    depth: Depth,
    tell: &mut Tell<'_>,
) -> Result<Vec<SiteReport>, Halt> {
    let mut reports = Vec::new();
    let mut after = SiteKey(0);
    loop {
        let rows = store.site_rows(after, SITES).await.map_err(|e| Halt::read(e, Flaw::of_store()))?;
        let Some(last) = rows.last() else { break };
        after = last.site.key;
        for row in rows.iter().filter(|row| id.is_none_or(|id| id == row.site.id)) {
            reports.push(site::check(store, row, depth, tell).await?);
        }
    }
    if let Some(id) = id.filter(|_| reports.is_empty()) {
        return Err(Halt::Fault(Fault::SiteNotFound(id.to_owned())));
    }
    let found = store.integrity().await.map_err(|e| Halt::read(e, Flaw::of_store()))?;
    match found {
        Some(what) => Err(Flaw::of_store().into_halt(what, Mend::Database)),
        None => Ok(reports),
    }
}

impl Service {
    /// As `verify_store`, of the service's own.
    ///
    /// # Errors
    /// `SiteNotFound`, `InsufficientScope`, `Unavailable`.
    pub async fn verify(
        &self,
        who: &Principal,
        id: Option<&str>,
        depth: Depth,
        tell: &mut Tell<'_>,
    ) -> Result<Verdict> {
        match id {
            Some(id) => authorize::on_site(who, Scope::Admin, id)?,
            None => authorize::anywhere(who, Scope::Admin)?,
        }
        verify_store(&self.outside.store, id, depth, tell).await
    }
}
