//! Applying changes: to a whole branch, and to one page alone when history is folded.

use std::sync::Arc;

use imbl::OrdSet;

use super::super::change::{Change, Node, PAGES, Place, Step};
use super::super::id::PageId;
use super::super::json::Value;
use super::super::props::{Misfit, apply_set};
use super::page::{Effects, Page};
use super::root::{Amiss, Root};
use super::types::Types;

impl Root {
    /// Applies changes in order and answers the pages they touched. On an error this state is half changed: apply to
    /// a clone. Call `seal` with all that was touched when the commit is complete.
    ///
    /// # Errors
    /// `Missing` where a page's body must be loaded first; `Misfit` where a change does not fit.
    pub fn apply(&mut self, changes: &[Change]) -> Result<OrdSet<PageId>, Amiss> {
        let mut touched = OrdSet::new();
        let mut rest = changes;
        while let Some(change) = rest.first() {
            let run = match self.inside(change) {
                Some(page) => {
                    let run = rest.iter().take_while(|c| self.inside(c).as_ref() == Some(&page)).count();
                    self.apply_inside(&page, &rest[..run])?;
                    touched.insert(page);
                    run
                }
                None => {
                    self.apply_across(change, &mut touched)?;
                    1
                }
            };
            rest = &rest[run..];
        }
        Ok(touched)
    }

    /// The page that a change stays within: its slug and its existence are the site's business too.
    fn inside(&self, change: &Change) -> Option<PageId> {
        let home = |node: &Node| match node {
            Node::Page(id) => Some(id.clone()),
            Node::Block(id) | Node::Item(id, _) => self.home(id).cloned(),
            Node::Site => None,
        };
        match change {
            Change::Set { node: Node::Page(_), path, .. }
                if path.first().is_some_and(|step| &**step == "slug") =>
            {
                None
            }
            Change::Set { node: Node::Page(id), .. } => Some(id.clone()),
            Change::Insert { node: Node::Block(_), at, .. } => home(&at.parent),
            Change::Move { node: Node::Block(id), to, .. } => {
                let from = self.home(id).cloned();
                from.filter(|page| home(&to.parent).as_ref() == Some(page))
            }
            _ => match change.node() {
                Node::Block(id) | Node::Item(id, _) => self.home(id).cloned(),
                Node::Site | Node::Page(_) => None,
            },
        }
    }

    fn apply_inside(&mut self, id: &PageId, changes: &[Change]) -> Result<(), Amiss> {
        let types = self.types.clone();
        let mut effects = Effects::default();
        self.page_mut(id)?.apply(changes, &types, &mut effects)?;
        self.rehome(id, &effects);
        Ok(())
    }

    fn apply_across(&mut self, change: &Change, touched: &mut OrdSet<PageId>) -> Result<(), Amiss> {
        match change {
            Change::Set { node: Node::Site, path, from, to } => {
                self.set_site(path, from.as_ref(), to.as_ref())?
            }
            Change::Set { node: Node::Page(id), .. } => {
                let types = self.types.clone();
                let page = self.page_mut(id)?;
                let old = page.slug.clone();
                page.apply(std::slice::from_ref(change), &types, &mut Effects::default())?;
                let new = page.slug.clone();
                self.release_slug(&old, id);
                self.slugs.insert(new, id.clone());
                touched.insert(id.clone());
            }
            Change::Insert { node: Node::Page(id), at, value } => {
                let to = self.behind(at)?;
                let mut effects = Effects::default();
                let page = Page::from_value(value, &self.types, &mut effects)?;
                if page.id != *id || self.pages.contains_key(id) {
                    return Err(Misfit(format!("{id} is there already")).into());
                }
                self.order.insert(to, id.clone());
                self.admit(page);
                self.rehome(id, &effects);
                touched.insert(id.clone());
            }
            Change::Remove { node: Node::Page(id), at, value } => {
                let page = self.page(id)?.cloned().ok_or_else(|| Misfit(format!("no page {id}")))?;
                if page.to_value() != *value {
                    return Err(Misfit(format!("remove of {id}: it has other content")).into());
                }
                self.unlist(id, at)?;
                self.dismiss(id);
                let uprooted = page.blocks().map(|block| block.id.clone()).collect();
                self.rehome(id, &Effects { uprooted, ..Effects::default() });
                touched.insert(id.clone());
            }
            Change::Move { node: Node::Page(id), from, to, .. } => {
                self.unlist(id, from)?;
                let at = self.behind(to)?;
                self.order.insert(at, id.clone());
                touched.insert(id.clone());
            }
            Change::Move { node: Node::Block(id), from, to, .. } => {
                let lost = || Misfit(format!("no block {id}"));
                let source = self.home(id).cloned().ok_or_else(lost)?;
                let target = self.target(to)?;
                let types = self.types.clone();
                let page = self.page_mut(&source)?;
                if page.place(id).as_ref() != Some(from) {
                    return Err(Misfit(format!("{id} does not lie behind {:?}", from.after)).into());
                }
                let value = page.subtree(id).ok_or_else(lost)?;
                let mut effects = Effects::default();
                page.take(id, &mut effects)?;
                self.rehome(&source, &effects);
                let mut effects = Effects::default();
                self.page_mut(&target)?.insert(&value, to, &types, &mut effects)?;
                self.rehome(&target, &effects);
                touched.extend([source, target]);
            }
            _ => return Err(Misfit(format!("{} is not there", change.node())).into()),
        }
        Ok(())
    }

