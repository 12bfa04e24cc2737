//! Which sites a caller sees. Of those it does not see nothing is told, and for one that is bound to some, none is asked for.

use super::super::authorize::{Action, Deed};
use super::super::cursor::List;
use super::super::view::{Listed, Paging, SiteCard};
use super::super::{Fault, Result, Service};
use super::card;
use crate::auth::{Grant, Principal};

impl Service {
    /// Sites that the caller may see, by id. One that is removed meanwhile is left out, and so is one that is damaged: who
    /// reads that one itself is told.
    ///
    /// # Errors
    /// `InsufficientScope`, `Unavailable`.
    pub async fn sites(&self, who: &Principal, paging: &Paging) -> Result<Listed<SiteCard>> {
        self.allow(who, &Action::ListSites)?;
        let list = List::of(&["sites"]);
        let after = paging.cursor.as_deref().map(|cursor| list.read(cursor)).transpose()?;
        let mut ids = self.seen(&who.grant, &after.unwrap_or_default(), paging.limit + 1).await?;
        let goes_on = ids.len() > paging.limit;
        ids.truncate(paging.limit);
        let mut items = Vec::with_capacity(ids.len());
        for id in &ids {
            match self.enter(who, id, Deed::Read).await {
                Ok(open) => items.push(card(&open)),
                Err(Fault::SiteNotFound(_)) => {}
                Err(Fault::Internal(why)) => {
                    tracing::error!(site = id, why, "a site can't be opened and is left out of the list");
                }
                Err(fault) => return Err(fault),
            }
        }
        let last = ids.last().filter(|_| goes_on);
        Ok(Listed { items, next_cursor: last.map(|last| list.write(last)) })
    }

    /// The ids of the sites that a grant sees, behind one, by id, at most `most`. What is bound to some is looked up one by
    /// one: how many others there are neither costs nor tells it anything.
    pub(in super::super) async fn seen(
        &self,
        grant: &Grant,
        after: &str,
        most: usize,
    ) -> Result<Vec<String>> {
        let store = &self.outside.store;
        if grant.sites.is_empty() {
            let sites = store.sites(after, most).await?;
            return Ok(sites.into_iter().map(|site| site.id).collect());
        }
        let mut bound: Vec<&String> = grant.sites.iter().filter(|id| id.as_str() > after).collect();
        bound.sort();
        bound.dedup();
        let mut ids = Vec::new();
        for id in bound {
            if ids.len() == most {
                break;
            }
            if store.site(id).await?.is_some() {
                ids.push(id.clone());
            }
        }
        Ok(ids)
    }
}
