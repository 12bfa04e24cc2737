//! The newest commits, in memory: undo finds most of what it asks for here, pending ones too.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use imbl::Vector;

use crate::content::change::Change;
use crate::content::id::PageId;
use crate::store::{Digest, Kind, NodeKey, Stack};

/// How many commits are kept, …
const WINDOW: usize = 512;

/// … if they do not weigh more than this on disk.
const WEIGHT: usize = 2 << 20;

/// How many idempotency keys are kept.
const KEYS: usize = 4096;

/// One commit, as undo needs it.
#[derive(Clone, Debug)]
pub(super) struct Commit {
    pub(super) version: u64,
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) who: Arc<str>,
    pub(super) summary: String,
    pub(super) changes: Arc<Vec<Change>>,
    /// The nodes it touched, and whether each row is live.
    pub(super) nodes: Vec<(NodeKey, bool)>,
    /// What it undoes, redoes or restores.
    pub(super) target: Option<u64>,
    /// Of an undo: the one page it was limited to.
    pub(super) only_page: Option<PageId>,
    /// How many bytes its entry has.
    pub(super) weight: usize,
}

/// Where an answer to a question about the past is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// This version.
    Version(u64),
    /// There is none.
    Nothing,
    /// Not among these: ask the store for versions up to this one.
    Older(u64),
}

/// A window on the newest commits. Commits of a round that is not durable yet stand in it too; a round that is
/// lost throws its copy away.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    commits: Vector<Arc<Commit>>,
    weight: usize,
    /// The version before the oldest commit here; all below are the store's.
    floor: u64,
}

impl Recent {
    /// Knows nothing up to a version.
    pub(super) fn from(version: u64) -> Self {
        Recent { floor: version, ..Recent::default() }
    }

    pub(super) fn push(&mut self, commit: Commit) {
        self.weight += commit.weight;
        self.commits.push_back(Arc::new(commit));
        while (self.commits.len() > WINDOW || self.weight > WEIGHT)
            && let Some(oldest) = self.commits.pop_front()
        {
            self.weight -= oldest.weight;
            self.floor = oldest.version;
        }
    }

    /// Oldest first.
    pub(super) fn commits(&self) -> impl DoubleEndedIterator<Item = &Arc<Commit>> {
        self.commits.iter()
    }

    /// The version before the oldest commit here.
    pub(super) fn floor(&self) -> u64 {
        self.floor
    }

    /// Whether an address, the order of pages or anything else of the site may have been changed behind a version by
    /// one of these commits.
    pub(super) fn site_touched_since(&self, version: u64) -> bool {
        let touches = |commit: &Arc<Commit>| commit.nodes.iter().any(|(node, _)| *node == NodeKey::SITE);
        self.commits.iter().any(|commit| commit.version > version && touches(commit))
    }

    pub(super) fn get(&self, version: u64) -> Option<&Arc<Commit>> {
        self.commits.iter().rev().find(|commit| commit.version == version)
    }

    /// Changes `live` of a commit's rows; `node`: of one only. Whether the commit was here.
    pub(super) fn relive(&mut self, version: u64, node: Option<NodeKey>, live: bool) -> bool {
        let Some(at) = self.commits.iter().rposition(|commit| commit.version == version) else {
            return false;
        };
        let Some(commit) = self.commits.get_mut(at) else { return false };
        for (touched, state) in &mut Arc::make_mut(commit).nodes {
            if node.is_none_or(|node| node == *touched) {
                *state = live;
            }
        }
        true
    }

    /// Answers what the store's touched index would, as far as it reaches.
    pub(super) fn newest(&self, stack: &Stack) -> Found {
        let fits = |commit: &Commit| {
            (stack.kinds.is_empty() || stack.kinds.contains(&commit.kind))
                && stack.who.as_ref().is_none_or(|who| *who == commit.who)
                && stack.up_to.is_none_or(|up_to| commit.version <= up_to)
                && commit
                    .nodes
                    .iter()
                    .any(|(node, live)| stack.node.is_none_or(|n| n == *node) && (*live || !stack.live_only))
        };
        match self.commits.iter().rev().find(|commit| fits(commit)) {
            Some(commit) => Found::Version(commit.version),
            None if self.floor == 0 => Found::Nothing,
            None => Found::Older(stack.up_to.map_or(self.floor, |up_to| up_to.min(self.floor))),
        }
    }
}

