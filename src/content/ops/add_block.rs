//! `add_block`: a new block on a page or in a slot of another block.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::change::{Node, Place};
use super::super::draft::{Draft, Guest, NewBlock, Position};
use super::super::id::PageId;
use super::super::json::Value;
use super::super::problem::{Gathered, Halt, Lowered};
use super::{BlockRef, Done, Lower, PageRef};

/// Adds a block, with the blocks in its slots, to a page, or with `parent` and `slot` into another block. Say where
/// with one of `after`, `before`, `index`; with none it comes last, before the Footer. `SiteHeader` and `Footer` are
/// given in `create_page` only.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AddBlock {
    /// The page: its id or slug.
    pub page: PageRef,
    /// The block: its type and props, if need be blocks for its slots.
    pub block: NewBlock,
    /// A handle of your choice: later ops of this batch name the new block by `$tmp:<handle>`.
    #[serde(default)]
    pub temp_id: Option<String>,
    /// Right behind the block of this id, in the list that lies in.
    #[serde(default)]
    pub after: Option<BlockRef>,
    /// Right before the block of this id, in the list that lies in.
    #[serde(default)]
    pub before: Option<BlockRef>,
    /// At this place in the list, counted from 0.
    #[serde(default)]
    pub index: Option<i64>,
    /// The block to put it into; goes with `slot`.
    #[serde(default)]
    pub parent: Option<BlockRef>,
    /// The slot of `parent`.
    #[serde(default)]
    pub slot: Option<String>,
}

impl Lower for AddBlock {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let mut problems = Gathered::default();
        let page = problems.keep(draft.find_page(&self.page, "/page"))?;
        if problems.keep(draft.not_pinned(&self.block.kind, "/block/type"))?.is_none() {
            return Err(problems.halt());
        }
        let made = problems.keep(draft.make_block(&self.block, "/block"))?;
        let at = match &page {
            Some(page) => problems.keep(self.place(draft, page, made.as_ref().map(|(_, value)| value)))?,
            None => None,
        };
        let (Some(page), Some((id, value)), Some(at)) = (page, made, at) else { return Err(problems.halt()) };
        draft.insert(Node::Block(id.clone()), at, value)?;
        draft.declare_block(self.temp_id.as_deref(), &id)?;
        Ok(Done::block(page, id))
    }
}

