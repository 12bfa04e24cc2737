//! A small world to edit: steps of small numbers, read modulo what there is to choose from, so that most ops hit and a
//! shorter history is a history too. One op in ten is nonsense on purpose.

mod asking;
mod blocks;
mod chance;
mod seen;

use osier::content::document::{Block, Root};
use osier::content::id::PageId;
use serde_json::{Value, json};

pub use asking::{Answered, looks_back, problems, refusal, send};
pub use chance::{Seeded, Ticking};
pub use seen::{Replayed, Seen, values};

/// What to do and three choices.
pub type Step = (u8, u8, u8, u8);

/// Addresses pages may have, and some that are only linked to.
pub const SLUGS: [&str; 8] = ["/", "/a", "/b", "/s0", "/s1/deep", "/ünï", "/gone", "/A/"];

/// Types of the site's own: the first is there from the beginning.
const TYPES: [&str; 2] = ["LawBox", "LawSlip"];

/// The batch every site of the world begins with.
pub fn first_batch() -> Value {
    let home = json!([
        {"id": "blk_h", "type": "Heading", "props": {"text": "Home"}},
        {"id": "blk_r", "type": "RichText", "props": {"body": "See [a](/a) and [b](/b#x).\n\nMore."}},
    ]);
    let a = json!([
        {"id": "blk_f", "type": "FAQAccordion", "props": {"items": [
            {"key": "k1", "q": "one", "a": "[b](/b)"}, {"key": "k2", "q": "two", "a": "no link"}]}},
        {"id": "blk_t", "type": "TwoColumn", "props": {}, "slots": {"left": [
            {"id": "blk_x", "type": "Button", "props": {"label": "Go", "href": "/b"}}]}},
    ]);
    let b = json!([{"id": "blk_n", "type": "LawBox", "props": {"note": "n", "to": "/a"}, "slots": {"in": [
        {"id": "blk_m", "type": "LawBox", "props": {"note": "m"}}]}}]);
    json!([
        {"op": "register_block_type", "type": "LawBox", "schema": schema(0)},
        {"op": "create_page", "id": "pg_h", "slug": "/", "title": "Home", "blocks": home},
        {"op": "create_page", "id": "pg_a", "slug": "/a", "title": "A", "blocks": a},
        {"op": "create_page", "id": "pg_b", "slug": "/b", "title": "B", "blocks": b},
    ])
}

/// The schemas the custom type may have: each takes all that the others take but the last, which takes only some.
fn schema(n: u8) -> Value {
    let most = [100, 80, 1][usize::from(n) % 3];
    json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "note": {"type": "string", "maxLength": most},
            "to": {"type": "string", "format": "uri-reference"},
        },
        "x-osier": {"label": "Box", "slots": {"in": {"label": "In", "accepts": ["*"]}}},
    })
}

/// One of some, whatever the number; none of none.
pub fn pick<T: Clone>(options: &[T], n: u8) -> Option<T> {
    options.get(usize::from(n) % options.len().max(1)).cloned()
}

/// The pages in their order.
pub fn pages(root: &Root) -> Vec<PageId> {
    root.order.iter().cloned().collect()
}

/// The blocks of all pages whose bodies are there, page by page.
pub fn blocks(root: &Root) -> Vec<(PageId, Block)> {
    let of = |id: PageId| {
        let page = root.page(&id).ok().flatten().cloned();
        let blocks = page.iter().flat_map(|page| page.blocks()).map(|block| (**block).clone());
        blocks.map(|block| (id.clone(), block)).collect::<Vec<_>>()
    };
    pages(root).into_iter().flat_map(of).collect()
}

/// A page as callers name it: by id or by address.
fn named(root: &Root, page: &PageId, n: u8) -> Value {
    match root.stub(page) {
        Some(stub) if n % 2 == 1 => json!(&*stub.slug),
        _ => json!(page.as_str()),
    }
}

/// The op of a step, on a state; `fresh` names what it makes.
pub fn op(root: &Root, (kind, a, b, c): Step, fresh: &str) -> Value {
    const KINDS: [&str; 32] = [
        "props",
        "props",
        "props",
        "type",
        "text",
        "item",
        "item",
        "item",
        "item",
        "add",
        "add",
        "add",
        "move",
        "move",
        "move",
        "copy",
        "remove",
        "page",
        "page",
        "drop page",
        "order",
        "rename",
        "rename",
        "rename",
        "meta",
        "nav",
        "nav",
        "redirect",
        "redirect",
        "type",
        "twin",
        "nonsense",
    ];
    let page = pick(&pages(root), a);
    let block = pick(&blocks(root), a);
    let made = match (KINDS[usize::from(kind) % KINDS.len()], page, block) {
        ("props", _, Some(at)) => blocks::props(root, &at, b, c),
        ("text", _, Some(at)) => blocks::text(root, &at, b, c),
        ("item", ..) => blocks::item(root, a, b, c, fresh),
        ("add", Some(page), _) => blocks::add(root, &page, b, c, fresh),
        ("move", _, Some(at)) => blocks::relocate(root, &at, "move_block", b, c),
        ("copy", _, Some(at)) => blocks::relocate(root, &at, "duplicate_block", b, c),
        ("remove", _, Some((page, block))) => {
            json!({"op": "remove_block", "page": named(root, &page, b), "block": block.id})
        }
        ("page", ..) => create_page(root, b, c, fresh),
        ("drop page", Some(page), _) => json!({"op": "remove_page", "page": named(root, &page, b)}),
        ("order", Some(page), _) => {
            json!({"op": "move_page", "page": named(root, &page, b), "index": usize::from(c) % root.order.len()})
        }
        ("rename", Some(page), _) => rename(root, &page, b, c),
        ("meta", Some(page), _) => {
            let patch = pick(
                &[
                    json!({"description": SLUGS[usize::from(b) % 8]}),
                    json!({"canonical": "/a"}),
                    json!({"description": null}),
                    json!({"noindex": b % 2 == 0}),
                ],
                c,
            );
            json!({"op": "update_page_meta", "page": named(root, &page, a), "patch": patch})
        }
        ("nav", ..) => json!({"op": "update_site_config", "patch": config(a, b, c)}),
        ("redirect", ..) => redirect(b, c),
        ("type", ..) if c % 4 == 3 => json!({"op": "remove_block_type", "type": pick(&TYPES, b)}),
        ("type", ..) => json!({"op": "register_block_type", "type": pick(&TYPES, b), "schema": schema(c)}),
        ("twin", Some(page), _) => json!({"op": "duplicate_page", "page": named(root, &page, b)}),
        _ => return nonsense(root, a, b),
    };
    // Now and then an op meets what is not there.
    if c == 63 { nonsense(root, a, b) } else { made }
}

