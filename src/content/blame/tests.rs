use serde_json::{Value, json};

use super::super::change::Place;
use super::super::document::Effects;
use super::*;

fn page(blocks: Value) -> Page {
    let value = json!({"id": "pg_1", "slug": "/a", "title": "A", "meta": {}, "blocks": blocks});
    Page::from_value(&value, &Types::default(), &mut Effects::default()).unwrap()
}

fn block(id: &str, props: Value) -> Value {
    json!({"id": id, "type": "X", "props": props})
}

/// What is blamed on a history, oldest first, that the page came with as version 1.
fn blame(first: Page, commits: &[Vec<Change>]) -> (Marks, Vec<BlockMarks>) {
    let made = Change::Insert {
        node: Node::Page("pg_1".into()),
        at: Place { parent: Node::Site, slot: "pages".into(), after: None },
        value: first.to_value(),
    };
    let mut now = Some(first);
    for changes in commits {
        now = fold_page(now, &"pg_1".into(), changes, &Types::default()).unwrap();
    }
    let mut blame = Blame::of(&now.unwrap(), &Types::default());
    let all: Vec<&[Change]> =
        std::iter::once(std::slice::from_ref(&made)).chain(commits.iter().map(Vec::as_slice)).collect();
    for (at, changes) in all.iter().enumerate().rev() {
        blame.pass(at as u64 + 1, changes).unwrap();
    }
    assert!(blame.is_done());
    blame.into_marks()
}

fn set(id: &str, path: &[&str], from: Option<Value>, to: Option<Value>) -> Change {
    Change::Set { node: Node::from(id), path: path.iter().map(|step| Step::from(*step)).collect(), from, to }
}

fn at(parent: &str, slot: &str, after: Option<&str>) -> Place {
    Place { parent: Node::from(parent), slot: slot.into(), after: after.map(Step::from) }
}

fn mark(marks: &Marks, path: &str) -> u64 {
    marks[path].unwrap()
}

#[test]
fn a_value_set_above_marks_the_leaves_below_that_are_different() {
    let first = page(json!([block("blk_1", json!({"a": {"x": 1, "y": 2}, "b": 3}))]));
    let (from, to) = (json!({"x": 1, "y": 2}), json!({"x": 1, "y": 9, "z": 4}));
    let (_, blocks) = blame(first, &[vec![set("blk_1", &["props", "a"], Some(from), Some(to))]]);
    let marks = ["/a/x", "/a/y", "/a/z", "/b"].map(|path| mark(&blocks[0].fields, path));
    assert_eq!(marks, [1, 2, 2, 1]);
}

#[test]
fn what_a_commit_takes_back_itself_it_did_not_write() {
    let first = page(json!([block("blk_1", json!({"a": 1}))]));
    let away = set("blk_1", &["props", "a"], Some(json!(1)), Some(json!(2)));
    let back = away.inverse();
    let (own, blocks) =
        blame(first, &[vec![away, back], vec![set("pg_1", &["title"], Some(json!("A")), Some(json!("B")))]]);
    assert_eq!(mark(&blocks[0].fields, "/a"), 1);
    assert_eq!((mark(&own, "/title"), mark(&own, "/slug")), (3, 1));
}

#[test]
fn an_item_carries_its_fields_along_and_another_list_leaves_them() {
    let items = json!({"items": [{"key": "k1", "q": "one"}, {"key": "k2", "q": "two"}]});
    let moved = Change::Move {
        node: Node::from("blk_1/items/k2"),
        from: at("blk_1", "/items", Some("k1")),
        to: at("blk_1", "/items", None),
        value: None,
    };
    let came = Change::Insert {
        node: Node::from("blk_1/items/k3"),
        at: at("blk_1", "/items", Some("k1")),
        value: json!({"key": "k3", "q": "three"}),
    };
    let said = set("blk_1", &["props", "items", "k2", "q"], Some(json!("two")), Some(json!("zwei")));
    let (_, blocks) = blame(page(json!([block("blk_1", items)])), &[vec![moved], vec![came], vec![said]]);
    let marks = ["/items/k1/q", "/items/k2/q", "/items/k3/q"].map(|path| mark(&blocks[0].fields, path));
    assert_eq!(marks, [1, 4, 3]);
}

#[test]
fn a_move_places_the_block_that_moved_and_not_its_neighbours() {
    let first =
        page(json!([block("blk_1", json!({})), block("blk_2", json!({})), block("blk_3", json!({}))]));
    let (to_the_end, to_the_front) = (at("pg_1", "blocks", Some("blk_3")), at("pg_1", "blocks", None));
    let moved = Change::Move { node: Node::from("blk_1"), from: to_the_front, to: to_the_end, value: None };
    let (_, blocks) = blame(first, &[vec![moved]]);
    let placed: Vec<_> = blocks.iter().map(|block| (block.id.as_str(), block.placed.unwrap())).collect();
    assert_eq!(placed, [("blk_2", 1), ("blk_3", 1), ("blk_1", 2)]);
    assert!(blocks.iter().all(|block| block.added == Some(1)));
}

#[test]
fn a_block_from_another_page_is_marked_with_what_brought_it() {
    let brought = Change::Move {
        node: Node::from("blk_9"),
        from: at("pg_other", "blocks", None),
        to: at("pg_1", "blocks", None),
        value: Some(block("blk_9", json!({"a": 1}))),
    };
    let later = set("blk_9", &["props", "b"], None, Some(json!(2)));
    let (_, blocks) = blame(page(json!([])), &[vec![brought], vec![later]]);
    let block = &blocks[0];
    assert_eq!((block.added, block.placed), (Some(2), Some(2)));
    assert_eq!((mark(&block.fields, "/a"), mark(&block.fields, "/b")), (2, 3));
}

#[test]
fn changes_of_another_page_say_nothing() {
    let other = set("blk_other", &["props", "a"], Some(json!(1)), Some(json!(2)));
    let (own, blocks) = blame(page(json!([block("blk_1", json!({"a": 1}))])), &[vec![other]]);
    assert_eq!((mark(&own, "/title"), mark(&blocks[0].fields, "/a")), (1, 1));
}
