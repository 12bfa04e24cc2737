//! The rows that cross between the store and those above it.

use std::sync::Arc;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Digest;

/// The number a site goes by in every key; a removed site's id may be taken again, its number never is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SiteKey(pub i64);

/// The number of a branch within its site, counted from 1, `main`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BranchKey(pub i64);

impl BranchKey {
    /// The branch every site starts with.
    pub const MAIN: BranchKey = BranchKey(1);
}

/// What a touched row speaks of: 0 is the site itself, else the first eight bytes of the hash of a page's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeKey(pub i64);

impl NodeKey {
    /// The site: config, redirects, block types, the order of pages.
    pub const SITE: NodeKey = NodeKey(0);
}

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// The number it is kept as.
            #[must_use]
            pub fn code(self) -> i16 {
                match self { $($name::$variant => $code,)* }
            }

            /// The one kept under this number; `None` where a newer Osier wrote it.
            #[must_use]
            pub fn from_code(code: i16) -> Option<Self> {
                match code { $($code => Some($name::$variant),)* _ => None }
            }

            /// Its name on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }
    };
}

codes! {
    /// What an entry of the log is. All up to `Revert` are commits and have a version.
    Kind {
        /// Ops of a caller.
        Edit = 1 "edit",
        /// Takes a commit back.
        Undo = 2 "undo",
        /// Takes an undo back.
        Redo = 3 "redo",
        /// A page as it was at a version.
        RestorePage = 4 "restore_page",
        /// A whole branch as it was.
        Restore = 5 "restore",
        /// Another branch's work taken in.
        Merge = 6 "merge",
        /// The parent's newer work taken in.
        Update = 7 "update",
        /// A merge taken back.
        Revert = 8 "revert",
        /// A branch made, described, closed or reopened.
        Branch = 32 "branch",
        /// Reviews and comments.
        Review = 33 "review",
        /// The site's policy.
        Policy = 34 "policy",
        /// A publish.
        Publish = 35 "publish",
        /// A keyed batch that changed nothing, kept so that its key answers the same again.
        Note = 36 "note",
    }
}

impl Kind {
    /// Whether it changed a branch and has a version.
    #[must_use]
    pub fn is_commit(self) -> bool {
        match self {
            Kind::Edit
            | Kind::Undo
            | Kind::Redo
            | Kind::RestorePage
            | Kind::Restore
            | Kind::Merge
            | Kind::Update
            | Kind::Revert => true,
            Kind::Branch | Kind::Review | Kind::Policy | Kind::Publish | Kind::Note => false,
        }
    }
}

codes! {
    /// The door an entry came through.
    Source {
        /// The web editor.
        Editor = 1 "editor",
        /// HTTP.
        Api = 2 "api",
        /// An MCP tool.
        Mcp = 3 "mcp",
        /// An approved plan.
        Planner = 4 "planner",
        /// An agent's run.
        Run = 5 "run",
        /// The importer.
        Import = 6 "import",
        /// A merge.
        Merge = 7 "merge",
        /// The command line.
        Cli = 8 "cli",
    }
}

/// A place in the log: the entry at `seq` and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Counted from 1; 0 stands before the first entry.
    pub seq: u64,
    /// The entry's hash; of `seq` 0 the site's genesis hash.
    pub hash: Digest,
}

/// A site of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its number in every key.
    pub key: SiteKey,
    /// Its id in addresses, unique among living sites.
    pub id: String,
    /// What it was made with: canonical JSON; the fold starts from it.
    pub genesis: Bytes,
    /// Milliseconds since 1970.
    pub created_ms: i64,
}

impl Site {
    /// The hash before the first entry: over the genesis bytes, so that the chain covers them too.
    #[must_use]
    pub fn genesis_hash(genesis: &[u8]) -> Digest {
        *blake3::hash(genesis).as_bytes()
    }
}

/// A site as its row says, for those who check it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteRow {
    /// The site.
    pub site: Site,
    /// The hash that stands beside its genesis.
    pub genesis_hash: Digest,
    /// When it was taken away.
    pub removed_ms: Option<i64>,
}

/// One row of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, gapless per site.
    pub seq: u64,
    /// The format of `body`.
    pub format: i16,
    /// What it is.
    pub kind: Kind,
    /// Milliseconds since 1970; never less than the entry's before.
    pub at_ms: i64,
    /// The actor: a token's handle, or `operator`.
    pub who: Arc<str>,
    /// The door it came through.
    pub source: Source,
    /// The branch it is about.
    pub branch: Option<BranchKey>,
    /// Of commits: the branch's version after it.
    pub version: Option<u64>,
    /// The caller's idempotency key.
    pub key: Option<Arc<str>>,
    /// With a key: the digest of the request it came with.
    pub request: Option<Digest>,
    /// What happened, as bytes of `format`.
    pub body: Bytes,
    /// Over the previous entry's hash, all fields above, and the digest of the body.
    pub hash: Digest,
}

