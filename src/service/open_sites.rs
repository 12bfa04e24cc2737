//! The sites that are open, and the one way in. A principal comes to an open site through `Service::enter` and nowhere
//! else: the map is this file's own, and what opens a site is private to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use super::authorize::{Action, Deed};
use super::site::OpenSite;
use super::{Fault, Result, Service, salt, watch};
use crate::auth::Principal;

/// A turn to open one site.
type Gate = Arc<tokio::sync::Mutex<()>>;

/// The open sites by their id.
#[derive(Default)]
pub(super) struct OpenSites {
    sites: RwLock<Listed>,
    /// Of each site that is being opened: held meanwhile, so that it is opened once.
    gates: Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>,
}

#[derive(Default)]
struct Listed {
    by_id: HashMap<String, Arc<OpenSite>>,
    /// The service has closed: nothing comes on the list any more.
    closed: bool,
}

impl Service {
    /// The only way from a principal to an open site: whether it may do this there is judged first, and then the site is
    /// opened where it is not.
    ///
    /// # Errors
    /// As `allow`; `SiteNotFound`, `Unavailable`.
    pub(super) async fn enter(&self, who: &Principal, site: &str, deed: Deed<'_>) -> Result<Arc<OpenSite>> {
        self.allow(who, &Action::OnSite(site, deed))?;
        self.open(site).await
    }

    /// The same site again, opened anew where it has closed meanwhile: for one who has entered it.
    pub(super) async fn enter_again(&self, open: &OpenSite) -> Result<Arc<OpenSite>> {
        self.open(&open.site.id).await
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
        let turn = self.sites.gate(id).lock_owned().await;
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
        if self.sites.read().closed {
            return Err(stopping());
        }
        let site = self.outside.store.site(&id).await?.ok_or_else(|| Fault::SiteNotFound(id.clone()))?;
        // A salt of its own: a site may be open a second time while its first writer finishes.
        let outside =
            super::site::Outside { salt: salt(self.outside.chance.as_ref()), ..self.outside.clone() };
        let open = OpenSite::open(site, &outside).await?;
        if !self.sites.list(id, &open) {
            open.finish().await;
            return Err(stopping());
        }
        self.watch.call_once(|| drop(tokio::spawn(watch::run(self.me.clone()))));
        Ok(open)
    }

    fn opened(&self, id: &str) -> Option<Arc<OpenSite>> {
        let sites = self.sites.read();
        let open = sites.by_id.get(id).filter(|open| !open.is_gone())?;
        open.asked(self.outside.clock.now_ms());
        Some(open.clone())
    }
}

impl OpenSites {
    /// All of them, for the house itself: no principal asks for this.
    pub(super) fn all(&self) -> Vec<Arc<OpenSite>> {
        self.read().by_id.values().filter(|site| !site.is_gone()).cloned().collect()
    }

    /// Lets go of a site that is no more. What goes by its id by now may be another, which stays.
    pub(super) fn part_with(&self, gone: &Arc<OpenSite>) {
        gone.leave();
        let mut sites = self.write();
        if sites.by_id.get(&gone.site.id).is_some_and(|there| Arc::ptr_eq(there, gone)) {
            sites.by_id.remove(&gone.site.id);
        }
    }

    /// Takes those off the list whose writers have ended.
    pub(super) fn forget_those_gone(&self) {
        self.write().by_id.retain(|_, site| !site.is_gone());
    }

    /// Those that are open, for the last time: no site comes on the list any more.
    pub(super) fn close(&self) -> Vec<Arc<OpenSite>> {
        let mut sites = self.write();
        sites.closed = true;
        sites.by_id.drain().map(|(_, open)| open).collect()
    }

    /// Puts a site on the list; not when the service has closed meanwhile, and with it all that were on the list.
    fn list(&self, id: String, open: &Arc<OpenSite>) -> bool {
        let mut sites = self.write();
        if !sites.closed {
            sites.by_id.insert(id, open.clone());
        }
        !sites.closed
    }

    /// Where those wait who need the same site opened.
    fn gate(&self, id: &str) -> Gate {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(id).and_then(Weak::upgrade) {
            return gate;
        }
        gates.retain(|_, gate| gate.strong_count() > 0);
        let gate = Arc::default();
        gates.insert(id.to_owned(), Arc::downgrade(&gate));
        gate
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Listed> {
        self.sites.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Listed> {
        self.sites.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stopping() -> Fault {
    Fault::Unavailable("the server is stopping".into())
}

#[cfg(test)]
mod tests;
