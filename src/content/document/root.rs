//! A branch at a version: the site's own fields, the stubs of its pages, and what is found backwards.

use std::sync::Arc;

use imbl::ordmap::DiffItem;
use imbl::{OrdMap, OrdSet, Vector};

use super::super::change::Step;
use super::super::id::{BlockId, PageId};
use super::super::json::{Map, Value};
use super::super::props::Misfit;
use super::hash::Hash;
use super::page::{Effects, Page};
use super::reverse::{Counts, Reverse};
use super::types::Types;

/// When, by whom and in which version something was last changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The branch's version.
    pub version: u64,
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// The actor.
    pub who: Arc<str>,
}

/// What is known of a page without its body.
#[derive(Clone, Debug)]
pub struct Stub {
    /// Its address.
    pub slug: Step,
    /// Its title.
    pub title: Step,
    /// Its content hash.
    pub hash: Hash,
    /// The last commit that touched it.
    pub stamp: Stamp,
    /// How many blocks it has, at all depths.
    pub blocks: usize,
    /// The body, when it is loaded.
    pub body: Option<Arc<Page>>,
    pub(super) links: Counts,
    pub(super) types: Counts,
}

/// Equal content, whoever wrote it and whether or not its body is loaded.
impl PartialEq for Stub {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

/// Why changes can't be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amiss {
    /// This page's body is not loaded: load it and apply again.
    Missing(PageId),
    /// They don't fit this state.
    Misfit(Misfit),
}

impl From<Misfit> for Amiss {
    fn from(misfit: Misfit) -> Self {
        Amiss::Misfit(misfit)
    }
}

/// A branch at a version. Cloning it is cloning pointers.
#[derive(Clone, Debug)]
pub struct Root {
    /// How many commits of its branch it holds.
    pub version: u64,
    /// The site config, an object.
    pub config: Arc<Value>,
    /// Redirects by the path they lead away from: `{to, status}`.
    pub redirects: OrdMap<Step, Arc<Value>>,
    /// Assets by hash.
    pub assets: OrdMap<Step, Arc<Value>>,
    /// Block types, built-in and own.
    pub types: Types,
    /// Pages in site order.
    pub order: Vector<PageId>,
    pub(super) pages: OrdMap<PageId, Arc<Stub>>,
    pub(super) slugs: OrdMap<Step, PageId>,
    pub(super) linked: Reverse,
    pub(super) used: Reverse,
    /// The page of each block, by the first eight bytes of the hash of the block's id.
    pub(super) homes: OrdMap<u64, PageId>,
}

