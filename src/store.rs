//! Where the log lives: entries, the touched index, checkpoints, blobs, and the registries of sites and tokens.
//!
//! SQL stands only below this room. Nothing here knows what an op or a page is: bodies are bytes.
//! Three stores keep one contract (`contract.rs`, run on each of them): memory, SQLite, PostgreSQL.

mod actor;
mod chain;
mod condition;
mod contract;
mod ground;
mod memory;
mod number;
mod open;
mod postgres;
mod row;
mod sqlite;

use async_trait::async_trait;
use bytes::Bytes;

pub use chain::{commit_id, commit_seq};
pub use condition::{Condition, examine};
pub use memory::Memory;
pub use open::{embedded_path, look, open};
pub use postgres::Postgres;
pub use row::{
    Append, Appended, Bounds, BranchKey, Checkpoint, CommitRow, Created, Entry, KeyedAnswer, Kind, Link,
    NodeKey, Relive, Site, SiteKey, SiteRow, Source, Stack, Token, Touched,
};
pub use sqlite::{SafeCopy, Sqlite};

/// A content hash: BLAKE3, 32 bytes.
pub type Digest = [u8; 32];

/// What a store can fail with.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store can't be reached or is too slow; nothing was written.
    #[error("the store is not reachable: {0}")]
    Unavailable(String),
    /// The connection broke while a write was under way: it may have happened.
    #[error("the outcome of a write is unknown: {0}")]
    Unknown(String),
    /// No space is left where the store lives; nothing was written.
    #[error("the store is full: {0}")]
    Full(String),
    /// The store was written by a newer Osier than this one.
    #[error("the store has schema {found}, this binary knows up to {known}: run the newer osier")]
    Newer {
        /// The newest migration found in the store.
        found: i64,
        /// The newest migration this binary has.
        known: i64,
    },
    /// The address or path of the store can't be used.
    #[error("{0}")]
    Setup(String),
    /// The store holds something that can't be: a bug or damaged data.
    #[error("the store is damaged: {0}")]
    Damaged(String),
}

/// The answer of every call.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// The log of a site: append-only, one gapless sequence over all branches.
#[async_trait]
pub trait Log: Send + Sync {
    /// Appends all of it or nothing, after the entry it names. The key `(site, seq)` is the compare-and-set:
    /// an entry that is there already means `Lost`; a previous entry with another hash means `Foreign`; a removed
    /// site `Gone`. An append that stands already, hash by hash, is `Done`: sending it again changes nothing.
    ///
    /// # Errors
    /// `Unknown` where it may or may not have happened: send the same again. Else nothing was written. `Damaged`
    /// for what no log may hold: a gap, or a version or key that another entry has.
    async fn append(&self, site: SiteKey, append: &Append) -> Result<Appended>;

    /// Keeps every other writer of this site waiting until the hold is used or dropped: for one who has lost its place
    /// too often. What is read from now on is the newest.
    ///
    /// # Errors
    /// `Unavailable` where others keep the site too long.
    async fn hold(&self, site: SiteKey) -> Result<Box<dyn Hold>>;

    /// The newest entry; `seq` 0 and the site's genesis hash where there is none.
    async fn head(&self, site: SiteKey) -> Result<Link>;

    /// The newest entries of several sites, in the order asked; `None` for a site that was removed.
    async fn heads(&self, sites: &[SiteKey]) -> Result<Vec<Option<Link>>>;

    /// Entries of all branches with `seq` above `after`, oldest first, at most `limit`.
    async fn entries(&self, site: SiteKey, after: u64, limit: usize) -> Result<Vec<Entry>>;

    /// Commits of one branch within the bounds, newest or oldest first.
    async fn commits(&self, site: SiteKey, branch: BranchKey, bounds: &Bounds) -> Result<Vec<CommitRow>>;

    /// The entry written by this principal under this idempotency key.
    async fn by_key(&self, site: SiteKey, who: &str, key: &str) -> Result<Option<Entry>>;

    /// The newest version in the touched index that the question names, if there is one.
    async fn newest(&self, site: SiteKey, branch: BranchKey, stack: &Stack) -> Result<Option<u64>>;

    /// Of one commit: each touched node with its row.
    async fn touched(&self, site: SiteKey, branch: BranchKey, version: u64) -> Result<Vec<Touched>>;
}

/// A site that one writer holds. Dropped, it is free again.
#[async_trait]
pub trait Hold: Send {
    /// Appends as `Log::append` does, and lets the site go.
    ///
    /// # Errors
    /// As `Log::append`.
    async fn append(self: Box<Self>, append: &Append) -> Result<Appended>;
}

