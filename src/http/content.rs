//! What a site holds at a ref: config, redirects, pages, block types.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};

use super::Shared;
use super::caller::Caller;
use super::query::{Asked, AtQuery, ListQuery, PagesQuery, Place};
use super::reply::{Reply, read, ready};
use crate::service::Fault;

/// `GET /sites/{site}/config`: the bare object.
pub(super) async fn config(
    State(service): State<Shared>,
    who: Caller,
    Place(site): Place<String>,
    Asked(query): Asked<AtQuery>,
    headers: HeaderMap,
) -> Reply {
    ready(&headers, service.config(&who, &site, &query.at()?).await?)
}

/// `GET /sites/{site}/redirects`
pub(super) async fn redirects(
    State(service): State<Shared>,
    who: Caller,
    Place(site): Place<String>,
    Asked(query): Asked<ListQuery>,
    headers: HeaderMap,
) -> Reply {
    let (at, paging) = query.parts()?;
    read(&headers, &service.redirects(&who, &site, &at, &paging).await?)
}

/// `GET /sites/{site}/pages`, or with `?slug=` the page of that address, whole.
pub(super) async fn pages(
    State(service): State<Shared>,
    who: Caller,
    Place(site): Place<String>,
    Asked(query): Asked<PagesQuery>,
    headers: HeaderMap,
) -> Reply {
    let (at, paging, slug) = query.parts()?;
    match slug {
        Some(slug) => ready(&headers, service.page(&who, &site, &at, &from_root(&slug)).await?),
        None => read(&headers, &service.pages(&who, &site, &at, &paging).await?),
    }
}

/// `GET /sites/{site}/pages/{page}`: by id, or by slug, its slashes encoded or not. And, since a slug may come with its
/// slashes as they are, `GET /sites/{site}/pages/{page}/blame` too.
pub(super) async fn page(
    State(service): State<Shared>,
    who: Caller,
    Place((site, page)): Place<(String, String)>,
    Asked(query): Asked<AtQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Reply {
    let at = query.at()?;
    if let Some(page) = blamed(&uri, &page) {
        let found = match service.blame(&who, &site, &at, page).await {
            Err(Fault::PageNotFound(_)) if !page.starts_with('/') => {
                service.blame(&who, &site, &at, &from_root(page)).await
            }
            found => found,
        };
        return read(&headers, &found?);
    }
    let found = match service.page(&who, &site, &at, &page).await {
        Err(Fault::PageNotFound(_)) if !page.starts_with('/') => {
            service.page(&who, &site, &at, &from_root(&page)).await
        }
        found => found,
    };
    ready(&headers, found?)
}

/// The page whose blame is asked for: what stands before a last segment `blame`. It is the address alone that decides, not
/// which pages there are: a page whose own slug ends so is read with that slash encoded, `…/pages/guides%2Fblame`.
fn blamed<'p>(uri: &Uri, page: &'p str) -> Option<&'p str> {
    let ends_so = uri.path().ends_with("/blame");
    page.strip_suffix("/blame").filter(|page| ends_so && !page.is_empty())
}

/// `GET /sites/{site}/block-types`
pub(super) async fn block_types(
    State(service): State<Shared>,
    who: Caller,
    Place(site): Place<String>,
    Asked(query): Asked<ListQuery>,
    headers: HeaderMap,
) -> Reply {
    let (at, paging) = query.parts()?;
    read(&headers, &service.block_types(&who, &site, &at, &paging).await?)
}

/// `GET /sites/{site}/block-types/{type}`
pub(super) async fn block_type(
    State(service): State<Shared>,
    who: Caller,
    Place((site, name)): Place<(String, String)>,
    Asked(query): Asked<AtQuery>,
    headers: HeaderMap,
) -> Reply {
    ready(&headers, service.block_type(&who, &site, &query.at()?, &name).await?)
}

/// A slug as it is kept begins with a slash.
fn from_root(slug: &str) -> String {
    if slug.starts_with('/') { slug.to_owned() } else { format!("/{slug}") }
}
