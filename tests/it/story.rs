//! A short life of a site that meets every op and every kind of entry.

use serde_json::{Value, json};

use crate::harness::Server;

/// The batches, in order. Ids are given, so that later ones can name them.
pub fn batches() -> Vec<Value> {
    let schema = |more: Value| {
        let mut properties = json!({
            "name": {"type": "string"},
            "price": {"type": "number"},
            "points": {"type": "array", "items": {
                "type": "object", "additionalProperties": false,
                "properties": {"text": {"type": "string"}},
            }},
        });
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"type": "object", "additionalProperties": false, "properties": properties})
    };
    let long =
        "The withies are cut in winter, when the sap is down; sorted, tied and stood in water. ".repeat(12);
    let text = |id: &str, body: &str| json!({"type": "RichText", "id": id, "props": {"body": body}});
    let ops: Vec<Value> = vec![
        json!([
            {"op": "create_page", "id": "pg_home", "slug": "/", "title": "Home", "blocks": [
                {"type": "Heading", "id": "blk_home", "props": {"text": "Grüße 👋 \u{2028}\"quoted\"\\ \u{7f}"}},
                {"type": "FAQAccordion", "id": "blk_faq", "props": {"items": [
                    {"key": "one", "q": "One?", "a": "One."}, {"key": "two", "q": "Two?", "a": "Two."},
                ]}},
            ]},
            {"op": "create_page", "id": "pg_about", "slug": "/about", "title": "About", "tempId": "about",
                "blocks": [text("blk_about", "Back to [home](/).")]},
            {"op": "add_block", "page": "$tmp:about", "block": {"type": "Columns", "id": "blk_outer", "slots": {
                "col1": [{"type": "TwoColumn", "id": "blk_inner", "slots": {"left": [text("blk_deep", "Deep.")]}}],
                "col2": [text("blk_right", &long)],
            }}},
        ]),
        json!([{"op": "create_page", "id": "pg_prices", "slug": "/prices", "title": "Prices", "index": 1,
            "meta": {"description": "What things cost", "canonical": "/about"},
            "blocks": [text("blk_prices", "See [about us](/about#top).")]}]),
        json!([{"op": "update_site_config", "patch": {"name": "Story", "navLabels": {"/about": "Who we are"}}}]),
        json!([{"op": "register_block_type", "type": "Offer", "schema": schema(json!({}))}]),
        json!([{"op": "add_block", "page": "/prices", "block": {"type": "Offer", "id": "blk_offer",
            "props": {"name": "Basket", "price": 1.5e-7, "points": [{"text": "strong"}]}}}]),
        json!([{"op": "register_block_type", "type": "Offer",
            "schema": schema(json!({"colour": {"type": "string"}})), "migrate": [{"default": {"colour": "brown"}}]}]),
        json!([{"op": "register_block_type", "type": "Spare", "schema": schema(json!({}))}]),
        json!([{"op": "remove_block_type", "type": "Spare"}]),
        json!([{"op": "rename_page", "page": "/about", "slug": "/us", "title": "Us"}]),
        json!([{"op": "undo", "page": "/us"}]),
        json!([{"op": "redo", "page": "/about"}]),
        json!([{"op": "update_page_meta", "page": "/us", "patch": {"noindex": true, "title": null}}]),
        json!([{"op": "update_props", "page": "/us", "block": "blk_right", "patch": {"body": format!("{long} More.")}}]),
        json!([{"op": "replace_text", "page": "/us", "block": "blk_deep", "path": "/body", "find": "Deep", "replace": "Deeper"}]),
        json!([{"op": "move_block", "page": "/us", "block": "blk_inner", "toPage": "/", "after": "blk_home"}]),
        json!([{"op": "duplicate_block", "page": "/", "block": "blk_inner", "toPage": "/prices", "index": 0}]),
        json!([{"op": "undo", "page": "/us", "onlyPage": true}]),
        json!([{"op": "redo", "page": "/us"}]),
        json!([{"op": "add_item", "page": "/", "block": "blk_faq", "list": "items", "index": 0, "item": {"q": "Zero?", "a": "None."}}]),
        json!([{"op": "update_item", "page": "/", "block": "blk_faq", "list": "items", "key": "two", "patch": {"a": "Zwei."}}]),
        json!([{"op": "move_item", "page": "/", "block": "blk_faq", "list": "items", "key": "two", "toIndex": 0}]),
        json!([{"op": "remove_item", "page": "/", "block": "blk_faq", "list": "items", "key": "one"}]),
        json!([{"op": "duplicate_page", "page": "/us", "slug": "/us/copy"}]),
        json!([{"op": "move_page", "page": "/us/copy", "before": "/us"}]),
        json!([{"op": "set_redirect", "from": "/old", "to": "/prices?x=1", "status": 307}]),
        json!([{"op": "set_redirect", "from": "/older", "to": "https://example.org/"}]),
        json!([{"op": "remove_redirect", "from": "/older"}]),
        json!([{"op": "remove_block", "page": "/", "block": "blk_inner"}]),
        json!([{"op": "undo"}]),
        json!([{"op": "remove_page", "page": "/us/copy"}]),
        json!([
            {"op": "create_page", "id": "pg_never", "slug": "/never", "title": "Nobody saw it"},
            {"op": "remove_page", "page": "/never"},
            {"op": "update_props", "page": "/", "block": "blk_home", "patch": {"text": "Home"}},
        ]),
        json!([{"op": "restore_version", "version": 13, "page": "/us"}]),
        json!([{"op": "restore_version", "version": 20}]),
        json!([{"op": "undo"}]),
        json!([{"op": "redo"}]),
    ];
    let mut batches: Vec<Value> = ops.into_iter().map(|ops| json!({"ops": ops})).collect();
    batches[4]["summary"] = "Offers, with a key".into();
    batches[4]["idempotencyKey"] = "the-offer".into();
    // Nothing changes, and the key keeps its answer: a note.
    let still = json!([{"op": "update_site_config", "patch": {"name": "Story"}}]);
    batches.insert(9, json!({"ops": still, "idempotencyKey": "nothing"}));
    batches
}

/// Lives it.
pub async fn tell(server: &Server) {
    for batch in batches() {
        let answer = server.envelope(batch.clone()).await;
        assert!(answer.status.is_success(), "{}\n{batch}", answer.text);
    }
}

/// Goes on until a server that is stopped writes checkpoints: of a page that much is done to, and of the site.
pub async fn go_on(server: &Server) {
    server.make_page("a").await;
    for round in 0..80 {
        server.set_heading("a", &format!("{round} {}", "words and words ".repeat(30))).await;
        if round % 9 == 0 {
            server.done(json!({"op": "undo", "page": "/a"})).await;
        }
        if round % 18 == 0 {
            server.done(json!({"op": "redo", "page": "/a"})).await;
        }
    }
}

/// All that is served of a site's newest state, in one value.
pub async fn served(server: &Server, site: &str) -> Value {
    let of = |path: &str| format!("/sites/{site}/{path}");
    let mut pages = Vec::new();
    for page in server.get(&of("pages?limit=500")).await.ok()["items"].as_array().unwrap() {
        pages.push(server.get(&of(&format!("pages/{}", page["id"].as_str().unwrap()))).await.ok());
    }
    let mut value = json!({ "pages": pages });
    for path in ["config", "redirects", "history?limit=500", "history/status", "block-types/Offer"] {
        let answer = server.get(&of(path)).await;
        value[path] = if answer.status == 404 { Value::Null } else { answer.ok() };
    }
    value
}
