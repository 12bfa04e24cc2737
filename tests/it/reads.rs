//! Reading: refs, tags, lists.

use reqwest::Method;
use serde_json::json;

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

/// A read of every kind, on a site with one page.
const READS: [&str; 15] = [
    "/sites",
    "/sites/s",
    "/sites/s/config",
    "/sites/s/redirects",
    "/sites/s/pages",
    "/sites/s/pages?slug=/a",
    "/sites/s/pages/%2Fa",
    "/sites/s/pages/%2Fa?ref=main@1",
    "/sites/s/pages/%2Fa/blame",
    "/sites/s/block-types",
    "/sites/s/block-types/Hero",
    "/sites/s/history",
    "/sites/s/history/1",
    "/sites/s/history/status",
    "/sites/s/diff?from=main@0&to=main",
];

async fn every_read_has_a_tag_and_is_sent_once(server: Server) {
    server.make_page("a").await;
    for path in READS {
        let first = server.get(path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.len() > 10, "{path}: {tag}");
        assert_eq!(first.header("cache-control"), "private, no-cache", "{path}");
        let again =
            |value: String| server.ask(server.request(Method::GET, path).header("if-none-match", value));
        for value in
            [tag.clone(), format!("W/{tag}"), format!("\"x\", W/{tag}"), format!("{tag},\"x\""), "*".into()]
        {
            let known = again(value).await;
            assert_eq!((known.status.as_u16(), known.text.as_str()), (304, ""), "{path}");
            assert_eq!(known.header("etag"), tag, "{path}");
        }
        for value in ["\"x\"".to_owned(), tag.replace('"', ""), format!("w/{tag}")] {
            assert_eq!(again(value).await.text, first.text, "{path}");
        }
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
    for path in READS.into_iter().chain(["/healthz", "/readyz", "/.well-known/oauth-protected-resource"]) {
        let (get, head) = (server.get(path).await, server.ask(server.request(Method::HEAD, path)).await);
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        for name in ["etag", "content-type", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
        assert_eq!(head.header("content-length"), get.text.len().to_string(), "{path}");
        let known = server.request(Method::HEAD, path).header("if-none-match", get.header("etag"));
        assert_eq!(server.ask(known).await.status == 304, !get.header("etag").is_empty(), "{path}");
    }
    let events = server.ask(server.request(Method::HEAD, "/sites/s/events")).await;
    assert_eq!((events.status.as_u16(), events.header("content-type")), (200, "text/event-stream"));
    let missing = server.ask(server.request(Method::HEAD, "/sites/s/pages/none")).await;
    assert_eq!((missing.status.as_u16(), missing.text.as_str()), (404, ""));
}

/// All reads of a branch wait for a version; one that does not come is told of after five seconds.
async fn every_read_of_a_branch_waits_for_a_version(server: Server) {
    server.make_page("a").await;
    let server = &server;
    let of_a_branch = READS.into_iter().filter(|path| path.starts_with("/sites/s/"));
    let paths: Vec<String> = of_a_branch
        .map(|path| format!("{path}{}minVersion=", if path.contains('?') { '&' } else { '?' }))
        .collect();
    let waited =
        paths.iter().map(|path| async move { server.get(&format!("{path}2")).await.status.as_u16() });
    let (statuses, ()) = tokio::join!(futures::future::join_all(waited), async {
        tokio::task::yield_now().await;
        server.set_heading("a", "one").await;
    });
    assert_eq!(statuses, vec![200; paths.len()]);
    let waited = paths.iter().map(|path| async move {
        let answer = server.get(&format!("{path}9")).await;
        assert_eq!(answer.problem(), (404, "version_not_found"), "{path}");
    });
    futures::future::join_all(waited).await;
    for value in ["-1", "1.5", "x", "", "99999999999999999999"] {
        for path in &paths {
            let answer = server.get(&format!("{path}{value}")).await;
            assert_eq!(answer.problem(), (400, "malformed_request"), "{path}{value}");
        }
    }
}

async fn a_ref_that_names_nothing_is_told_so_wherever_one_is_taken(server: Server) {
    server.make_page("a").await;
    let long = "x".repeat(10_000);
    let refs = [
        ("main@", "version_not_found"),
        ("main@-1", "version_not_found"),
        ("main@%2B1", "version_not_found"),
        ("main@1.5", "version_not_found"),
        ("main@2", "version_not_found"),
        ("main@9223372036854775808", "version_not_found"),
        ("main@99999999999999999999", "version_not_found"),
        ("main@1@1", "version_not_found"),
        ("@3", "branch_not_found"),
        ("", "branch_not_found"),
        ("Main", "branch_not_found"),
        ("%F0%9F%8C%B3", "branch_not_found"),
        ("snapshot:", "snapshot_not_found"),
        ("snapshot:1@2", "snapshot_not_found"),
        ("published", "snapshot_not_found"),
        (long.as_str(), "branch_not_found"),
    ];
    for (reference, code) in refs {
        for path in
            ["config", "redirects", "pages", "pages/%2Fa", "pages/%2Fa/blame", "block-types", "history"]
        {
            let answer = server.get(&format!("/sites/s/{path}?ref={reference}")).await;
            assert_eq!(answer.problem(), (404, code), "{path} {reference}");
            assert!(answer.text.len() < 1_000, "{path}");
        }
        for path in [format!("diff?from={reference}&to=main"), format!("diff?from=main&to={reference}")] {
            assert_eq!(server.get(&format!("/sites/s/{path}")).await.problem(), (404, code), "{path}");
        }
    }
    for path in ["history/status?branch=main@1", "history/1?branch=main@1", "history/1?branch=x"] {
        assert_eq!(
            server.get(&format!("/sites/s/{path}")).await.problem(),
            (404, "branch_not_found"),
            "{path}"
        );
    }
    for path in ["history/status?ref=main", "history/1?ref=main", "history?ref=main&branch=main"] {
        let answer = server.get(&format!("/sites/s/{path}")).await;
        assert_eq!(answer.problem(), (400, "malformed_request"), "{path}");
    }
    for version in ["0", "2", "-1", "x", "1.5", "18446744073709551615", "99999999999999999999"] {
        let answer = server.get(&format!("/sites/s/history/{version}")).await;
        assert_eq!(answer.problem(), (404, "version_not_found"), "{version}");
    }
}

async fn a_diff_needs_both_its_refs(server: Server) {
    for (query, named) in [("", "from"), ("?to=main", "from"), ("?from=main", "to")] {
        let answer = server.get(&format!("/sites/s/diff{query}")).await;
        assert_eq!(answer.problem(), (400, "malformed_request"), "{query}");
        assert!(answer.text.contains(&format!("`{named}` is missing")), "{}", answer.text);
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
    every_read_of_a_branch_waits_for_a_version,
    a_ref_that_names_nothing_is_told_so_wherever_one_is_taken,
    a_diff_needs_both_its_refs,
    pages_stand_in_site_order_with_the_home_page_first,
    a_reader_may_wait_for_a_version,
    what_is_published_of_a_block_type_is_its_schema,
    the_config_is_the_bare_object,
];
