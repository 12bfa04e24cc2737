//! Sites as they are served, and what stands beside their pages.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::super::envelope::IdempotencyKey;
use super::published::SiteConfig;

/// A site: its id, and what its config says of it on `main`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SiteCard {
    /// Its id in addresses.
    pub id: String,
    /// When it was made.
    #[schemars(extend("format" = "date-time"))]
    pub created_at: String,
    /// `name, previewUrl, purpose, …`: the config on `main`.
    #[serde(flatten)]
    #[schemars(with = "SiteConfig")]
    pub config: Value,
}

/// A request that may come again and is to be done once.
#[derive(Clone, Copy, Debug)]
pub struct Repeatable<'a> {
    /// What its caller knows it by: the header `Idempotency-Key`.
    pub key: &'a IdempotencyKey,
    /// The request as it came: what the key stands for.
    pub request: &'a [u8],
}

/// How creating a site ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// It is new.
    New,
    /// It was there with equal content.
    Unchanged,
}

/// A redirect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Redirect {
    /// The address it leads away from.
    #[schemars(regex(pattern = "^/"))]
    pub from: Arc<str>,
    /// The status it is answered with: 301, 302, 303, 307 or 308.
    #[schemars(range(min = 300, max = 399))]
    pub status: u16,
    /// Where it leads: an address of the site, or a URL.
    #[schemars(extend("format" = "uri-reference"))]
    pub to: String,
}

/// A block type.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BlockTypeLine {
    /// The name blocks say in their `type`.
    #[serde(rename = "type")]
    pub name: String,
    /// The JSON Schema (draft 2020-12) of its props: what is published is what is enforced. What forms and pickers need
    /// (labels, widgets, lists, slots, examples) stands under `x-osier`.
    #[schemars(with = "Map<String, Value>")]
    pub schema: Box<RawValue>,
}
