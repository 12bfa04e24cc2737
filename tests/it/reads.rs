//! Reading: refs, tags, lists.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{SITE, Server, page_path};

async fn a_page_is_found_by_id_and_by_every_way_to_write_its_slug(server: Server) {
    server.done(json!({"op": "create_page", "slug": "/", "title": "Home"})).await;
    server.done(json!({"op": "create_page", "slug": "/blog/first", "title": "First"})).await;
    let page = server.page("/blog/first").await;
    let id = page["id"].as_str().unwrap();
    for path in [
        page_path(id),
        "/sites/s/pages/blog/first".into(),
        "/sites/s/pages/blog%2Ffirst".into(),
        "/sites/s/pages?slug=/blog/first".into(),
        "/sites/s/pages?slug=%2Fblog%2Ffirst".into(),
    ] {
        assert_eq!(server.get(&path).await.ok(), page, "{path}");
    }
    assert_eq!(server.get("/sites/s/pages/%2F").await.ok()["title"], "Home");
    assert_eq!(server.get("/sites/s/pages?slug=/").await.ok()["title"], "Home");
}

async fn a_page_is_the_page_of_the_contract(server: Server) {
    let made = server.make_page("a").await;
    let page = server.page("/a").await;
    let mut fields: Vec<_> = page.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    let wanted = ["blocks", "hash", "id", "meta", "slug", "title", "updatedAt", "updatedBy", "version"];
    assert_eq!(fields, wanted);
    assert_eq!(page["version"], made["version"]);
    let item = server.get("/sites/s/pages").await.ok()["items"][0].clone();
    for field in ["id", "slug", "title", "hash", "version", "updatedAt", "updatedBy"] {
        assert_eq!(item[field], page[field], "{field}");
    }
    assert_eq!(item["blockCount"], 1);
}

async fn an_old_version_is_read_by_ref(server: Server) {
    server.make_page("a").await;
    server.set_heading("a", "one").await;
    server.done(json!({"op": "remove_page", "page": "/a"})).await;
    let text = async |version: u64| {
        let page = server.get(&format!("{}?ref=main%40{version}", page_path("/a"))).await.ok();
        page["blocks"][0]["props"]["text"].clone()
    };
    assert_eq!(text(1).await, "a");
    assert_eq!(text(2).await, "one");
    assert_eq!(server.get("/sites/s/pages?ref=main@2").await.ok()["items"].as_array().unwrap().len(), 1);
    assert_eq!(server.get("/sites/s/pages?ref=main@0").await.ok()["items"], json!([]));
    assert_eq!(server.get(&page_path("/a")).await.status, 404);
}

async fn every_read_has_a_tag_and_is_sent_once(server: Server) {
    server.make_page("a").await;
    for path in [
        "/sites",
        "/sites/s",
        "/sites/s/config",
        "/sites/s/redirects",
        "/sites/s/pages",
        "/sites/s/pages/%2Fa",
        "/sites/s/block-types",
        "/sites/s/block-types/Hero",
        "/sites/s/history",
        "/sites/s/history/1",
        "/sites/s/history/status",
        "/sites/s/diff?from=main@0&to=main",
    ] {
        let first = server.get(path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.len() > 10, "{path}: {tag}");
        assert_eq!(first.header("cache-control"), "private, no-cache", "{path}");
        let again =
            |value: String| server.ask(server.request(Method::GET, path).header("if-none-match", value));
        let known = again(format!("\"x\", W/{tag}")).await;
        assert_eq!((known.status.as_u16(), known.text.as_str()), (304, ""), "{path}");
        assert_eq!(known.header("etag"), tag, "{path}");
        assert_eq!(again("\"x\"".into()).await.text, first.text, "{path}");
    }
}

