//! Finding the commit that an undo or redo is about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::super::Fault;
use super::super::recent::{Commit, Found};
use super::super::round::{Round, remember};
use super::super::writer::{Pause, Writer};
use super::super::{MAIN, node_key};
use super::touching;
use crate::content::carry::Conflict;
use crate::content::change::{Change, Node};
use crate::content::commit::Body;
use crate::content::id::PageId;
use crate::content::json::Value;
use crate::content::problem::{Code, Problem};
use crate::content::slug;
use crate::store::{Bounds, CommitRow, Entry, NodeKey, Stack, commit_seq};
use serde_json::json;

/// How far back a removed page is looked for by its address.
const LOOK_BACK: usize = 200;

/// Among how many commits on a page those are looked for that stand against an undo.
const CONFLICTING: usize = 1000;

/// How many places a refusal names in its sentence.
const TOLD: usize = 5;

pub(super) fn refuse(code: Code, pointer: &str, message: impl Into<String>) -> Pause {
    Pause::Fault(Fault::Refused(vec![Problem { op: Some(0), ..Problem::new(code, pointer, message) }]))
}

impl Writer {
    /// The page an undo names: one that is there, or one that was removed.
    pub(super) async fn any_page(&self, name: &str, round: &Round<'_>) -> Result<PageId, Pause> {
        let gone =
            || refuse(Code::PageNotFound, "/page", format!("there is and was no page '{name}' on main"));
        if !name.starts_with('/') {
            return Ok(PageId::from(name));
        }
        let slug = slug::normalise(name).map_err(|_| gone())?;
        if let Some(id) = round.root.by_slug(&slug) {
            return Ok(id.clone());
        }
        let removed = |changes: &[Change]| {
            changes.iter().rev().find_map(|change| match change {
                Change::Remove { node: Node::Page(id), value, .. }
                    if value["slug"] == Value::String(slug.clone()) =>
                {
                    Some(id.clone())
                }
                _ => None,
            })
        };
        if let Some(id) = round.recent.commits().rev().find_map(|commit| removed(&commit.changes)) {
            return Ok(id);
        }
        let bounds = Bounds { node: Some(NodeKey::SITE), limit: LOOK_BACK, ..Bounds::default() };
        for row in self.outside.store.commits(self.site.key, MAIN, &bounds).await? {
            if let Some(id) = removed(&decode(&row.entry)?.changes) {
                return Ok(id);
            }
        }
        Err(gone())
    }

    /// The newest commit that a question to the touched index names.
    pub(super) async fn newest(
        &self,
        stack: &Stack,
        round: &Round<'_>,
    ) -> Result<Option<Arc<Commit>>, Pause> {
        let version = match round.recent.newest(stack) {
            Found::Version(version) => Some(version),
            Found::Nothing => None,
            Found::Older(_) if !round.is_settled() => return Err(Pause::Flush),
            Found::Older(up_to) => {
                let stack = Stack { up_to: Some(up_to), ..stack.clone() };
                self.outside.store.newest(self.site.key, MAIN, &stack).await?
            }
        };
        match version {
            Some(version) => self.commit(version, round).await.map(Some),
            None => Ok(None),
        }
    }

    /// A commit by version.
    pub(super) async fn commit(&self, version: u64, round: &Round<'_>) -> Result<Arc<Commit>, Pause> {
        if let Some(commit) = round.recent.get(version) {
            return Ok(commit.clone());
        }
        let bounds = Bounds { above: version - 1, up_to: Some(version), limit: 1, ..Bounds::default() };
        let row = self.outside.store.commits(self.site.key, MAIN, &bounds).await?.pop();
        let row = row.ok_or_else(|| Fault::Internal(format!("version {version} is not in the log")))?;
        Ok(Arc::new(self.read(row, version).await?))
    }

    async fn read(&self, row: CommitRow, version: u64) -> Result<Commit, Pause> {
        let mut commit = remember(&row.entry, decode(&row.entry)?, version);
        let rows = self.outside.store.touched(self.site.key, MAIN, version).await?;
        commit.nodes = rows.into_iter().map(|row| (row.node, row.live)).collect();
        Ok(commit)
    }

