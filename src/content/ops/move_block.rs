//! `move_block`: a block lies elsewhere, on its page or on another.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::{Draft, Guest, Position};
use super::super::problem::{Gathered, Lowered};
use super::{BlockRef, Done, Lower, PageRef};

/// Moves a block, with all in its slots, to another place on its page, into a slot of another block (`parent` and
/// `slot`), or to another page (`toPage`). Say where with one of `after`, `before`, `index`; with none it comes last,
/// before the Footer: of the page itself unless `parent` is given. Its id stays.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MoveBlock {
    /// The page it lies on: its id or slug.
    pub page: PageRef,
    /// The block's id.
    pub block: BlockRef,
    /// The page it goes to, if it is another: `after`, `before` and `parent` are blocks of that page.
    #[serde(default)]
    pub to_page: Option<PageRef>,
    /// Right behind the block of this id, in the list that lies in.
    #[serde(default)]
    pub after: Option<BlockRef>,
    /// Right before the block of this id, in the list that lies in.
    #[serde(default)]
    pub before: Option<BlockRef>,
    /// At this place, counted from 0, in the list as it stands after the move.
    #[serde(default)]
    pub index: Option<i64>,
    /// The block to put it into; goes with `slot`.
    #[serde(default)]
    pub parent: Option<BlockRef>,
    /// The slot of `parent`.
    #[serde(default)]
    pub slot: Option<String>,
}

impl Lower for MoveBlock {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let mut problems = Gathered::default();
        let from = problems.keep(draft.find_page(&self.page, "/page"))?;
        let to = match &self.to_page {
            Some(page) => problems.keep(draft.find_page(page, "/toPage"))?,
            None => from.clone(),
        };
        let (Some(from), Some(to)) = (from, to) else { return Err(problems.halt()) };
        draft.need([&from, &to].into_iter())?;
        let id = draft.find_block(&from, &self.block, "/block")?;
        let block = draft.block(&from, &id)?;
        draft.not_pinned(&block.kind, "/block")?;
        let position =
            Position { after: self.after.as_deref(), before: self.before.as_deref(), index: self.index };
        let within = (self.parent.as_deref(), self.slot.as_deref());
        let guest = Guest::moving(&block, draft.page(&from)?);
        let at = draft.block_position(&to, within, position, guest)?;
        draft.move_block(&from, &id, &to, at)?;
        Ok(Done::block(to, id))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{
        Refused, blocks, cold, lower, missing, page, refused, site, told, with_type,
    };
    use serde_json::{Value, json};

    fn to(block: &str, more: Value) -> Value {
        let mut op = json!({"op": "move_block", "page": "/", "block": block});
        op.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        op
    }

    #[test]
    fn given_an_index_when_moved_then_it_is_the_place_afterwards() {
        let middle = |root| blocks(root, "/")[1..4].to_vec();
        let after = lower(&site(), to("blk_hero", json!({"index": 3}))).unwrap();
        assert_eq!(middle(&after.root), ["blk_text", "blk_two", "blk_hero"]);
        let after = lower(&site(), to("blk_two", json!({"index": 1}))).unwrap();
        assert_eq!(middle(&after.root), ["blk_two", "blk_hero", "blk_text"]);
        assert_eq!(refused(&site(), to("blk_two", json!({"index": 5}))), [Refused::new(
            "/index",
            Code::InvalidPosition
        )]);
    }

    #[test]
    fn given_a_sibling_when_moved_then_it_lies_beside_it() {
        for (more, list, wanted) in [
            (json!({"after": "blk_two"}), "/", vec!["blk_text", "blk_two", "blk_hero"]),
            (json!({"before": "blk_two"}), "/", vec!["blk_text", "blk_hero", "blk_two"]),
            (json!({"after": "blk_card"}), "blk_two/left", vec!["blk_card", "blk_hero", "blk_heading"]),
            (json!({"before": "blk_tabs"}), "blk_two/right", vec!["blk_hero", "blk_tabs"]),
        ] {
            let after = lower(&site(), to("blk_hero", more.clone())).unwrap();
            let found = blocks(&after.root, list);
            let found: Vec<&str> =
                found.iter().map(String::as_str).filter(|id| wanted.contains(id)).collect();
            assert_eq!(found, wanted, "{more}");
        }
    }

    #[test]
    fn given_no_position_when_moved_then_it_lies_last_of_the_list_it_goes_to() {
        let after = lower(&site(), to("blk_hero", json!({}))).unwrap();
        assert_eq!(blocks(&after.root, "/")[3..], ["blk_hero", "blk_footer"]);
        let after = lower(&site(), to("blk_card", json!({}))).unwrap();
        assert_eq!(blocks(&after.root, "/")[4..], ["blk_card", "blk_footer"]);
        let after = lower(&site(), to("blk_card", json!({"parent": "blk_two", "slot": "right"}))).unwrap();
        assert_eq!(blocks(&after.root, "blk_two/right"), ["blk_tabs", "blk_card"]);
    }

