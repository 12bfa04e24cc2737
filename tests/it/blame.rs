//! Who wrote what stands on a page, over HTTP.

use osier::service::Blame;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Server, page_path};

async fn blame(server: &Server, page: &str) -> Blame {
    serde_json::from_value(server.get(&format!("{}/blame", page_path(page))).await.ok()).unwrap()
}

async fn as_somebody_else(server: &Server, op: Value) -> Value {
    let secret = server.token_with(osier::auth::Scope::Write, &[], &[]).await;
    let request = server.request(Method::POST, "/ops").bearer_auth(secret);
    crate::harness::answered(request.json(&json!({"site": "s", "ops": [op]}))).await.ok()
}

async fn each_field_names_the_commit_that_wrote_it(server: Server) {
    let blocks = json!([
        {"type": "Hero", "id": "blk_hero", "props": {"heading": "Hi", "subheading": "There"}},
        {"type": "FAQAccordion", "id": "blk_faq", "props": {"items": [{"key": "k1", "q": "One?", "a": "1"}]}},
    ]);
    server.done(json!({"op": "create_page", "slug": "/a", "title": "A", "blocks": blocks})).await;
    let patch = json!({"op": "update_props", "page": "/a", "block": "blk_hero", "patch": {"heading": "Ho"}});
    let second = as_somebody_else(&server, patch).await;
    let item = json!({"op": "update_item", "page": "/a", "block": "blk_faq", "list": "items", "key": "k1", "patch": {"a": "2"}});
    server.done(item).await;
    server.done(json!({"op": "update_page_meta", "page": "/a", "patch": {"description": "d"}})).await;
    server.done(json!({"op": "move_block", "page": "/a", "block": "blk_faq", "index": 0})).await;
    let told = blame(&server, "/a").await;
    assert_eq!((told.slug.as_str(), told.version), ("/a", 5));
    assert_eq!((told.fields["/slug"], told.fields["/meta/description"]), (1, 4));
    let [faq, hero] = &told.blocks[..] else { panic!("{told:?}") };
    assert_eq!((faq.kind.as_str(), faq.added, faq.placed), ("FAQAccordion", 1, 5));
    assert_eq!((faq.fields["/items/k1/q"], faq.fields["/items/k1/a"]), (1, 3));
    assert_eq!((hero.added, hero.placed), (1, 1));
    assert_eq!((hero.fields["/heading"], hero.fields["/subheading"]), (2, 1));
    let mark = &told.commits[&2];
    assert_eq!((mark.commit.as_str(), mark.actor.as_ref()), (second["commit"].as_str().unwrap(), "write"));
    assert_eq!((mark.source.as_str(), mark.kind.as_str()), ("api", "edit"));
    assert_eq!(told.commits.len(), 5);
}

async fn an_old_version_is_blamed_on_what_was_written_by_then(server: Server) {
    server.make_page("a").await;
    server.set_heading("a", "one").await;
    server.set_heading("a", "two").await;
    server.done(json!({"op": "undo", "page": "/a"})).await;
    let text = |told: &Value| told["blocks"][0]["fields"]["/text"].clone();
    for (reference, written) in [("main@1", 1), ("main@2", 2), ("main@3", 3), ("main@4", 4), ("main", 4)] {
        let told = server.get(&format!("{}/blame?ref={reference}", page_path("/a"))).await.ok();
        assert_eq!(text(&told), written, "{reference}");
    }
    let told = blame(&server, "/a").await;
    assert_eq!(told.commits[&4].kind.as_str(), "undo");
    server.done(json!({"op": "remove_page", "page": "/a"})).await;
    assert_eq!(server.get(&format!("{}/blame", page_path("/a"))).await.problem(), (404, "page_not_found"));
    assert_eq!(text(&server.get(&format!("{}/blame?ref=main@3", page_path("/a"))).await.ok()), 3);
}

