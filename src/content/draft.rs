//! A draft: the state a batch is lowered on, and the changes lowered so far.
//!
//! Ops read the draft and call its verbs; each verb makes exact changes and applies them at once, so that the next
//! op of the batch sees them.

mod backwards;
mod blocks;
mod copy;
mod find;
mod place;
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::OrdSet;

use super::change::{Change, Node, Place, Step};
use super::document::{Page, Root};
use super::id::{BlockId, Mint, PageId};
use super::json::{Value, lookup};
use super::problem::{Code, Halt, Lowered, Problem};
use super::props;

pub use blocks::NewBlock;
pub(in crate::content) use blocks::fit;
pub(in crate::content) use copy::with_new_ids;
pub(in crate::content) use find::{brief, read_slug};
pub use place::{Guest, Position};
pub(in crate::content) use values::{give_keys, merge_patch};

/// The largest page, as the JSON it is served as.
pub const MAX_PAGE_BYTES: usize = 4 << 20;

/// How deep blocks may lie within blocks.
pub const MAX_NESTING: usize = 12;

/// What a handle stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Made {
    Page(PageId),
    Block(BlockId),
}

/// The state with the changes so far.
pub struct Draft<'m> {
    root: Root,
    changes: Vec<Change>,
    touched: OrdSet<PageId>,
    handles: BTreeMap<String, Made>,
    mint: &'m mut dyn Mint,
}

/// A place in lowering to come back to when an op is refused.
pub struct Mark {
    root: Root,
    changes: usize,
    touched: OrdSet<PageId>,
    handles: BTreeMap<String, Made>,
}

/// A draft that is done.
pub struct Drafted {
    /// The state after all changes, not yet sealed.
    pub root: Root,
    /// What happened.
    pub changes: Vec<Change>,
    /// The pages it happened to, removed ones too.
    pub touched: OrdSet<PageId>,
    /// Handles and the ids they stand for.
    pub ids: BTreeMap<String, String>,
}

impl<'m> Draft<'m> {
    /// Begins on a state.
    pub fn new(root: Root, mint: &'m mut dyn Mint) -> Self {
        Draft { root, changes: Vec::new(), touched: OrdSet::new(), handles: BTreeMap::new(), mint }
    }

    /// The state as drafted.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Where new ids come from.
    pub fn mint(&mut self) -> &mut dyn Mint {
        self.mint
    }

