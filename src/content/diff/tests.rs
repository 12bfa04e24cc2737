//! What a diff says, and that it says everything.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::super::carry::tests::documents::blocks;
use super::super::carry::tests::edits::{steps, three_states};
use super::super::carry::tests::laws::cases;
use super::super::document::{Root, site_hash};
use super::super::json::Value;
use super::super::ops::given::{cold, lower, site, with_type};
use super::*;

fn wire(from: &Root, to: &Root) -> Value {
    serde_json::to_value(diff(from, to).unwrap()).unwrap()
}

fn changed(ops: Value) -> Value {
    let before = site();
    wire(&before, &lower(&before, ops).unwrap().root)
}

#[test]
fn equal_states_are_equal_and_nothing_is_loaded_for_that() {
    let diff = diff(&cold(&site()), &cold(&site())).unwrap();
    assert!(diff.equal && diff.pages.is_empty());
    assert_eq!(diff.summary, Summary::default());
}

#[test]
fn a_changed_prop_is_a_field_with_its_kind() {
    let found = changed(json!([
        {"op": "update_props", "page": "/", "block": "blk_hero", "patch": {"heading": "Spin", "ctaHref": "/about", "imageUrl": "/x.png", "textAlign": "left"}},
    ]));
    let expected = json!([{"id": "pg_home", "slug": "/", "status": "modified", "meta": [], "blocks": [
        {"id": "blk_hero", "type": "Hero", "status": "modified", "fields": [
            {"path": "/ctaHref", "before": "/Pricing/?from=hero#plans", "after": "/about", "kind": "link"},
            {"path": "/heading", "before": "Weave", "after": "Spin", "kind": "text"},
            {"path": "/imageUrl", "after": "/x.png", "kind": "image"},
            {"path": "/textAlign", "after": "left", "kind": "other"},
        ]},
    ]}]);
    assert_eq!(found["pages"], expected);
    assert_eq!(found["equal"], false);
    assert_eq!((&found["summary"]["pagesModified"], &found["summary"]["fields"]), (&json!(1), &json!(4)));
}

#[test]
fn items_are_named_by_their_keys_and_an_order_by_all_of_them() {
    let found = changed(json!([
        {"op": "update_item", "page": "/pricing", "block": "blk_faq", "list": "items", "key": "k2", "patch": {"q": "Why?"}},
        {"op": "remove_item", "page": "/pricing", "block": "blk_faq", "list": "items", "key": "k1"},
        {"op": "move_item", "page": "/pricing", "block": "blk_faq", "list": "items", "key": "k3", "toIndex": 0},
    ]));
    let expected = json!([
        {"path": "/items/k1", "before": {"key": "k1", "q": "One?", "a": "1"}, "kind": "other"},
        {"path": "/items/k2/q", "before": "Two?", "after": "Why?", "kind": "text"},
        {"path": "/items", "before": ["k1", "k2", "k3"], "after": ["k3", "k2"], "kind": "other"},
    ]);
    assert_eq!(found["pages"][0]["blocks"][0]["fields"], expected);
}

