//! `update_props`: other values for some props of a block.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::draft::{Draft, fit, merge_patch};
use super::super::json::{Map, Value};
use super::super::problem::Lowered;
use super::{BlockRef, Done, Lower, PageRef};

/// Changes some props of a block. `patch` is a JSON merge patch (RFC 7396): `null` removes a prop, objects merge,
/// everything else replaces. A list given whole is compared with the one there: items keep the `key` they bring.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateProps {
    /// The page: its id or slug.
    pub page: PageRef,
    /// The block's id.
    pub block: BlockRef,
    /// The props to change, as a JSON merge patch.
    pub patch: Map<String, Value>,
}

impl Lower for UpdateProps {
    fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
        let page = draft.find_page(&self.page, "/page")?;
        let block = draft.find_block(&page, &self.block, "/block")?;
        let patch = Value::Object(self.patch.clone());
        fit(&patch, "/patch")?;
        let mut props = draft.block(&page, &block)?.value();
        merge_patch(&mut props, &patch);
        draft.put_props(&page, &block, props, "/patch")?;
        Ok(Done::block(page, block))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::problem::Code;
    use super::super::given::{Refused, cold, lower, missing, props, refused, site, told};
    use serde_json::{Value, json};

    fn update(block: &str, patch: Value) -> Value {
        let page = if block == "blk_faq" { "/pricing" } else { "/" };
        json!({"op": "update_props", "page": page, "block": block, "patch": patch})
    }

    #[test]
    fn given_a_patch_when_updated_then_only_its_props_change() {
        let patch = json!({"heading": "Willow", "subheading": "Woven", "ctaText": null});
        let after = lower(&site(), update("blk_hero", patch)).unwrap();
        assert_eq!(
            props(&after.root, "blk_hero"),
            json!({"heading": "Willow", "subheading": "Woven", "ctaHref": "/Pricing/?from=hero#plans"})
        );
        assert_eq!(after.changes.len(), 3);
    }

    #[test]
    fn given_what_is_so_already_when_updated_then_nothing_changes() {
        for patch in [json!({}), json!({"heading": "Weave", "subheading": null})] {
            let after = lower(&site(), update("blk_hero", patch)).unwrap();
            assert_eq!(after.changed(), [false]);
            assert_eq!(after.results[0].block.as_ref().unwrap().as_str(), "blk_hero");
        }
        let same = json!({"items": [
            {"q": "One?", "a": "1"}, {"key": "k2", "q": "Two?", "a": "2"}, {"q": "Three?", "a": "3"},
        ]});
        assert_eq!(lower(&site(), update("blk_faq", same)).unwrap().changed(), [false]);
    }

    #[test]
    fn given_a_whole_list_when_updated_then_it_is_diffed_by_key() {
        let patch = json!({"items": [
            {"q": "Three?", "a": "drei"}, {"q": "One?", "a": "1"}, {"key": "k3", "q": "Three?", "a": "3"}, {"q": "Four?", "a": "4"},
        ]});
        let after = lower(&site(), update("blk_faq", patch)).unwrap();
        let items = &props(&after.root, "blk_faq")["items"];
        assert_eq!((&items[1]["key"], &items[2]["key"]), (&json!("k1"), &json!("k3")));
        for i in [0, 3] {
            assert!(!["k1", "k2", "k3"].contains(&items[i]["key"].as_str().unwrap()), "{items}");
        }
        let edited = json!({"items": [
            {"q": "One?", "a": "1"}, {"q": "Two?", "a": "zwei"}, {"q": "Three?", "a": "3"},
        ]});
        let after = lower(&site(), update("blk_faq", edited)).unwrap();
        let change = serde_json::to_value(&after.changes).unwrap();
        assert_eq!(
            change,
            json!([{
                "type": "set", "node": "blk_faq", "path": ["props", "items", "k2", "a"], "from": "2", "to": "zwei",
            }])
        );
    }

    #[test]
    fn given_an_unknown_prop_when_updated_then_the_nearest_is_suggested() {
        let op = update("blk_hero", json!({"headline": "x"}));
        assert_eq!(refused(&site(), op.clone()), [Refused::new("/patch/headline", Code::UnknownProp)]);
        let message = told(&site(), op);
        assert!(
            message.starts_with("'headline' is not a prop of Hero; did you mean 'heading'?"),
            "{message}"
        );
    }

    #[test]
    fn given_values_that_cannot_be_kept_or_do_not_fit_when_updated_then_each_is_told_at_its_place() {
        for (block, patch, pointer) in [
            ("blk_hero", json!({"heading": "a\u{0}b"}), "/patch/heading"),
            ("blk_hero", json!({"\u{0}": null}), "/patch"),
            (
                "blk_hero",
                json!({"headingLevel": 12_345_678_901_234_567_890_u64}),
                "/patch/headingLevel",
            ),
            ("blk_hero", json!({"heading": null}), "/patch/heading"),
            ("blk_hero", json!({"heading": ""}), "/patch/heading"),
            ("blk_faq", json!({"items": []}), "/patch/items"),
            ("blk_faq", json!({"items": [{"q": "x"}]}), "/patch/items/0/a"),
            ("blk_faq", json!({"items": [{"q": "x", "a": "y", "key": "1"}]}), "/patch/items/0/key"),
        ] {
            let refusals = refused(&site(), update(block, patch.clone()));
            assert_eq!(refusals, [Refused::new(pointer, Code::SchemaViolation)], "{patch}");
        }
    }

    #[test]
    fn given_a_block_of_another_page_when_updated_then_it_is_told_where_it_lies() {
        let op = json!({"op": "update_props", "page": "/about", "block": "blk_faq", "patch": {}});
        assert_eq!(refused(&site(), op.clone()), [Refused::new("/block", Code::BlockNotFound)]);
        assert_eq!(told(&site(), op), "there is no block 'blk_faq' on /about; it lies on /pricing");
    }

    #[test]
    fn given_a_page_that_is_not_loaded_when_updated_then_it_is_asked_for() {
        assert_eq!(missing(&cold(&site()), update("blk_hero", json!({}))), ["pg_home".into()]);
    }
}
