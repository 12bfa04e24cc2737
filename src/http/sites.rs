//! The registry of sites.

mod sent;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Map, Value};

use super::Shared;
use super::api::{self, About, Answered, Fresh, Group, NoContent, Seen};
use super::body::Sent;
use super::caller::Caller;
use super::key::Key;
use super::query::{Asked, AtQuery, Nothing, PagingQuery, Place};
use super::reply::{Reply, fresh, read, written};
use crate::content::problem::Code;
use crate::error::{self, Failure, kind_of};
use crate::service::{Fault, Listed, Made, Repeatable, Scope, SiteCard};
use sent::{NewSite, SitePatch, Unchanged};

pub(super) const LIST: About = About {
    id: "list_sites",
    title: "List sites",
    text: "Those the token may see, by id.",
    group: Group::Sites,
    scope: Some(Scope::Read),
    refusals: Vec::new,
    address: "/sites",
    body: "",
    answer: include_str!("../../docs/examples/list_sites.json"),
};

pub(super) const CREATE: About = About {
    id: "create_site",
    title: "Make a site",
    text: "Of `id` and whatever its config is to begin with. The id is normalised (`\" My Site! \"` is `my-site`). The same site again, with equal content, is left as it is and answered \
           with `unchanged`. A new site has no pages and is at version 0.\n\nWith the header `Idempotency-Key` the same request may be sent again and again: it happens once, and \
           each time the first answer comes, also when the site was changed or taken away since.",
    group: Group::Sites,
    scope: Some(Scope::Admin),
    refusals: || {
        let codes = [Code::IdTaken, Code::SchemaViolation, Code::UnknownProp];
        let mut kinds: Vec<_> = codes.into_iter().map(kind_of).collect();
        kinds.extend([error::SITE_NOT_FOUND, error::BRANCH_PROTECTED]);
        kinds
    },
    address: "/sites",
    body: r#"{"id": "my-site", "name": "My site", "purpose": "To try things out"}"#,
    answer: include_str!("../../docs/examples/create_site.json"),
};

pub(super) const SHOW: About = About {
    id: "get_site",
    title: "Read what a site says of itself",
    text: "Its id, and its config: of `main`, or of the state that is asked for.",
    group: Group::Sites,
    scope: Some(Scope::Read),
    refusals: || {
        vec![
            error::SITE_NOT_FOUND,
            error::BRANCH_NOT_FOUND,
            kind_of(Code::VersionNotFound),
            kind_of(Code::SnapshotNotFound),
        ]
    },
    address: "/sites/demo",
    body: "",
    answer: include_str!("../../docs/examples/get_site.json"),
};

pub(super) const UPDATE: About = About {
    id: "update_site",
    title: "Change what a site says of itself",
    text: "A merge patch (RFC 7396) on its config. It is the op `update_site_config`: a commit on `main` like any other, which can be undone.",
    group: Group::Sites,
    scope: Some(Scope::Write),
    refusals: || {
        let codes = [Code::SchemaViolation, Code::UnknownProp];
        let mut kinds: Vec<_> = codes.into_iter().map(kind_of).collect();
        kinds.extend([error::SITE_NOT_FOUND, error::BRANCH_PROTECTED]);
        kinds
    },
    address: "/sites/demo",
    body: r#"{"tone": "Warm, plain, no exclamation marks"}"#,
    answer: include_str!("../../docs/examples/update_site.json"),
};

pub(super) const REMOVE: About = About {
    id: "remove_site",
    title: "Take a site away",
    text: "Its id is free at once. Its log stays in the store, under no name.",
    group: Group::Sites,
    scope: Some(Scope::Admin),
    refusals: || vec![error::SITE_NOT_FOUND, error::BRANCH_PROTECTED, error::STORE_FULL],
    address: "/sites/gone",
    body: "",
    answer: "",
};

/// `GET /sites`: those the caller may see.
pub(super) async fn list(
    State(service): State<Shared>,
    who: Caller,
    Asked(query): Asked<PagingQuery>,
    headers: HeaderMap,
) -> Reply<Seen<Listed<SiteCard>>> {
    let listed = service.sites(&who, &query.paging()?).await?;
    read(&headers, &listed)
}

/// `POST /sites` with `{id, name?, previewUrl?, purpose?, …}`: 201, or 200 with `unchanged` where it is there already.
pub(super) async fn create(
    State(service): State<Shared>,
    who: Caller,
    Asked(Nothing {}): Asked<Nothing>,
    Key(key): Key,
    Sent { bytes, value, .. }: Sent<NewSite>,
) -> Reply<api::Created<SiteCard, Unchanged>> {
    let once = key.as_ref().map(|key| Repeatable { key, request: &bytes });
    let mut fields = object(value)?;
    let id = match fields.remove("id") {
        Some(Value::String(id)) => id,
        Some(_) => return Err(Failure::malformed("/id", "`id` is text, as in \"my-site\"")),
        None => {
            return Err(Failure::malformed(
                "/id",
                "`id` is missing: the site's name in addresses, as in \"my-site\"",
            ));
        }
    };
    let (card, made) = match once {
        Some(once) => service.create_site_once(&who, &id, fields, once).await?,
        None => service.create_site(&who, &id, fields).await?,
    };
    let location = HeaderValue::try_from(format!("/sites/{}", card.id));
    let location = location.map_err(|e| Fault::Internal(format!("the address of site {}: {e}", card.id)))?;
    let mut response = match made {
        Made::New => written(StatusCode::CREATED, &card)?,
        Made::Unchanged => written(StatusCode::OK, &Unchanged { card, unchanged: true })?,
    };
    response.headers_mut().insert(header::LOCATION, location);
    Ok(Answered::new(response))
}

/// `GET /sites/{site}`
pub(super) async fn show(
    State(service): State<Shared>,
    who: Caller,
    Place(site): Place<String>,
    Asked(query): Asked<AtQuery>,
    headers: HeaderMap,
) -> Reply<Seen<SiteCard>> {
    let card = service.site(&who, &site, &query.at()?).await?;
    read(&headers, &card)
}

/// `PATCH /sites/{site}`: a merge patch on what its config says.
pub(super) async fn update(
    State(service): State<Shared>,
    who: Caller,
    Place(site): Place<String>,
    Asked(Nothing {}): Asked<Nothing>,
    Sent { value, .. }: Sent<SitePatch>,
) -> Reply<Fresh<SiteCard>> {
    fresh(&service.update_site(&who, &site, object(value)?).await?)
}

/// `DELETE /sites/{site}`
pub(super) async fn remove(
    State(service): State<Shared>,
    who: Caller,
    Place(site): Place<String>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Reply<NoContent> {
    service.remove_site(&who, &site).await?;
    Ok(Answered::new(StatusCode::NO_CONTENT.into_response()))
}

fn object(value: Value) -> Result<Map<String, Value>, Failure> {
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(Failure::malformed(
            "",
            "the body is an object, as in {\"id\": \"my-site\", \"name\": \"My site\"}",
        )),
    }
}
