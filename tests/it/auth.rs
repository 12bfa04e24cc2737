//! Who may do what, for every route.

use osier::auth::Scope;
use osier::service::{MadeToken, NewToken, Principal};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answered, SITE, Server, answered, heading};

/// Every route that asks for a token, with a body it takes, and the scope it needs.
fn routes() -> Vec<(&'static str, Method, String, Option<Value>, Scope)> {
    use Scope::{Admin, Read, Write};
    let get = |route, path: &str, scope| (route, Method::GET, path.to_owned(), None, scope);
    let ops = json!({"site": SITE, "dryRun": true, "ops": [heading("a", "x")]});
    vec![
        ("/ops", Method::POST, "/ops".to_owned(), Some(ops), Write),
        get("/sites", "/sites", Read),
        ("/sites", Method::POST, "/sites".to_owned(), Some(json!({"id": SITE, "name": "Site"})), Admin),
        get("/sites/{site}", "/sites/s", Read),
        ("/sites/{site}", Method::PATCH, "/sites/s".to_owned(), Some(json!({})), Admin),
        get("/sites/{site}/config", "/sites/s/config", Read),
        get("/sites/{site}/redirects", "/sites/s/redirects", Read),
        get("/sites/{site}/pages", "/sites/s/pages", Read),
        get("/sites/{site}/pages/{*page}", "/sites/s/pages/%2Fa", Read),
        get("/sites/{site}/block-types", "/sites/s/block-types", Read),
        get("/sites/{site}/block-types/{type}", "/sites/s/block-types/Heading", Read),
        get("/sites/{site}/history", "/sites/s/history", Read),
        get("/sites/{site}/history/status", "/sites/s/history/status", Read),
        get("/sites/{site}/history/{version}", "/sites/s/history/1", Read),
        get("/sites/{site}/diff", "/sites/s/diff?from=main%400&to=main", Read),
        get("/metrics", "/metrics", Read),
        get("/sites/{site}/events", "/sites/s/events", Read),
        ("/sites/{site}", Method::DELETE, "/sites/s".to_owned(), None, Admin),
    ]
}

async fn call(
    server: &Server,
    route: &(&str, Method, String, Option<Value>, Scope),
    secret: Option<&str>,
) -> Answered {
    let mut request = server.request(route.1.clone(), &route.2);
    if let Some(body) = &route.3 {
        request = request.json(body);
    }
    if let Some(secret) = secret {
        request = request.bearer_auth(secret);
    }
    answered(request).await
}

#[test]
fn every_route_has_a_row_in_the_matrix() {
    let source = include_str!("../../src/http.rs");
    let named = source.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let rows = routes();
    for route in named.filter(|route| !["/healthz", "/readyz"].contains(route)) {
        assert!(rows.iter().any(|row| row.0 == route), "{route} has no row");
    }
}

async fn without_a_token_every_route_answers_401(server: Server) {
    server.make_page("a").await;
    for route in routes() {
        for secret in [None, Some("osr_unknown")] {
            let answer = call(&server, &route, secret).await;
            assert_eq!(answer.problem(), (401, "unauthenticated"), "{} {}", route.1, route.2);
            let challenge = answer.header("www-authenticate");
            let named = format!("resource_metadata=\"{}/.well-known/oauth-protected-resource\"", server.url);
            assert!(challenge.starts_with("Bearer ") && challenge.contains(&named), "{challenge}");
        }
    }
}

async fn a_route_answers_a_token_that_has_its_scope_and_no_other(server: Server) {
    server.make_page("a").await;
    for route in routes() {
        for scope in Scope::ALL {
            let secret = server.token_with(scope, &[], &[]).await;
            if scope < route.4 {
                let answer = call(&server, &route, Some(&secret)).await;
                assert_eq!(
                    answer.problem(),
                    (403, "insufficient_scope"),
                    "{} {} {scope:?}",
                    route.1,
                    route.2
                );
                let challenge = answer.header("www-authenticate");
                let wanted = format!("error=\"insufficient_scope\", scope=\"{}\"", route.4.as_str());
                assert!(challenge.contains(&wanted), "{challenge}");
            } else if route.1 != Method::DELETE {
                let answer = call(&server, &route, Some(&secret)).await;
                assert!(answer.status.is_success(), "{} {} {scope:?}: {}", route.1, route.2, answer.text);
            }
        }
    }
}