    #[test]
    fn given_where_it_lies_already_when_moved_then_nothing_changes() {
        for op in [
            to("blk_hero", json!({"index": 1})),
            to("blk_hero", json!({"before": "blk_text"})),
            to("blk_hero", json!({"toPage": "/", "after": "blk_header"})),
            to("blk_two", json!({})),
            to("blk_card", json!({"parent": "blk_two", "slot": "left", "index": 0})),
        ] {
            let after = lower(&site(), op).unwrap();
            assert_eq!(after.changed(), [false]);
        }
    }

    #[test]
    fn given_another_page_when_moved_then_it_lies_there_with_all_in_its_slots() {
        let after =
            lower(&site(), to("blk_two", json!({"toPage": "pg_pricing", "before": "blk_cta"}))).unwrap();
        assert_eq!(blocks(&after.root, "/pricing"), ["blk_faq", "blk_two", "blk_cta"]);
        assert_eq!(blocks(&after.root, "blk_two/left"), ["blk_card", "blk_heading"]);
        assert_eq!(after.root.home(&"blk_tabs".into()).unwrap().as_str(), "pg_pricing");
        assert_eq!(after.results[0].page.as_ref().unwrap().as_str(), "pg_pricing");
        let before = page(&site(), "/");
        assert_eq!(page(&after.root, "/pricing")["blocks"][1], before["blocks"][3]);
        let faq = json!({
            "op": "move_block", "page": "/pricing", "block": "blk_faq", "toPage": "/", "parent": "blk_two", "slot": "left",
        });
        let after = lower(&site(), faq).unwrap();
        assert_eq!(blocks(&after.root, "blk_two/left"), ["blk_card", "blk_heading", "blk_faq"]);
    }

    #[test]
    fn given_itself_or_what_lies_within_it_when_moved_there_then_it_is_refused() {
        for more in [
            json!({"parent": "blk_two", "slot": "left"}),
            json!({"after": "blk_card"}),
            json!({"before": "blk_tabs"}),
        ] {
            let refusals = refused(&site(), to("blk_two", more.clone()));
            assert_eq!(refusals, [Refused::new("/parent", Code::InvalidPosition)], "{more}");
        }
        let message = told(&site(), to("blk_two", json!({"after": "blk_card"})));
        assert!(message.starts_with("a block cannot move into itself"), "{message}");
        assert_eq!(
            refused(&site(), to("blk_two", json!({"after": "blk_two"}))),
            [Refused::new("/after", Code::InvalidPosition)]
        );
    }

    #[test]
    fn given_blocks_that_keep_their_place_when_moved_or_passed_then_it_is_refused() {
        assert_eq!(
            refused(&site(), to("blk_header", json!({"index": 1}))),
            [Refused::new("/block", Code::Pinned)]
        );
        for more in [json!({"index": 0}), json!({"after": "blk_footer"})] {
            assert_eq!(refused(&site(), to("blk_hero", more)), [Refused::new("", Code::Pinned)]);
        }
    }

    #[test]
    fn given_names_of_another_page_when_moved_then_they_are_not_found() {
        let parent = json!({"parent": "blk_faq", "slot": "left"});
        assert_eq!(
            refused(&site(), to("blk_hero", parent)),
            [Refused::new("/parent", Code::BlockNotFound)]
        );
        assert_eq!(
            refused(&site(), to("blk_hero", json!({"toPage": "/about", "after": "blk_text"}))),
            [Refused::new("/after", Code::BlockNotFound)]
        );
        assert_eq!(
            refused(&site(), to("blk_hero", json!({"toPage": "/abuot"}))),
            [Refused::new("/toPage", Code::PageNotFound)]
        );
    }

    #[test]
    fn given_a_deep_block_of_another_page_when_moved_into_a_deep_one_then_it_is_refused() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "properties": {}, "x-osier": {"slots": {"main": {}}},
        });
        let site = with_type(site(), "Box", schema);
        let nested = |levels: usize, outer: &str, inmost: &str| {
            let within = |inner: Value, _| json!({"type": "Box", "slots": {"main": [inner]}});
            let mut block = (0..levels).fold(json!({"type": "Box", "id": inmost}), within);
            block["id"] = json!(outer);
            block
        };
        let ops = json!([
            {"op": "add_block", "page": "/", "block": nested(6, "a", "a_in")},
            {"op": "add_block", "page": "/about", "block": nested(5, "b", "b_in")},
            {"op": "add_block", "page": "/about", "block": nested(6, "c", "c_in")},
        ]);
        let site = lower(&site, ops).unwrap().root;
        let into_a = |block: &str| {
            json!({
                "op": "move_block", "page": "/about", "block": block, "toPage": "/", "parent": "a_in", "slot": "main",
            })
        };
        assert_eq!(blocks(&lower(&site, into_a("b")).unwrap().root, "a_in/main"), ["b"]);
        assert_eq!(refused(&site, into_a("c")), [Refused::new("/slot", Code::SlotRefused)]);
    }

    #[test]
    fn given_pages_that_are_not_loaded_when_moved_then_both_are_asked_for_at_once() {
        let op = to("blk_hero", json!({"toPage": "/about"}));
        assert_eq!(missing(&cold(&site()), op), ["pg_home".into(), "pg_about".into()]);
    }
}
