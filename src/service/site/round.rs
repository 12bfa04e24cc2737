//! One round of the writer: the batches that waited, lowered one behind the other on a draft of the head, and the
//! rows they become. Nobody but the writer sees it until its rows are durable.

use std::sync::Arc;

use super::super::envelope::{Answer, TouchedPage};
use super::super::outside::TimedMint;
use super::super::{Fault, Result};
use super::job::{Keyed, Submission};
use super::recent::{Commit, Recent};
use super::{MAIN, Outside, node_key};
use crate::content::change::{Change, Node};
use crate::content::commit::{Body, FORMAT, PageEffect};
use crate::content::document::{Root, Stamp};
use crate::content::draft::Drafted;
use crate::content::id::PageId;
use crate::content::json::Value;
use crate::content::ops::OpResult;
use crate::store::{Append, Digest, Entry, Kind, Link, NodeKey, Relive, Site, Touched, commit_id};

/// What a batch came to, not yet an entry.
pub(super) struct Outcome {
    pub(super) kind: Kind,
    pub(super) ops: Vec<Value>,
    pub(super) drafted: Drafted,
    pub(super) results: Vec<OpResult>,
    pub(super) target: Option<u64>,
    pub(super) only_page: Option<PageId>,
    /// Rows of earlier commits whose `live` this one changes.
    pub(super) relive: Vec<Relive>,
    pub(super) summary: String,
}

/// What a round is judged on: the head, or what will be the head once the round before is durable.
#[derive(Clone)]
pub(super) struct Base {
    pub(super) root: Root,
    pub(super) link: Link,
    pub(super) at_ms: i64,
    pub(super) recent: Recent,
    /// Keys that came in a round which is not durable yet.
    pub(super) keys: Arc<Vec<Fresh>>,
}

/// An idempotency key that came in a round, and what it was answered.
pub(super) struct Fresh {
    pub(super) who: Arc<str>,
    pub(super) key: Keyed,
    pub(super) seq: u64,
    answer: Answer,
}

/// The rows of a round and the state behind them.
pub(super) struct Round<'a> {
    outside: &'a Outside,
    site: &'a Site,
    pub(super) root: Root,
    pub(super) append: Append,
    pub(super) at_ms: i64,
    pub(super) recent: Recent,
    /// The pages that each entry touched.
    pub(super) pages: Vec<Arc<[PageId]>>,
    keys: Vec<Fresh>,
    /// Those of the round before, while that is on its way to disk.
    keys_before: Arc<Vec<Fresh>>,
    /// The round before is on its way to disk.
    pub(super) in_flight: bool,
}

impl<'a> Round<'a> {
    /// Begins on a base; `in_flight`: which is not durable yet.
    pub(super) fn new(outside: &'a Outside, site: &'a Site, base: Base, in_flight: bool) -> Self {
        let append = Append {
            after: base.link,
            entries: Vec::new(),
            touched: Vec::new(),
            relive: Vec::new(),
            blobs: Vec::new(),
        };
        Round {
            outside,
            site,
            root: base.root,
            append,
            at_ms: base.at_ms,
            recent: base.recent,
            pages: Vec::new(),
            keys: Vec::new(),
            keys_before: base.keys,
            in_flight,
        }
    }

    /// Ends it: its rows, the pages of each, and the base for the next.
    pub(super) fn end(self) -> (Append, Vec<Arc<[PageId]>>, Base) {
        let last = self.append.entries.last();
        let link = last.map_or(self.append.after, |last| Link { seq: last.seq, hash: last.hash });
        let keys = Arc::new(self.keys);
        let base = Base { root: self.root, link, at_ms: self.at_ms, recent: self.recent, keys };
        (self.append, self.pages, base)
    }

    /// The round before has landed.
    pub(super) fn settle(&mut self) {
        self.in_flight = false;
        self.keys_before = Arc::default();
    }