    fn target(&self, to: &Place) -> Result<PageId, Misfit> {
        match &to.parent {
            Node::Page(page) => Some(page.clone()),
            Node::Block(parent) => self.home(parent).cloned(),
            Node::Site | Node::Item(..) => None,
        }
        .ok_or_else(|| Misfit(format!("no place in {}", to.parent)))
    }

    fn set_site(&mut self, path: &[Step], from: Option<&Value>, to: Option<&Value>) -> Result<(), Amiss> {
        let misfit = || Misfit(format!("set of {path:?}"));
        let (first, rest) = path.split_first().ok_or_else(misfit)?;
        if &**first == "config" {
            let mut fields = serde_json::json!({ "config": &*self.config });
            apply_set(&mut fields, path, from, to)?;
            self.config = Arc::new(fields["config"].take());
            return Ok(());
        }
        let [name] = rest else { return Err(misfit().into()) };
        let kept = match &**first {
            "redirects" => self.redirects.get(name).map(|kept| (**kept).clone()),
            "assets" => self.assets.get(name).map(|kept| (**kept).clone()),
            "blockTypes" => self.types.registered(name).map(|kept| kept.value.clone()),
            _ => return Err(misfit().into()),
        };
        if kept.as_ref() != from {
            return Err(misfit().into());
        }
        let table = match &**first {
            "redirects" => &mut self.redirects,
            "assets" => &mut self.assets,
            _ => return self.set_type(name, to),
        };
        match to {
            Some(value) => table.insert(name.clone(), Arc::new(value.clone())),
            None => table.remove(name),
        };
        Ok(())
    }

    /// Which props are links, a block's type says: where it says otherwise now, its blocks' links are read anew.
    fn set_type(&mut self, name: &Step, to: Option<&Value>) -> Result<(), Amiss> {
        let before = self.types.get(name).cloned();
        self.types.set(name, to);
        let after = self.types.get(name);
        if before.as_ref().map(|kind| kind.shape()) == after.map(|kind| kind.shape()) {
            return Ok(());
        }
        let types = self.types.clone();
        let pages: Vec<PageId> = self.holders(name).cloned().collect();
        pages.iter().try_for_each(|id| self.relink(id, name, &types))
    }

    /// The index right behind a place's neighbour in the order of pages.
    fn behind(&self, at: &Place) -> Result<usize, Misfit> {
        let Some(after) = &at.after else { return Ok(0) };
        let left = self.order.iter().position(|id| id.as_str() == &**after);
        left.map(|i| i + 1).ok_or_else(|| Misfit(format!("no page {after}")))
    }

    fn unlist(&mut self, id: &PageId, at: &Place) -> Result<(), Misfit> {
        let from = self.behind(at)?;
        if self.order.get(from) != Some(id) {
            return Err(Misfit(format!("{id} does not lie behind {:?}", at.after)));
        }
        self.order.remove(from);
        Ok(())
    }

    /// Where a page lies in the order of the site.
    #[must_use]
    pub fn page_place(&self, id: &PageId) -> Option<Place> {
        let at = self.order.iter().position(|page| page == id)?;
        let left = at.checked_sub(1).and_then(|i| self.order.get(i));
        Some(Place { parent: Node::Site, slot: PAGES.into(), after: left.map(|id| id.as_str().into()) })
    }
}

/// Folds what changes did to one page, knowing nothing of the others: how old versions and checkpoints are read.
///
/// # Errors
/// A change does not fit.
pub fn fold_page(
    page: Option<Page>,
    id: &PageId,
    changes: &[Change],
    types: &Types,
) -> Result<Option<Page>, Misfit> {
    let mut folded = page;
    for change in changes {
        match (&mut folded, change) {
            (_, Change::Insert { node: Node::Page(node), value, .. }) if node == id => {
                folded = Some(Page::from_value(value, types, &mut Effects::default())?);
            }
            (_, Change::Remove { node: Node::Page(node), .. }) if node == id => folded = None,
            (Some(page), change) => fold_change(page, change, types)?,
            (None, _) => {}
        }
    }
    Ok(folded)
}

fn fold_change(page: &mut Page, change: &Change, types: &Types) -> Result<(), Misfit> {
    let holds = |page: &Page, node: &Node| match node {
        Node::Page(id) => *id == page.id,
        Node::Block(id) | Node::Item(id, _) => page.block(id).is_some(),
        Node::Site => false,
    };
    let mut effects = Effects::default();
    match change {
        Change::Insert { node: Node::Block(_), at, .. } if !holds(page, &at.parent) => Ok(()),
        Change::Move { node: Node::Block(id), to, value: Some(value), .. } => {
            if holds(page, change.node()) {
                page.take(id, &mut effects)?;
            }
            if holds(page, &to.parent) { page.insert(value, to, types, &mut effects) } else { Ok(()) }
        }
        Change::Insert { node: Node::Block(_), .. } => {
            page.apply(std::slice::from_ref(change), types, &mut effects)
        }
        Change::Move { node: Node::Page(_), .. } => Ok(()),
        _ if holds(page, change.node()) => page.apply(std::slice::from_ref(change), types, &mut effects),
        _ => Ok(()),
    }
}
