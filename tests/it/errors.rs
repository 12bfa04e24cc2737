//! Bad input: the status and code of the contract, a name for what is wrong, and nothing changed.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{SITE, Server, heading};

/// Ops that are each refused alone, with status and code, and a word their message must hold.
fn bad_ops() -> Vec<(Value, u16, &'static str, &'static str)> {
    let block = |block: Value| json!({"op": "add_block", "page": "/a", "block": block});
    let text = |text: &str| block(json!({"type": "Heading", "props": {"text": text}}));
    vec![
        (json!("add_block"), 400, "malformed_request", "object"),
        (json!({"page": "/a"}), 400, "malformed_request", "op"),
        (json!({"op": "update_prop", "page": "/a"}), 422, "unknown_op", "update_props"),
        (json!({"op": "remove_page", "page": "/a", "why": 1}), 400, "malformed_request", "why"),
        (json!({"op": "remove_page"}), 400, "malformed_request", "page"),
        (json!({"op": "remove_page", "page": 7}), 400, "malformed_request", "must be a text"),
        (json!({"op": "remove_page", "page": "/nope"}), 404, "page_not_found", "/nope"),
        (json!({"op": "remove_page", "page": "/"}), 422, "home_page", "home"),
        (json!({"op": "create_page", "slug": "/a", "title": "A"}), 409, "slug_taken", "/a"),
        (json!({"op": "create_page", "slug": "/x/../y", "title": "A"}), 422, "invalid_slug", ".."),
        (json!({"op": "create_page", "slug": "/x\u{7}", "title": "A"}), 422, "invalid_slug", "control"),
        (json!({"op": "create_page", "slug": "/x\u{0}", "title": "A"}), 422, "invalid_slug", ""),
        (json!({"op": "create_page", "slug": "/x", "title": "A\u{0}"}), 422, "schema_violation", "NUL"),
        (json!({"op": "create_page", "slug": "/x", "title": "X", "index": 99}), 422, "invalid_position", ""),
        (
            json!({"op": "create_page", "slug": "/x", "title": "X", "index": 0, "after": "/a"}),
            422,
            "invalid_position",
            "",
        ),
        (block(json!({"type": "Heroo", "props": {}})), 422, "unknown_block_type", "Hero"),
        (block(json!({"type": "Heading", "props": {"txt": "x"}})), 422, "unknown_prop", "text"),
        (block(json!({"type": "Heading", "props": {"text": 7}})), 422, "schema_violation", "must be text"),
        (block(json!({"type": "Heading", "id": "blk_a", "props": {"text": "x"}})), 409, "id_taken", "blk_a"),
        (block(json!({"type": "SiteHeader", "props": {"siteName": "x"}})), 422, "pinned", "SiteHeader"),
        (text("a\u{0}b"), 422, "schema_violation", "NUL"),
        (heading("a", ""), 422, "schema_violation", ""),
        (
            json!({"op": "update_props", "page": "/a", "block": "blk_x", "patch": {"text": "x"}}),
            404,
            "block_not_found",
            "blk_x",
        ),
        (
            json!({"op": "update_props", "page": "$tmp:x", "block": "blk_a", "patch": {}}),
            422,
            "unknown_temp_id",
            "x",
        ),
        (
            json!({"op": "update_item", "page": "/a", "block": "blk_list", "list": "items", "index": 9, "patch": {}}),
            404,
            "item_not_found",
            "",
        ),
        (
            json!({"op": "move_block", "page": "/a", "block": "blk_cols", "parent": "blk_cols", "slot": "column1"}),
            422,
            "invalid_position",
            "itself",
        ),
        (
            json!({"op": "update_props", "page": "/a", "block": "blk_a", "patch": {"level": 12_345_678_901_234_567_890_u64}}),
            422,
            "schema_violation",
            "",
        ),
    ]
}

async fn furnished(server: &Server) -> String {
    server.done(json!({"op": "create_page", "slug": "/", "title": "Home"})).await;
    server.make_page("a").await;
    let accordion = json!({"type": "FAQAccordion", "id": "blk_list", "props": {"items": [
        {"q": "Why?", "a": "Because."},
    ]}});
    server.done(json!({"op": "add_block", "page": "/a", "block": accordion})).await;
    let columns = json!({"type": "Columns", "id": "blk_cols", "props": {}});
    server.done(json!({"op": "add_block", "page": "/a", "block": columns})).await;
    server.get("/sites/s/pages").await.text
}

