//! Ops on blocks and list items.

use osier::content::document::{Block, Root};
use osier::content::id::PageId;
use serde_json::{Value, json};

use super::{SLUGS, blocks, named, pages, pick};

type At = (PageId, Block);

/// Another value for a prop the block's type has.
pub fn props(root: &Root, (page, block): &At, b: u8, c: u8) -> Value {
    let slug = SLUGS[usize::from(c) % 8];
    let patch = match &*block.kind {
        "Heading" if b % 4 == 0 => json!({"level": 1 + c % 6}),
        "Heading" => json!({"text": format!("text {}", c % 5)}),
        "RichText" if b % 16 == 5 => json!({"body": large(c)}),
        "RichText" => json!({"body": format!("Line {b}.\n\nTo [it]({slug}?q#h) or <{slug}>.\n\nLine {c}.")}),
        "Button" => json!({"label": format!("b{}", b % 3), "href": slug}),
        "FAQAccordion" if b % 3 == 0 => {
            json!({"items": [{"q": "two", "a": "x"}, {"key": "k1", "q": "1", "a": slug}]})
        }
        "FAQAccordion" => json!({"title": if c % 3 == 0 { Value::Null } else { json!(format!("t{c}")) }}),
        "TwoColumn" => json!({"ratio": pick(&["1:1", "1:2", "no"], c)}),
        _ if c % 4 == 0 => json!({"to": null}),
        _ => json!({"note": format!("note {}", b % 4), "to": slug}),
    };
    json!({"op": "update_props", "page": named(root, page, c), "block": block.id, "patch": patch})
}

/// Long enough, and hard enough to compress, that a page's checkpoint falls due.
fn large(seed: u8) -> String {
    let mut state = u64::from(seed) + 1;
    let word = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:016x}", state)
    };
    (0..1100).map(word).collect::<Vec<_>>().join(" ")
}

/// An edit inside a text.
pub fn text(root: &Root, at: &At, b: u8, c: u8) -> Value {
    let rich = blocks(root).into_iter().filter(|(_, block)| &*block.kind == "RichText").collect::<Vec<_>>();
    let (page, block) = pick(&rich, b).unwrap_or_else(|| at.clone());
    let find = ["Line", "e", "More.", "absent"][usize::from(c) % 4];
    json!({"op": "replace_text", "page": named(root, &page, b), "block": block.id, "path": "/body",
        "find": find, "replace": format!("w{}", b % 4), "all": c % 8 < 6})
}

/// Adds, changes, removes or moves an item of a list.
pub fn item(root: &Root, a: u8, b: u8, c: u8, fresh: &str) -> Value {
    let lists =
        blocks(root).into_iter().filter(|(_, block)| &*block.kind == "FAQAccordion").collect::<Vec<_>>();
    let Some((page, block)) = pick(&lists, a) else { return json!({"op": "add_item"}) };
    let value = block.value();
    let items = value["items"].as_array().cloned().unwrap_or_default();
    let index = usize::from(c) % (items.len() + usize::from(b % 16 == 0)).max(1);
    let mut op =
        json!({"page": named(root, &page, b), "block": block.id, "list": pick(&["items", "/items"], c)});
    match b % 4 {
        0 => {
            op["op"] = json!("add_item");
            op["item"] =
                json!({"key": format!("k{fresh}"), "q": format!("q{c}"), "a": SLUGS[usize::from(c) % 8]});
            op["index"] = json!(usize::from(c) % (items.len() + 1));
        }
        1 => {
            op["op"] = json!("update_item");
            op["key"] = items.get(index).map_or(json!("none"), |item| item["key"].clone());
            op["patch"] = json!({"q": format!("q{}", c % 7)});
        }
        2 => {
            op["op"] = json!("remove_item");
            op["index"] = json!(index);
        }
        _ => {
            op["op"] = json!("move_item");
            op["index"] = json!(index);
            op["toIndex"] = json!(usize::from(c / 8) % items.len().max(1));
        }
    }
    op
}

/// A block of any type, at any place.
pub fn add(root: &Root, page: &PageId, b: u8, c: u8, fresh: &str) -> Value {
    let slug = SLUGS[usize::from(c) % 8];
    let (kind, props) = pick(
        &[
            ("Heading", json!({"text": "new"})),
            ("RichText", json!({"body": format!("Line. [l]({slug})")})),
            ("Button", json!({"label": "l", "href": slug})),
            (
                "FAQAccordion",
                json!({"items": [{"key": "k1", "q": "q", "a": "a"}, {"key": "k2", "q": "r", "a": slug}]}),
            ),
            ("TwoColumn", json!({})),
            ("LawBox", json!({"note": "x", "to": slug})),
            ("LawSlip", json!({"to": slug})),
        ],
        b,
    )
    .unwrap_or_default();
    let block = json!({"id": format!("blk_{fresh}"), "type": kind, "props": props});
    let mut op = json!({"op": "add_block", "page": page, "block": block});
    place(root, page, None, &mut op, c);
    op
}

/// To another place, of this page or another.
pub fn relocate(root: &Root, (page, block): &At, name: &str, b: u8, c: u8) -> Value {
    let target =
        if b % 3 == 0 { pick(&pages(root), b / 3).unwrap_or_else(|| page.clone()) } else { page.clone() };
    let mut op = json!({"op": name, "page": named(root, page, c), "block": block.id});
    if target != *page {
        op["toPage"] = named(root, &target, b);
    }
    place(root, &target, Some(block), &mut op, c);
    op
}

/// A place for an op on a page: its own list or a slot, at the end, at an index or beside a sibling.
fn place(root: &Root, page: &PageId, moving: Option<&Block>, op: &mut Value, c: u8) {
    let Ok(Some(body)) = root.page(page).map(|page| page.cloned()) else { return };
    let slots: Vec<(Block, &str)> = body
        .blocks()
        .flat_map(|block| match &*block.kind {
            "TwoColumn" => vec![((**block).clone(), "left"), ((**block).clone(), "right")],
            "LawBox" => vec![((**block).clone(), "in")],
            _ => Vec::new(),
        })
        .collect();
    let parent = if c % 2 == 1 { pick(&slots, c / 2) } else { None };
    let siblings = match &parent {
        Some((parent, slot)) => {
            op["parent"] = json!(parent.id);
            op["slot"] = json!(slot);
            body.children(Some((&parent.id, slot)))
        }
        None => body.children(None),
    };
    let others: Vec<_> =
        siblings.into_iter().filter(|id| moving.is_none_or(|block| block.id != *id)).collect();
    match (c / 4 % 4, pick(&others, c / 16)) {
        (0, Some(sibling)) => op["after"] = json!(sibling),
        (1, Some(sibling)) => op["before"] = json!(sibling),
        (2, _) => op["index"] = json!(usize::from(c / 16) % (others.len() + 1)),
        _ => {}
    }
}