#[test]
fn blocks_that_came_went_and_moved_tell_their_places() {
    let found = changed(json!([
        {"op": "add_block", "page": "/about", "block": {"type": "Divider", "id": "blk_new", "props": {"style": "line"}}, "index": 0},
        {"op": "remove_block", "page": "/", "block": "blk_card"},
        {"op": "move_block", "page": "/", "block": "blk_text", "parent": "blk_two", "slot": "left"},
        {"op": "move_block", "page": "/pricing", "block": "blk_cta", "toPage": "/about", "after": "blk_about"},
        {"op": "update_props", "page": "/about", "block": "blk_cta", "patch": {"title": "Get"}},
    ]));
    let [home, about, pricing] = [0, 1, 2].map(|page| &found["pages"][page]["blocks"]);
    let left = |index: u8| json!({"parent": "blk_two", "slot": "left", "index": index});
    assert_eq!(home[0]["id"], "blk_text");
    assert_eq!((&home[0]["status"], &home[0]["to"]), (&json!("moved"), &left(1)));
    assert_eq!(home[0]["from"], json!({"parent": "pg_home", "slot": "blocks", "index": 2}));
    assert_eq!((&home[1]["id"], &home[1]["from"]), (&json!("blk_card"), &left(0)));
    let expected = json!({
        "id": "blk_new", "type": "Divider", "status": "added",
        "to": {"parent": "pg_about", "slot": "blocks", "index": 0},
        "fields": [{"path": "/style", "after": "line", "kind": "other"}],
    });
    assert_eq!(about[0], expected);
    let expected = json!({
        "id": "blk_cta", "type": "CTA", "status": "modified",
        "from": {"page": "pg_pricing", "parent": "pg_pricing", "slot": "blocks", "index": 1},
        "to": {"parent": "pg_about", "slot": "blocks", "index": 2},
        "fields": [{"path": "/title", "before": "Buy", "after": "Get", "kind": "text"}],
    });
    assert_eq!(about[1], expected);
    assert_eq!(pricing[0]["to"]["page"], "pg_about");
    let expected = json!({
        "pagesAdded": 0, "pagesRemoved": 0, "pagesModified": 3, "pagesMoved": 0,
        "blocksAdded": 1, "blocksRemoved": 1, "blocksModified": 1, "blocksMoved": 1, "fields": 1,
    });
    assert_eq!(found["summary"], expected);
}

#[test]
fn pages_that_came_went_moved_and_were_renamed_are_told_in_the_order_of_the_site() {
    let found = changed(json!([
        {"op": "rename_page", "page": "/about", "slug": "/us", "title": "Us"},
        {"op": "update_page_meta", "page": "/us", "patch": {"description": "Who we are", "canonical": "/us"}},
        {"op": "move_page", "page": "/us", "index": 0},
        {"op": "remove_page", "page": "/pricing"},
        {"op": "create_page", "id": "pg_new", "slug": "/new", "title": "New", "index": 1},
    ]));
    let told: Vec<_> =
        found["pages"].as_array().unwrap().iter().map(|page| (&page["id"], &page["status"])).collect();
    let said = |id: &str, status: &str| (json!(id), json!(status));
    let expected = [
        said("pg_about", "modified"),
        said("pg_new", "added"),
        said("pg_home", "modified"),
        said("pg_pricing", "removed"),
    ];
    assert_eq!(told, expected.iter().map(|(id, status)| (id, status)).collect::<Vec<_>>());
    let us = &found["pages"][0];
    assert_eq!((&us["slug"], &us["fromSlug"]), (&json!("/us"), &json!("/about")));
    assert_eq!((&us["from"]["index"], &us["to"]["index"]), (&json!(1), &json!(0)));
    let expected = json!([
        {"path": "/title", "before": "About", "after": "Us", "kind": "text"},
        {"path": "/meta/canonical", "after": "/us", "kind": "link"},
        {"path": "/meta/description", "after": "Who we are", "kind": "text"},
    ]);
    assert_eq!(us["meta"], expected);
    assert_eq!(found["summary"]["blocksRemoved"], 2);
    assert_eq!(found["redirects"][0]["from"], "/about");
}

#[test]
fn a_page_that_only_moved_is_moved() {
    let found = changed(json!({"op": "move_page", "page": "/pricing", "index": 0}));
    assert_eq!(found["pages"][0]["status"], "moved");
    assert_eq!(found["pages"].as_array().unwrap().len(), 1);
    assert_eq!(found["summary"]["pagesMoved"], 1);
}