/// The short form of a block id in `homes`.
pub(super) fn short(id: &BlockId) -> u64 {
    let hash = blake3::hash(id.as_str().as_bytes());
    let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

impl Root {
    /// A new site's `main`: no pages, version 0, the config it was made with.
    #[must_use]
    pub fn new(config: Map<String, Value>) -> Self {
        Root {
            version: 0,
            config: Arc::new(Value::Object(config)),
            redirects: OrdMap::new(),
            assets: OrdMap::new(),
            types: Types::default(),
            order: Vector::new(),
            pages: OrdMap::new(),
            slugs: OrdMap::new(),
            linked: Reverse::default(),
            used: Reverse::default(),
            homes: OrdMap::new(),
        }
    }

    /// A page's stub.
    #[must_use]
    pub fn stub(&self, id: &PageId) -> Option<&Arc<Stub>> {
        self.pages.get(id)
    }

    /// All stubs, by page id.
    pub fn stubs(&self) -> impl Iterator<Item = (&PageId, &Arc<Stub>)> {
        self.pages.iter()
    }

    /// The pages that are not the same in two states; costs what differs.
    pub fn differing<'a>(&'a self, other: &'a Root) -> impl Iterator<Item = &'a PageId> {
        self.pages.diff(&other.pages).map(|item| match item {
            DiffItem::Add(id, _) | DiffItem::Remove(id, _) | DiffItem::Update { old: (id, _), .. } => id,
        })
    }

    /// The page at an address.
    #[must_use]
    pub fn by_slug(&self, slug: &str) -> Option<&PageId> {
        self.slugs.get(slug)
    }

    /// All addresses, sorted.
    pub fn slugs(&self) -> impl Iterator<Item = &Step> {
        self.slugs.keys()
    }

    /// A page's body; `Ok(None)` where there is no such page.
    ///
    /// # Errors
    /// `Missing`: it is not loaded.
    pub fn page(&self, id: &PageId) -> Result<Option<&Arc<Page>>, Amiss> {
        match self.pages.get(id) {
            None => Ok(None),
            Some(stub) => stub.body.as_ref().map(Some).ok_or_else(|| Amiss::Missing(id.clone())),
        }
    }

    /// The page a block lies on.
    #[must_use]
    pub fn home(&self, block: &BlockId) -> Option<&PageId> {
        self.homes.get(&short(block))
    }

    /// The pages with a link to an address.
    pub fn linking_to(&self, slug: &str) -> impl Iterator<Item = &PageId> {
        self.linked.pages(slug)
    }

    /// The pages with a block of a type.
    pub fn using(&self, block_type: &str) -> impl Iterator<Item = &PageId> {
        self.used.pages(block_type)
    }

    /// The same state with a page's body loaded. A body of other content than the stub's is not taken.
    pub fn load(&mut self, id: &PageId, body: Arc<Page>) {
        if let Some(stub) = self.pages.get_mut(id)
            && stub.body.is_none()
        {
            Arc::make_mut(stub).body = Some(body);
        }
    }

    /// The same state with a page's body let go.
    pub fn unload(&mut self, id: &PageId) {
        if let Some(stub) = self.pages.get_mut(id) {
            Arc::make_mut(stub).body = None;
        }
    }

    /// Puts a stub in, of a page that stands in `order`: how a manifest is read.
    pub fn restore_stub(&mut self, id: PageId, stub: Stub, blocks: impl Iterator<Item = u64>) {
        self.slugs.insert(stub.slug.clone(), id.clone());
        self.linked.follow(&id, &Counts::default(), &stub.links);
        self.used.follow(&id, &Counts::default(), &stub.types);
        self.homes.extend(blocks.map(|block| (block, id.clone())));
        self.pages.insert(id, Arc::new(stub));
    }

    /// Brings the stubs of touched pages, their hashes and the reverse indexes up to their bodies.
    pub fn seal(&mut self, touched: &OrdSet<PageId>, stamp: &Stamp) {
        self.version = stamp.version;
        for id in touched {
            let Some(stub) = self.pages.get_mut(id) else { continue };
            let stub = Arc::make_mut(stub);
            // A page that only moved may be touched without its body.
            stub.stamp = stamp.clone();
            let Some(page) = &stub.body else { continue };
            self.linked.follow(id, &stub.links, &page.links);
            self.used.follow(id, &stub.types, &page.types);
            (stub.slug, stub.title) = (page.slug.clone(), page.title.clone());
            (stub.links, stub.types) = (page.links.clone(), page.types.clone());
            (stub.hash, stub.blocks) = (page.hash(), page.len());
        }
    }

    /// The pages that have a block of a type, those of a commit that is not sealed too.
    pub(super) fn holders(&self, block_type: &str) -> impl Iterator<Item = &PageId> {
        let has =
            move |stub: &Stub| stub.body.as_ref().map_or(stub.types.has(block_type), |b| b.uses(block_type));
        self.pages.iter().filter(move |(_, stub)| has(stub)).map(|(id, _)| id)
    }

    /// Reads the links of a page's blocks of a type anew. The page's content stays, so no commit touches it.
    pub(super) fn relink(&mut self, id: &PageId, block_type: &str, types: &Types) -> Result<(), Amiss> {
        let page = self.page_mut(id)?;
        page.relink(block_type, types);
        let links = page.links.clone();
        if let Some(stub) = self.pages.get_mut(id) {
            let stub = Arc::make_mut(stub);
            self.linked.follow(id, &stub.links, &links);
            stub.links = links;
        }
        Ok(())
    }

    /// A page to change; cloned if others share it.
    pub(super) fn page_mut(&mut self, id: &PageId) -> Result<&mut Page, Amiss> {
        let stub = self.pages.get_mut(id).ok_or_else(|| Misfit(format!("no page {id}")))?;
        match &mut Arc::make_mut(stub).body {
            Some(body) => Ok(Arc::make_mut(body)),
            None => Err(Amiss::Missing(id.clone())),
        }
    }

    /// Registers a page that came.
    pub(super) fn admit(&mut self, page: Page) {
        let stub = Stub {
            slug: page.slug.clone(),
            title: page.title.clone(),
            hash: Hash([0; 32]),
            stamp: Stamp { version: 0, at_ms: 0, who: "".into() },
            blocks: page.len(),
            links: Counts::default(),
            types: Counts::default(),
            body: None,
        };
        let id = page.id.clone();
        self.slugs.insert(page.slug.clone(), id.clone());
        self.pages.insert(id, Arc::new(Stub { body: Some(Arc::new(page)), ..stub }));
    }

    /// Forgets a page that went.
    pub(super) fn dismiss(&mut self, id: &PageId) {
        if let Some(stub) = self.pages.remove(id) {
            self.linked.follow(id, &stub.links, &Counts::default());
            self.used.follow(id, &stub.types, &Counts::default());
            self.release_slug(&stub.slug, id);
            if let Some(page) = &stub.body {
                // A page whose slug was set in this very batch holds another than its stub says.
                self.release_slug(&page.slug.clone(), id);
            }
        }
    }

    /// Takes an address from a page, unless another has it by now.
    pub(super) fn release_slug(&mut self, slug: &str, id: &PageId) {
        if self.slugs.get(slug) == Some(id) {
            self.slugs.remove(slug);
        }
    }

    /// Follows blocks that came to a page and went from it.
    pub(super) fn rehome(&mut self, page: &PageId, effects: &Effects) {
        for id in &effects.uprooted {
            let short = short(id);
            if self.homes.get(&short) == Some(page) {
                self.homes.remove(&short);
            }
        }
        for id in &effects.planted {
            self.homes.insert(short(id), page.clone());
        }
    }

    /// The reverse indexes, to compare.
    #[cfg(test)]
    pub(in crate::content) fn indexes(&self) -> String {
        format!("{:?} {:?} {:?}", self.linked, self.used, self.homes)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::change::{Change, Node, PAGES, Place};
    use super::*;

    fn place(after: Option<&str>) -> Place {
        Place { parent: Node::Site, slot: PAGES.into(), after: after.map(Into::into) }
    }

    fn stamp(version: u64) -> Stamp {
        Stamp { version, at_ms: 10, who: "ana".into() }
    }

    #[test]
    fn a_page_that_only_moved_is_stamped_though_its_body_is_not_loaded() {
        let insert = |id: &str, after| Change::Insert {
            node: Node::Page(id.into()),
            at: place(after),
            value: json!({"id": id, "slug": format!("/{id}"), "title": id}),
        };
        let mut root = Root::new(Map::new());
        let touched = root.apply(&[insert("pg_1", None), insert("pg_2", Some("pg_1"))]).unwrap();
        root.seal(&touched, &stamp(1));
        let mut bare = Root::from_manifest(&root.manifest().unwrap()).unwrap();
        let moved = [Change::Move {
            node: Node::Page("pg_2".into()),
            from: place(Some("pg_1")),
            to: place(None),
            value: None,
        }];
        for root in [&mut root, &mut bare] {
            let touched = root.apply(&moved).unwrap();
            root.seal(&touched, &stamp(2));
            assert_eq!(root.stub(&"pg_2".into()).unwrap().stamp, stamp(2));
            assert_eq!(root.stub(&"pg_1".into()).unwrap().stamp, stamp(1));
        }
        assert_eq!(root.manifest().unwrap(), bare.manifest().unwrap());
    }
}
