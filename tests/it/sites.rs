//! The registry of sites.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::Server;

async fn create(server: &Server, body: Value) -> crate::harness::Answered {
    server.send(Method::POST, "/sites", &body).await
}

async fn a_site_is_made_once_and_made_again_it_is_unchanged(server: Server) {
    let body = json!({"id": " My Site! ", "name": "Mine", "previewUrl": "https://my.example"});
    let made = create(&server, body.clone()).await;
    assert_eq!((made.status.as_u16(), made.header("location")), (201, "/sites/my-site"));
    assert_eq!((&made.json["id"], &made.json["name"]), (&json!("my-site"), &json!("Mine")));
    assert_eq!(made.json["previewUrl"], "https://my.example");
    let again = create(&server, body).await;
    assert_eq!((again.status.as_u16(), &again.json["unchanged"]), (200, &json!(true)));
    let other = create(&server, json!({"id": "my-site", "name": "Other"})).await;
    assert_eq!(other.problem(), (409, "id_taken"));
}

async fn an_id_that_cannot_be_one_is_refused(server: Server) {
    for (body, expected) in [
        (json!({"name": "x"}), (400, "malformed_request")),
        (json!({"id": 7}), (400, "malformed_request")),
        (json!([]), (400, "malformed_request")),
        (json!({"id": "!!"}), (422, "schema_violation")),
        (json!({"id": "a".repeat(100)}), (422, "schema_violation")),
    ] {
        assert_eq!(create(&server, body.clone()).await.problem(), expected, "{body}");
    }
}

async fn what_a_site_says_of_itself_is_judged(server: Server) {
    let answer = create(&server, json!({"id": "x", "nam": "x"})).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert!(answer.text.contains("nam"), "{}", answer.text);
    assert_eq!(server.get("/sites/x").await.problem(), (404, "site_not_found"));
}

async fn a_site_without_a_name_goes_by_its_id(server: Server) {
    assert_eq!(create(&server, json!({"id": "nameless"})).await.ok()["name"], "nameless");
    assert_eq!(server.get("/sites/nameless/config").await.ok(), json!({}));
}

async fn a_site_is_patched_listed_and_removed(server: Server) {
    create(&server, json!({"id": "b", "name": "B", "purpose": "to be"})).await.ok();
    let patched = server.send(Method::PATCH, "/sites/b", &json!({"name": "Bee", "purpose": null})).await.ok();
    assert_eq!((&patched["name"], patched.get("purpose")), (&json!("Bee"), None));
    let listed = server.get("/sites").await.ok();
    let ids: Vec<_> = listed["items"].as_array().unwrap().iter().map(|site| &site["id"]).collect();
    assert_eq!(ids, [&json!("b"), &json!("s")]);
    let first = server.get("/sites?limit=1").await.ok();
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = server.get(&format!("/sites?limit=1&cursor={cursor}")).await.ok();
    assert_eq!((&second["items"][0]["id"], second.get("nextCursor")), (&json!("s"), None));
    let removed = server.ask(server.request(Method::DELETE, "/sites/b")).await;
    assert_eq!((removed.status.as_u16(), removed.text.as_str()), (204, ""));
    assert_eq!(server.get("/sites/b").await.problem(), (404, "site_not_found"));
    assert_eq!(server.get("/sites/b/pages").await.problem(), (404, "site_not_found"));
}

async fn a_new_site_has_no_pages_and_is_at_version_zero(server: Server) {
    assert_eq!(server.get("/sites/s/pages").await.ok(), json!({"items": []}));
    assert_eq!(server.get("/sites/s/history").await.ok(), json!({"items": []}));
    let made = server.make_page("a").await;
    assert_eq!(made["version"], 1);
}

async fn a_site_made_again_under_a_free_id_is_empty(server: Server) {
    server.make_page("a").await;
    server.ask(server.request(Method::DELETE, "/sites/s")).await;
    assert_eq!(create(&server, json!({"id": "s", "name": "Site"})).await.status, 201);
    assert_eq!(server.get("/sites/s/pages").await.ok()["items"], json!([]));
    assert_eq!(server.make_page("a").await["version"], 1);
}

/// Makes a site under an idempotency key.
async fn keyed(server: &Server, key: &str, body: &Value) -> crate::harness::Answered {
    server.ask(server.request(Method::POST, "/sites").header("idempotency-key", key).json(body)).await
}

