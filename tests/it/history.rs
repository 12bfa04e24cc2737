//! History over HTTP: lists, one commit, undo, redo, restore, diff.

use serde_json::{Value, json};

use crate::harness::{Server, heading};

async fn text(server: &Server, name: &str) -> Value {
    server.page(&format!("/{name}")).await["blocks"][0]["props"]["text"].clone()
}

async fn hash(server: &Server, page: &str) -> Value {
    server.page(page).await["hash"].clone()
}

async fn the_history_lists_commits_newest_first(server: Server) {
    server.make_page("a").await;
    server.make_page("b").await;
    server.envelope(json!({"summary": "Say hello", "ops": [heading("a", "hello")]})).await.ok();
    let listed = server.get("/sites/s/history").await.ok();
    let versions: Vec<_> =
        listed["items"].as_array().unwrap().iter().map(|commit| &commit["version"]).collect();
    assert_eq!(versions, [3, 2, 1]);
    let newest = &listed["items"][0];
    assert_eq!((&newest["summary"], &newest["source"]), (&json!("Say hello"), &json!("api")));
    assert_eq!((&newest["kind"], &newest["opCount"]), (&json!("edit"), &json!(1)));
    for field in ["commit", "at", "actor", "pages"] {
        assert!(!newest[field].is_null(), "{field}");
    }
    let of_a = server.get("/sites/s/history?page=/a").await.ok();
    assert_eq!(of_a["items"].as_array().unwrap().len(), 2);
    let of_block = server.get("/sites/s/history?block=blk_b").await.ok();
    assert_eq!(of_block["items"].as_array().unwrap().len(), 1);
    assert_eq!(server.get("/sites/s/history?actor=nobody").await.ok()["items"], json!([]));
}

async fn a_commit_shows_ops_changes_before_and_after(server: Server) {
    server.make_page("a").await;
    server.set_heading("a", "one").await;
    let commit = server.get("/sites/s/history/2").await.ok();
    assert_eq!(commit["ops"][0]["op"], "update_props");
    assert_eq!(commit["changes"].as_array().unwrap().len(), 1);
    assert!(commit["before"].to_string().contains("\"a\""));
    assert!(commit["after"].to_string().contains("\"one\""));
}

async fn undo_and_redo_walk_the_history_of_a_page(server: Server) {
    server.make_page("a").await;
    server.make_page("b").await;
    server.set_heading("a", "one").await;
    server.set_heading("b", "other").await;
    let status = server.get("/sites/s/history/status?page=/a").await.ok();
    assert_eq!((&status["canUndo"], &status["canRedo"]), (&json!(true), &json!(false)));
    assert_eq!(status["undo"]["version"], 3);
    let undone = server.done(json!({"op": "undo", "page": "/a"})).await;
    assert_eq!(undone["results"][0]["undid"]["version"], 3);
    assert_eq!((text(&server, "a").await, text(&server, "b").await), (json!("a"), json!("other")));
    assert_eq!(server.get("/sites/s/history/status?page=/a").await.ok()["canRedo"], true);
    let server = server.restarted().await;
    let redone = server.done(json!({"op": "redo", "page": "/a"})).await;
    assert_eq!(redone["results"][0]["redid"]["version"], 3);
    assert_eq!(text(&server, "a").await, "one");
    assert_eq!(server.ops(json!([{"op": "redo", "page": "/a"}])).await.problem(), (409, "nothing_to_redo"));
}

async fn nothing_to_undo_is_told(server: Server) {
    assert_eq!(server.ops(json!([{"op": "undo"}])).await.problem(), (409, "nothing_to_undo"));
    assert_eq!(server.ops(json!([{"op": "redo"}])).await.problem(), (409, "nothing_to_redo"));
    server.make_page("a").await;
    let two = server.ops(json!([{"op": "undo"}, heading("a", "x")])).await;
    assert_eq!(two.problem(), (422, "op_rejected"));
}

