//! Blame as it is served.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::content::id::{BlockId, PageId};
use crate::store::{Kind, Source};

/// Who wrote what stands on a page, and when.
///
/// Each field names the version of the commit that wrote its present value; `commits` says of each such version who made
/// it, when, and through which door. A field is what lies at the end of a JSON Pointer: a text, a number, a plain list, an
/// empty object; items of lists go by their keys. Fields that are not there any more have no mark: see the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Blame {
    /// The page's id.
    pub page: PageId,
    /// Its address.
    #[schemars(regex(pattern = "^/"))]
    pub slug: String,
    /// The last commit that touched it, as the page itself says.
    #[schemars(range(min = 1))]
    pub version: u64,
    /// The page's own fields, `/slug`, `/title`, `/meta/description`, …, and the version that wrote each.
    pub fields: BTreeMap<String, u64>,
    /// Its blocks, in order, each before those in its slots.
    pub blocks: Vec<BlockBlame>,
    /// The commits that are named above, by version.
    pub commits: BTreeMap<u64, Mark>,
}

/// Who wrote a block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BlockBlame {
    /// Its id.
    pub id: BlockId,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The version that put it on this page: made it, brought it back, or brought it from another page. Of one that came from
    /// another page, what was written there is marked with the version that brought it.
    #[schemars(range(min = 1))]
    pub added: u64,
    /// The version that put it where it lies.
    #[schemars(range(min = 1))]
    pub placed: u64,
    /// The fields of its props, `/heading`, `/items/k1/label`, …, and the version that wrote each.
    pub fields: BTreeMap<String, u64>,
}

/// A commit that wrote something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mark {
    /// Its id.
    pub commit: String,
    /// When.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// Who made it: a token's handle, or `operator`.
    pub actor: Arc<str>,
    /// The door it came through.
    pub source: Source,
    /// What it is: an undo, a redo and a restore write as an edit does.
    pub kind: Kind,
    /// What it did, in a line.
    pub summary: String,
}
