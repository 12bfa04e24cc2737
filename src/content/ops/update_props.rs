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
