//! Who wrote what stands on a page.

use std::collections::{BTreeMap, HashMap};

use super::history::body;
use super::outside::rfc3339;
use super::read::find;
use super::site::{MAIN, OpenSite, load_page, node_key};
use super::view::{At, Blame, BlockBlame, Mark, Ready};
use super::{Fault, Result, Service};
use crate::auth::Principal;
use crate::content::blame::{self, BlockMarks};
use crate::content::document::Types;
use crate::content::id::PageId;
use crate::store::Bounds;

/// How many commits are read at first; most pages were written lately …
const FIRST: usize = 16;

/// … and at most at a time …
const MOST: usize = 64;

/// … and fewer where so many weigh more than this, in bytes as they are kept.
const BATCH_BYTES: usize = 1 << 20;

impl Service {
    /// Of each field of a page that a state has, the commit that wrote it. It looks as far back as the page's own commits must
    /// be read, and at no other page's.
    ///
    /// # Errors
    /// `PageNotFound`, and those of refs.
    pub async fn blame(&self, who: &Principal, site: &str, at: &At, page: &str) -> Result<Ready> {
        let (open, state) = self.state(who, site, at).await?;
        let root = state.root();
        let id = find(root, page)?;
        let stub = root.stub(&id).ok_or_else(|| Fault::PageNotFound(page.to_owned()))?;
        let version = stub.stamp.version;
        // A page's hash is over its slug too: of one commit and one hash there is one blame.
        let key = (open.site.key, id, version, stub.hash);
        if let Some(ready) = self.blames.get(&key) {
            return Ok(ready);
        }
        let walked = walk(&open, &key.1, version, &root.types).await?;
        let blame = walked.answer(key.1.clone(), stub.slug.to_string(), version)?;
        let ready = Ready::of(serde_json::to_string(&blame).map_err(|e| Fault::Internal(e.to_string()))?);
        self.blames.insert(key, ready.clone());
        Ok(ready)
    }
}

/// What the walk back found.
struct Walked {
    blame: blame::Blame,
    /// The commits that were passed and wrote something that stands there.
    passed: HashMap<u64, Mark>,
}

/// Passes the page's commits, newest first, until all is known.
async fn walk(open: &OpenSite, page: &PageId, version: u64, types: &Types) -> Result<Walked> {
    let there = load_page(open.store.as_ref(), &open.site, page, version, types).await?;
    let there = there.ok_or_else(|| Fault::Internal(format!("page {page} has no body at {version}")))?;
    let mut walked = Walked { blame: blame::Blame::of(&there, types), passed: HashMap::new() };
    let (mut up_to, mut limit) = (version, FIRST);
    while !walked.blame.is_done() {
        let bounds = Bounds { up_to: Some(up_to), node: Some(node_key(page)), limit, ..Bounds::default() };
        let rows = open.store.commits(open.site.key, MAIN, &bounds).await?;
        let nothing_left = rows.len() < limit;
        let bytes: usize = rows.iter().map(|row| row.entry.body.len()).sum();
        for row in rows {
            let (body, version) = (body(&row)?, row.entry.version.unwrap_or_default());
            let misfit = |e| Fault::Internal(format!("blame of {page} at {version}: {e}"));
            walked.blame.pass(version, &body.changes).map_err(misfit)?;
            let mark = Mark {
                commit: row.entry.commit_id(),
                at: rfc3339(row.entry.at_ms),
                actor: row.entry.who,
                source: row.entry.source,
                kind: row.entry.kind,
                summary: body.summary,
            };
            walked.passed.insert(version, mark);
            up_to = version.saturating_sub(1);
            // Others get on meanwhile, and a caller that has gone ends the walk here.
            tokio::task::yield_now().await;
        }
        let named = walked.blame.named();
        walked.passed.retain(|version, _| named.contains(version));
        if nothing_left {
            break;
        }
        limit = next(limit, bytes);
    }
    Ok(walked)
}

/// How many commits are read behind a batch of so many that weighed so much.
fn next(limit: usize, bytes: usize) -> usize {
    if bytes > BATCH_BYTES { (limit / 2).max(1) } else { (limit * 2).min(MOST) }
}

impl Walked {
    fn answer(mut self, page: PageId, slug: String, version: u64) -> Result<Blame> {
        let named = self.blame.named();
        let (own, blocks) = self.blame.into_marks();
        let unknown = || Fault::Internal(format!("blame of {page}: its log does not say who wrote it"));
        let known = |mark: Option<u64>| mark.ok_or_else(unknown);
        let fields = |marks: BTreeMap<String, Option<u64>>| -> Result<BTreeMap<String, u64>> {
            marks.into_iter().map(|(path, mark)| Ok((path, known(mark)?))).collect()
        };
        let block = |block: BlockMarks| -> Result<BlockBlame> {
            let (added, placed) = (known(block.added)?, known(block.placed)?);
            let (kind, fields) = (block.kind.to_string(), fields(block.fields)?);
            Ok(BlockBlame { id: block.id, kind, added, placed, fields })
        };
        let fields = fields(own)?;
        let blocks = blocks.into_iter().map(block).collect::<Result<Vec<_>>>()?;
        let commits = named.into_iter().filter_map(|version| Some((version, self.passed.remove(&version)?)));
        let commits = commits.collect();
        Ok(Blame { page, slug, version, fields, blocks, commits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heavy_commits_are_read_in_smaller_batches() {
        assert_eq!([next(16, 0), next(64, BATCH_BYTES)], [32, MOST]);
        assert_eq!([next(64, BATCH_BYTES + 1), next(1, usize::MAX)], [32, 1]);
    }
}
