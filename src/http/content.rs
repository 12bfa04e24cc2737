//! What a site holds at a ref: config, redirects, pages, block types.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};

use super::Shared;
use super::api::{About, Either, Group, Seen};
use super::caller::Caller;
use super::query::{Asked, AtQuery, ListQuery, PagesQuery, Place};
use super::reply::{Reply, read, ready};
use crate::content::problem::Code;
use crate::error::{self, Kind, kind_of};
use crate::service::{Blame, BlockTypeLine, Listed, Page, PageLine, Redirect, Scope, SiteConfig};

pub(super) const CONFIG: About = About {
    id: "get_config",
    title: "Read the config of a site",
    text: "What is true of the whole site: its name, its voice, its navigation, its look. The bare object, as `update_site_config` patches it.",
    group: Group::Content,
    scope: Some(Scope::Read),
    refusals: of_a_state,
    address: "/sites/demo/config",
    body: "",
    answer: include_str!("../../docs/examples/get_config.json"),
};

pub(super) const REDIRECTS: About = About {
    id: "list_redirects",
    title: "List redirects",
    text: "Addresses that lead elsewhere, those included that a renamed page left behind.",
    group: Group::Content,
    scope: Some(Scope::Read),
    refusals: of_a_state,
    address: "/sites/demo/redirects",
    body: "",
    answer: include_str!("../../docs/examples/list_redirects.json"),
};

pub(super) const PAGES: About = About {
    id: "list_pages",
    title: "List pages, or read the one at an address",
    text: "In the order of the site, the home page first. With `slug` it is not a list: the page of that address, whole, as `get_page` answers it.",
    group: Group::Content,
    scope: Some(Scope::Read),
    refusals: of_a_page,
    address: "/sites/demo/pages?limit=3",
    body: "",
    answer: include_str!("../../docs/examples/list_pages.json"),
};

pub(super) const PAGE: About = About {
    id: "get_page",
    title: "Read a page",
    text: "The whole page: its blocks in order, each with its props and what lies in its slots. `version` is the last commit that touched it, `hash` the hash of its \
           content (`ifMatch` of `POST /ops` takes it).\n\nWith `ref=main@42` it is the page as it was then.",
    group: Group::Content,
    scope: Some(Scope::Read),
    refusals: of_a_page,
    address: "/sites/demo/pages/%2F",
    body: "",
    answer: include_str!("../../docs/examples/get_page.json"),
};

pub(super) const BLAME: About = About {
    id: "get_page_blame",
    title: "Who wrote what on a page",
    text: "For every field of the page and of its blocks, the version of the commit that wrote its present value; `commits` says of each who made it, when and through which door. \
           Undo, redo and restore write as an edit does. With `ref=main@42`: as it was then.\n\n\
           A page whose own slug ends in `/blame` is read with that slash encoded: `…/pages/guides%2Fblame`.",
    group: Group::History,
    scope: Some(Scope::Read),
    refusals: of_a_page,
    address: "/sites/demo/pages/%2Fcontact/blame",
    body: "",
    answer: include_str!("../../docs/examples/get_page_blame.json"),
};

pub(super) const BLOCK_TYPES: About = About {
    id: "list_block_types",
    title: "List block types",
    text: "What blocks there can be, built-in ones first, each with the JSON Schema (draft 2020-12) that every block of the type is held to: what is published is what is enforced.",
    group: Group::Content,
    scope: Some(Scope::Read),
    refusals: of_a_state,
    address: "/sites/demo/block-types?limit=2",
    body: "",
    answer: include_str!("../../docs/examples/list_block_types.json"),
};

pub(super) const BLOCK_TYPE: About = About {
    id: "get_block_type",
    title: "Read a block type",
    text: "Its name and its schema. `x-osier` in it says how an editor shows each field: label, widget, slots, what images it takes.",
    group: Group::Content,
    scope: Some(Scope::Read),
    refusals: || {
        let mut kinds = of_a_state();
        kinds.push(error::BLOCK_TYPE_NOT_FOUND);
        kinds
    },
    address: "/sites/demo/block-types/Hero",
    body: "",
    answer: include_str!("../../docs/examples/get_block_type.json"),
};

/// How the reading of a state can fail.
fn of_a_state() -> Vec<Kind> {
    vec![
        error::SITE_NOT_FOUND,
        error::BRANCH_NOT_FOUND,
        kind_of(Code::VersionNotFound),
        kind_of(Code::SnapshotNotFound),
    ]
}

/// And of a page in it.
fn of_a_page() -> Vec<Kind> {
    let mut kinds = of_a_state();
    kinds.push(kind_of(Code::PageNotFound));
    kinds
}

/// `GET /sites/{site}/config`: the bare object.
pub(super) async fn config(
    State(service): State<Shared>,
    who: Caller,
    Place(site): Place<String>,
    Asked(query): Asked<AtQuery>,
    headers: HeaderMap,
) -> Reply<Seen<SiteConfig>> {
    ready(&headers, service.config(&who, &site, &query.at()?).await?)
}

/// `GET /sites/{site}/redirects`
pub(super) async fn redirects(
    State(service): State<Shared>,
    who: Caller,
    Place(site): Place<String>,
    Asked(query): Asked<ListQuery>,
    headers: HeaderMap,
) -> Reply<Seen<Listed<Redirect>>> {
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
) -> Reply<Seen<Either<Listed<PageLine>, Page>>> {
    let (at, paging, slug) = query.parts()?;
    match slug {
        Some(slug) => ready(&headers, service.page(&who, &site, &at, &slug).await?),
        None => Ok(read(&headers, &service.pages(&who, &site, &at, &paging).await?)?.among()),
    }
}

/// `GET /sites/{site}/pages/{page}`: by id, or by slug, its slashes encoded or not. This route, which takes slugs with
/// slashes as they are, has to take the addresses of `blame` too.
pub(super) async fn page(
    State(service): State<Shared>,
    who: Caller,
    Place((site, page)): Place<(String, String)>,
    Asked(query): Asked<AtQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Reply<Seen<Page>> {
    if let Some(page) = blamed(&uri, &page) {
        let place = Place((site, page.to_owned()));
        return Ok(blame(State(service), who, place, Asked(query), headers).await?.among());
    }
    let at = query.at()?;
    ready(&headers, service.page(&who, &site, &at, &page).await?)
}

/// `GET /sites/{site}/pages/{page}/blame`
pub(super) async fn blame(
    State(service): State<Shared>,
    who: Caller,
    Place((site, page)): Place<(String, String)>,
    Asked(query): Asked<AtQuery>,
    headers: HeaderMap,
) -> Reply<Seen<Blame>> {
    let at = query.at()?;
    ready(&headers, service.blame(&who, &site, &at, &page).await?)
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
) -> Reply<Seen<Listed<BlockTypeLine>>> {
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
) -> Reply<Seen<BlockTypeLine>> {
    ready(&headers, service.block_type(&who, &site, &query.at()?, &name).await?)
}