/// One row of the touched index: this commit changed something of this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The branch of the commit.
    pub branch: BranchKey,
    /// The site or a page.
    pub node: NodeKey,
    /// The commit's version.
    pub version: u64,
    /// The commit's kind.
    pub kind: Kind,
    /// Of an undo: it can still be redone. Of a redo: never. Of the others: it stands and can be undone.
    pub live: bool,
}

/// A change of `live` in rows that earlier appends wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relive {
    /// The branch of the commit.
    pub branch: BranchKey,
    /// One node's row; `None`: all rows of that version.
    pub node: Option<NodeKey>,
    /// The commit's version.
    pub version: u64,
    /// The new value.
    pub live: bool,
}

/// What one append brings: all drained batches at once.
#[derive(Clone, Debug)]
pub struct Append {
    /// The entry it goes behind.
    pub after: Link,
    /// Entries from `after.seq + 1`, gapless.
    pub entries: Vec<Entry>,
    /// The touched rows of these entries.
    pub touched: Vec<Touched>,
    /// Applied to rows of earlier appends only: those of this one already say what is true.
    pub relive: Vec<Relive>,
    /// Large values by hash; those that are there already stay.
    pub blobs: Vec<(Digest, Bytes)>,
}

/// How an append ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is durable.
    Done,
    /// Another writer's entry is at the place: fold it and lower again.
    Lost,
    /// The entry before the place has another hash, or is gone: the database went back in time.
    Foreign,
    /// The site was removed: its log takes no entry any more.
    Gone,
}

/// Which commits of a branch to read.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// Only versions above this one.
    pub above: u64,
    /// Only versions up to this one.
    pub up_to: Option<u64>,
    /// Only commits that touched this node.
    pub node: Option<NodeKey>,
    /// Only this actor's.
    pub who: Option<Arc<str>>,
    /// Oldest first; else newest first.
    pub oldest_first: bool,
    /// At most so many.
    pub limit: usize,
}

/// A commit as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitRow {
    /// Its row of the log.
    pub entry: Entry,
    /// Whether any of its touched rows is live.
    pub live: bool,
}

/// A question to the touched index: the newest version on `node` (any node: `None`) at or below `up_to`
/// (no bound: `None`) that is of one of `kinds`, by `who` (anyone: `None`), live if `live_only`.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// The site or a page; `None`: any.
    pub node: Option<NodeKey>,
    /// Commits of these kinds; empty: any kind.
    pub kinds: Vec<Kind>,
    /// Only this actor's.
    pub who: Option<Arc<str>>,
    /// Only live rows.
    pub live_only: bool,
    /// Only versions up to this one.
    pub up_to: Option<u64>,
}

/// A checkpoint: derived bytes of a node as it stood after a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The branch.
    pub branch: BranchKey,
    /// A page's document, or the site's manifest.
    pub node: NodeKey,
    /// It holds all commits of the branch up to this version.
    pub version: u64,
    /// And all entries of the site up to this number.
    pub seq: u64,
    /// The blob.
    pub hash: Digest,
}

/// How making a site ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is new.
    New(Site),
    /// One lives under this id already.
    There(Site),
    /// The key came before, with this request or another: nothing was done.
    Answered(KeyedAnswer),
}

/// What a request with an idempotency key was answered, where no log keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedAnswer {
    /// The principal's name; keys are its own.
    pub who: String,
    /// As the caller chose it.
    pub key: String,
    /// The digest of the request that came with it.
    pub request: Digest,
    /// The answer, as the service writes it.
    pub answer: Bytes,
    /// Milliseconds since 1970.
    pub at_ms: i64,
}

impl KeyedAnswer {
    /// So long one is kept, in milliseconds: seven days, where callers are promised 24 hours.
    pub(super) const KEPT_MS: i64 = 7 * 24 * 3_600_000;

    /// So many that are older are forgotten whenever another is kept.
    pub(super) const FORGOTTEN: usize = 100;

    /// Those kept before this are old by the time this one is.
    pub(super) fn old_ms(&self) -> i64 {
        self.at_ms - Self::KEPT_MS
    }
}

/// An access token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// `tok_…`.
    pub id: String,
    /// As its maker named it.
    pub name: String,
    /// The actor's name in the log: made from `name`, unique for ever.
    pub actor: String,
    /// BLAKE3 of the secret.
    pub hash: Digest,
    /// What it may do and where: JSON of the auth room.
    pub grant: String,
    /// Milliseconds since 1970.
    pub created_ms: i64,
    /// When it ends by itself.
    pub expires_ms: Option<i64>,
    /// When it was taken back.
    pub revoked_ms: Option<i64>,
    /// When it was used last, to a minute or so.
    pub used_ms: Option<i64>,
}
