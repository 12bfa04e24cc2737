//! The protected resource metadata (RFC 9728): how a client that was refused learns which tokens this server takes.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::api::{About, Asks, Fresh, Group};
use super::front::{PublicUrl, authority};
use super::reply::{Reply, fresh};
use crate::service::Scope;

/// Where it stands.
pub(super) const PATH: &str = "/.well-known/oauth-protected-resource";

pub(super) const SHOW: About = About {
    id: "protected_resource",
    title: "Which tokens this server takes",
    text: "The protected resource metadata (RFC 9728), which the challenge of every 401 names.",
    group: Group::Server,
    scope: None,
    refusals: Vec::new,
    address: PATH,
    body: "",
    answer: include_str!("../../docs/examples/protected_resource.json"),
};

/// The protected resource metadata.
#[derive(Serialize, JsonSchema)]
pub(super) struct Metadata {
    /// This server, as the caller addresses it.
    resource: String,
    resource_name: &'static str,
    /// Where a token is put: in the header `Authorization`.
    bearer_methods_supported: [&'static str; 1],
    /// Least first.
    scopes_supported: [&'static str; 6],
}

/// `GET /.well-known/oauth-protected-resource`: what is asked for, and where it is put. Nobody needs a token to ask.
pub(super) async fn show(Here(origin): Here) -> Reply<Fresh<Metadata>> {
    fresh(&Metadata {
        resource: origin,
        resource_name: "Osier",
        bearer_methods_supported: ["header"],
        scopes_supported: Scope::ALL.map(Scope::as_str),
    })
}

/// The answer with the address of the metadata in its challenge, if it has one.
pub(super) fn named(request: &Parts, mut response: Response) -> Response {
    let challenge = response.headers().get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    let named = challenge
        .map(|challenge| format!(r#"{challenge}, resource_metadata="{}{PATH}""#, origin(request)))
        .and_then(|challenge| HeaderValue::try_from(challenge).ok());
    if let Some(named) = named {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, named);
    }
    response
}

/// The origin of this server: `https://cms.example.org`.
pub(super) struct Here(String);

impl Asks for Here {}

impl<S: Sync> FromRequestParts<S> for Here {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Here(origin(parts)))
    }
}

/// The public URL if there is one; else this server as the caller, or the proxy before us, addresses it; nothing where
/// that is no plain name.
fn origin(request: &Parts) -> String {
    if let Some(PublicUrl(url)) = request.extensions.get() {
        return url.to_string();
    }
    let authority = authority(&request.headers, &request.uri, request.version).ok().flatten();
    let is_encrypted = request.headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    let scheme = if is_encrypted { "https" } else { "http" };
    authority.map_or_else(String::new, |authority| format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, pairs: &[(&str, &str)]) -> Parts {
        let request = axum::http::Request::get(target);
        let request = pairs.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn the_address_is_the_one_the_caller_used() {
        assert_eq!(origin(&request("/", &[("host", "127.0.0.1:4200")])), "http://127.0.0.1:4200");
        assert_eq!(origin(&request("http://127.0.0.1:4200/", &[])), "http://127.0.0.1:4200");
        let proxied = [("host", "cms.example.org"), ("x-forwarded-proto", "https")];
        assert_eq!(origin(&request("/", &proxied)), "https://cms.example.org");
        for host in ["", "a\"b", "a b"] {
            assert_eq!(origin(&request("/", &[("host", host)])), "");
        }
    }

    #[test]
    fn the_public_url_is_the_address_whatever_the_caller_says() {
        let mut request = request("http://evil.example/", &[("host", "evil.example")]);
        let url = "https://cms.example.org".parse().unwrap();
        request.extensions.insert(PublicUrl(std::sync::Arc::new(url)));
        assert_eq!(origin(&request), "https://cms.example.org");
    }

    #[test]
    fn a_challenge_names_the_metadata_and_another_answer_is_left_as_it_is() {
        let request = request("/", &[("host", "h")]);
        let mut refused = Response::default();
        refused
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"osier\""));
        let challenge = named(&request, refused).headers()[header::WWW_AUTHENTICATE].clone();
        let wanted =
            "Bearer realm=\"osier\", resource_metadata=\"http://h/.well-known/oauth-protected-resource\"";
        assert_eq!(challenge, wanted);
        assert!(named(&request, Response::default()).headers().is_empty());
    }
}
