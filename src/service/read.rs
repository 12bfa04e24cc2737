//! Reading a state: config, redirects, pages, block types.

mod past;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::authorize::Deed;
use super::outside::rfc3339;
use super::reference::State;
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
        Ok(ready(canonical(&state.root().config)))
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
        let (_, state) = self.state(who, site, at).await?;
        let redirects = &state.root().redirects;
        let names: Vec<&str> = redirects.keys().map(|from| &**from).collect();
        let item = |from: &str| {
            let (from, kept) = redirects.get_key_value(from)?;
            let status = kept["status"].as_u64().and_then(|status| u16::try_from(status).ok());
            let to = kept["to"].as_str().unwrap_or_default().to_owned();
            Some(Redirect { from: from.clone(), status: status.unwrap_or(308), to })
        };
        listed(&names, item, paging)
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
        let (_, state) = self.state(who, site, at).await?;
        let root = state.root();
        let home = root.by_slug("/");
        let rest = root.order.iter().filter(|id| Some(*id) != home);
        let names: Vec<&str> = home.into_iter().chain(rest).map(PageId::as_str).collect();
        let item = |name: &str| {
            let id = PageId::from(name);
            root.stub(&id).map(|stub| page_line(&id, stub))
        };
        listed(&names, item, paging)
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
        let ready = ready(page_json(&body, &stub.stamp, &stub.hash));
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
        let (_, state) = self.state(who, site, at).await?;
        let types = &state.root().types;
        let names: Vec<&str> = types.names().collect();
        let item = |name: &str| type_line(types.get(name)?).ok();
        listed(&names, item, paging)
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
                Ok(ready(line.map_err(|e| Fault::Internal(e.to_string()))?))
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

/// Bytes with the tag they go by.
pub(super) fn ready(mut json: String) -> Ready {
    // It is kept: what it grew beyond its text would be kept with it.
    json.shrink_to_fit();
    let hash = blake3::hash(json.as_bytes());
    let tag = data_encoding::BASE64URL_NOPAD.encode(&hash.as_bytes()[..15]);
    Ready { bytes: Bytes::from(json), etag: format!("\"{tag}\"").into() }
}

/// One page of a list whose items go by names. The cursor holds the last name and its place: where the item is gone by
/// then, the list goes on at the place, so that nothing behind it is passed over.
///
/// # Errors
/// `Malformed` for a cursor that no such list gave.
pub(super) fn listed<T>(
    names: &[&str],
    item: impl Fn(&str) -> Option<T>,
    paging: &Paging,
) -> Result<Listed<T>> {
    let start = match &paging.cursor {
        None => 0,
        Some(cursor) => {
            let (place, name) = read_cursor(cursor)
                .ok_or_else(|| Fault::Malformed("cursor".into(), "this is no cursor of this list".into()))?;
            names.iter().position(|there| *there == name).map_or(place.min(names.len()), |at| at + 1)
        }
    };
    let end = names.len().min(start.saturating_add(paging.limit));
    let items = names[start..end].iter().filter_map(|name| item(name)).collect();
    let last = end.checked_sub(1).filter(|_| end < names.len());
    Ok(Listed { items, next_cursor: last.map(|last| write_cursor(last, names[last])) })
}

fn write_cursor(place: usize, name: &str) -> String {
    data_encoding::BASE64URL_NOPAD.encode(format!("{place}.{name}").as_bytes())
}

fn read_cursor(cursor: &str) -> Option<(usize, String)> {
    let bytes = data_encoding::BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (place, name) = text.split_once('.')?;
    Some((place.parse().ok()?, name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str], limit: usize, cursor: Option<String>) -> Listed<String> {
        listed(names, |name| Some(name.to_owned()), &Paging { limit, cursor }).unwrap()
    }

    #[test]
    fn a_list_goes_on_where_it_stopped_though_items_came_and_went() {
        let first = names(&["a", "b", "c", "d"], 2, None);
        assert_eq!(first.items, ["a", "b"]);
        let next = first.next_cursor.clone();
        assert_eq!(names(&["a", "b", "c", "d"], 2, next.clone()).next_cursor, None);
        assert_eq!(names(&["new", "a", "b", "c"], 9, next.clone()).items, ["c"]);
        assert_eq!(names(&["a", "c", "d"], 9, next).items, ["c", "d"], "b is gone, c is not passed over");
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        for cursor in ["", "v12", "????", "YQ"] {
            let paging = Paging { limit: 1, cursor: Some(cursor.into()) };
            assert!(listed(&["a"], |_| Some(()), &paging).is_err(), "{cursor}");
        }
    }
}
