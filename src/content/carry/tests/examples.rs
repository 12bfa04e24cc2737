//! Examples.

use super::documents::*;
use super::laws::OURS;
use crate::content::carry::*;
use crate::content::change::*;
use serde_json::json;
use std::time::Instant;

#[test]
fn perf() {
    let root = first();
    let root = after(&root, |draft| {
        let blocks: Vec<_> = (0..1000).map(|i| json!({"id": format!("blk_01k{i:022}"), "type": "Box", "props": {"x": i, "text": "lorem ipsum dolor sit amet ".repeat(10)}})).collect();
        draft
            .insert(
                Node::Page("pg_big".into()),
                page_place(None),
                json!({"id": "pg_big", "slug": "/big", "title": "", "meta": {}, "blocks": blocks}),
            )
            .unwrap();
    });
    let set = |root: &_, i: u32, v: u32| {
        after(root, |draft| {
            draft
                .write_props(&"pg_big".into(), &format!("blk_01k{i:022}").as_str().into(), &json!({"x": v}))
                .unwrap()
        })
    };
    let one = set(&root, 5, 7);
    let two = set(&one, 500, 8);
    for _ in 0..3 {
        let t = Instant::now();
        let (r, _) = changed(&two, |draft| {
            take_back(draft, &one, &root, None, OURS).unwrap();
        });
        eprintln!("undo one block of 1000: {:?}", t.elapsed());
        drop(r);
    }
    // a reorder of everything undone
    let t = Instant::now();
    let (shuffled, changes) = changed(&two, |draft| {
        for i in 0..300u32 {
            let place = Place {
                parent: Node::Page("pg_big".into()),
                slot: "blocks".into(),
                after: Some(format!("blk_01k{:022}", 999 - i).as_str().into()),
            };
            draft
                .move_block(
                    &"pg_big".into(),
                    &format!("blk_01k{:022}", i * 2).as_str().into(),
                    &"pg_big".into(),
                    place,
                )
                .unwrap();
        }
    });
    eprintln!("300 moves: {:?} {}", t.elapsed(), changes.len());
    let head = set(&shuffled, 900, 1);
    let t = Instant::now();
    let (_, changes) = changed(&head, |draft| {
        take_back(draft, &shuffled, &two, None, OURS).unwrap();
    });
    eprintln!("undo 300 moves: {:?} {}", t.elapsed(), changes.len());
    let t = Instant::now();
    let emptied = after(&head, |draft| draft.remove_page(&"pg_big".into()).unwrap());
    let (_, changes) = changed(&emptied, |draft| {
        restore_branch(draft, &head).unwrap();
    });
    eprintln!("restore page of 1000: {:?} {}", t.elapsed(), changes.len());
    // rename undone, all 1000 blocks link
    let linked = after(&head, |draft| {
        for i in 0..1000u32 {
            draft
                .write_props(
                    &"pg_big".into(),
                    &format!("blk_01k{i:022}").as_str().into(),
                    &json!({"x": i, "link": {"href": "/a"}, "body": "see [x](/a) and so on"}),
                )
                .unwrap();
        }
    });
    let renamed = after(&linked, |draft| super::edits::rename(draft, &linked, &"pg_2".into(), "/s0", true));
    let later = set(&renamed, 3, 9);
    let t = Instant::now();
    let (_, changes) = changed(&later, |draft| {
        take_back(draft, &renamed, &linked, None, OURS).unwrap();
    });
    eprintln!("undo rename with 1000 links: {:?} {}", t.elapsed(), changes.len());
}