    /// New ids.
    pub(super) fn mint(&self) -> TimedMint<'a> {
        TimedMint::new(self.outside.clock.as_ref(), self.outside.chance.as_ref())
    }

    /// Whether the store knows all that stands before: nothing waits to be appended.
    pub(super) fn is_settled(&self) -> bool {
        self.append.entries.is_empty() && !self.in_flight
    }

    /// The answer to a key that came a moment ago.
    pub(super) fn answered(&self, who: &Arc<str>, key: &Keyed) -> Option<Result<Answer>> {
        let mut fresh = self.keys.iter().chain(self.keys_before.iter());
        let kept = fresh.find(|fresh| fresh.who == *who && fresh.key.key == key.key)?;
        Some(if kept.key.request == key.request { Ok(kept.answer.clone()) } else { Err(Fault::KeyReused) })
    }

    /// Makes a batch's outcome the next entry, or answers that nothing changed.
    pub(super) fn land(&mut self, submission: &Submission, outcome: Outcome) -> Result<Answer> {
        // Read once: the pages' stamps and the entry's time are the same, here and when it is folded again.
        self.at_ms = self.outside.clock.now_ms().max(self.at_ms);
        let Outcome { kind, ops, drafted, results, target, only_page, relive, summary } = outcome;
        let changed = !drafted.changes.is_empty();
        if submission.dry_run || (!changed && submission.key.is_none()) {
            return Ok(self.trial(submission, drafted, results, changed));
        }
        let mut body = Body {
            ops,
            results,
            ids: drafted.ids,
            summary,
            target,
            only_page,
            salt: self.outside.salt,
            ..Body::default()
        };
        let mut nodes = Vec::new();
        let mut version = None;
        if changed {
            let stamp = self.stamp(submission);
            version = Some(stamp.version);
            let mut root = drafted.root;
            root.seal(&drafted.touched, &stamp);
            body.pages = effects(&self.root, &root, drafted.touched.iter());
            nodes = drafted.touched.iter().map(node_key).collect();
            if touches_site(&drafted.changes) {
                nodes.push(NodeKey::SITE);
            }
            body.changes = drafted.changes;
            self.root = root;
        } else {
            body.version = Some(self.root.version);
        }
        let entry = self.entry(submission, if changed { kind } else { Kind::Note }, version, &body)?;
        let answer = answer(&self.site.id, &entry, &body);
        self.pages.push(body.pages.iter().map(|page| page.id.clone()).collect());
        if let Some(version) = version {
            self.index(&entry, version, nodes, relive, body);
        }
        if let Some(key) = &submission.key {
            let (who, key) = (submission.who.clone(), key.clone());
            self.keys.push(Fresh { who, key, seq: entry.seq, answer: answer.clone() });
        }
        self.append.entries.push(entry);
        Ok(answer)
    }

    /// The answer of a batch that is not stored.
    fn trial(
        &self,
        submission: &Submission,
        drafted: Drafted,
        results: Vec<OpResult>,
        changed: bool,
    ) -> Answer {
        let mut root = drafted.root;
        let stamp = self.stamp(submission);
        let version = if changed { stamp.version } else { self.root.version };
        let mut pages = Vec::new();
        if changed {
            root.seal(&drafted.touched, &stamp);
            pages = effects(&self.root, &root, drafted.touched.iter());
        }
        Answer {
            site: self.site.id.clone(),
            branch: "main".into(),
            version,
            commit: None,
            changed,
            dry_run: submission.dry_run,
            results,
            ids: drafted.ids,
            pages: pages.into_iter().map(touched_page).collect(),
        }
    }

    fn stamp(&self, submission: &Submission) -> Stamp {
        Stamp { version: self.root.version + 1, at_ms: self.at_ms, who: submission.who.clone() }
    }

    fn entry(&self, submission: &Submission, kind: Kind, version: Option<u64>, body: &Body) -> Result<Entry> {
        let (seq, previous) = match self.append.entries.last() {
            Some(last) => (last.seq, last.hash),
            None => (self.append.after.seq, self.append.after.hash),
        };
        let encoded = body.encode().map_err(|e| Fault::Internal(e.to_string()))?;
        let mut entry = Entry {
            seq: seq + 1,
            format: FORMAT,
            kind,
            at_ms: self.at_ms,
            who: submission.who.clone(),
            source: submission.source,
            branch: Some(MAIN),
            version,
            key: submission.key.as_ref().map(|key| key.key.clone()),
            request: submission.key.as_ref().map(|key| key.request),
            body: encoded.bytes,
            hash: [0; 32],
        };
        entry.hash = entry.chain_hash(&previous, &encoded.digest);
        Ok(entry)
    }

    /// Writes the touched rows, and changes those of earlier commits: of this round at once, of older ones in the store.
    fn index(&mut self, entry: &Entry, version: u64, nodes: Vec<NodeKey>, relive: Vec<Relive>, body: Body) {
        let live = entry.kind != Kind::Redo;
        let row = |node: &NodeKey| Touched { branch: MAIN, node: *node, version, kind: entry.kind, live };
        self.append.touched.extend(nodes.iter().map(row));
        for relive in relive {
            self.recent.relive(relive.version, relive.node, relive.live);
            let mut here = false;
            for row in self.append.touched.iter_mut().filter(|row| row.version == relive.version) {
                here = true;
                if relive.node.is_none_or(|node| node == row.node) {
                    row.live = relive.live;
                }
            }
            if !here {
                self.append.relive.push(relive);
            }
        }
        let nodes = nodes.into_iter().map(|node| (node, live)).collect();
        self.recent.push(Commit { nodes, ..remember(entry, body, version) });
    }
}