async fn a_bad_op_is_told_by_its_code_and_changes_nothing(server: Server) {
    let before = furnished(&server).await;
    let mut wrong = Vec::new();
    for (op, status, code, word) in bad_ops() {
        let answer = server.ops(json!([op])).await;
        let error = &answer.json["errors"][0];
        let fits = answer.status == status
            && answer.problem().1 == code
            && (&error["op"], &error["code"]) == (&json!(0), &json!(code))
            && error["pointer"].is_string()
            && error["message"].as_str().is_some_and(|message| message.contains(word));
        if !fits {
            wrong.push(format!("{op}\n  wanted {status} {code} with '{word}'\n  got {}", answer.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(server.get("/sites/s/pages").await.text, before);
}

async fn bad_ops_of_one_batch_are_told_together(server: Server) {
    furnished(&server).await;
    let remove = |page: &str| json!({"op": "remove_page", "page": page});
    let different = server.ops(json!([remove("/nope"), remove("/")])).await;
    assert_eq!(different.problem(), (422, "op_rejected"));
    let codes: Vec<_> =
        different.json["errors"].as_array().unwrap().iter().map(|error| &error["code"]).collect();
    assert_eq!(codes, ["page_not_found", "home_page"]);
    let same = server.ops(json!([remove("/nope"), remove("/nada")])).await;
    assert_eq!(same.problem(), (404, "page_not_found"));
    assert_eq!(same.json["errors"].as_array().unwrap().len(), 2);
}

async fn a_handle_declared_twice_is_refused(server: Server) {
    let make = |slug: &str| json!({"op": "create_page", "slug": slug, "title": "T", "tempId": "t"});
    let answer = server.ops(json!([make("/a"), make("/b")])).await;
    assert_eq!(answer.problem(), (422, "duplicate_temp_id"));
}

async fn a_batch_has_one_to_five_hundred_ops(server: Server) {
    server.make_page("a").await;
    let batch = |count: usize| json!((0..count).map(|at| heading("a", &format!("{at}"))).collect::<Vec<_>>());
    assert_eq!(server.ops(batch(0)).await.problem(), (400, "malformed_request"));
    assert_eq!(server.ops(batch(501)).await.problem(), (400, "malformed_request"));
    assert_eq!(server.ops(batch(500)).await.status, 200);
}

async fn an_envelope_that_is_none_is_refused_at_its_place(server: Server) {
    for (body, pointer) in [
        (json!({}), ""),
        (json!([]), ""),
        (json!({"ops": {}}), "/ops"),
        (json!({"ops": [], "sight": "s"}), "/sight"),
        (json!({"ops": [], "expectedVersion": -1}), "/expectedVersion"),
        (json!({"ops": [], "ifMatch": {"/a": 7}}), "/ifMatch/~1a"),
        (json!({"ops": [], "dryRun": "yes"}), "/dryRun"),
    ] {
        let answer = server.send(Method::POST, "/ops", &body).await;
        assert_eq!(answer.problem(), (400, "malformed_request"), "{body}");
        assert_eq!(answer.json["errors"][0]["pointer"], pointer, "{body}: {}", answer.text);
    }
}

async fn a_body_that_is_no_json_is_refused(server: Server) {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for body in [
        String::new(),
        "{".into(),
        "{\"ops\": [], \"ops\": []}".into(),
        "nonsense".into(),
        format!("{{\"ops\": {}}}", nested(65)),
        nested(500_000),
    ] {
        let answer = server.raw("/ops", body.clone()).await;
        assert_eq!(answer.problem(), (400, "malformed_json"), "{}", &body[..body.len().min(80)]);
    }
    let answer = server.raw("/ops", b"{\"ops\": [\"\xff\"]}".to_vec()).await;
    assert_eq!(answer.problem(), (400, "malformed_json"));
}

async fn a_lone_surrogate_is_told_at_its_place(server: Server) {
    server.make_page("a").await;
    let body = r#"{"site":"s","ops":[{"op":"update_props","page":"/a","block":"blk_a","patch":{"text":"x\ud800"}}]}"#;
    let answer = server.raw("/ops", body).await;
    assert_eq!(answer.problem(), (422, "schema_violation"));
    assert_eq!(answer.json["errors"][0]["pointer"], "/patch/text");
}

async fn a_body_over_a_megabyte_is_too_large(server: Server) {
    let answer = server.raw("/ops", vec![b' '; (1 << 20) + 1]).await;
    assert_eq!(answer.problem(), (413, "too_large"));
    let answer = server.raw("/sites", vec![b' '; 3 << 20]).await;
    assert_eq!(answer.problem(), (413, "too_large"));
}

async fn a_body_of_another_kind_is_refused(server: Server) {
    for (method, path) in [(Method::POST, "/ops"), (Method::POST, "/sites"), (Method::PATCH, "/sites/s")] {
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
            let request = server.request(method.clone(), path).header("content-type", kind).body("{}");
            assert_eq!(server.ask(request).await.problem(), (415, "unsupported_media_type"), "{path} {kind}");
        }
        let without = server.request(method.clone(), path).body("{}");
        assert_eq!(server.ask(without).await.problem(), (415, "unsupported_media_type"), "{path}");
    }
    let charset =
        server.request(Method::POST, "/ops").header("content-type", "application/json; charset=utf-8");
    let body = json!({"site": SITE, "ops": [{"op": "create_page", "slug": "/", "title": "Home"}]});
    assert_eq!(server.ask(charset.body(body.to_string())).await.status, 200);
}

async fn an_address_or_method_that_is_none_is_a_problem_document(server: Server) {
    for path in ["/index", "/nope", "/sites/", "/sites/s/nope", "/ops/1"] {
        assert_eq!(server.get(path).await.problem(), (404, "not_found"), "{path}");
    }
    let answer = server.ask(server.request(Method::PUT, "/sites/s")).await;
    assert_eq!(answer.problem(), (405, "method_not_allowed"));
    let mut allowed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["DELETE", "GET", "HEAD", "PATCH"]);
}

async fn a_query_with_something_unknown_is_refused(server: Server) {
    server.make_page("a").await;
    for path in [
        "/sites?limt=1",
        "/sites?limit=0",
        "/sites?limit=501",
        "/sites?limit=ten",
        "/sites/s?a=b",
        "/sites/s/pages?limit=-1",
        "/sites/s/pages?minVersion=x",
        "/sites/s/pages?branch=main&ref=main",
        "/sites/s/pages/%2Fa?x",
        "/sites/s/history?cursor=nonsense",
        "/sites/s/history?since=1",
        "/sites/s/diff",
        "/sites/s/diff?from=main",
    ] {
        assert_eq!(server.get(path).await.problem(), (400, "malformed_request"), "{path}");
    }
    let answer = server.send(Method::POST, "/ops?dryRun=true", &json!({"ops": []})).await;
    assert_eq!(answer.problem(), (400, "malformed_request"));
}

async fn what_is_not_there_is_told_by_its_own_code(server: Server) {
    server.make_page("a").await;
    for (path, code) in [
        ("/sites/x", "site_not_found"),
        ("/sites/x/pages", "site_not_found"),
        ("/sites/s%00/pages", "not_found"),
        ("/sites/s/pages?branch=x", "branch_not_found"),
        ("/sites/s/pages?ref=main@99", "version_not_found"),
        ("/sites/s/pages?ref=main@x", "version_not_found"),
        ("/sites/s/pages?ref=snapshot:x", "snapshot_not_found"),
        ("/sites/s/pages/%2Fx", "page_not_found"),
        ("/sites/s/pages/pg_x", "page_not_found"),
        ("/sites/s/pages?slug=/x", "page_not_found"),
        ("/sites/s/pages/%2Fa?ref=main@0", "page_not_found"),
        ("/sites/s/block-types/Heroo", "block_type_not_found"),
        ("/sites/s/history/99", "version_not_found"),
        ("/sites/s/history/0", "version_not_found"),
        ("/sites/s/history/x", "version_not_found"),
        ("/sites/s/history?page=/x", "page_not_found"),
    ] {
        assert_eq!(server.get(path).await.problem(), (404, code), "{path}");
    }
}

async fn a_page_over_its_limit_is_too_large(server: Server) {
    server.make_page("a").await;
    let text = "x".repeat(400_000);
    let block =
        json!({"op": "add_block", "page": "/a", "block": {"type": "RichText", "props": {"body": text}}});
    let mut refused = None;
    for _ in 0..12 {
        let answer = server.ops(json!([block])).await;
        if !answer.status.is_success() {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a page of 4.8 MB is refused on the way");
    assert_eq!(refused.problem(), (413, "too_large"));
}

on_each_store![
    a_bad_op_is_told_by_its_code_and_changes_nothing,
    bad_ops_of_one_batch_are_told_together,
    a_handle_declared_twice_is_refused,
    a_batch_has_one_to_five_hundred_ops,
    an_envelope_that_is_none_is_refused_at_its_place,
    a_body_that_is_no_json_is_refused,
    a_lone_surrogate_is_told_at_its_place,
    a_body_over_a_megabyte_is_too_large,
    a_body_of_another_kind_is_refused,
    an_address_or_method_that_is_none_is_a_problem_document,
    a_query_with_something_unknown_is_refused,
    what_is_not_there_is_told_by_its_own_code,
    a_page_over_its_limit_is_too_large,
];