    /// How many changes there are so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.changes.len()
    }

    /// Remembers this moment.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            root: self.root.clone(),
            changes: self.changes.len(),
            touched: self.touched.clone(),
            handles: self.handles.clone(),
        }
    }

    /// Forgets all since a moment.
    pub fn back_to(&mut self, mark: Mark) {
        self.root = mark.root;
        self.changes.truncate(mark.changes);
        self.touched = mark.touched;
        self.handles = mark.handles;
    }

    /// Ends it.
    ///
    /// # Errors
    /// A page has become larger than a page may be.
    pub fn finish(self) -> Lowered<Drafted> {
        self.need(self.touched.iter())?;
        self.within(&self.touched, MAX_PAGE_BYTES)?;
        let text = |made: Made| match made {
            Made::Page(id) => id.to_string(),
            Made::Block(id) => id.to_string(),
        };
        let ids = self.handles.into_iter().map(|(handle, made)| (handle, text(made))).collect();
        Ok(Drafted { root: self.root, changes: self.changes, touched: self.touched, ids })
    }

    /// Applies a change and keeps it.
    ///
    /// # Errors
    /// `Missing`, or `Broken` where it does not fit; `too_large` where a page becomes twice as large as it may be.
    pub fn change(&mut self, change: Change) -> Lowered<()> {
        self.change_all(vec![change])
    }

    /// Applies changes that belong together and keeps them.
    ///
    /// # Errors
    /// As `change`.
    pub fn change_all(&mut self, changes: Vec<Change>) -> Lowered<()> {
        let touched = self.root.apply(&changes)?;
        // A later op may take away again what is too much, but copies of copies must not eat the memory first.
        self.within(&touched, 2 * MAX_PAGE_BYTES)?;
        self.touched = std::mem::take(&mut self.touched).union(touched);
        self.changes.extend(changes);
        Ok(())
    }

    /// Refuses pages that have become larger than this.
    fn within(&self, pages: &OrdSet<PageId>, limit: usize) -> Lowered<()> {
        for id in pages {
            if let Ok(Some(page)) = self.root.page(id)
                && page.bytes() > limit
            {
                let message = format!(
                    "{} would be {} bytes long; a page has at most {MAX_PAGE_BYTES}: spread its blocks over several pages",
                    page.slug,
                    page.bytes()
                );
                return Err(Problem::new(Code::TooLarge, "", message).into());
            }
        }
        Ok(())
    }

    /// Asks for all of these pages at once, so that what is missing is loaded in one go.
    ///
    /// # Errors
    /// `Missing` with all that are not loaded.
    pub fn need<'a>(&self, pages: impl Iterator<Item = &'a PageId>) -> Lowered<()> {
        let missing: Vec<PageId> = pages.filter(|id| self.root.page(id).is_err()).cloned().collect();
        if missing.is_empty() { Ok(()) } else { Err(Halt::Missing(missing)) }
    }

    /// A page's body.
    ///
    /// # Errors
    /// `Missing`; `Broken` where there is no such page.
    pub fn page(&self, id: &PageId) -> Lowered<&Arc<Page>> {
        self.root.page(id)?.ok_or_else(|| Halt::Broken(format!("no page {id}")))
    }

    /// Gives a field of a page another value; `None` takes it away. Objects are followed field by field.
    ///
    /// # Errors
    /// As `change`.
    pub fn set_page(&mut self, id: &PageId, field: &str, to: Option<&Value>) -> Lowered<()> {
        let page = self.page(id)?;
        let now = match field {
            "slug" => Value::String(page.slug.to_string()),
            "title" => Value::String(page.title.to_string()),
            _ => (*page.meta).clone(),
        };
        let mut changes = Vec::new();
        props::diff(&Node::Page(id.clone()), &mut vec![field.into()], Some(&now), to, &mut changes);
        self.change_all(changes)
    }

    /// Gives a field of the site another value, by path: `config/…`, `redirects/<from>`, `blockTypes/<name>`, ….
    ///
    /// # Errors
    /// As `change`.
    pub fn set_site(&mut self, path: &[&str], to: Option<&Value>) -> Lowered<()> {
        let path: Vec<Step> = path.iter().copied().map(Step::from).collect();
        let (table, name) = (&*path[0], path.get(1).map_or("", |step| &**step));
        let now = match table {
            "redirects" => self.root.redirects.get(name).map(|kept| (**kept).clone()),
            "assets" => self.root.assets.get(name).map(|kept| (**kept).clone()),
            "blockTypes" => self.root.types.registered(name).map(|kept| kept.value.clone()),
            _ => lookup(&self.root.config, &path[1..]).cloned(),
        };
        let mut changes = Vec::new();
        match table {
            "config" => props::diff(&Node::Site, &mut path.clone(), now.as_ref(), to, &mut changes),
            _ if now.as_ref() == to => {}
            // A redirect, an asset, a type is one value: half of one and half of another makes no sense.
            _ => changes.push(Change::Set { node: Node::Site, path, from: now, to: to.cloned() }),
        }
        self.change_all(changes)
    }

    /// Gives a block other props, item by item and field by field, without judging them.
    ///
    /// # Errors
    /// As `change`.
    pub fn write_props(&mut self, page: &PageId, block: &BlockId, to: &Value) -> Lowered<()> {
        let now = self.page(page)?.block(block).map(|block| block.value());
        let mut changes = Vec::new();
        let node = Node::Block(block.clone());
        props::diff(&node, &mut vec!["props".into()], now.as_ref(), Some(to), &mut changes);
        self.change_all(changes)
    }

    /// Puts a page or a block in.
    ///
    /// # Errors
    /// As `change`.
    pub fn insert(&mut self, node: Node, at: Place, value: Value) -> Lowered<()> {
        self.change(Change::Insert { node, at, value })
    }

    /// Takes a block out, with all below it.
    ///
    /// # Errors
    /// As `change`.
    pub fn remove_block(&mut self, page: &PageId, block: &BlockId) -> Lowered<()> {
        let body = self.page(page)?;
        let gone = || Halt::Broken(format!("no block {block}"));
        let (at, value) = (body.place(block).ok_or_else(gone)?, body.subtree(block).ok_or_else(gone)?);
        self.change(Change::Remove { node: Node::Block(block.clone()), at, value })
    }

    /// Takes a page out.
    ///
    /// # Errors
    /// As `change`.
    pub fn remove_page(&mut self, page: &PageId) -> Lowered<()> {
        let value = self.page(page)?.to_value();
        let at = self.root.page_place(page).ok_or_else(|| Halt::Broken(format!("no page {page}")))?;
        self.change(Change::Remove { node: Node::Page(page.clone()), at, value })
    }

    /// Moves a block; nothing where it lies there already.
    ///
    /// # Errors
    /// As `change`.
    pub fn move_block(&mut self, from: &PageId, block: &BlockId, to_page: &PageId, to: Place) -> Lowered<()> {
        let gone = || Halt::Broken(format!("no block {block}"));
        let place = self.page(from)?.place(block).ok_or_else(gone)?;
        if place == to {
            return Ok(());
        }
        let value = match from == to_page {
            true => None,
            false => Some(self.page(from)?.subtree(block).ok_or_else(gone)?),
        };
        self.change(Change::Move { node: Node::Block(block.clone()), from: place, to, value })
    }

    /// Moves a page in the order of the site; nothing where it lies there already.
    ///
    /// # Errors
    /// As `change`.
    pub fn move_page(&mut self, page: &PageId, to: Place) -> Lowered<()> {
        let from = self.root.page_place(page).ok_or_else(|| Halt::Broken(format!("no page {page}")))?;
        if from == to {
            return Ok(());
        }
        self.change(Change::Move { node: Node::Page(page.clone()), from, to, value: None })
    }
}
