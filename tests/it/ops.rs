//! `POST /ops`: batches, their answers, keys, expectations.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{SITE, Server, heading};

async fn a_batch_is_one_commit_and_its_answer_names_everything(server: Server) {
    let answer = server
        .ops(json!([
            {"op": "create_page", "slug": "/a", "title": "A", "tempId": "a"},
            {"op": "add_block", "page": "$tmp:a", "tempId": "h", "block": {"type": "Heading", "props": {"text": "one"}}},
            {"op": "update_props", "page": "$tmp:a", "block": "$tmp:h", "patch": {"text": "two"}},
        ]))
        .await
        .ok();
    assert_eq!(
        (&answer["site"], &answer["branch"], &answer["version"]),
        (&json!(SITE), &json!("main"), &json!(1))
    );
    assert_eq!((&answer["changed"], &answer["dryRun"]), (&json!(true), &json!(false)));
    assert!(answer["commit"].is_string());
    let ops: Vec<_> = answer["results"].as_array().unwrap().iter().map(|result| &result["op"]).collect();
    assert_eq!(ops, ["create_page", "add_block", "update_props"]);
    let page = server.page("/a").await;
    assert_eq!(page["id"], answer["ids"]["a"]);
    assert_eq!(page["blocks"][0]["id"], answer["ids"]["h"]);
    assert_eq!(page["blocks"][0]["props"]["text"], "two");
    let touched = json!([{"id": page["id"], "slug": "/a", "hash": page["hash"], "removed": false}]);
    assert_eq!(answer["pages"], touched);
}

async fn a_batch_with_one_bad_op_changes_nothing(server: Server) {
    server.make_page("a").await;
    let before = server.get("/sites/s/pages").await.text;
    let answer = server.ops(json!([heading("a", "x"), heading("nope", "x")])).await;
    assert_eq!(answer.problem(), (404, "page_not_found"));
    assert_eq!(answer.json["errors"][0]["op"], 1);
    assert_eq!(server.get("/sites/s/pages").await.text, before);
}

async fn ops_that_cannot_be_read_are_told_beside_those_that_cannot_be_done(server: Server) {
    server.make_page("a").await;
    let answer = server.ops(json!([{"op": "nope"}, heading("nowhere", "x"), heading("a", "x")])).await;
    assert_eq!(answer.problem(), (422, "op_rejected"));
    let codes: Vec<_> =
        answer.json["errors"].as_array().unwrap().iter().map(|e| (&e["op"], &e["code"])).collect();
    assert_eq!(codes, [(&json!(0), &json!("unknown_op")), (&json!(1), &json!("page_not_found"))]);
}

async fn an_op_that_changes_nothing_makes_no_commit(server: Server) {
    server.make_page("a").await;
    let answer = server.set_heading("a", "a").await;
    assert_eq!(
        (&answer["changed"], &answer["version"], &answer["commit"]),
        (&json!(false), &json!(1), &Value::Null)
    );
    assert_eq!(answer["results"][0]["changed"], false);
}

async fn a_page_made_and_removed_in_one_batch_is_not_among_its_pages(server: Server) {
    let made = json!({"op": "create_page", "slug": "/a", "title": "A", "tempId": "a"});
    let answer = server.ops(json!([made, {"op": "remove_page", "page": "$tmp:a"}])).await.ok();
    assert_eq!(answer["pages"], json!([]));
}

async fn a_trial_answers_as_if_and_stores_nothing(server: Server) {
    server.make_page("a").await;
    let answer = server.envelope(json!({"dryRun": true, "ops": [heading("a", "x")]})).await.ok();
    assert_eq!((&answer["dryRun"], &answer["changed"]), (&json!(true), &json!(true)));
    assert_eq!(server.page("/a").await["blocks"][0]["props"]["text"], "a");
    assert_eq!(server.get("/sites/s/history").await.ok()["items"].as_array().unwrap().len(), 1);
}

async fn a_key_gets_the_first_answer_again_even_after_a_restart(server: Server) {
    server.make_page("a").await;
    let body = json!({"idempotencyKey": "k", "ops": [
        {"op": "add_block", "page": "/a", "tempId": "n", "block": {"type": "Divider", "props": {}}},
    ]});
    let first = server.envelope(body.clone()).await.ok();
    assert_eq!(server.envelope(body.clone()).await.ok(), first);
    let server = server.restarted().await;
    assert_eq!(server.envelope(body).await.ok(), first);
    assert_eq!(server.page("/a").await["blocks"].as_array().unwrap().len(), 2);
    let other = server.envelope(json!({"idempotencyKey": "k", "ops": [heading("a", "x")]})).await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused"));
}

async fn a_key_may_come_by_header(server: Server) {
    server.make_page("a").await;
    let body = json!({"site": SITE, "ops": [
        {"op": "add_block", "page": "/a", "block": {"type": "Divider", "props": {}}},
    ]});
    let send = || server.request(Method::POST, "/ops").header("idempotency-key", "k").json(&body);
    let first = server.ask(send()).await.ok();
    assert_eq!(server.ask(send()).await.ok(), first);
    let mut both = body.clone();
    both["idempotencyKey"] = "other".into();
    let answer =
        server.ask(server.request(Method::POST, "/ops").header("idempotency-key", "k").json(&both)).await;
    assert_eq!(answer.problem(), (400, "malformed_request"));
}