/// Whether changes speak of more than the insides of pages.
pub(in super::super) fn touches_site(changes: &[Change]) -> bool {
    changes.iter().any(|change| match change {
        Change::Set { node: Node::Site, .. } => true,
        Change::Set { node: Node::Page(_), path, .. } => path.first().is_some_and(|step| &**step == "slug"),
        Change::Set { .. } => false,
        Change::Insert { node, .. } | Change::Remove { node, .. } | Change::Move { node, .. } => {
            matches!(node, Node::Page(_))
        }
    })
}

fn effects<'a>(before: &Root, after: &Root, touched: impl Iterator<Item = &'a PageId>) -> Vec<PageEffect> {
    let slug = |root: &Root, id: &PageId| root.stub(id).map(|stub| stub.slug.to_string());
    // A page that a batch makes and removes again is nothing anybody ever saw.
    let effect = |id: &PageId| {
        Some(PageEffect {
            id: id.clone(),
            slug: slug(after, id).or_else(|| slug(before, id))?,
            hash: after.stub(id).map(|stub| stub.hash),
        })
    };
    touched.filter_map(effect).collect()
}

fn touched_page(page: PageEffect) -> TouchedPage {
    TouchedPage {
        id: page.id.to_string(),
        slug: page.slug,
        removed: page.hash.is_none(),
        hash: page.hash.map(|hash| hash.to_string()),
    }
}

/// The answer is a function of the entry: the first time, and whenever its key comes again.
pub(in super::super) fn answer(site: &str, entry: &Entry, body: &Body) -> Answer {
    Answer {
        site: site.to_owned(),
        branch: "main".into(),
        version: entry.version.or(body.version).unwrap_or_default(),
        commit: entry.version.map(|_| commit_id(entry.seq, &entry.hash)),
        changed: entry.version.is_some(),
        dry_run: false,
        results: body.results.clone(),
        ids: body.ids.clone(),
        pages: body.pages.iter().cloned().map(touched_page).collect(),
    }
}

/// A commit as `Recent` keeps it, from its entry.
pub(super) fn remember(entry: &Entry, body: Body, version: u64) -> Commit {
    let mut nodes: Vec<(NodeKey, bool)> =
        body.pages.iter().map(|page| (node_key(&page.id), entry.kind != Kind::Redo)).collect();
    if touches_site(&body.changes) {
        nodes.push((NodeKey::SITE, entry.kind != Kind::Redo));
    }
    Commit {
        version,
        id: entry.commit_id(),
        kind: entry.kind,
        who: entry.who.clone(),
        summary: body.summary,
        changes: Arc::new(body.changes),
        nodes,
        target: body.target,
        only_page: body.only_page,
        weight: entry.body.len(),
    }
}

/// The digest of a request that came with a key.
pub(in super::super) fn digest(request: &[u8]) -> Digest {
    *blake3::hash(request).as_bytes()
}
