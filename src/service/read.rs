//! Reading a state: config, redirects, pages, block types.

mod past;

use serde_json::value::RawValue;

use super::authorize::Deed;
use super::cursor::{List, listed, sorted};
use super::outside::rfc3339;
use super::reference::{Reference, State};
use super::site::{OpenSite, load_page};
use super::view::{At, BlockTypeLine, Listed, PageLine, Paging, Ready, Redirect};
use super::{Fault, Result, Service};
use crate::auth::Principal;
use crate::content::document::{Hash, Page, Root, Stamp, Stub};
use crate::content::id::PageId;
use crate::content::json::{canonical, write_string};
use crate::content::schema::{BlockType, nearest};
use crate::content::slug;

impl Service {
    /// The site config, the bare object.
    ///
    /// # Errors
    /// `SiteNotFound`, and those of refs.
    pub async fn config(&self, who: &Principal, site: &str, at: &At) -> Result<Ready> {
        let (_, state) = self.state(who, site, at).await?;
        Ok(Ready::of(canonical(&state.root().config)))
    }

    /// Redirects, by the address they lead away from.
    ///
    /// # Errors
    /// As `config`.
    pub async fn redirects(
        &self,
        who: &Principal,
        site: &str,
        at: &At,
        paging: &Paging,
    ) -> Result<Listed<Redirect>> {
        let (open, state) = self.state(who, site, at).await?;
        let redirects = &state.root().redirects;
        let names: Vec<&str> = redirects.keys().map(|from| &**from).collect();
        let item = |from: &str| {
            let (from, kept) = redirects.get_key_value(from)?;
            let status = kept["status"].as_u64().and_then(|status| u16::try_from(status).ok());
            let to = kept["to"].as_str().unwrap_or_default().to_owned();
            Some(Redirect { from: from.clone(), status: status.unwrap_or(308), to })
        };
        sorted(&open.list("redirects", at)?, &names, item, paging)
    }

    /// Pages in site order, the home page first.
    ///
    /// # Errors
    /// As `config`.
    pub async fn pages(
        &self,
        who: &Principal,
        site: &str,
        at: &At,
        paging: &Paging,
    ) -> Result<Listed<PageLine>> {
        let (open, state) = self.state(who, site, at).await?;
        let root = state.root();
        let home = root.by_slug("/");
        let rest = root.order.iter().filter(|id| Some(*id) != home);
        let names: Vec<&str> = home.into_iter().chain(rest).map(PageId::as_str).collect();
        let item = |name: &str| {
            let id = PageId::from(name);
            root.stub(&id).map(|stub| page_line(&id, stub))
        };
        listed(&open.list("pages", at)?, &names, item, paging)
    }

    /// A page by id or slug, whole.
    ///
    /// # Errors
    /// `PageNotFound`, and those of refs.
    pub async fn page(&self, who: &Principal, site: &str, at: &At, page: &str) -> Result<Ready> {
        if let Some(ready) = self.page_of_the_past(who, site, at, page).await? {
            return Ok(ready);
        }
        let (open, state) = self.state(who, site, at).await?;
        let root = state.root();
        let id = find(root, page)?;
        let stub = root.stub(&id).ok_or_else(|| Fault::PageNotFound(page.to_owned()))?;
        let key = (open.site.key, id, stub.stamp.version, stub.hash);
        if let Some(ready) = self.pages.get(&key) {
            return Ok(ready);
        }
        let body = match &stub.body {
            Some(body) => body.clone(),
            None => {
                let store = self.outside.store.as_ref();
                let loaded = load_page(store, &open.site, &key.1, stub.stamp.version, &root.types).await?;
                loaded.ok_or_else(|| Fault::Internal(format!("page {} has no body", key.1)))?
            }
        };
        let ready = Ready::of(page_json(&body, &stub.stamp, &stub.hash));
        self.pages.insert(key, ready.clone());
        Ok(ready)
    }

