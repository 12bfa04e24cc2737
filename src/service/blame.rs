//! Who wrote what stands on a page.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::history::body;
use super::outside::rfc3339;
use super::read::find;
use super::site::{MAIN, OpenSite, load_page, node_key};
use super::view::{At, Blame, BlockBlame, Mark};
use super::{Fault, Result, Service};
use crate::auth::Principal;
use crate::content::blame::{self, BlockMarks};
use crate::content::document::Types;
use crate::content::id::PageId;
use crate::store::Bounds;

/// How many commits are read at first; most pages were written lately …
const FIRST: usize = 16;

/// … and at most at a time.
const MOST: usize = 256;

impl Service {
    /// Of each field of a page that a state has, the commit that wrote it. It looks as far back as the page's own commits must
    /// be read, and at no other page's.
    ///
    /// # Errors
    /// `PageNotFound`, and those of refs.
    pub async fn blame(&self, who: &Principal, site: &str, at: &At, page: &str) -> Result<Blame> {
        let (open, state) = self.state(who, site, at).await?;
        let root = state.root();
        let id = find(root, page)?;
        let stub = root.stub(&id).ok_or_else(|| Fault::PageNotFound(page.to_owned()))?;
        let version = stub.stamp.version;
        let walked = walk(&open, &id, version, &root.types).await?;
        walked.answer(id, stub.slug.to_string(), version)
    }
}

/// What the walk back found.
struct Walked {
    blame: blame::Blame,
    /// The commits that were passed, as marks name them.
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
        }
        if nothing_left {
            break;
        }
        limit = (limit * 2).min(MOST);
    }
    Ok(walked)
}

impl Walked {
    fn answer(mut self, page: PageId, slug: String, version: u64) -> Result<Blame> {
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
        let of_blocks =
            blocks.iter().flat_map(|block| block.fields.values().copied().chain([block.added, block.placed]));
        let named: BTreeSet<u64> = fields.values().copied().chain(of_blocks).collect();
        let commits = named.into_iter().filter_map(|version| Some((version, self.passed.remove(&version)?)));
        let commits = commits.collect();
        Ok(Blame { page, slug, version, fields, blocks, commits })
    }
}
