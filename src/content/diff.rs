//! What is different between two states, for people and agents to read: pages, blocks, fields, the site's own content.
//!
//! It costs what differs: pages with equal hashes are skipped, and so are blocks with equal bytes.

mod fields;
mod page;
mod site;

use std::collections::{BTreeMap, HashMap, HashSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::change::{Node, PAGES, Step};
use super::document::{Amiss, Root};
use super::id::{BlockId, PageId};
use super::json::Value;
use super::sequence::unmoved;

pub use fields::FieldKind;

/// Pages whose bodies must be loaded first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissingPages {
    /// Of the state it leads from.
    pub from: Vec<PageId>,
    /// Of the state it leads to.
    pub to: Vec<PageId>,
}

/// The answer: everything that is different, `equal` where nothing is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// Whether the two states are the same.
    pub equal: bool,
    /// How much there is of each.
    pub summary: Summary,
    /// In the order of the site, then those that are gone.
    pub pages: Vec<PageDiff>,
    /// Fields of the site's config.
    pub config: Vec<FieldDiff>,
    /// Redirects.
    pub redirects: Vec<RedirectDiff>,
    /// Assets.
    pub assets: Vec<AssetDiff>,
    /// The site's own block types.
    pub block_types: Vec<TypeDiff>,
}

/// How much differs, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Pages that came.
    pub pages_added: usize,
    /// Pages that went.
    pub pages_removed: usize,
    /// Pages with another content, moved or not.
    pub pages_modified: usize,
    /// Pages that only stand elsewhere in the order.
    pub pages_moved: usize,
    /// Blocks that came, those of new pages too.
    pub blocks_added: usize,
    /// Blocks that went, those of removed pages too.
    pub blocks_removed: usize,
    /// Blocks with other props, moved or not.
    pub blocks_modified: usize,
    /// Blocks that only lie elsewhere.
    pub blocks_moved: usize,
    /// Fields of pages and blocks that are in both states.
    pub fields: usize,
}

/// What became of a page, a block, or an entry of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It came.
    Added,
    /// It went.
    Removed,
    /// It has other content, and may have moved.
    Modified,
    /// It lies elsewhere, with the same content.
    Moved,
}

/// One page.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageDiff {
    /// Its id.
    pub id: PageId,
    /// Its address; of a removed page, the one it had.
    pub slug: Step,
    /// What became of it.
    pub status: Status,
    /// The address it had, where that was another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_slug: Option<Step>,
    /// Where it stood, if it was moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Position>,
    /// Where it stands, if it was moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Position>,
    /// Its title and its meta: `/title`, `/meta/description`.
    pub meta: Vec<FieldDiff>,
    /// Its blocks that differ, as they lie on it, then those that went. One that went to another page is listed there too.
    pub blocks: Vec<BlockDiff>,
}

/// One block.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockDiff {
    /// Its id.
    pub id: BlockId,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Step,
    /// What became of it.
    pub status: Status,
    /// Where it lay, if it went or was moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Position>,
    /// Where it lies, if it came or was moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Position>,
    /// What is different in its props; of a block that came or went, all it has.
    pub fields: Vec<FieldDiff>,
}

/// A place as people count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// The page, where it is another than the one it is listed under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<PageId>,
    /// The site, the page or the block it lies in.
    pub parent: Node,
    /// The slot.
    pub slot: Step,
    /// Counted from 0.
    pub index: usize,
}

impl Position {
    fn of_page(index: usize) -> Self {
        Position { page: None, parent: Node::Site, slot: PAGES.into(), index }
    }
}

/// One field. An absent value is a field that is not there.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FieldDiff {
    /// A JSON Pointer; list items by their keys.
    pub path: String,
    /// What it was; of a list in another order, its keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// How to show it.
    pub kind: FieldKind,
}