    /// A commit by id.
    pub(super) async fn named(&self, id: &str, round: &Round<'_>) -> Result<Arc<Commit>, Pause> {
        let unknown =
            || refuse(Code::VersionNotFound, "/commit", format!("there is no commit '{id}' on main"));
        if let Some(commit) = round.recent.commits().rev().find(|commit| commit.id == id) {
            return Ok(commit.clone());
        }
        // Whether it is live still may hang on what is on its way to the store.
        if !round.is_settled() {
            return Err(Pause::Flush);
        }
        let seq = commit_seq(id).filter(|seq| *seq > 0).ok_or_else(unknown)?;
        let entry = self.outside.store.entries(self.site.key, seq - 1, 1).await?.pop();
        match entry.filter(|entry| entry.commit_id() == id).and_then(|entry| entry.version) {
            Some(version) => self.commit(version, round).await,
            None => Err(unknown()),
        }
    }

    /// An undo or redo that later commits stand against: each field, with those commits.
    pub(super) async fn conflict(
        &self,
        commit: &Commit,
        conflicts: Vec<Conflict>,
        round: &Round<'_>,
    ) -> Result<Pause, Pause> {
        let nodes = conflicts.iter().map(|conflict| conflict.page.as_ref().map_or(NodeKey::SITE, node_key));
        let later = self.since(commit.version, nodes.collect(), round).await?;
        let (mut said, mut steps) = (Vec::new(), BTreeMap::new());
        let mut fields = Vec::new();
        for conflict in &conflicts {
            let commits = touching(&later, conflict);
            let place = conflict.place();
            match commits.last() {
                Some(last) => {
                    said.push(format!(
                        "{place} was changed again in version {} by {}",
                        last.version, last.who
                    ));
                    if steps.len() < TOLD && !steps.contains_key(&last.version) {
                        let step = self.next_step(last, conflict.page.as_ref(), round).await?;
                        steps.insert(last.version, step);
                    }
                }
                None => said.push(format!("{place} was changed again")),
            }
            let mut field = serde_json::to_value(conflict).map_err(|e| Fault::Internal(e.to_string()))?;
            let line = |c: &Arc<Commit>| json!({"version": c.version, "commit": c.id, "actor": &*c.who, "summary": c.summary, "kind": c.kind});
            field["commits"] = commits.iter().map(line).collect();
            fields.push(field);
        }
        said.truncate(TOLD);
        // The newest first, for so they can be taken back.
        let steps: Vec<String> = steps.into_values().rev().flatten().collect();
        let first = match steps.as_slice() {
            [] => "Send".to_owned(),
            steps => format!("First {}; or send", steps.join(", then ")),
        };
        let message = format!(
            "version {} ({}) can't be taken back: {}. {first} `force` to take the older values",
            commit.version,
            commit.summary,
            said.join("; ")
        );
        let more = json!({ "commit": commit.id, "version": commit.version, "conflicts": fields });
        let problem =
            Problem { op: Some(0), more: Some(more), ..Problem::new(Code::UndoConflict, "", message) };
        Ok(Pause::Fault(Fault::Refused(vec![problem])))
    }

    /// Commits behind a version that touched one of some nodes, oldest first.
    async fn since(
        &self,
        version: u64,
        nodes: BTreeSet<NodeKey>,
        round: &Round<'_>,
    ) -> Result<Vec<Arc<Commit>>, Pause> {
        let mut found: BTreeMap<u64, Arc<Commit>> = BTreeMap::new();
        let floor = round.recent.floor();
        for node in nodes.iter().filter(|_| version < floor) {
            let bounds = Bounds {
                above: version,
                up_to: Some(floor),
                node: Some(*node),
                limit: CONFLICTING,
                ..Bounds::default()
            };
            for row in self.outside.store.commits(self.site.key, MAIN, &bounds).await? {
                let version = row.entry.version.unwrap_or_default();
                found.insert(version, Arc::new(remember(&row.entry, decode(&row.entry)?, version)));
            }
        }
        let here = round.recent.commits().filter(|commit| commit.version > version);
        found.extend(here.map(|commit| (commit.version, commit.clone())));
        Ok(found.into_values().collect())
    }
}

/// The node of a page in the touched index.
pub(super) fn node(page: Option<&PageId>) -> Option<NodeKey> {
    page.map(node_key)
}

fn decode(entry: &Entry) -> Result<Body, Fault> {
    Body::decode(entry.format, &entry.body).map_err(|e| Fault::Internal(e.to_string()))
}
