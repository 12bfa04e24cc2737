//! The registry of sites.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::Shared;
use super::body::Sent;
use super::caller::Caller;
use super::query::{Asked, Nothing, PagingQuery, Place};
use super::reply::{Reply, read, written};
use crate::error::Failure;
use crate::service::{Fault, Made};

/// `GET /sites`: those the caller may see.
pub(super) async fn list(
    State(service): State<Shared>,
    who: Caller,
    Asked(query): Asked<PagingQuery>,
    headers: HeaderMap,
) -> Reply {
    let listed = service.sites(&who, &query.paging()?).await?;
    read(&headers, &listed)
}

/// `POST /sites` with `{id, name?, previewUrl?, purpose?, …}`: 201, or 200 with `unchanged` where it is there already.
pub(super) async fn create(
    State(service): State<Shared>,
    who: Caller,
    Asked(Nothing {}): Asked<Nothing>,
    Sent { value, .. }: Sent,
) -> Reply {
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
    let (card, made) = service.create_site(&who, &id, fields).await?;
    let location = HeaderValue::try_from(format!("/sites/{}", card.id));
    let location = location.map_err(|e| Fault::Internal(format!("the address of site {}: {e}", card.id)))?;
    let mut response = match made {
        Made::New => written(StatusCode::CREATED, &card)?,
        Made::Unchanged => written(StatusCode::OK, &unchanged(&card)?)?,
    };
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// `GET /sites/{site}`
pub(super) async fn show(
    State(service): State<Shared>,
    who: Caller,
    Place(site): Place<String>,
    Asked(Nothing {}): Asked<Nothing>,
    headers: HeaderMap,
) -> Reply {
    let card = service.site(&who, &site).await?;
    read(&headers, &card)
}

/// `PATCH /sites/{site}`: a merge patch on what its config says.
pub(super) async fn update(
    State(service): State<Shared>,
    who: Caller,
    Place(site): Place<String>,
    Asked(Nothing {}): Asked<Nothing>,
    Sent { value, .. }: Sent,
) -> Reply {
    let card = service.update_site(&who, &site, object(value)?).await?;
    written(StatusCode::OK, &card)
}

/// `DELETE /sites/{site}`
pub(super) async fn remove(
    State(service): State<Shared>,
    who: Caller,
    Place(site): Place<String>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Response, Failure> {
    service.remove_site(&who, &site).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
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

fn unchanged(card: &impl serde::Serialize) -> Result<Value, Fault> {
    let mut value =
        serde_json::to_value(card).map_err(|e| Fault::Internal(format!("a site as JSON: {e}")))?;
    value["unchanged"] = json!(true);
    Ok(value)
}
