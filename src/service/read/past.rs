//! A page as it was: its newest checkpoint, and the commits that touched it since. The rest of the site is not looked at.

use super::super::authorize::Deed;
use super::super::reference::Reference;
use super::super::site::{MAIN, OpenSite, load_page, node_key};
use super::super::view::{At, Ready};
use super::super::{Fault, Result, Service};
use super::{find, page_json};
use crate::auth::Principal;
use crate::content::commit::{Body, PageEffect};
use crate::content::document::Stamp;
use crate::content::id::PageId;
use crate::content::slug;
use crate::store::Stack;

impl Service {
    /// A page at a version behind the head; none where only the whole state can say: the page had another address then,
    /// or was not there.
    pub(super) async fn page_of_the_past(
        &self,
        who: &Principal,
        site: &str,
        at: &At,
        page: &str,
    ) -> Result<Option<Ready>> {
        let Some(Ok(Reference::Version(version))) = at.reference.as_deref().map(Reference::parse) else {
            return Ok(None);
        };
        let open = self.enter(who, site, Deed::Read).await?;
        let head = open.head.load_full();
        // Whoever waits for a version beyond the head waits where the whole state is asked for.
        if version >= head.root.version || at.min_version > Some(head.root.version) {
            return Ok(None);
        }
        let id = find(&head.root, page).unwrap_or_else(|_| PageId::from(page));
        let Some((stamp, then)) = last_touch(&open, &id, version).await? else { return Ok(None) };
        let Some(hash) = then.hash else { return Ok(None) };
        let by_slug = format!("/{}", page.strip_prefix('/').unwrap_or(page));
        if page != id.as_str() && slug::normalise(&by_slug).ok().as_deref() != Some(&*then.slug) {
            return Ok(None);
        }
        let key = (open.site.key, id, stamp.version, hash);
        if let Some(ready) = self.pages.get(&key) {
            return Ok(Some(ready));
        }
        let store = self.outside.store.as_ref();
        let body = load_page(store, &open.site, &key.1, stamp.version, &head.root.types).await?;
        let Some(body) = body.filter(|body| body.hash() == hash) else { return Ok(None) };
        let ready = Ready::of(page_json(&body, &stamp, &hash));
        self.pages.insert(key, ready.clone());
        Ok(Some(ready))
    }
}

/// The last commit at or below a version that touched a page, and how the page stood behind it.
async fn last_touch(open: &OpenSite, id: &PageId, version: u64) -> Result<Option<(Stamp, PageEffect)>> {
    let stack = Stack { node: Some(node_key(id)), up_to: Some(version), ..Stack::default() };
    let Some(version) = open.store.newest(open.site.key, MAIN, &stack).await? else { return Ok(None) };
    let Some(row) = open.commit_row(version).await? else { return Ok(None) };
    let entry = row.entry;
    let body = Body::decode(entry.format, &entry.body).map_err(|e| Fault::Internal(e.to_string()))?;
    let effect = body.pages.into_iter().find(|page| page.id == *id);
    Ok(effect.map(|effect| (Stamp { version, at_ms: entry.at_ms, who: entry.who }, effect)))
}
