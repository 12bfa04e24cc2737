//! What readers ask for, and what they get. Fields are sent in the order in which they stand here: what a reader looks for
//! first comes first.

mod blame;
mod commit;
mod comparison;
mod page;
mod published;
mod site;

use std::sync::Arc;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auth::{NewSecret, Scope};
pub use blame::{Blame, BlockBlame, Mark};
pub use commit::{Commit, CommitLine, HistoryStatus, LogEvent, PageOfCommit, ResyncEvent};
pub use comparison::Comparison;
pub use page::{Block, Page, PageContent, PageLine};
pub use published::{PageMeta, SiteConfig};
pub use site::{BlockTypeLine, Made, Redirect, Repeatable, SiteCard};

/// Which state to read: a ref, and at least which version.
#[derive(Clone, Debug, Default)]
pub struct At {
    /// `main`, `main@42`, …; `main` where it is left out.
    pub reference: Option<String>,
    /// Wait, at most five seconds, until the branch is at least there.
    pub min_version: Option<u64>,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ListOf{T}")]
pub struct Listed<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to send as `cursor` to go on; left out at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Which part of a list to read.
#[derive(Clone, Debug)]
pub struct Paging {
    /// At most so many, 1 to 500.
    pub limit: usize,
    /// As an answer before gave it.
    pub cursor: Option<String>,
}

/// Bytes that are ready to be sent, and the tag they go by.
#[derive(Clone, Debug)]
pub struct Ready {
    /// JSON, or a page for people.
    pub bytes: Bytes,
    /// An ETag with its quotes, over the bytes.
    pub etag: Arc<str>,
}

impl Ready {
    /// Text that is kept to be sent again and again, with the tag it goes by.
    #[must_use]
    pub fn of(mut text: String) -> Self {
        // What it grew beyond its text would be kept with it.
        text.shrink_to_fit();
        let hash = blake3::hash(text.as_bytes());
        let tag = data_encoding::BASE64URL_NOPAD.encode(&hash.as_bytes()[..15]);
        Ready { bytes: Bytes::from(text), etag: format!("\"{tag}\"").into() }
    }
}

/// Which commits to list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HistoryQuery {
    /// Only commits that touched this page, by id or slug.
    #[serde(default)]
    pub page: Option<String>,
    /// Only this actor's.
    #[serde(default)]
    pub actor: Option<String>,
    /// Only commits that touched this block.
    #[serde(default)]
    pub block: Option<String>,
}

/// A token as its maker asks for it.
#[derive(Clone, Debug, Deserialize)]
pub struct NewToken {
    /// For people to know it by.
    pub name: String,
    /// Scopes, of which the highest counts.
    pub scopes: Vec<Scope>,
    /// Only these sites.
    pub sites: Vec<String>,
    /// Writes only on branches that fit.
    pub branches: Vec<String>,
    /// Held by an agent.
    pub agent: bool,
    /// Ends by itself after so many milliseconds.
    pub expires_in_ms: Option<i64>,
}

/// A token as its maker and admins see it: all but the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenCard {
    /// `tok_…`: what it is revoked by.
    pub id: String,
    /// As its maker named it.
    pub name: String,
    /// Who its holder is in the history.
    pub actor: String,
    /// All that it may do; an agent's go as far as `write`.
    pub scopes: Vec<Scope>,
    /// Only these sites; none named: all.
    pub sites: Vec<String>,
    /// It writes only on branches that fit one of these patterns; none named: all.
    pub branches: Vec<String>,
    /// Held by an agent: it never merges, approves, publishes or administers.
    pub agent: bool,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339, behind by a minute at most; none where it was never used.
    pub last_used_at: Option<String>,
    /// RFC 3339; none where it does not end by itself.
    pub expires_at: Option<String>,
    /// RFC 3339; none where it is good.
    pub revoked_at: Option<String>,
}

/// A token that was just made, with its secret: the one time that it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MadeToken {
    /// All but the secret.
    #[serde(flatten)]
    pub card: TokenCard,
    /// The secret, for `Authorization: Bearer`.
    pub token: NewSecret,
}