impl AddBlock {
    /// Where it goes: judged by what was made of it or, where its props are not in order, by what was sent.
    fn place(&self, draft: &Draft, page: &PageId, made: Option<&Value>) -> Lowered<Place> {
        let position =
            Position { after: self.after.as_deref(), before: self.before.as_deref(), index: self.index };
        let within = (self.parent.as_deref(), self.slot.as_deref());
        match made {
            Some(made) => draft.block_position(page, within, position, Guest::new(made)),
            None => {
                let sent = serde_json::to_value(&self.block).map_err(|e| Halt::Broken(e.to_string()))?;
                draft.block_position(page, within, position, Guest::new(&sent))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{
        Refused, blocks, cold, lower, missing, page, props, refused, site, told, with_type,
    };
    use serde_json::{Value, json};

    fn heading(text: &str) -> Value {
        json!({"type": "Heading", "props": {"text": text}})
    }

    fn add(page: &str, block: Value, more: Value) -> Value {
        let mut op = json!({"op": "add_block", "page": page, "block": block});
        op.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        op
    }

    #[test]
    fn given_no_position_when_added_then_it_lies_last_but_before_the_footer() {
        let mut block = heading("New");
        block["id"] = json!("mine");
        let after = lower(&site(), add("/", block, json!({}))).unwrap();
        assert_eq!(blocks(&after.root, "/")[3..], ["blk_two", "mine", "blk_footer"]);
        let result = &after.results[0];
        assert_eq!(result.page.as_ref().map(|id| id.as_str()), Some("pg_home"));
        assert_eq!(result.block.as_ref().map(|id| id.as_str()), Some("mine"));
        assert_eq!(props(&after.root, "mine"), json!({"text": "New"}));
    }

    #[test]
    fn given_a_position_when_added_then_it_lies_there() {
        for (more, list, at) in [
            (json!({"after": "blk_hero"}), "/", 2),
            (json!({"before": "blk_hero"}), "/", 1),
            (json!({"index": 1}), "/", 1),
            (json!({"index": 4}), "/", 4),
            (json!({"parent": "blk_two", "slot": "left"}), "blk_two/left", 2),
            (json!({"parent": "blk_two", "slot": "left", "index": 0}), "blk_two/left", 0),
            (json!({"after": "blk_card"}), "blk_two/left", 1),
            (json!({"parent": "blk_two", "slot": "right", "before": "blk_tabs"}), "blk_two/right", 0),
        ] {
            let mut block = heading("New");
            block["id"] = json!("mine");
            let after = lower(&site(), add("/", block, more.clone())).unwrap();
            assert_eq!(blocks(&after.root, list)[at], "mine", "{more}");
        }
    }

    #[test]
    fn given_several_things_that_are_wrong_when_added_then_all_are_told() {
        let block = json!({"type": "Heading", "id": "a b", "props": {"text": "a", "txt": "b", "level": 9}});
        let mut found = refused(&site(), add("/", block.clone(), json!({"after": "nope"})));
        found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
        let wanted = [
            ("/after", Code::BlockNotFound),
            ("/block/id", Code::MalformedRequest),
            ("/block/props/level", Code::SchemaViolation),
            ("/block/props/txt", Code::UnknownProp),
        ];
        assert_eq!(found, wanted.map(|(pointer, code)| Refused::new(pointer, code)));
        let found = refused(&site(), add("/nowhere", block, json!({"after": "nope"})));
        assert_eq!((found.len(), &*found[0].pointer), (4, "/page"), "a place on a page that is not there is not judged");
        let columns = json!({"type": "TwoColumn", "slots": {
            "left": [{"type": "Heading", "props": {}}, {"type": "Nope"}], "middle": [heading("a")],
        }});
        let mut found = refused(&site(), add("/", columns, json!({})));
        found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
        let wanted = [
            ("/block/slots/left/0/props/text", Code::SchemaViolation),
            ("/block/slots/left/1/type", Code::UnknownBlockType),
            ("/block/slots/middle", Code::SlotRefused),
        ];
        assert_eq!(found, wanted.map(|(pointer, code)| Refused::new(pointer, code)));
    }

    #[test]
    fn given_a_handle_when_added_then_later_ops_name_the_block_by_it() {
        let columns = json!({"type": "TwoColumn", "slots": {"left": [heading("In")]}});
        let ops = json!([
            add("/about", columns, json!({"tempId": "cols"})),
            add("/about", heading("Right"), json!({"parent": "$tmp:cols", "slot": "right", "tempId": "h"})),
            {"op": "update_props", "page": "/about", "block": "$tmp:h", "patch": {"level": 3}},
        ]);
        let after = lower(&site(), ops).unwrap();
        let made = &page(&after.root, "/about")["blocks"][1];
        assert_eq!(made["id"], *after.ids["cols"]);
        assert_eq!(made["slots"]["left"][0]["props"]["text"], "In");
        assert_eq!(made["slots"]["right"][0]["props"], json!({"text": "Right", "level": 3}));
    }

    #[test]
    fn given_mistakes_in_its_props_when_added_then_each_is_told_at_its_place() {
        let block = json!({"type": "Hero", "props": {"headline": "x", "imageAlt": "a\u{0}b"}});
        assert_eq!(
            refused(&site(), add("/", block, json!({}))),
            [Refused::new("/block/props/imageAlt", Code::SchemaViolation)]
        );
        let block = json!({"type": "Hero", "props": {"headline": "x"}});
        assert_eq!(
            refused(&site(), add("/", block, json!({}))),
            [
                Refused::new("/block/props/headline", Code::UnknownProp),
                Refused::new("/block/props/heading", Code::SchemaViolation)
            ]
        );
        let mut taken = heading("a");
        taken["id"] = json!("blk_faq");
        assert_eq!(
            refused(&site(), add("/", taken, json!({}))),
            [Refused::new("/block/id", Code::IdTaken)]
        );
        assert_eq!(
            told(&site(), add("/", json!({"type": "Heroo"}), json!({}))),
            "'Heroo' is no block type; did you mean 'Hero'?"
        );
    }

    #[test]
    fn given_a_place_that_is_none_when_added_then_it_is_refused() {
        for (more, pointer, code) in [
            (json!({"index": 9}), "/index", Code::InvalidPosition),
            (json!({"index": -1}), "/index", Code::InvalidPosition),
            (json!({"index": 1, "after": "blk_hero"}), "", Code::InvalidPosition),
            (json!({"index": 0}), "", Code::Pinned),
            (json!({"after": "blk_footer"}), "", Code::Pinned),
            (json!({"after": "blk_faq"}), "/after", Code::BlockNotFound),
            (json!({"parent": "blk_two"}), "/slot", Code::InvalidPosition),
            (json!({"slot": "left"}), "/parent", Code::InvalidPosition),
            (json!({"parent": "blk_two", "slot": "middle"}), "/slot", Code::SlotRefused),
            (json!({"parent": "blk_hero", "slot": "left"}), "/slot", Code::SlotRefused),
            (
                json!({"parent": "blk_two", "slot": "left", "after": "blk_tabs"}),
                "/after",
                Code::InvalidPosition,
            ),
        ] {
            let op = add("/", heading("New"), more.clone());
            assert_eq!(refused(&site(), op), [Refused::new(pointer, code)], "{more}");
        }
        let columns = add("/", json!({"type": "TwoColumn"}), json!({"after": "blk_card"}));
        assert_eq!(refused(&site(), columns), [Refused::new("/slot", Code::SlotRefused)]);
    }

    #[test]
    fn given_a_block_with_what_its_slot_refuses_when_added_then_the_refused_one_is_named() {
        let columns = |inner: Value| add("/about", json!({"type": "Columns", "props": {}, "slots": inner}), json!({}));
        let child = |kind: &str| json!({"col1": [heading("fits"), {"type": kind, "props": {}}]});
        for (inner, pointer, code) in [
            (child("Columns"), "/block/slots/col1/1", Code::SlotRefused),
            (child("Footer"), "/block/slots/col1/1", Code::Pinned),
            (json!({"col9": []}), "/block/slots/col9", Code::SlotRefused),
        ] {
            assert_eq!(refused(&site(), columns(inner.clone())), [Refused::new(pointer, code)], "{inner}");
        }
    }

    #[test]
    fn given_a_header_or_footer_when_added_then_it_is_pinned() {
        for kind in ["SiteHeader", "Footer"] {
            let op = add("/about", json!({"type": kind, "props": {"siteName": "a"}}), json!({}));
            assert_eq!(refused(&site(), op), [Refused::new("/block/type", Code::Pinned)]);
        }
    }

    #[test]
    fn given_a_slot_that_is_full_or_too_deep_when_added_then_it_is_refused() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "properties": {},
            "x-osier": {"slots": {"main": {"max": 1}}},
        });
        let site = with_type(site(), "Box", schema);
        let nested = |levels: usize| {
            let within = |inner: Value, _| json!({"type": "Box", "slots": {"main": [inner]}});
            (0..levels).fold(json!({"type": "Box", "id": "inmost"}), within)
        };
        let into = json!({"parent": "inmost", "slot": "main"});
        let once = lower(&site, add("/about", nested(6), json!({}))).unwrap().root;
        let mut fits = nested(5);
        fits["id"] = json!("outer");
        fits = serde_json::from_str(&fits.to_string().replace("inmost", "last")).unwrap();
        let full = lower(&once, add("/about", fits.clone(), into.clone())).unwrap().root;
        assert_eq!(blocks(&full, "inmost/main"), ["outer"]);
        assert_eq!(
            refused(&full, add("/about", heading("a"), into.clone())),
            [Refused::new("/slot", Code::SlotRefused)]
        );
        let deeper = json!({"type": "Box", "slots": {"main": [fits]}});
        assert_eq!(refused(&once, add("/about", deeper, into)), [Refused::new("/slot", Code::SlotRefused)]);
    }

    #[test]
    fn given_a_page_that_is_not_loaded_when_added_then_it_is_asked_for() {
        assert_eq!(
            missing(&cold(&site()), add("/about", heading("a"), json!({}))),
            ["pg_about".into()]
        );
    }
}
