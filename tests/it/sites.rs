//! The registry of sites.

use osier::auth::Scope;
use osier::service::Principal;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::harness::{Server, answered};
use crate::terminal::execute;

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

/// What a token lists of the sites, by its query.
async fn listed(server: &Server, secret: &str, query: &str) -> (Vec<String>, Option<String>) {
    let request = server.request(Method::GET, &format!("/sites?{query}")).bearer_auth(secret);
    let told = answered(request).await.ok();
    let ids = told["items"].as_array().unwrap().iter().map(|site| site["id"].as_str().unwrap().to_owned());
    (ids.collect(), told.get("nextCursor").map(|cursor| cursor.as_str().unwrap().to_owned()))
}

async fn who_is_bound_to_sites_learns_of_no_other(server: Server) {
    for id in ["a", "b", "x", "z"] {
        create(&server, json!({"id": id})).await.ok();
    }
    let one = server.token_with(Scope::Read, &["a"], &[]).await;
    assert_eq!(listed(&server, &one, "limit=1").await, (vec!["a".to_owned()], None));
    let some = server.token_with(Scope::Read, &["x", "b", "none", "b"], &[]).await;
    let (first, cursor) = listed(&server, &some, "limit=1").await;
    assert_eq!(first, ["b"]);
    let rest = listed(&server, &some, &format!("limit=1&cursor={}", cursor.unwrap())).await;
    assert_eq!(rest, (vec!["x".to_owned()], None));
}

async fn a_damaged_site_is_left_out_of_the_list_and_the_others_are_told(server: Server) {
    create(&server, json!({"id": "b"})).await.ok();
    execute(server.database(), "INSERT INTO site (site, id, genesis, genesis_hash, created_ms) SELECT 99, 'a', genesis, genesis_hash, 1 FROM site WHERE id = 's'").await.unwrap();
    let damage = match server.database().starts_with("sqlite:") {
        true => "UPDATE site SET genesis = x'00' WHERE id = 'a'",
        false => "UPDATE site SET genesis = '\\x00' WHERE id = 'a'",
    };
    execute(server.database(), damage).await.unwrap();
    assert_eq!(server.get("/sites/a").await.status, 500);
    assert_eq!(listed(&server, &server.token, "limit=9").await, (vec!["b".to_owned(), "s".to_owned()], None));
}

async fn the_site_that_is_meant_is_the_only_one_that_the_token_sees(server: Server) {
    for n in 0..55 {
        server.service.create_site(&Principal::operator(), &format!("n{n:02}"), Map::new()).await.unwrap();
    }
    create(&server, json!({"id": "zz"})).await.ok();
    let batch = json!({"ops": [{"op": "create_page", "slug": "/a", "title": "A"}]});
    let send = async |secret: &str| {
        answered(server.request(Method::POST, "/ops").bearer_auth(secret).json(&batch)).await
    };
    let two = server.token_with(Scope::Write, &["n00", "zz"], &[]).await;
    let refused = send(&two).await;
    assert_eq!(refused.problem(), (400, "malformed_request"), "{}", refused.text);
    assert!(refused.text.contains("n00, zz"), "{}", refused.text);
    let all = send(&server.token).await;
    assert_eq!(all.problem(), (400, "malformed_request"));
    assert!(all.text.contains("n00") && !all.text.contains("n30"), "{}", all.text);
    let one_there = server.token_with(Scope::Write, &["zz", "none"], &[]).await;
    assert_eq!(send(&one_there).await.ok()["site"], "zz");
}

async fn a_site_is_read_at_the_version_that_was_asked_for(server: Server) {
    let read = server.get("/sites/s?minVersion=2");
    let (read, ()) = tokio::join!(read, async {
        for tone in ["warm", "plain"] {
            server.send(Method::PATCH, "/sites/s", &json!({"tone": tone})).await.ok();
        }
    });
    assert_eq!(read.ok()["tone"], "plain");
    assert_eq!(server.get("/sites/s?ref=main@1").await.ok()["tone"], "warm");
    assert_eq!(server.get("/sites/s?ref=main@7").await.problem(), (404, "version_not_found"));
}

on_each_store![
    who_is_bound_to_sites_learns_of_no_other,
    a_damaged_site_is_left_out_of_the_list_and_the_others_are_told,
    the_site_that_is_meant_is_the_only_one_that_the_token_sees,
    a_site_is_read_at_the_version_that_was_asked_for,
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