fn create_page(root: &Root, b: u8, c: u8, fresh: &str) -> Value {
    let blocks = json!([
        {"id": format!("blk_{fresh}p"), "type": "Button", "props": {"label": "On", "href": SLUGS[usize::from(c) % 8]}},
    ]);
    let mut op = json!({"op": "create_page", "id": format!("pg_{fresh}"), "slug": SLUGS[usize::from(b) % 8],
        "title": format!("T{c}"), "blocks": blocks});
    if c % 2 == 0 {
        op["index"] = json!(usize::from(c) % (root.order.len() + 1));
    }
    op
}

fn rename(root: &Root, page: &PageId, b: u8, c: u8) -> Value {
    let mut op = json!({"op": "rename_page", "page": page, "redirect": c % 3 > 0});
    match root.stub(page) {
        Some(stub) if b % 4 == 3 => op["title"] = json!(format!("{}!", stub.title)),
        _ => op["slug"] = json!(SLUGS[1 + usize::from(b) % 7]),
    }
    op
}

fn config(a: u8, b: u8, c: u8) -> Value {
    let slug = SLUGS[usize::from(b) % 8];
    match a % 4 {
        0 => json!({"name": format!("N{}", c % 3)}),
        1 => json!({"navLabels": {slug: if c % 3 == 0 { Value::Null } else { json!(format!("L{c}")) }}}),
        2 => json!({"navGroups": {"Main": (&[slug, "/b", "/a"][..usize::from(c) % 4])}}),
        _ => json!({"constraints": [format!("c{}", c % 4), "short"]}),
    }
}

fn redirect(b: u8, c: u8) -> Value {
    let from = ["/r0", "/r1", "/s0"][usize::from(b) % 3];
    match c % 4 {
        0 => json!({"op": "remove_redirect", "from": from}),
        n => {
            json!({"op": "set_redirect", "from": from, "to": pick(&["/a", "/r1", "https://example.com/x"], n),
            "status": if b % 2 == 0 { 308 } else { 302 }})
        }
    }
}

/// Refused on every state, or nearly.
fn nonsense(root: &Root, a: u8, b: u8) -> Value {
    let page = pick(&pages(root), a);
    match b % 6 {
        0 => json!({"op": "explode", "page": page}),
        1 => json!({"op": "update_props", "page": page, "block": "blk_nowhere", "patch": {"text": 1}}),
        2 => json!({"op": "create_page", "slug": "/..", "title": "up"}),
        3 => {
            json!({"op": "add_block", "page": page, "block": {"type": "Heading", "props": {"headline": "x"}}})
        }
        4 => json!({"op": "move_page", "page": page, "index": 99}),
        _ => {
            json!({"op": "add_block", "page": page, "block": {"type": "Button", "props": {"label": "a\u{0}", "href": "/a"}}})
        }
    }
}

/// A batch of one to three ops, all chosen on the same state: now and then a later one stumbles over an earlier one.
pub fn batch(root: &Root, steps: &[Step], fresh: &str) -> Vec<Value> {
    steps.iter().enumerate().map(|(at, step)| op(root, *step, &format!("{fresh}x{at}"))).collect()
}

/// An op that looks back: undo, redo or restore.
pub fn looking_back(root: &Root, (_, a, b, c): Step, commits: &[String]) -> Value {
    let page = pick(&pages(root), b);
    let mut op = match a % 8 {
        0..=2 => json!({"op": "undo"}),
        3 => json!({"op": "undo", "commit": pick(commits, b), "force": c % 4 == 0}),
        4..=5 => json!({"op": "redo"}),
        _ => json!({"op": "restore_version", "version": u64::from(c) % (root.version + 1)}),
    };
    if op["commit"].is_null() && c % 3 == 0 {
        op["page"] = json!(page);
    }
    if op["op"] == "undo" && !op["page"].is_null() && a % 2 == 0 {
        op["onlyPage"] = json!(true);
    }
    if op["op"] != "restore_version" && c % 5 == 1 {
        op["actor"] = json!("me");
    }
    op
}
