//! Lists: every one is told whole whatever its pages are, and a cursor is of the list that gave it and of no other.

use serde_json::{Value, json};

use crate::harness::{SITE, Server};

/// A site where no list is short.
async fn populated(server: &Server) {
    let send = async |body: Value| server.send(reqwest::Method::POST, "/sites", &body).await.ok();
    for id in ["a", "b", "t", "z"] {
        send(json!({"id": id, "name": id})).await;
    }
    for name in ["a", "b", "c", "d", "e"] {
        server.make_page(name).await;
        server.set_heading(name, "again").await;
        server.done(json!({"op": "set_redirect", "from": format!("/old-{name}"), "to": "/a"})).await;
    }
    server
        .done(json!({"op": "move_block", "page": "/a", "block": "blk_a", "toPage": "/b", "index": 0}))
        .await;
    for n in 0..3 {
        let patch = json!({"text": format!("{n}")});
        server.done(json!({"op": "update_props", "page": "/b", "block": "blk_a", "patch": patch})).await;
    }
    for name in ["x", "y"] {
        let op = json!({"op": "create_page", "slug": format!("/{name}"), "title": name});
        server.send(reqwest::Method::POST, "/ops", &json!({"site": "t", "ops": [op]})).await.ok();
    }
}

/// All lists that differ: none takes a cursor of another.
const LISTS: [&str; 15] = [
    "/sites",
    "/sites/s/pages",
    "/sites/t/pages",
    "/sites/s/pages?ref=main@12",
    "/sites/s/pages?ref=main@13",
    "/sites/s/redirects",
    "/sites/s/redirects?ref=main@12",
    "/sites/s/block-types",
    "/sites/s/history",
    "/sites/t/history",
    "/sites/s/history?ref=main@12",
    "/sites/s/history?page=/a",
    "/sites/s/history?page=/b",
    "/sites/s/history?block=blk_a",
    "/sites/s/history?actor=admin",
];

async fn part(
    server: &Server,
    path: &str,
    limit: usize,
    cursor: Option<&str>,
) -> (Vec<Value>, Option<String>) {
    let and = if path.contains('?') { '&' } else { '?' };
    let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    let part = server.get(&format!("{path}{and}limit={limit}{cursor}")).await.ok();
    let next = part.get("nextCursor").map(|next| next.as_str().unwrap().to_owned());
    (part["items"].as_array().unwrap().clone(), next)
}

async fn every_list_is_the_same_whatever_its_pages_are(server: Server) {
    populated(&server).await;
    for path in LISTS {
        let (whole, end) = part(&server, path, 500, None).await;
        assert!(whole.len() > 1 && end.is_none(), "{path}: {whole:?}");
        for limit in [1, 2, whole.len() - 1, whole.len()] {
            let (mut items, mut cursor) = part(&server, path, limit, None).await;
            while let Some(from) = cursor {
                let (more, next) = part(&server, path, limit, Some(&from)).await;
                assert_eq!(more.len(), limit.min(whole.len() - items.len()), "{path} by {limit}");
                items.extend(more);
                cursor = next;
            }
            assert_eq!(items, whole, "{path} by {limit}");
        }
    }
}

async fn a_cursor_is_of_the_list_that_gave_it_and_of_no_other(server: Server) {
    populated(&server).await;
    let mut cursors = Vec::new();
    for path in LISTS {
        cursors.push(part(&server, path, 1, None).await.1.unwrap());
    }
    for (at, path) in LISTS.into_iter().enumerate() {
        let and = if path.contains('?') { '&' } else { '?' };
        for (of, cursor) in cursors.iter().enumerate() {
            let answer = server.get(&format!("{path}{and}limit=1&cursor={cursor}")).await;
            match of == at {
                true => assert_eq!(answer.status, 200, "{path}"),
                false => refused(&answer, &format!("{path} with one of {}", LISTS[of])),
            }
        }
        let own = &cursors[at];
        let long = "A".repeat(10_000);
        let bad =
            ["", "nonsense", "v1", "MC5h", "%F0%9F%8C%B3", "====", &own[1..], &own[..own.len() - 2], &long];
        for cursor in bad {
            refused(
                &server.get(&format!("{path}{and}cursor={cursor}")).await,
                &format!("{path} with {cursor}"),
            );
        }
    }
}

fn refused(answer: &crate::harness::Answered, what: &str) {
    assert_eq!(answer.problem(), (400, "malformed_request"), "{what}");
    assert_eq!(answer.json["errors"][0]["pointer"], "cursor", "{what}: {}", answer.text);
}

async fn a_cursor_outlives_the_process_that_gave_it(server: Server) {
    populated(&server).await;
    let (_, cursor) = part(&server, "/sites/s/history?block=blk_a", 2, None).await;
    let (rest, _) = part(&server, "/sites/s/history?block=blk_a", 500, cursor.as_deref()).await;
    let server = server.restarted().await;
    assert_eq!(part(&server, "/sites/s/history?block=blk_a", 500, cursor.as_deref()).await.0, rest);
}

