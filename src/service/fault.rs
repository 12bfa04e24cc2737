//! What a use case can fail with. Transports translate it; nothing below knows statuses.

use super::view::CommitLine;
use crate::auth::Scope;
use crate::content::id::PageId;
use crate::content::problem::Problem;
use crate::store::StoreError;

/// Why a call was not done.
#[derive(Debug)]
pub enum Fault {
    /// The ops are wrong: every problem.
    Refused(Vec<Problem>),
    /// The bytes are no JSON.
    NotJson(String),
    /// The request around the ops is wrong; the pointer into the body, or the name of a query field.
    Malformed(String, String),
    /// No such site, or none that the caller may see.
    SiteNotFound(String),
    /// No such branch.
    BranchNotFound(String),
    /// No such page in that state.
    PageNotFound(String),
    /// No page at an address that a redirect leads away from: the address, and where to.
    PageLedAway(String, String),
    /// No such block type.
    BlockTypeNotFound(String),
    /// No such version, or a ref that names nothing.
    VersionNotFound(String),
    /// A ref to a snapshot that is not there.
    SnapshotNotFound(String),
    /// The branch or a page is not as the caller expects: `currentVersion` and the commits since.
    VersionConflict {
        /// What differs and what to do.
        detail: String,
        /// Where the branch is.
        current: u64,
        /// The page whose hash was not the expected one; none where it was the branch's version.
        page: Option<PageId>,
        /// The commits in between, newest first, as the history shows them; of a page, the newest that touched it, for
        /// a hash tells no version.
        commits: Vec<CommitLine>,
    },
    /// The idempotency key was used with another body.
    KeyReused,
    /// No principal.
    Unauthenticated(String),
    /// The token lacks a scope.
    InsufficientScope(Scope),
    /// The token may not write on this branch.
    BranchProtected(String),
    /// An id that can't be a site's.
    BadSite(String),
    /// A site of that id with other content is there.
    SiteTaken(String),
    /// The store does not answer.
    Unavailable(String),
    /// The store has no space.
    Full(String),
    /// More is asked at once than can be taken in hand: nothing was done, it may be sent again in a moment.
    Overloaded(String),
    /// Our mistake: logged under the id that the caller gets.
    Internal(String),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(why) | StoreError::Unknown(why) => Fault::Unavailable(why),
            StoreError::Full(why) => Fault::Full(why),
            StoreError::Newer { .. } | StoreError::Setup(_) => Fault::Unavailable(error.to_string()),
            StoreError::Damaged(why) => Fault::Internal(why),
        }
    }
}

/// The answer of a use case.
pub type Result<T, E = Fault> = std::result::Result<T, E>;

impl Fault {
    /// The reason behind a store that is not there; of anything else, nothing a caller should read.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Fault::Unavailable(why) | Fault::Full(why) => why.clone(),
            _ => "the store gave no answer".into(),
        }
    }
}
