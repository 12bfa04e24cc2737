//! A small site with everything in it.

use serde_json::json;

use crate::content::change::{Change, Node, PAGES, Place, Step};
use crate::content::document::{Root, Stamp};
use crate::content::draft::Draft;
use crate::content::id::{BlockId, Counting, PageId};
use crate::content::json::Value;

const WORDS: &str = "willow\nbasket\nwater\nreed\nweaver\nosier\nbank\nroot";

/// A state after some verbs, sealed.
pub fn after(root: &Root, verbs: impl FnOnce(&mut Draft<'_>)) -> Root {
    changed(root, verbs).0
}

/// The same, with the changes.
pub fn changed(root: &Root, verbs: impl FnOnce(&mut Draft<'_>)) -> (Root, Vec<Change>) {
    let mut mint = Counting::default();
    let mut draft = Draft::new(root.clone(), &mut mint);
    verbs(&mut draft);
    let drafted = draft.finish().unwrap();
    let mut after = drafted.root;
    after.seal(&drafted.touched, &Stamp { version: root.version + 1, at_ms: 0, who: "test".into() });
    (after, drafted.changes)
}

pub fn box_type() -> Value {
    let link = json!({"type": "string", "format": "uri-reference"});
    let item = json!({"properties": {"q": {}, "href": link, "key": {}, "sub": {"items": {"properties": {"t": {}}}}}});
    let item = without_key(item);
    json!({"schema": {
        "type": "object", "additionalProperties": false,
        "properties": {
            "x": {}, "y": {}, "tags": {}, "text": {"type": "string"},
            "body": {"type": "string", "x-osier": {"widget": "markdown"}},
            "link": {"properties": {"href": link, "label": {}}},
            "items": {"items": item},
        },
    }})
}

fn without_key(mut item: Value) -> Value {
    item["properties"].as_object_mut().unwrap().remove("key");
    item
}

/// The first document.
pub fn first() -> Root {
    let config = json!({"name": "S", "navLabels": {"/a": "A"}, "navGroups": {"Main": ["/", "/a"]}});
    let Value::Object(config) = config else { unreachable!() };
    let block = |id: &str, props: Value| json!({"id": id, "type": "Box", "props": props});
    let mut columns = block("blk_3", json!({"text": WORDS}));
    columns["slots"] = json!({"left": [block("blk_4", json!({"x": 0})), block("blk_5", json!({"x": 0}))]});
    let items = json!([{"key": "k1", "q": 0, "sub": [{"key": "s1", "t": 0}, {"key": "s2", "t": 0}]}, {"key": "k2", "q": 0, "href": "/b"}, {"key": "k3", "q": 0}]);
    let body = "see [home](/) and\n[b](/b#x) for more\nor less";
    let pages = [
        (
            "pg_1",
            "/",
            json!([
                block("blk_1", json!({"x": 0, "link": {"href": "/a", "label": 0}})),
                block("blk_2", json!({"x": 0, "tags": ["t0", "t1"]})),
                columns,
            ]),
        ),
        (
            "pg_2",
            "/a",
            json!([
                block("blk_6", json!({"x": 0, "items": items})),
                block("blk_7", json!({"link": {"href": "/"}, "body": body}))
            ]),
        ),
        ("pg_3", "/b", json!([block("blk_8", json!({"x": 0}))])),
    ];
    after(&Root::new(config), |draft| {
        draft.set_site(&["blockTypes", "Box"], Some(&box_type())).unwrap();
        draft.set_site(&["redirects", "/old"], Some(&json!({"to": "/a", "status": 308}))).unwrap();
        let mut left: Option<Step> = None;
        for (id, slug, blocks) in pages {
            let value = json!({"id": id, "slug": slug, "title": id, "meta": {}, "blocks": blocks});
            draft.insert(Node::Page(id.into()), page_place(left), value).unwrap();
            left = Some(id.into());
        }
    })
}

pub fn page_place(after: Option<Step>) -> Place {
    Place { parent: Node::Site, slot: PAGES.into(), after }
}

/// All blocks, with the pages they lie on.
pub fn blocks(root: &Root) -> Vec<(PageId, BlockId)> {
    let on = |page: &PageId| {
        let body = root.page(page).unwrap().unwrap().clone();
        body.blocks().map(|block| (page.clone(), block.id.clone())).collect::<Vec<_>>()
    };
    root.order.iter().flat_map(on).collect()
}

/// Everything of a state but versions and dates.
pub fn whole(root: &Root) -> Value {
    let table = |entries: &imbl::OrdMap<Step, std::sync::Arc<Value>>| {
        Value::Object(entries.iter().map(|(name, value)| (name.to_string(), (**value).clone())).collect())
    };
    let pages: Vec<Value> =
        root.order.iter().map(|page| root.page(page).unwrap().unwrap().to_value()).collect();
    json!({"config": &*root.config, "redirects": table(&root.redirects), "assets": table(&root.assets), "pages": pages})
}