async fn a_site_that_was_made_again_refuses_cursors_of_the_one_before(server: Server) {
    populated(&server).await;
    let cursor = part(&server, "/sites/s/pages", 1, None).await.1.unwrap();
    server.ask(server.request(reqwest::Method::DELETE, "/sites/s")).await;
    server.send(reqwest::Method::POST, "/sites", &json!({"id": SITE, "name": "Site"})).await.ok();
    server.make_page("a").await;
    refused(&server.get(&format!("/sites/s/pages?cursor={cursor}")).await, "another site");
}

/// What is neither new nor gone is told once, though what was told before it goes and comes.
async fn what_stays_is_told_once_though_others_come_and_go(server: Server) {
    populated(&server).await;
    for (path, name, first) in [("/sites/s/pages", "slug", 3), ("/sites/s/redirects", "from", 3)] {
        let (whole, _) = part(&server, path, 500, None).await;
        let (told, cursor) = part(&server, path, first, None).await;
        assert_eq!(told, whole[..first]);
        let names: Vec<&str> = told.iter().map(|item| item[name].as_str().unwrap()).collect();
        for gone in &names[1..] {
            let op = match path.ends_with("pages") {
                true => json!({"op": "remove_page", "page": gone}),
                false => json!({"op": "remove_redirect", "from": gone}),
            };
            server.done(op).await;
        }
        server.done(json!({"op": "set_redirect", "from": "/aa", "to": "/z"})).await;
        let op = json!({"op": "create_page", "slug": "/first", "title": "First", "index": 0});
        if path.ends_with("pages") {
            server.done(op).await;
        }
        let (rest, end) = part(&server, path, 500, cursor.as_deref()).await;
        let slugs = |items: &[Value]| items.iter().map(|item| item[name].clone()).collect::<Vec<_>>();
        assert_eq!(slugs(&rest), slugs(&whole[first..]), "{path}");
        assert_eq!(end, None);
    }
}

async fn a_page_that_moved_hides_no_other(server: Server) {
    for name in ["a", "b", "c", "d"] {
        server.make_page(name).await;
    }
    let slugs = |items: &[Value]| items.iter().map(|item| item["slug"].clone()).collect::<Vec<_>>();
    let (first, cursor) = part(&server, "/sites/s/pages", 2, None).await;
    assert_eq!(slugs(&first), ["/a", "/b"]);
    server.done(json!({"op": "move_page", "page": "/b", "index": 3})).await;
    let (rest, end) = part(&server, "/sites/s/pages", 9, cursor.as_deref()).await;
    assert_eq!((slugs(&rest), end), (vec![json!("/c"), json!("/d"), json!("/b")], None));
}

async fn new_commits_do_not_shift_the_history(server: Server) {
    populated(&server).await;
    let (whole, _) = part(&server, "/sites/s/history", 500, None).await;
    let (_, cursor) = part(&server, "/sites/s/history", 3, None).await;
    server.make_page("new").await;
    let (rest, _) = part(&server, "/sites/s/history", 500, cursor.as_deref()).await;
    assert_eq!(rest, whole[3..]);
}

async fn the_history_up_to_a_version_is_what_it_was_then(server: Server) {
    server.make_page("a").await;
    server.set_heading("a", "one").await;
    let then = server.get("/sites/s/history?page=/a").await.ok();
    server.done(json!({"op": "rename_page", "page": "/a", "slug": "/z", "redirect": false})).await;
    server.make_page("a2").await;
    assert_eq!(server.get("/sites/s/history?ref=main@2").await.ok(), then);
    assert_eq!(server.get("/sites/s/history?ref=main@2&page=/a").await.ok(), then, "by the address it had");
    assert_eq!(server.get("/sites/s/history?page=/a").await.problem(), (404, "page_not_found"));
    assert_eq!(server.get("/sites/s/history?ref=main@2&page=/z").await.problem(), (404, "page_not_found"));
    assert_eq!(server.get("/sites/s/history?ref=main@0").await.ok(), json!({"items": []}));
    let of_block = server.get("/sites/s/history?ref=main@2&block=blk_a").await.ok();
    assert_eq!(of_block, then);
    assert_eq!(server.get("/sites/s/history?branch=main@2").await.ok(), then, "a branch may be any ref");
}

on_each_store![
    every_list_is_the_same_whatever_its_pages_are,
    a_cursor_is_of_the_list_that_gave_it_and_of_no_other,
    a_cursor_outlives_the_process_that_gave_it,
    a_site_that_was_made_again_refuses_cursors_of_the_one_before,
    what_stays_is_told_once_though_others_come_and_go,
    a_page_that_moved_hides_no_other,
    new_commits_do_not_shift_the_history,
    the_history_up_to_a_version_is_what_it_was_then,
];
