//! The protected resource metadata (RFC 9728): how a client that was refused learns which tokens this server takes.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::api::{About, Changed, Group};
use super::reply::{Reply, changed};
use crate::auth::Scope;

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
pub(super) async fn show(headers: HeaderMap) -> Reply<Changed<Metadata>> {
    changed(&Metadata {
        resource: origin(&headers),
        resource_name: "Osier",
        bearer_methods_supported: ["header"],
        scopes_supported: Scope::ALL.map(Scope::as_str),
    })
}

/// The answer with the address of the metadata in its challenge, if it has one.
pub(super) fn named(request: &HeaderMap, mut response: Response) -> Response {
    let challenge = response.headers().get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    let named = challenge
        .map(|challenge| format!(r#"{challenge}, resource_metadata="{}{PATH}""#, origin(request)))
        .and_then(|challenge| HeaderValue::try_from(challenge).ok());
    if let Some(named) = named {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, named);
    }
    response
}

/// This server as the caller, or the proxy before us, addresses it; nothing where a host has no plain name.
fn origin(headers: &HeaderMap) -> String {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]_".contains(c);
    let host = text("host").filter(|host| !host.is_empty() && host.chars().all(plain));
    let scheme = if text("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    host.map_or_else(String::new, |host| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_address_is_the_one_the_caller_used() {
        assert_eq!(origin(&headers(&[("host", "127.0.0.1:4200")])), "http://127.0.0.1:4200");
        let proxied = headers(&[("host", "cms.example.org"), ("x-forwarded-proto", "https")]);
        assert_eq!(origin(&proxied), "https://cms.example.org");
        for host in ["", "a\"b", "a b"] {
            assert_eq!(origin(&headers(&[("host", host)])), "");
        }
    }

    #[test]
    fn a_challenge_names_the_metadata_and_another_answer_is_left_as_it_is() {
        let request = headers(&[("host", "h")]);
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
