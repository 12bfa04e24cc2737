//! What an op answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::id::{BlockId, PageId};

/// What an op was about, or made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Done {
    /// The page.
    pub page: Option<PageId>,
    /// The block.
    pub block: Option<BlockId>,
    /// The list item.
    pub key: Option<String>,
}

impl Done {
    /// It was about the site.
    #[must_use]
    pub fn site() -> Self {
        Done::default()
    }

    /// It was about a page.
    #[must_use]
    pub fn page(page: PageId) -> Self {
        Done { page: Some(page), ..Done::default() }
    }

    /// It was about a block of a page.
    #[must_use]
    pub fn block(page: PageId, block: BlockId) -> Self {
        Done { page: Some(page), block: Some(block), key: None }
    }
}

/// One op's line of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OpResult {
    /// The op's name.
    pub op: String,
    /// The page it was about or made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<PageId>,
    /// The block it was about or made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<BlockId>,
    /// The key of the list item it was about or made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether it changed anything.
    pub changed: bool,
    /// Of an undo: what it took back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undid: Option<Taken>,
    /// Of a redo: what it brought back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redid: Option<Taken>,
}

/// A commit that an undo or redo was about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Taken {
    /// Its version.
    pub version: u64,
    /// Its id.
    pub commit: String,
    /// Its summary.
    pub summary: String,
}
