//! `duplicate_block`: a copy of a block, with new ids.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::change::Node;
use super::super::draft::{Draft, Guest, Position, with_new_ids};
use super::super::id::BlockId;
use super::super::problem::{Gathered, Halt, Lowered};
use super::{BlockRef, Done, Lower, PageRef};

/// Copies a block, with all in its slots; the copies get ids of their own, list items keep their keys. With no position,
/// no `parent` and no `toPage` the copy lies right after its source; else as `add_block` would put it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DuplicateBlock {
    /// The page of the source: its id or slug.
    pub page: PageRef,
    /// The source's id.
    pub block: BlockRef,
    /// The page the copy goes to, if it is another: `after`, `before` and `parent` are blocks of that page.
    #[serde(default)]
    pub to_page: Option<PageRef>,
    /// A handle of your choice: later ops of this batch name the copy by `$tmp:<handle>`.
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

impl Lower for DuplicateBlock {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let mut problems = Gathered::default();
        let from = problems.keep(draft.find_page(&self.page, "/page"))?;
        let to = match &self.to_page {
            Some(page) => problems.keep(draft.find_page(page, "/toPage"))?,
            None => from.clone(),
        };
        let (Some(from), Some(to)) = (from, to) else { return Err(problems.halt()) };
        draft.need([&from, &to].into_iter())?;
        let source = draft.find_block(&from, &self.block, "/block")?;
        draft.not_pinned(&draft.block(&from, &source)?.kind, "/block")?;
        let gone = || Halt::Broken(format!("no block {source}"));
        let value = draft.page(&from)?.subtree(&source).ok_or_else(gone)?;
        let at = draft.block_position(&to, self.within(), self.position(&source), Guest::new(&value))?;
        let (id, value) = with_new_ids(value, draft.mint());
        draft.insert(Node::Block(id.clone()), at, value)?;
        draft.declare_block(self.temp_id.as_deref(), &id)?;
        Ok(Done::block(to, id))
    }
}

impl DuplicateBlock {
    fn within(&self) -> (Option<&str>, Option<&str>) {
        (self.parent.as_deref(), self.slot.as_deref())
    }

    fn position<'a>(&'a self, source: &'a BlockId) -> Position<'a> {
        let given =
            Position { after: self.after.as_deref(), before: self.before.as_deref(), index: self.index };
        let here = self.to_page.is_none() && self.within() == (None, None);
        if given.is_open() && here { Position { after: Some(source.as_str()), ..given } } else { given }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{
        Refused, blocks, cold, lower, missing, page, props, refused, site, with_type,
    };
    use serde_json::{Value, json};

    fn copy(page: &str, block: &str, more: Value) -> Value {
        let mut op = json!({"op": "duplicate_block", "page": page, "block": block, "tempId": "copy"});
        op.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        op
    }

    #[test]
    fn given_no_position_when_duplicated_then_the_copy_lies_right_after_its_source() {
        let after = lower(&site(), copy("/pricing", "blk_faq", json!({}))).unwrap();
        let id = after.ids["copy"].as_str();
        assert_eq!(blocks(&after.root, "/pricing"), ["blk_faq", id, "blk_cta"]);
        assert_eq!(props(&after.root, id), props(&after.root, "blk_faq"), "items keep their keys");
        let after = lower(&site(), copy("/", "blk_card", json!({}))).unwrap();
        assert_eq!(blocks(&after.root, "blk_two/left"), ["blk_card", &after.ids["copy"], "blk_heading"]);
    }

    #[test]
    fn given_slots_when_duplicated_then_all_in_them_have_new_ids() {
        let after = lower(&site(), copy("/", "blk_two", json!({}))).unwrap();
        let home = page(&after.root, "/");
        let (source, copy) = (&home["blocks"][3], &home["blocks"][4]);
        assert_eq!(copy["id"], *after.ids["copy"]);
        for (slot, n) in [("left", 2), ("right", 1)] {
            for i in 0..n {
                let (ours, theirs) = (&copy["slots"][slot][i], &source["slots"][slot][i]);
                assert_eq!(ours["props"], theirs["props"]);
                assert_ne!(ours["id"], theirs["id"]);
            }
        }
    }

    #[test]
    fn given_a_place_when_duplicated_then_the_copy_lies_there() {
        for (more, list, at) in [
            (json!({"index": 1}), "/", 1),
            (json!({"before": "blk_hero"}), "/", 1),
            (json!({"toPage": "/"}), "/", 4),
            (json!({"toPage": "/pricing"}), "/pricing", 2),
            (json!({"toPage": "/pricing", "after": "blk_faq"}), "/pricing", 1),
            (json!({"parent": "blk_two", "slot": "right"}), "blk_two/right", 1),
        ] {
            let after = lower(&site(), copy("/", "blk_card", more.clone())).unwrap();
            assert_eq!(blocks(&after.root, list)[at], after.ids["copy"], "{more}");
        }
    }

    #[test]
    fn given_the_header_or_footer_when_duplicated_then_it_is_pinned() {
        for block in ["blk_header", "blk_footer"] {
            let op = copy("/", block, json!({"toPage": "/about"}));
            assert_eq!(refused(&site(), op), [Refused::new("/block", Code::Pinned)]);
        }
    }

    #[test]
    fn given_a_full_slot_when_duplicated_in_it_then_it_is_refused() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "properties": {},
            "x-osier": {"slots": {"main": {"max": 1}}},
        });
        let block = json!({"type": "Box", "slots": {"main": [
            {"type": "Heading", "props": {"text": "a"}, "id": "inner"},
        ]}});
        let op = json!({"op": "add_block", "page": "/about", "block": block});
        let site = lower(&with_type(site(), "Box", schema), op).unwrap().root;
        let op = copy("/about", "inner", json!({}));
        assert_eq!(refused(&site, op), [Refused::new("/slot", Code::SlotRefused)]);
    }

    #[test]
    fn given_copies_of_copies_when_duplicated_then_they_end_before_they_fill_the_memory() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "properties": {}, "x-osier": {"slots": {"main": {}}},
        });
        let text = json!({"type": "RichText", "props": {"body": "x".repeat(100_000)}});
        let block = json!({"type": "Box", "id": "box", "slots": {"main": [text]}});
        let op = json!({"op": "add_block", "page": "/about", "block": block});
        let site = lower(&with_type(site(), "Box", schema), op).unwrap().root;
        let mut ops = vec![copy("/about", "box", json!({"parent": "box", "slot": "main"})); 10];
        ops.iter_mut().for_each(|op| drop(op.as_object_mut().unwrap().remove("tempId")));
        let refusals = refused(&site, json!(ops));
        assert_eq!(refusals, vec![Refused::new("", Code::TooLarge); 4], "the seventh doubles 6.4 MB");
    }

    #[test]
    fn given_pages_that_are_not_loaded_when_duplicated_then_both_are_asked_for_at_once() {
        let op = copy("/", "blk_hero", json!({"toPage": "/about"}));
        assert_eq!(missing(&cold(&site()), op), ["pg_home".into(), "pg_about".into()]);
    }
}
