//! What people write of an operation; the rest is read off its handler.

use crate::error::Kind;
use crate::service::Scope;

/// The words for one operation.
pub(in crate::http) struct About {
    /// A name of its own, for clients made from the description.
    pub(in crate::http) id: &'static str,
    /// What it does, in a few words.
    pub(in crate::http) title: &'static str,
    /// What a caller should know, in Markdown paragraphs.
    pub(in crate::http) text: &'static str,
    /// Where it stands in the reference.
    pub(in crate::http) group: Group,
    /// The scope a token needs; none: nobody needs a token.
    pub(in crate::http) scope: Option<Scope>,
    /// How it can fail beyond what its arguments say.
    pub(in crate::http) refusals: fn() -> Vec<Kind>,
    /// An address that works on the demo site.
    pub(in crate::http) address: &'static str,
    /// A body that does; empty where none is sent.
    pub(in crate::http) body: &'static str,
    /// What the demo site answered.
    pub(in crate::http) answer: &'static str,
}

/// Chapters of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Group {
    Edit,
    Sites,
    Content,
    History,
    Server,
}

impl Group {
    pub(in crate::http) const ALL: [Group; 5] =
        [Group::Edit, Group::Sites, Group::Content, Group::History, Group::Server];

    pub(in crate::http) fn name(self) -> &'static str {
        match self {
            Group::Edit => "Edit",
            Group::Sites => "Sites",
            Group::Content => "Content",
            Group::History => "History",
            Group::Server => "Server",
        }
    }

    pub(in crate::http) fn text(self) -> &'static str {
        match self {
            Group::Edit => "Everything that changes a site goes this one way.",
            Group::Sites => "Which sites there are.",
            Group::Content => {
                "What a site holds, now or at any version: pages, their blocks, the types of blocks, its config."
            }
            Group::History => {
                "What happened to a site and who did it, what can be taken back, and what happens just now."
            }
            Group::Server => "What the server says of itself.",
        }
    }
}
