//! Reading a state: config, redirects, pages, block types.

use bytes::Bytes;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::outside::rfc3339;
use super::reference::State;
use super::site::{OpenSite, load_page};
use super::view::{At, Listed, Paging, Ready};
use super::{Fault, Result, Service, authorize};
use crate::auth::{Principal, Scope};
use crate::content::document::{Page, Root, Stub};
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
        Ok(ready(canonical(&state.root().config)))
    }

    /// Redirects, by the address they lead away from: `{from, to, status}`.
    ///
    /// # Errors
    /// As `config`.
    pub async fn redirects(
        &self,
        who: &Principal,
        site: &str,
        at: &At,
        paging: &Paging,
    ) -> Result<Listed<Value>> {
        let (_, state) = self.state(who, site, at).await?;
        let all = state.root().redirects.iter().map(|(from, kept)| {
            let redirect = json!({ "from": &**from, "to": kept["to"], "status": kept["status"] });
            (from.to_string(), redirect)
        });
        Ok(listed(all, paging))
    }

    /// Pages in site order, the home page first: `{id, slug, title, blockCount, hash, version, updatedAt, updatedBy}`.
    ///
    /// # Errors
    /// As `config`.
    pub async fn pages(
        &self,
        who: &Principal,
        site: &str,
        at: &At,
        paging: &Paging,
    ) -> Result<Listed<Value>> {
        let (_, state) = self.state(who, site, at).await?;
        let root = state.root();
        let home = root.by_slug("/");
        let rest = root.order.iter().filter(|id| Some(*id) != home);
        let all = home.into_iter().chain(rest).filter_map(|id| {
            let stub = root.stub(id)?;
            Some((
                id.to_string(),
                json!({
                    "id": id,
                    "slug": &*stub.slug,
                    "title": &*stub.title,
                    "blockCount": stub.blocks,
                    "hash": stub.hash.to_string(),
                    "version": stub.stamp.version,
                    "updatedAt": rfc3339(stub.stamp.at_ms),
                    "updatedBy": &*stub.stamp.who,
                }),
            ))
        });
        Ok(listed(all, paging))
    }

    /// A page by id or slug, whole.
    ///
    /// # Errors
    /// `PageNotFound`, and those of refs.
    pub async fn page(&self, who: &Principal, site: &str, at: &At, page: &str) -> Result<Ready> {
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
        let ready = ready(page_json(&body, stub));
        self.pages.insert(key, ready.clone());
        Ok(ready)
    }

    /// Block types: `{type, schema}`, built-in ones first.
    ///
    /// # Errors
    /// As `config`.
    pub async fn block_types(
        &self,
        who: &Principal,
        site: &str,
        at: &At,
        paging: &Paging,
    ) -> Result<Listed<Box<RawValue>>> {
        let (_, state) = self.state(who, site, at).await?;
        let types = &state.root().types;
        let all = types.names().filter_map(|name| {
            let json = RawValue::from_string(type_json(types.get(name)?)).ok()?;
            Some((name.to_owned(), json))
        });
        Ok(listed(all, paging))
    }

    /// One block type: `{type, schema}`.
    ///
    /// # Errors
    /// `BlockTypeNotFound`, and those of refs.
    pub async fn block_type(&self, who: &Principal, site: &str, at: &At, name: &str) -> Result<Ready> {
        let (_, state) = self.state(who, site, at).await?;
        let types = &state.root().types;
        match types.get(name) {
            Some(found) => Ok(ready(type_json(found))),
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
        authorize::on_site(who, Scope::Read, site)?;
        let open = self.open(site).await?;
        let state = open.state(at).await?;
        Ok((open, state))
    }
}

/// The page of a state that an id or slug names.
pub(super) fn find(root: &Root, page: &str) -> Result<PageId> {
    let id = match page.starts_with('/') {
        true => slug::normalise(page).ok().and_then(|slug| root.by_slug(&slug).cloned()),
        false => Some(PageId::from(page)).filter(|id| root.stub(id).is_some()),
    };
    id.ok_or_else(|| {
        let hint =
            nearest(page, root.slugs().map(|slug| &**slug)).map(|near| format!("; did you mean '{near}'?"));
        Fault::PageNotFound(format!("there is no page '{page}'{}", hint.unwrap_or_default()))
    })
}

/// The page as it is served: its content, and who changed it last.
fn page_json(page: &Page, stub: &Stub) -> String {
    let mut more = format!(",\"version\":{},\"hash\":\"{}\",\"updatedAt\":", stub.stamp.version, stub.hash);
    write_string(&rfc3339(stub.stamp.at_ms), &mut more);
    more.push_str(",\"updatedBy\":");
    write_string(&stub.stamp.who, &mut more);
    page.to_json(&more)
}

fn type_json(kind: &BlockType) -> String {
    let mut out = String::from("{\"type\":");
    write_string(kind.name(), &mut out);
    out.push_str(",\"schema\":");
    out.push_str(kind.schema_json().trim_end());
    out.push('}');
    out
}

/// Bytes with the tag they go by.
pub(super) fn ready(json: String) -> Ready {
    let hash = blake3::hash(json.as_bytes());
    let tag = data_encoding::BASE64URL_NOPAD.encode(&hash.as_bytes()[..15]);
    Ready { bytes: Bytes::from(json), etag: format!("\"{tag}\"").into() }
}

/// One page of a list whose items go by names: those behind the name that the cursor is.
pub(super) fn listed<T>(all: impl Iterator<Item = (String, T)>, paging: &Paging) -> Listed<T> {
    let mut passed = paging.cursor.is_none();
    let mut rest = all.skip_while(move |(name, _)| {
        let skip = !passed;
        passed = passed || paging.cursor.as_deref() == Some(name);
        skip
    });
    let mut items = Vec::new();
    let mut last = None;
    for (name, item) in rest.by_ref().take(paging.limit) {
        items.push(item);
        last = Some(name);
    }
    let next_cursor = last.filter(|_| rest.next().is_some());
    Listed { items, next_cursor }
}
