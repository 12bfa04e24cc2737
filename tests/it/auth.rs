//! Who may do what: the table of all operations, and what tokens are taken for.

mod matrix;

use osier::auth::Scope;
use osier::service::{MadeToken, NewToken, Principal};
use reqwest::Method;
use serde_json::json;

use crate::harness::{SITE, Server, answered, heading};

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
    for name in ["access_token", "token"] {
        let path = format!("/sites?{name}={}", server.token);
        let answer = answered(server.request(Method::GET, &path)).await;
        assert_eq!(answer.problem(), (401, "unauthenticated"));
        assert!(!answer.text.contains(&server.token));
        // Beside a good header it is a field that is not known, and is not told back.
        let answer = server.get(&path).await;
        assert_eq!(answer.problem(), (400, "malformed_request"));
        assert!(!answer.text.contains(&server.token), "{}", answer.text);
    }
    let basic = server.request(Method::GET, "/sites").basic_auth("operator", Some(&server.token));
    assert_eq!(answered(basic).await.problem(), (401, "unauthenticated"));
}

async fn of_two_tokens_none_is_taken(server: Server) {
    let twice = server.request(Method::GET, "/sites").bearer_auth(&server.token).bearer_auth("osr_other");
    let answer = answered(twice).await;
    assert_eq!(answer.problem(), (400, "malformed_request"));
    assert!(!answer.text.contains("osr_") && answer.text.contains("Authorization"), "{}", answer.text);
}

async fn whatever_is_shown_for_a_token_is_answered_401(server: Server) {
    let (long, almost) = ("x".repeat(10_000), format!("{}a", server.token));
    let old = format!("osr_{}", "a".repeat(52));
    for shown in ["", " ", "osr_", "osr_unknown", "null", "\u{e9}\u{e9}", "a b c", &long, &almost, &old] {
        let header = reqwest::header::HeaderValue::from_bytes(format!("Bearer {shown}").as_bytes()).unwrap();
        let answer = answered(server.request(Method::GET, "/sites").header("authorization", header)).await;
        assert_eq!(answer.problem(), (401, "unauthenticated"), "{shown}");
        assert!(answer.header("www-authenticate").starts_with("Bearer "), "{shown}");
        assert!(shown.len() < 5 || !answer.text.contains(shown), "{}", answer.text);
    }
}

on_each_store![
    of_two_tokens_none_is_taken,
    whatever_is_shown_for_a_token_is_answered_401,
    a_pattern_of_branches_limits_writing_and_not_reading,
    a_revoked_and_an_expired_token_are_refused,
    health_is_told_to_anyone,
    the_token_counts_in_its_header_only,
];