/// Derived bytes, kept so that a start reads pages and not history. Never a source of truth.
#[async_trait]
pub trait Checkpoints: Send + Sync {
    /// Keeps checkpoints of the state behind an entry, and the blobs they name. Those that are there already are left
    /// as they are. A log that has not got that entry, for it went back in time, takes no checkpoint.
    async fn put(
        &self,
        site: SiteKey,
        at: Link,
        checkpoints: &[Checkpoint],
        blobs: &[(Digest, Bytes)],
    ) -> Result<()>;

    /// The newest checkpoint of a node at or below a version.
    async fn checkpoint(
        &self,
        site: SiteKey,
        branch: BranchKey,
        node: NodeKey,
        at_most: u64,
    ) -> Result<Option<Checkpoint>>;

    /// The bytes behind hashes, in the order asked; `None` for a hash that is not kept.
    async fn blobs(&self, site: SiteKey, hashes: &[Digest]) -> Result<Vec<Option<Bytes>>>;
}

/// Sites.
#[async_trait]
pub trait Registry: Send + Sync {
    /// Makes a site; answers the one that lives under this id already, with `false`.
    async fn create_site(&self, id: &str, genesis: &[u8], at_ms: i64) -> Result<(Site, bool)> {
        match self.create_site_once(id, genesis, at_ms, None).await? {
            Created::New(site) => Ok((site, true)),
            Created::There(site) => Ok((site, false)),
            Created::Answered(_) => Err(StoreError::Damaged("a request without a key was answered".into())),
        }
    }

    /// The same for a request that may come again: its answer is kept in one transaction with the site. One that was
    /// answered before changes nothing.
    async fn create_site_once(
        &self,
        id: &str,
        genesis: &[u8],
        at_ms: i64,
        answer: Option<&KeyedAnswer>,
    ) -> Result<Created>;

    /// Keeps the answer to a request that made nothing. Whenever an answer is kept, here or with a site, some of those are
    /// forgotten that are seven days older; none is before. The one that stands under its key is answered: this one, or
    /// the one that was kept first.
    async fn keep_answer(&self, answer: &KeyedAnswer) -> Result<KeyedAnswer>;

    /// The living site of this id.
    async fn site(&self, id: &str) -> Result<Option<Site>>;

    /// Living sites with an id above `after`, by id, at most `limit`.
    async fn sites(&self, after: &str, limit: usize) -> Result<Vec<Site>>;

    /// Takes a site's id away: the id may be used again, the log stays under its number.
    async fn remove_site(&self, site: SiteKey, at_ms: i64) -> Result<bool>;

    /// Answers when the store does.
    async fn ping(&self) -> Result<()>;
}

/// Tokens.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Keeps a token. Where its `actor` is taken, a number is put behind it; the token as kept is answered.
    async fn create_token(&self, token: Token) -> Result<Token>;

    /// The token with this hash of its secret, revoked and expired ones too: the caller judges.
    async fn token(&self, hash: &Digest) -> Result<Option<Token>>;

    /// All tokens, oldest first.
    async fn tokens(&self) -> Result<Vec<Token>>;

    /// Revokes by token id; `false` where there is no living token of that id.
    async fn revoke_token(&self, id: &str, at_ms: i64) -> Result<bool>;

    /// Keeps when tokens were used last, by their ids. A later use that is kept already stays; an id that is not there is
    /// passed over.
    async fn tokens_used(&self, uses: &[(String, i64)]) -> Result<()>;
}

/// All there is, in the order of its keys, for those who check a store. Reads only; each list goes on behind the last
/// row of the one before it.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Sites with a number above `after`, removed ones too, at most `limit`.
    async fn site_rows(&self, after: SiteKey, limit: usize) -> Result<Vec<SiteRow>>;

    /// Touched rows by branch, version and node, behind `after`, at most `limit`.
    async fn touched_rows(
        &self,
        site: SiteKey,
        after: Option<&Touched>,
        limit: usize,
    ) -> Result<Vec<Touched>>;

    /// Checkpoints by branch, node and version, behind `after`, at most `limit`.
    async fn checkpoint_rows(
        &self,
        site: SiteKey,
        after: Option<&Checkpoint>,
        limit: usize,
    ) -> Result<Vec<Checkpoint>>;

    /// Blobs by hash, behind `after`, at most `limit`.
    async fn blob_rows(
        &self,
        site: SiteKey,
        after: Option<&Digest>,
        limit: usize,
    ) -> Result<Vec<(Digest, Bytes)>>;

    /// What the database itself finds wrong with its files, indexes and constraints, first thing first; `None` where
    /// it finds nothing.
    async fn integrity(&self) -> Result<Option<String>>;
}

/// One store: all five, behind one pointer.
pub trait Store: Log + Checkpoints + Registry + Tokens + Audit {}

impl<T: Log + Checkpoints + Registry + Tokens + Audit> Store for T {}