async fn a_rename_is_blamed_for_the_links_it_wrote_on_other_pages(server: Server) {
    server.make_page("a").await;
    let block = json!({"type": "RichText", "id": "blk_text", "props": {"body": "[a](/a)"}});
    server.done(json!({"op": "create_page", "slug": "/b", "title": "B", "blocks": [block]})).await;
    server.done(json!({"op": "rename_page", "page": "/a", "slug": "/z"})).await;
    let told = blame(&server, "/b").await;
    assert_eq!((told.fields["/slug"], told.blocks[0].fields["/body"]), (2, 3));
    assert_eq!(blame(&server, "/z").await.fields["/slug"], 3);
}

async fn a_block_from_another_page_is_blamed_on_its_move(server: Server) {
    server.make_page("a").await;
    server.make_page("b").await;
    server.set_heading("a", "one").await;
    server
        .done(json!({"op": "move_block", "page": "/a", "block": "blk_a", "toPage": "/b", "index": 0}))
        .await;
    let told = blame(&server, "/b").await;
    let moved = &told.blocks[0];
    assert_eq!((moved.id.as_str(), moved.added, moved.placed, moved.fields["/text"]), ("blk_a", 4, 4, 4));
    assert_eq!(told.blocks[1].fields["/text"], 2);
}

async fn a_last_segment_blame_asks_for_it_whatever_pages_there_are(server: Server) {
    server.done(json!({"op": "create_page", "slug": "/", "title": "Home"})).await;
    for slug in ["/guides", "/guides/blame", "/blame"] {
        server.done(json!({"op": "create_page", "slug": slug, "title": slug})).await;
    }
    let id = server.page("/guides").await["id"].as_str().unwrap().to_owned();
    for (path, slug) in [
        ("%2Fguides/blame", "/guides"),
        ("guides/blame", "/guides"),
        ("guides/blame/blame", "/guides/blame"),
        ("%2Fguides%2Fblame/blame", "/guides/blame"),
        ("blame/blame", "/blame"),
        ("%2F/blame", "/"),
        (&format!("{id}/blame"), "/guides"),
    ] {
        let told = server.get(&format!("/sites/s/pages/{path}")).await.ok();
        assert_eq!((&told["slug"], told["commits"].is_object()), (&json!(slug), true), "{path}");
    }
    for path in ["%2Fguides%2Fblame", "guides%2Fblame", "blame", "%2Fblame"] {
        let page = server.get(&format!("/sites/s/pages/{path}")).await.ok();
        assert!(page["title"].as_str().unwrap().ends_with("/blame"), "{path}");
    }
    assert_eq!(server.get("/sites/s/pages/none/blame").await.problem(), (404, "page_not_found"));
}

async fn it_is_a_read_as_others_are(server: Server) {
    server.make_page("a").await;
    let path = format!("{}/blame", page_path("/a"));
    let first = server.get(&path).await;
    let tag = first.header("etag").to_owned();
    let known = server.request(Method::GET, &path).header("if-none-match", format!("\"x\", W/{tag}"));
    assert_eq!(server.ask(known).await.status, 304);
    let head = server.ask(server.request(Method::HEAD, &path)).await;
    assert_eq!((head.status.as_u16(), head.text.as_str(), head.header("etag")), (200, "", tag.as_str()));
    let waited = format!("{path}?minVersion=2");
    let (read, ()) = tokio::join!(server.get(&waited), async {
        tokio::task::yield_now().await;
        server.set_heading("a", "one").await;
    });
    assert_eq!(read.ok()["blocks"][0]["fields"]["/text"], 2);
    assert_eq!(server.get(&format!("{path}?limit=1")).await.problem(), (400, "malformed_request"));
    let missing = server.get(&format!("{path}?ref=main@9")).await;
    assert_eq!(missing.problem(), (404, "version_not_found"));
}

on_each_store![
    each_field_names_the_commit_that_wrote_it,
    an_old_version_is_blamed_on_what_was_written_by_then,
    a_rename_is_blamed_for_the_links_it_wrote_on_other_pages,
    a_block_from_another_page_is_blamed_on_its_move,
    a_last_segment_blame_asks_for_it_whatever_pages_there_are,
    it_is_a_read_as_others_are,
];