async fn the_same_request_under_a_key_gets_the_first_answer_again(server: Server) {
    let body = json!({"id": "kept", "name": "Kept"});
    let first = keyed(&server, "k", &body).await;
    assert_eq!((first.status.as_u16(), first.header("location")), (201, "/sites/kept"));
    let same = |again: &crate::harness::Answered| {
        assert_eq!((again.status.as_u16(), again.header("location")), (201, "/sites/kept"));
        assert_eq!(again.text, first.text);
    };
    same(&keyed(&server, "k", &body).await);
    server.send(Method::PATCH, "/sites/kept", &json!({"name": "Other"})).await.ok();
    same(&keyed(&server.sibling().await, "k", &body).await);
    let server = server.restarted().await;
    server.ask(server.request(Method::DELETE, "/sites/kept")).await.ok();
    same(&keyed(&server, "k", &body).await);
    assert_eq!(server.get("/sites/kept").await.problem(), (404, "site_not_found"), "it is not made anew");
    // Under a key of its own it is.
    assert_eq!(keyed(&server, "another", &body).await.status, 201);
}

async fn a_key_that_came_with_another_request_is_refused(server: Server) {
    keyed(&server, "k", &json!({"id": "a"})).await.ok();
    for other in [json!({"id": "b"}), json!({"id": "a", "name": "A"})] {
        assert_eq!(keyed(&server, "k", &other).await.problem(), (422, "idempotency_key_reused"));
    }
    assert_eq!(server.get("/sites/b").await.problem(), (404, "site_not_found"));
    // Keys are each principal's own.
    let other = server.token_with(osier::auth::Scope::Admin, &[], &[]).await;
    let request = server.request(Method::POST, "/sites").header("idempotency-key", "k");
    let answer = crate::harness::answered(request.bearer_auth(other).json(&json!({"id": "b"}))).await;
    assert_eq!(answer.status, 201);
}

async fn a_refusal_is_not_kept_and_unchanged_is(server: Server) {
    let body = json!({"id": "s", "name": "Mine"});
    assert_eq!(keyed(&server, "k", &body).await.problem(), (409, "id_taken"));
    server.ask(server.request(Method::DELETE, "/sites/s")).await.ok();
    assert_eq!(keyed(&server, "k", &body).await.status, 201);
    let unchanged = keyed(&server, "l", &body).await;
    assert_eq!((unchanged.status.as_u16(), &unchanged.json["unchanged"]), (200, &json!(true)));
    server.ask(server.request(Method::DELETE, "/sites/s")).await.ok();
    let again = keyed(&server, "l", &body).await;
    assert_eq!((again.status.as_u16(), again.text), (200, unchanged.text));
}

async fn of_many_that_come_at_once_under_one_key_all_get_one_answer(server: Server) {
    let other = server.sibling().await;
    let body = json!({"id": "crowd", "name": "Crowd"});
    let calls = (0..16).map(|number| keyed(if number % 2 == 0 { &server } else { &other }, "k", &body));
    let answers = futures::future::join_all(calls).await;
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.text), (201, &answers[0].text));
    }
}

async fn a_key_that_can_be_none_is_refused(server: Server) {
    let body = json!({"id": "x"});
    for key in ["", &"k".repeat(256)] {
        assert_eq!(keyed(&server, key, &body).await.problem(), (400, "malformed_request"));
    }
    for path in ["/sites", "/ops"] {
        let twice = server.request(Method::POST, path).header("idempotency-key", "a");
        let answer = server.ask(twice.header("idempotency-key", "b").json(&body)).await;
        assert_eq!(answer.problem(), (400, "malformed_request"), "{path}: {}", answer.text);
    }
    assert_eq!(server.get("/sites/x").await.problem(), (404, "site_not_found"));
}

on_each_store![
    a_site_is_made_once_and_made_again_it_is_unchanged,
    an_id_that_cannot_be_one_is_refused,
    what_a_site_says_of_itself_is_judged,
    a_site_without_a_name_goes_by_its_id,
    a_site_is_patched_listed_and_removed,
    a_new_site_has_no_pages_and_is_at_version_zero,
    a_site_made_again_under_a_free_id_is_empty,
    the_same_request_under_a_key_gets_the_first_answer_again,
    a_key_that_came_with_another_request_is_refused,
    a_refusal_is_not_kept_and_unchanged_is,
    of_many_that_come_at_once_under_one_key_all_get_one_answer,
    a_key_that_can_be_none_is_refused,
];
