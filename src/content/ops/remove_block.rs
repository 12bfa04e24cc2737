//! `remove_block`: a block goes, with all in its slots.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::Draft;
use super::super::problem::Lowered;
use super::{BlockRef, Done, Lower, PageRef};

/// Removes a block and the blocks in its slots. `undo` brings all of it back in place. `SiteHeader` and `Footer` stay
/// as long as their page.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RemoveBlock {
    /// The page: its id or slug.
    pub page: PageRef,
    /// The block's id.
    pub block: BlockRef,
}

impl Lower for RemoveBlock {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let page = draft.find_page(&self.page, "/page")?;
        let block = draft.find_block(&page, &self.block, "/block")?;
        draft.not_pinned(&draft.block(&page, &block)?.kind, "/block")?;
        draft.remove_block(&page, &block)?;
        Ok(Done::block(page, block))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{Refused, blocks, cold, lower, missing, refused, site};
    use serde_json::{Value, json};

    fn remove(page: &str, block: &str) -> Value {
        json!({"op": "remove_block", "page": page, "block": block})
    }

    #[test]
    fn given_a_block_with_slots_when_removed_then_all_in_them_goes_with_it() {
        let after = lower(&site(), remove("/", "blk_two")).unwrap();
        assert_eq!(blocks(&after.root, "/"), ["blk_header", "blk_hero", "blk_text", "blk_footer"]);
        for gone in ["blk_two", "blk_card", "blk_heading", "blk_tabs"] {
            assert_eq!(after.root.home(&gone.into()), None, "{gone}");
        }
        assert_eq!(after.changes.len(), 1);
    }

    #[test]
    fn given_a_block_in_a_slot_when_removed_then_its_siblings_stay() {
        let after = lower(&site(), json!([remove("/", "blk_card"), remove("/", "blk_tabs")])).unwrap();
        assert_eq!(blocks(&after.root, "blk_two/left"), ["blk_heading"]);
        assert!(blocks(&after.root, "blk_two/right").is_empty());
    }

    #[test]
    fn given_the_header_or_footer_when_removed_then_it_is_pinned() {
        for block in ["blk_header", "blk_footer"] {
            assert_eq!(refused(&site(), remove("/", block)), [Refused::new("/block", Code::Pinned)]);
        }
    }

    #[test]
    fn given_a_block_that_is_gone_when_removed_then_it_is_not_found() {
        let ops = json!([remove("/", "blk_two"), remove("/", "blk_card")]);
        assert_eq!(refused(&site(), ops), [Refused::new("/block", Code::BlockNotFound)]);
    }

    #[test]
    fn given_a_page_that_is_not_loaded_when_removed_then_it_is_asked_for() {
        assert_eq!(missing(&cold(&site()), remove("/about", "blk_about")), ["pg_about".into()]);
    }
}