/// The newest idempotency keys, so that a batch that came in twice at once is seen without asking the store.
#[derive(Debug, Default)]
pub(super) struct Keys {
    entries: HashMap<(Arc<str>, Arc<str>), (u64, Digest)>,
    order: VecDeque<(Arc<str>, Arc<str>)>,
    /// Keys of entries up to this one may have been forgotten.
    floor: u64,
}

impl Keys {
    pub(super) fn from(seq: u64) -> Self {
        Keys { floor: seq, ..Keys::default() }
    }

    pub(super) fn insert(&mut self, who: Arc<str>, key: Arc<str>, seq: u64, request: Digest) {
        self.order.push_back((who.clone(), key.clone()));
        self.entries.insert((who, key), (seq, request));
        if self.order.len() > KEYS
            && let Some(oldest) = self.order.pop_front()
            && let Some((seq, _)) = self.entries.remove(&oldest)
        {
            self.floor = self.floor.max(seq);
        }
    }

    /// The entry and request under a key.
    pub(super) fn get(&self, who: &Arc<str>, key: &Arc<str>) -> Option<(u64, Digest)> {
        self.entries.get(&(who.clone(), key.clone())).copied()
    }

    /// Whether a key that was not in the log up to `seq` would stand here if it has come since.
    pub(super) fn reach_back_to(&self, seq: u64) -> bool {
        self.floor <= seq
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(version: u64, kind: Kind, node: i64) -> Commit {
        Commit {
            version,
            id: format!("c{version}"),
            kind,
            who: "ana".into(),
            summary: String::new(),
            changes: Arc::default(),
            nodes: vec![(NodeKey(node), true)],
            target: None,
            only_page: None,
            weight: 100,
        }
    }

    fn stack(node: Option<i64>) -> Stack {
        Stack { node: node.map(NodeKey), kinds: vec![Kind::Edit], live_only: true, ..Stack::default() }
    }

    #[test]
    fn the_newest_live_commit_of_a_page_is_found() {
        let mut recent = Recent::from(0);
        for (version, node) in [(1, 7), (2, 8), (3, 7)] {
            recent.push(commit(version, Kind::Edit, node));
        }
        assert_eq!(recent.newest(&stack(Some(7))), Found::Version(3));
        assert!(recent.relive(3, None, false));
        assert_eq!(recent.newest(&stack(Some(7))), Found::Version(1));
        assert_eq!(recent.newest(&stack(None)), Found::Version(2));
        assert_eq!(recent.newest(&stack(Some(9))), Found::Nothing);
    }

    #[test]
    fn what_is_older_than_the_window_is_the_stores() {
        let mut recent = Recent::from(4);
        recent.push(commit(5, Kind::Undo, 7));
        assert_eq!(recent.newest(&stack(Some(7))), Found::Older(4));
        for version in 6..=u64::try_from(WINDOW).unwrap() + 10 {
            recent.push(commit(version, Kind::Undo, 7));
        }
        assert_eq!(recent.newest(&stack(Some(7))), Found::Older(10));
    }

    #[test]
    fn a_key_forgotten_says_so() {
        let mut keys = Keys::from(3);
        assert!(keys.reach_back_to(3) && !keys.reach_back_to(2));
        for seq in 4..=u64::try_from(KEYS).unwrap() + 5 {
            keys.insert("ana".into(), format!("k{seq}").into(), seq, [0; 32]);
        }
        assert!(!keys.reach_back_to(4) && keys.get(&"ana".into(), &"k4".into()).is_none());
    }
}
