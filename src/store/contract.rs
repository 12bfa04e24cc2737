//! What every store keeps to. Each sentence is run on each store; on PostgreSQL where `OSIER_TEST_POSTGRES` names a
//! server (`postgres://…`), in a database of its own.
#![cfg(test)]

mod answers;
mod audit;
pub(super) mod bed;
mod checkpoints;
mod commits;
mod hold;
mod log;
mod race;
mod registry;
mod stacks;
mod tokens;

use bytes::Bytes;

use crate::store::{
    Append, Appended, BranchKey, Entry, Kind, Link, NodeKey, Site, SiteKey, Source, Store, Touched,
};
use bed::Bed;

/// Makes of each named function a test on every store.
macro_rules! on_every_store {
    ($($sentence:ident),* $(,)?) => {
        $(mod $sentence {
            use crate::store::contract::bed::Bed;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn memory() {
                super::$sentence(&Bed::memory()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$sentence(&Bed::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(bed) = Bed::postgres().await {
                    super::$sentence(&bed).await;
                    bed.remove().await;
                }
            }
        })*
    };
}
use on_every_store;

/// A site with an empty log, and the place before its first entry.
async fn new_site(bed: &Bed, id: &str) -> (SiteKey, Link) {
    let (site, made) = bed.store.create_site(id, id.as_bytes(), 1).await.unwrap();
    assert!(made);
    (site.key, Link { seq: 0, hash: Site::genesis_hash(id.as_bytes()) })
}

/// An edit by anna on main, whose version is its number; the text makes its hash.
fn edit(after: Link, text: &str) -> Entry {
    let seq = after.seq + 1;
    Entry {
        seq,
        format: 1,
        kind: Kind::Edit,
        at_ms: 1_000,
        who: "anna".into(),
        source: Source::Editor,
        branch: Some(BranchKey::MAIN),
        version: Some(seq),
        key: None,
        request: None,
        body: Bytes::copy_from_slice(text.as_bytes()),
        hash: *blake3::hash(&[&after.hash, text.as_bytes()].concat()).as_bytes(),
    }
}

/// The place behind an entry.
fn behind(entry: &Entry) -> Link {
    Link { seq: entry.seq, hash: entry.hash }
}

/// An append of these entries alone.
fn append(after: Link, entries: Vec<Entry>) -> Append {
    Append { after, entries, touched: Vec::new(), relive: Vec::new(), blobs: Vec::new() }
}

/// An append of one edit, for the tests of a single store.
pub(super) fn first_append(after: Link) -> Append {
    append(after, vec![edit(after, "first")])
}

/// A live row of an edit on main.
fn touch(node: i64, version: u64) -> Touched {
    Touched { branch: BranchKey::MAIN, node: NodeKey(node), version, kind: Kind::Edit, live: true }
}

/// Appends and expects that it is done.
async fn done(store: &dyn Store, site: SiteKey, append: &Append) -> Link {
    assert_eq!(store.append(site, append).await.unwrap(), Appended::Done);
    behind(append.entries.last().unwrap())
}

/// Appends an edit that touches these nodes.
async fn edited(store: &dyn Store, site: SiteKey, after: Link, nodes: &[i64]) -> Link {
    let entry = edit(after, "edit");
    let touched = nodes.iter().map(|node| touch(*node, entry.seq)).collect();
    done(store, site, &Append { touched, ..append(after, vec![entry]) }).await
}