async fn a_site_that_a_token_may_not_see_is_as_one_that_is_not_there(server: Server) {
    server.make_page("a").await;
    let secret = server.token_with(Scope::Admin, &["other"], &[]).await;
    for route in routes().into_iter().filter(|route| route.0.contains("{site}") || route.0 == "/ops") {
        let hidden = call(&server, &route, Some(&secret)).await;
        assert_eq!(hidden.problem(), (404, "site_not_found"), "{} {}", route.1, route.2);
        let mut elsewhere = route.clone();
        elsewhere.2 = elsewhere.2.replace("/sites/s", "/sites/other");
        if let Some(body) = elsewhere.3.as_mut().filter(|body| body.get("site").is_some()) {
            body["site"] = "other".into();
        }
        let missing = call(&server, &elsewhere, Some(&secret)).await;
        let told = |answer: &Answered, site: &str| answer.text.replace(&format!("'{site}'"), "''");
        assert_eq!(told(&hidden, "s"), told(&missing, "other"), "{} {}", route.1, route.2);
    }
    let listed = answered(server.request(Method::GET, "/sites").bearer_auth(&secret)).await.ok();
    assert_eq!(listed["items"], json!([]));
}

async fn a_pattern_of_branches_limits_writing_and_not_reading(server: Server) {
    server.make_page("a").await;
    let secret = server.token_with(Scope::Write, &[], &["agent/*"]).await;
    let write = server.request(Method::POST, "/ops").bearer_auth(&secret);
    let answer = answered(write.json(&json!({"site": SITE, "ops": [heading("a", "x")]}))).await;
    assert_eq!(answer.problem(), (403, "branch_protected"));
    let read = server.request(Method::GET, "/sites/s/pages").bearer_auth(&secret);
    assert_eq!(answered(read).await.status, 200);
}

async fn a_revoked_and_an_expired_token_are_refused(server: Server) {
    let operator = Principal::operator();
    let new = |name: &str, expires_in_ms| NewToken {
        name: name.into(),
        scopes: vec![Scope::Read],
        sites: vec![],
        branches: vec![],
        agent: false,
        expires_in_ms,
    };
    let expired = server.service.create_token(&operator, new("late", Some(1))).await.unwrap();
    let revoked = server.service.create_token(&operator, new("gone", None)).await.unwrap();
    let list = |made: &MadeToken| server.request(Method::GET, "/sites").bearer_auth(made.token.reveal());
    assert_eq!(answered(list(&revoked)).await.status, 200);
    // As `osier token revoke` does it, in a process of its own.
    let beside = server.beside().await;
    assert!(beside.revoke_token(&operator, &revoked.card.id).await.unwrap());
    assert_eq!(answered(list(&revoked)).await.problem(), (401, "unauthenticated"));
    assert_eq!(answered(list(&expired)).await.problem(), (401, "unauthenticated"));
}

async fn health_is_told_to_anyone(server: Server) {
    for path in ["/healthz", "/readyz", "/.well-known/oauth-protected-resource"] {
        assert_eq!(answered(server.request(Method::GET, path)).await.status, 200, "{path}");
    }
}

async fn the_token_counts_in_its_header_only(server: Server) {
    let path = format!("/sites?access_token={}", server.token);
    assert_eq!(answered(server.request(Method::GET, &path)).await.problem(), (401, "unauthenticated"));
    let basic = server.request(Method::GET, "/sites").basic_auth("operator", Some(&server.token));
    assert_eq!(answered(basic).await.problem(), (401, "unauthenticated"));
}

on_each_store![
    without_a_token_every_route_answers_401,
    a_route_answers_a_token_that_has_its_scope_and_no_other,
    a_site_that_a_token_may_not_see_is_as_one_that_is_not_there,
    a_pattern_of_branches_limits_writing_and_not_reading,
    a_revoked_and_an_expired_token_are_refused,
    health_is_told_to_anyone,
    the_token_counts_in_its_header_only,
];