async fn a_tag_changes_with_the_bytes(server: Server) {
    server.make_page("a").await;
    let tag = async |path| server.get(path).await.header("etag").to_owned();
    let (page, list) = (tag("/sites/s/pages/%2Fa").await, tag("/sites/s/pages").await);
    server.set_heading("a", "one").await;
    assert_ne!(tag("/sites/s/pages/%2Fa").await, page);
    assert_ne!(tag("/sites/s/pages").await, list);
}

async fn head_is_get_without_a_body(server: Server) {
    server.make_page("a").await;
    for path in ["/sites", "/sites/s/pages/%2Fa", "/healthz"] {
        let (get, head) = (server.get(path).await, server.ask(server.request(Method::HEAD, path)).await);
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.header("etag"), get.header("etag"), "{path}");
        assert_eq!(head.header("content-length"), get.text.len().to_string(), "{path}");
    }
}

async fn a_list_goes_on_where_its_cursor_says(server: Server) {
    for name in ["a", "b", "c", "d", "e"] {
        server.make_page(name).await;
    }
    for path in ["/sites/s/pages", "/sites/s/history", "/sites/s/block-types"] {
        let whole = server.get(&format!("{path}?limit=500")).await.ok();
        let (mut items, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let next = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let part = server.get(&format!("{path}?limit=2{next}")).await.ok();
            assert!(part["items"].as_array().unwrap().len() <= 2);
            items.extend(part["items"].as_array().unwrap().clone());
            cursor = part["nextCursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(Value::Array(items), whole["items"], "{path}");
        assert_eq!(whole.get("nextCursor"), None, "{path}");
    }
}

async fn pages_stand_in_site_order_with_the_home_page_first(server: Server) {
    server.make_page("a").await;
    server.make_page("b").await;
    server.done(json!({"op": "create_page", "slug": "/", "title": "Home"})).await;
    server.done(json!({"op": "move_page", "page": "/b", "before": "/a"})).await;
    let listed = server.get("/sites/s/pages").await.ok();
    let slugs: Vec<_> = listed["items"].as_array().unwrap().iter().map(|page| &page["slug"]).collect();
    assert_eq!(slugs, ["/", "/b", "/a"]);
}

async fn a_reader_may_wait_for_a_version(server: Server) {
    server.make_page("a").await;
    let path = format!("{}?minVersion=2", page_path("/a"));
    let (read, ()) = tokio::join!(server.get(&path), async {
        tokio::task::yield_now().await;
        server.set_heading("a", "one").await;
    });
    assert_eq!(read.ok()["blocks"][0]["props"]["text"], "one");
}

async fn what_is_published_of_a_block_type_is_its_schema(server: Server) {
    let hero = server.get("/sites/s/block-types/Hero").await.ok();
    assert_eq!(hero["type"], "Hero");
    assert_eq!(hero["schema"]["additionalProperties"], false);
    let types = server.get("/sites/s/block-types?limit=500").await.ok();
    assert!(types["items"].as_array().unwrap().contains(&hero));
}

async fn the_config_is_the_bare_object(server: Server) {
    server.done(json!({"op": "update_site_config", "patch": {"tone": "dry"}})).await;
    assert_eq!(server.get("/sites/s/config").await.ok(), json!({"name": "Site", "tone": "dry"}));
    assert_eq!(server.get("/sites/s/config?ref=main@0").await.ok(), json!({"name": "Site"}));
    assert_eq!(server.get(&format!("/sites/{SITE}")).await.ok()["tone"], "dry");
}

on_each_store![
    a_page_is_found_by_id_and_by_every_way_to_write_its_slug,
    a_page_is_the_page_of_the_contract,
    an_old_version_is_read_by_ref,
    every_read_has_a_tag_and_is_sent_once,
    a_tag_changes_with_the_bytes,
    head_is_get_without_a_body,
    a_list_goes_on_where_its_cursor_says,
    pages_stand_in_site_order_with_the_home_page_first,
    a_reader_may_wait_for_a_version,
    what_is_published_of_a_block_type_is_its_schema,
    the_config_is_the_bare_object,
];