#[test]
fn the_sites_own_content_is_told() {
    let before = site();
    let after = lower(
        &before,
        json!([
            {"op": "update_site_config", "patch": {"name": "Osier", "navLabels": {"/about": "Us"}}},
            {"op": "set_redirect", "from": "/cost", "to": "/pricing"},
        ]),
    );
    let after =
        with_type(after.unwrap().root, "Box", json!({"type": "object", "additionalProperties": false}));
    let found = wire(&before, &after);
    let expected = json!([
        {"path": "/name", "after": "Osier", "kind": "text"},
        {"path": "/navLabels", "after": {"/about": "Us"}, "kind": "other"},
    ]);
    assert_eq!(found["config"], expected);
    assert_eq!(
        found["redirects"],
        json!([{"from": "/cost", "status": "added", "after": {"to": "/pricing", "status": 308}}])
    );
    assert_eq!(found["blockTypes"], json!([{"type": "Box", "status": "added"}]));
    let back = wire(&after, &before);
    assert_eq!(back["redirects"][0]["status"], "removed");
}

#[test]
fn only_pages_that_differ_are_asked_for() {
    let before = site();
    let after = lower(
        &before,
        json!({"op": "update_props", "page": "/about", "block": "blk_about", "patch": {"body": "x"}}),
    );
    let missing = diff(&cold(&before), &cold(&after.unwrap().root)).unwrap_err();
    assert_eq!(missing, MissingPages { from: vec!["pg_about".into()], to: vec!["pg_about".into()] });
}

/// A block as one state has it: its page, parent, slot and place there, its type and props.
fn seen(root: &Root) -> BTreeMap<BlockId, (PageId, Node, Step, usize, Arc<str>)> {
    let look = |(page, id): (PageId, BlockId)| {
        let body = root.page(&page).unwrap().unwrap();
        let place = body.place(&id).unwrap();
        let block = body.block(&id).unwrap();
        let siblings = body.children(block.parent.as_ref().map(|(id, slot)| (id, &**slot)));
        let index = siblings.iter().position(|sibling| *sibling == id).unwrap();
        (id, (page, place.parent, place.slot, index, block.props.clone()))
    };
    blocks(root).into_iter().map(look).collect()
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn every_block_that_differs_is_told_once_with_what_became_of_it(steps in steps(&[0, 1, 1, 2], 14)) {
        let [_, from, to] = three_states(&steps);
        let found = diff(&from, &to).unwrap();
        prop_assert_eq!(found.equal, site_hash(&from) == site_hash(&to));
        let (before, after) = (seen(&from), seen(&to));
        let mut told = BTreeMap::new();
        for page in &found.pages {
            for block in page.blocks.iter().filter(|block| block.to.as_ref().is_none_or(|to| to.page.is_none())) {
                prop_assert!(told.insert(block.id.clone(), (page, block)).is_none(), "{} is told twice", block.id);
            }
        }
        for id in before.keys().chain(after.keys()) {
            let status = told.get(id).map(|(_, block)| block.status);
            match (before.get(id), after.get(id)) {
                (None, _) => prop_assert_eq!(status, Some(Status::Added)),
                (_, None) => prop_assert_eq!(status, Some(Status::Removed)),
                (Some(was), Some(is)) if was.4 != is.4 => prop_assert_eq!(status, Some(Status::Modified)),
                (Some(was), Some(is)) if (&was.0, &was.1, &was.2) != (&is.0, &is.1, &is.2) => {
                    prop_assert_eq!(status, Some(Status::Moved));
                }
                (Some(_), Some(_)) => prop_assert!(matches!(status, None | Some(Status::Moved))),
            }
            let Some((page, block)) = told.get(id) else { continue };
            for (position, seen, owner) in [(&block.from, before.get(id), &from), (&block.to, after.get(id), &to)] {
                let Some(position) = position else { continue };
                let (home, parent, slot, index, _) = seen.unwrap();
                prop_assert_eq!((&position.parent, &position.slot, position.index), (parent, slot, *index));
                prop_assert_eq!(position.page.as_ref().unwrap_or(&page.id), home);
                prop_assert!(owner.home(id).is_some());
            }
        }
    }
}