/// One redirect.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RedirectDiff {
    /// The address it leads away from.
    pub from: Step,
    /// What became of it.
    pub status: Status,
    /// What it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// One asset.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AssetDiff {
    /// Its hash.
    pub hash: Step,
    /// What became of it.
    pub status: Status,
    /// What it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// One block type.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TypeDiff {
    /// Its name.
    #[serde(rename = "type")]
    pub name: Step,
    /// What became of it.
    pub status: Status,
}

/// Compares two states.
///
/// # Errors
/// All pages that differ and are not loaded.
pub fn diff(from: &Root, to: &Root) -> Result<Diff, MissingPages> {
    let differing: Vec<&PageId> = from.differing(to).collect();
    let missing = |root: &Root| -> Vec<PageId> {
        let absent = |page: &&&PageId| matches!(root.page(page), Err(Amiss::Missing(_)));
        differing.iter().filter(absent).map(|page| (*page).clone()).collect()
    };
    let missing = MissingPages { from: missing(from), to: missing(to) };
    if !missing.from.is_empty() || !missing.to.is_empty() {
        return Err(missing);
    }
    let compared = differing.into_iter().filter_map(|page| page::compare(from, to, page));
    let mut found: BTreeMap<PageId, PageDiff> = compared.map(|page| (page.id.clone(), page)).collect();
    for (id, from_index, to_index) in moved_pages(from, to) {
        if let Some(page) = found.remove(&id).or_else(|| page::moved_only(to, &id)) {
            let (from, to) = (Some(Position::of_page(from_index)), Some(Position::of_page(to_index)));
            found.insert(id, PageDiff { from, to, ..page });
        }
    }
    let in_order = to.order.iter().chain(&from.order);
    let pages: Vec<PageDiff> = match found.is_empty() {
        true => Vec::new(),
        false => in_order.filter_map(|page| found.remove(page)).collect(),
    };
    let (config, redirects) = (site::config(from, to), site::redirects(from, to));
    let (assets, block_types) = (site::assets(from, to), site::types(from, to));
    let equal = pages.is_empty()
        && config.is_empty()
        && redirects.is_empty()
        && assets.is_empty()
        && block_types.is_empty();
    Ok(Diff { equal, summary: summary(&pages), pages, config, redirects, assets, block_types })
}

/// The pages that stand elsewhere in the order, with both indexes.
fn moved_pages(from: &Root, to: &Root) -> Vec<(PageId, usize, usize)> {
    if from.order == to.order {
        return Vec::new();
    }
    let list = |root: &Root| root.order.iter().cloned().collect::<Vec<PageId>>();
    let (before, after) = (list(from), list(to));
    let stayed: HashSet<PageId> = unmoved(&before, &after).into_iter().collect();
    let places: HashMap<&PageId, usize> = before.iter().enumerate().map(|(at, page)| (page, at)).collect();
    let elsewhere = |(index, page): (usize, &PageId)| {
        let was = places.get(page).filter(|_| !stayed.contains(page))?;
        Some((page.clone(), *was, index))
    };
    after.iter().enumerate().filter_map(elsewhere).collect()
}

fn summary(pages: &[PageDiff]) -> Summary {
    let mut summary = Summary::default();
    for page in pages {
        *match page.status {
            Status::Added => &mut summary.pages_added,
            Status::Removed => &mut summary.pages_removed,
            Status::Modified => &mut summary.pages_modified,
            Status::Moved => &mut summary.pages_moved,
        } += 1;
        summary.fields += page.meta.len() * usize::from(page.status == Status::Modified);
        // A block that went to another page is listed on both, and counted where it lies.
        let left = |block: &&BlockDiff| block.to.as_ref().is_some_and(|to| to.page.is_some());
        for block in page.blocks.iter().filter(|block| !left(block)) {
            *match block.status {
                Status::Added => &mut summary.blocks_added,
                Status::Removed => &mut summary.blocks_removed,
                Status::Modified => &mut summary.blocks_modified,
                Status::Moved => &mut summary.blocks_moved,
            } += 1;
            summary.fields += block.fields.len() * usize::from(block.status == Status::Modified);
        }
    }
    summary
}

#[cfg(test)]
mod tests;