    /// Block types, built-in ones first.
    ///
    /// # Errors
    /// As `config`.
    pub async fn block_types(
        &self,
        who: &Principal,
        site: &str,
        at: &At,
        paging: &Paging,
    ) -> Result<Listed<BlockTypeLine>> {
        let (open, state) = self.state(who, site, at).await?;
        let types = &state.root().types;
        let names: Vec<&str> = types.names().collect();
        let item = |name: &str| type_line(types.get(name)?).ok();
        listed(&open.list("block types", at)?, &names, item, paging)
    }

    /// One block type: `{type, schema}`.
    ///
    /// # Errors
    /// `BlockTypeNotFound`, and those of refs.
    pub async fn block_type(&self, who: &Principal, site: &str, at: &At, name: &str) -> Result<Ready> {
        let (_, state) = self.state(who, site, at).await?;
        let types = &state.root().types;
        match types.get(name) {
            Some(found) => {
                let line = type_line(found).and_then(|line| serde_json::to_string(&line));
                Ok(Ready::of(line.map_err(|e| Fault::Internal(e.to_string()))?))
            }
            None => {
                let hint = nearest(name, types.names()).map(|near| format!("; did you mean '{near}'?"));
                Err(Fault::BlockTypeNotFound(format!(
                    "there is no block type '{name}'{}",
                    hint.unwrap_or_default()
                )))
            }
        }
    }

    /// An open site and the state that is asked for.
    pub(super) async fn state(
        &self,
        who: &Principal,
        site: &str,
        at: &At,
    ) -> Result<(std::sync::Arc<OpenSite>, State)> {
        let open = self.enter(who, site, Deed::Read).await?;
        let state = open.state(at).await?;
        Ok((open, state))
    }
}

impl OpenSite {
    /// A list of what a state holds. The site's number tells it from one that had its id before.
    fn list(&self, name: &str, at: &At) -> Result<List> {
        Ok(List::of(&[name, &self.site.key.0.to_string(), &Reference::of(at)?.to_string()]))
    }
}

/// The page of a state that an id or slug names. An address may leave out a slug's first slash.
pub(super) fn find(root: &Root, page: &str) -> Result<PageId> {
    let by_slug = |slug: &str| slug::normalise(slug).ok().and_then(|slug| root.by_slug(&slug).cloned());
    let id = match page.starts_with('/') {
        true => by_slug(page),
        false => Some(PageId::from(page))
            .filter(|id| root.stub(id).is_some())
            .or_else(|| by_slug(&format!("/{page}"))),
    };
    id.ok_or_else(|| {
        let slug = slug::normalise(&format!("/{}", page.trim_start_matches('/')));
        let redirect = slug.ok().and_then(|slug| root.redirects.get(&*slug));
        if let Some(to) = redirect.and_then(|redirect| redirect.get("to")?.as_str()) {
            return Fault::PageLedAway(page.to_owned(), to.to_owned());
        }
        let hint =
            nearest(page, root.slugs().map(|slug| &**slug)).map(|near| format!("; did you mean '{near}'?"));
        Fault::PageNotFound(format!("there is no page '{page}'{}", hint.unwrap_or_default()))
    })
}

/// A page's line in the list.
fn page_line(id: &PageId, stub: &Stub) -> PageLine {
    PageLine {
        block_count: stub.blocks,
        hash: stub.hash.to_string(),
        id: id.clone(),
        slug: stub.slug.clone(),
        title: stub.title.clone(),
        updated_at: rfc3339(stub.stamp.at_ms),
        updated_by: stub.stamp.who.clone(),
        version: stub.stamp.version,
    }
}

/// The page as it is served: its content, and who changed it last.
fn page_json(page: &Page, stamp: &Stamp, hash: &Hash) -> String {
    let mut more = format!(",\"version\":{},\"hash\":\"{hash}\",\"updatedAt\":", stamp.version);
    write_string(&rfc3339(stamp.at_ms), &mut more);
    more.push_str(",\"updatedBy\":");
    write_string(&stamp.who, &mut more);
    page.to_json(&more)
}

/// A block type with its schema as published, byte for byte.
fn type_line(kind: &BlockType) -> serde_json::Result<BlockTypeLine> {
    let schema = RawValue::from_string(kind.schema_json().trim_end().to_owned())?;
    Ok(BlockTypeLine { name: kind.name().to_owned(), schema })
}
