//! Pages as they are served.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::published::PageMeta;
use crate::content::id::{BlockId, PageId};

/// A page's line in the list of pages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageLine {
    /// Its id.
    pub id: PageId,
    /// Its address, which begins with a slash.
    #[schemars(regex(pattern = "^/"))]
    pub slug: Arc<str>,
    /// Its title.
    pub title: Arc<str>,
    /// How many blocks it has, at all depths.
    pub block_count: usize,
    /// Its content hash: equal where the content is equal, on every branch.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub hash: String,
    /// The last commit that touched it.
    #[schemars(range(min = 1))]
    pub version: u64,
    /// When it was changed last.
    #[schemars(extend("format" = "date-time"))]
    pub updated_at: String,
    /// Who changed it last.
    pub updated_by: Arc<str>,
}

/// A page, whole.
///
/// It is served from ready-made canonical bytes: this is what stands in them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// Its content.
    #[serde(flatten)]
    pub content: PageContent,
    /// The last commit that touched it: its version of the branch.
    #[schemars(range(min = 1))]
    pub version: u64,
    /// Its content hash, over `id`, `slug`, `title`, `meta` and `blocks`: equal where the content is equal, on every branch.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub hash: String,
    /// When it was changed last.
    #[schemars(extend("format" = "date-time"))]
    pub updated_at: String,
    /// Who changed it last.
    pub updated_by: String,
}

/// What a page says, without who said it when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PageContent {
    /// Its id.
    pub id: PageId,
    /// Its address, which begins with a slash.
    #[schemars(regex(pattern = "^/"))]
    pub slug: String,
    /// Its title.
    pub title: String,
    /// What it tells search engines and those who share it.
    #[schemars(with = "PageMeta")]
    pub meta: Map<String, Value>,
    /// Its blocks, in order.
    pub blocks: Vec<Block>,
}

/// A block with all below it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Block {
    /// Its id.
    pub id: BlockId,
    /// The name of its type: see `/sites/{site}/block-types`.
    #[serde(rename = "type")]
    pub kind: String,
    /// As the schema of its type has them. Objects in lists carry a `key` of the system's, unique in their list.
    pub props: Map<String, Value>,
    /// The blocks in its slots, in order, by the slot's name; a slot without a block is left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<String, Vec<Block>>,
}