async fn an_undo_of_a_field_that_changed_since_is_a_conflict_that_force_overrides(server: Server) {
    server.make_page("a").await;
    let first = server.set_heading("a", "one").await["commit"].clone();
    server.set_heading("a", "two").await;
    let refused = server.ops(json!([{"op": "undo", "commit": first}])).await;
    assert_eq!(refused.problem(), (409, "undo_conflict"));
    assert_eq!(text(&server, "a").await, "two");
    server.done(json!({"op": "undo", "commit": first, "force": true})).await;
    assert_eq!(text(&server, "a").await, "a");
}

async fn undoing_a_rename_puts_every_link_back(server: Server) {
    server.make_page("a").await;
    let block = json!({"type": "RichText", "id": "blk_text", "props": {"body": "[a](/a)"}});
    server.done(json!({"op": "create_page", "slug": "/b", "title": "B", "blocks": [block]})).await;
    let (a, b) = (hash(&server, "/a").await, hash(&server, "/b").await);
    server.done(json!({"op": "rename_page", "page": "/a", "slug": "/z"})).await;
    server.done(json!({"op": "undo", "page": "/z"})).await;
    assert_eq!((hash(&server, "/a").await, hash(&server, "/b").await), (a, b));
    assert_eq!(server.get("/sites/s/redirects").await.ok()["items"], json!([]));
}

async fn undoing_a_removal_puts_the_page_back_in_its_place(server: Server) {
    for name in ["a", "b", "c"] {
        server.make_page(name).await;
    }
    let order = |listed: Value| {
        listed["items"].as_array().unwrap().iter().map(|p| p["slug"].clone()).collect::<Vec<_>>()
    };
    let before = order(server.get("/sites/s/pages").await.ok());
    server.done(json!({"op": "remove_page", "page": "/b"})).await;
    server.done(json!({"op": "undo"})).await;
    assert_eq!(order(server.get("/sites/s/pages").await.ok()), before);
}

async fn a_restore_brings_a_page_and_a_branch_back_hash_for_hash(server: Server) {
    server.make_page("a").await;
    server.make_page("b").await;
    let (a, b) = (hash(&server, "/a").await, hash(&server, "/b").await);
    server.set_heading("a", "one").await;
    server.set_heading("b", "two").await;
    server.done(json!({"op": "restore_version", "version": 2, "page": "/a"})).await;
    assert_eq!(hash(&server, "/a").await, a);
    assert_eq!(text(&server, "b").await, "two");
    server.done(json!({"op": "remove_page", "page": "/a"})).await;
    server.done(json!({"op": "restore_version", "version": 2})).await;
    assert_eq!((hash(&server, "/a").await, hash(&server, "/b").await), (a, b));
    server.done(json!({"op": "undo"})).await;
    assert_eq!(text(&server, "b").await, "two");
    let missing = server.ops(json!([{"op": "restore_version", "version": 99}])).await;
    assert_eq!(missing.problem(), (404, "version_not_found"));
}

async fn two_versions_are_compared(server: Server) {
    server.make_page("a").await;
    server.set_heading("a", "one").await;
    let diff = server.get("/sites/s/diff?from=main@1&to=main").await.ok();
    assert!(diff.to_string().contains("one"), "{diff}");
    let same = server.get("/sites/s/diff?from=main&to=main@2").await.ok();
    assert!(!same.to_string().contains("one"), "{same}");
}

on_each_store![
    the_history_lists_commits_newest_first,
    a_commit_shows_ops_changes_before_and_after,
    undo_and_redo_walk_the_history_of_a_page,
    nothing_to_undo_is_told,
    an_undo_of_a_field_that_changed_since_is_a_conflict_that_force_overrides,
    undoing_a_rename_puts_every_link_back,
    undoing_a_removal_puts_the_page_back_in_its_place,
    a_restore_brings_a_page_and_a_branch_back_hash_for_hash,
    two_versions_are_compared,
];