async fn a_refusal_does_not_use_its_key_up(server: Server) {
    let body = json!({"idempotencyKey": "k", "ops": [heading("a", "x")]});
    assert_eq!(server.envelope(body.clone()).await.status, 404);
    server.make_page("a").await;
    assert_eq!(server.envelope(body).await.status, 200);
}

async fn a_branch_that_moved_on_is_a_version_conflict_with_the_commits_since(server: Server) {
    server.make_page("a").await;
    server.set_heading("a", "one").await;
    let answer = server.envelope(json!({"expectedVersion": 1, "ops": [heading("a", "two")]})).await;
    assert_eq!(answer.problem(), (409, "version_conflict"));
    assert_eq!(answer.json["currentVersion"], 2);
    assert_eq!(answer.json["commits"][0]["version"], 2);
    let answer = server.envelope(json!({"expectedVersion": 2, "ops": [heading("a", "two")]})).await.ok();
    assert_eq!(answer["version"], 3);
}

async fn a_page_that_changed_since_is_a_version_conflict(server: Server) {
    server.make_page("a").await;
    server.make_page("b").await;
    let hash = server.page("/a").await["hash"].clone();
    server.set_heading("b", "x").await;
    let guarded = |hash: &Value, text: &str| json!({"ifMatch": {"/a": hash}, "ops": [heading("a", text)]});
    server.envelope(guarded(&hash, "one")).await.ok();
    assert_eq!(server.envelope(guarded(&hash, "two")).await.problem(), (409, "version_conflict"));
}

async fn a_site_that_no_store_can_hold_is_not_there(server: Server) {
    let body = json!({"site": "a\0", "ops": [{"op": "undo"}]});
    assert_eq!(server.send(Method::POST, "/ops", &body).await.problem(), (404, "site_not_found"));
}

async fn the_site_may_be_left_out_where_there_is_one(server: Server) {
    let body = json!({"ops": [{"op": "create_page", "slug": "/", "title": "Home"}]});
    assert_eq!(server.send(Method::POST, "/ops", &body).await.ok()["site"], SITE);
    server.send(Method::POST, "/sites", &json!({"id": "t"})).await.ok();
    let answer = server.send(Method::POST, "/ops", &body).await;
    assert_eq!(answer.problem(), (400, "malformed_request"));
    assert!(answer.json["detail"].as_str().unwrap().contains("s, t"), "{}", answer.text);
}

async fn a_rename_takes_the_links_along_and_leaves_a_redirect(server: Server) {
    server.make_page("a").await;
    let block =
        json!({"type": "RichText", "id": "blk_text", "props": {"body": "See [a](/a?x=1#y), not [b](/ab)."}});
    server.done(json!({"op": "create_page", "slug": "/b", "title": "B", "blocks": [block]})).await;
    let answer = server.done(json!({"op": "rename_page", "page": "/a", "slug": "/z"})).await;
    assert_eq!(answer["pages"].as_array().unwrap().len(), 2);
    let body = server.page("/b").await["blocks"][0]["props"]["body"].clone();
    assert_eq!(body, "See [a](/z?x=1#y), not [b](/ab).");
    let redirects = server.get("/sites/s/redirects").await.ok();
    assert_eq!(redirects["items"], json!([{"from": "/a", "to": "/z", "status": 308}]));
}

async fn everything_survives_a_restart_byte_for_byte(server: Server) {
    server.make_page("a").await;
    server.set_heading("a", "one").await;
    server.done(json!({"op": "update_site_config", "patch": {"name": "New"}})).await;
    let paths = [
        "/sites/s/pages",
        "/sites/s/pages/%2Fa",
        "/sites/s/config",
        "/sites/s/history",
        "/sites/s/history/2",
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push(server.get(path).await.text);
    }
    let server = server.restarted().await;
    for (path, before) in paths.into_iter().zip(before) {
        assert_eq!(server.get(path).await.text, before, "{path}");
    }
}

async fn writers_at_once_get_each_their_version(server: Server) {
    server.make_page("a").await;
    let texts = (0..32).map(|at| format!("text {at}"));
    let sent = texts.map(|text| server.ops(json!([heading("a", &text)])));
    let answers = futures::future::join_all(sent.collect::<Vec<_>>()).await;
    let mut versions: Vec<_> =
        answers.into_iter().map(|answer| answer.ok()["version"].as_u64().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (2..34).collect::<Vec<_>>());
}

on_each_store![
    a_batch_is_one_commit_and_its_answer_names_everything,
    a_batch_with_one_bad_op_changes_nothing,
    an_op_that_changes_nothing_makes_no_commit,
    ops_that_cannot_be_read_are_told_beside_those_that_cannot_be_done,
    a_page_made_and_removed_in_one_batch_is_not_among_its_pages,
    a_trial_answers_as_if_and_stores_nothing,
    a_key_gets_the_first_answer_again_even_after_a_restart,
    a_key_may_come_by_header,
    a_refusal_does_not_use_its_key_up,
    a_branch_that_moved_on_is_a_version_conflict_with_the_commits_since,
    a_page_that_changed_since_is_a_version_conflict,
    a_site_that_no_store_can_hold_is_not_there,
    the_site_may_be_left_out_where_there_is_one,
    a_rename_takes_the_links_along_and_leaves_a_redirect,
    everything_survives_a_restart_byte_for_byte,
    writers_at_once_get_each_their_version,
];
