//! `remove_block_type`: a kind of block of the site's own goes.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::Draft;
use super::super::problem::{Code, Lowered, Problem};
use super::super::schema;
use super::blocking::Blocking;
use super::{Done, Lower};

/// Removes a block type of the site's own. Refused, with the list of them, while blocks of the type are there.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RemoveBlockType {
    /// The type's name.
    #[serde(rename = "type")]
    pub kind: String,
}

impl Lower for RemoveBlockType {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        if schema::builtin(&self.kind).is_some() {
            let message = format!("{} is a built-in type, which every site has", self.kind);
            return Err(Problem::new(Code::OpRejected, "/type", message).into());
        }
        draft.block_type(&self.kind, "/type")?;
        let mut there = Blocking::default();
        for page in draft.using(&self.kind)? {
            let page = draft.page(&page)?;
            for block in page.blocks().filter(|block| *block.kind == *self.kind) {
                there.add(page, &block.id, "is of this type");
            }
        }
        let begin = "blocks of this type are there, remove them first:";
        there.refuse(Code::BlockTypeInUse, "/type", begin)?;
        draft.set_site(&["blockTypes", &self.kind], None)?;
        Ok(Done::site())
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{Refused, cold, lower, missing, refused, site};
    use super::*;
    use crate::content::document::Root;
    use serde_json::{Value, json};

    fn remove(kind: &str) -> Value {
        json!({"op": "remove_block_type", "type": kind})
    }

    fn in_use() -> Root {
        let schema = json!({"type": "object", "additionalProperties": false, "properties": {}});
        let add = |id: &str| json!({"op": "add_block", "page": "/about", "block": {"id": id, "type": "Offer"}});
        let ops = json!([
            {"op": "register_block_type", "type": "Offer", "schema": schema}, add("blk_a"), add("blk_b"),
        ]);
        lower(&site(), ops).unwrap().root
    }

    #[test]
    fn given_a_type_without_blocks_when_removed_then_it_is_gone() {
        let ops = json!([
            {"op": "remove_block", "page": "/about", "block": "blk_a"},
            {"op": "remove_block", "page": "/about", "block": "blk_b"},
            remove("Offer"),
        ]);
        let after = lower(&in_use(), ops).unwrap().root;
        assert!(after.types.get("Offer").is_none());
        assert_eq!(refused(&after, remove("Offer")), [Refused::new("/type", Code::UnknownBlockType)]);
    }

    #[test]
    fn given_blocks_of_the_type_when_removed_then_it_is_refused_with_each() {
        let problems = lower(&in_use(), remove("Offer")).unwrap_err();
        assert_eq!((problems[0].code, problems[0].pointer.as_str()), (Code::BlockTypeInUse, "/type"));
        let listed = problems[0].more.as_ref().unwrap()["blocks"].as_array().unwrap();
        let blocks: Vec<_> = listed.iter().map(|each| (&each["slug"], &each["block"])).collect();
        assert_eq!(blocks, [(&json!("/about"), &json!("blk_a")), (&json!("/about"), &json!("blk_b"))]);
    }

    #[test]
    fn given_a_block_added_in_the_same_batch_when_removed_then_it_is_refused() {
        let schema = json!({"type": "object", "additionalProperties": false, "properties": {}});
        let ops = json!([
            {"op": "register_block_type", "type": "Offer", "schema": schema},
            {"op": "add_block", "page": "/about", "block": {"type": "Offer"}},
            remove("Offer"),
        ]);
        assert_eq!(refused(&site(), ops), [Refused::new("/type", Code::BlockTypeInUse)]);
    }

    #[test]
    fn given_a_type_of_osier_when_removed_then_it_is_refused() {
        assert_eq!(refused(&site(), remove("Hero")), [Refused::new("/type", Code::OpRejected)]);
    }

    #[test]
    fn given_pages_that_are_not_loaded_when_removed_then_all_that_use_it_are_asked_for() {
        assert_eq!(missing(&cold(&in_use()), remove("Offer")), ["pg_about".into()]);
    }
}
