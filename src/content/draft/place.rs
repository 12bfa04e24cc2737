//! Positions as callers give them, to places as changes need them.

use super::super::change::{BLOCKS, Node, PAGES, Place, Step};
use super::super::document::{Block, Page};
use super::super::id::{BlockId, PageId};
use super::super::json::Value;
use super::super::problem::{Code, Lowered, Problem};
use super::super::schema::SlotRule;
use super::super::slug;
use super::find::brief;
use super::{Draft, MAX_NESTING};

/// The position fields of an op: at most one of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Position<'a> {
    /// Right behind this sibling.
    pub after: Option<&'a str>,
    /// Right before this sibling.
    pub before: Option<&'a str>,
    /// At this place, counted from 0, as the list stands afterwards.
    pub index: Option<i64>,
}

/// The block that is placed.
#[derive(Clone, Copy, Debug)]
pub struct Guest<'a> {
    kind: &'a str,
    height: usize,
    moving: Option<&'a BlockId>,
}

/// The list a block goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    page: PageId,
    parent: Option<(BlockId, Step)>,
}

impl Position<'_> {
    /// Whether no field is given: at the end.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.after.is_none() && self.before.is_none() && self.index.is_none()
    }

    /// The index in a list of siblings (without the node that is placed), of names as the fields have them.
    ///
    /// # Errors
    /// `invalid_position`.
    pub fn resolve(&self, siblings: &[&str]) -> Result<usize, Problem> {
        let wrong =
            |pointer: &str, message: String| Err(Problem::new(Code::InvalidPosition, pointer, message));
        let find = |name: &str, pointer: &str| match siblings.iter().position(|s| *s == name) {
            Some(at) => Ok(at),
            None => wrong(pointer, format!("'{}' is not among the siblings there", brief(name))),
        };
        match (self.after, self.before, self.index) {
            (None, None, None) => Ok(siblings.len()),
            (Some(after), None, None) => find(after, "/after").map(|at| at + 1),
            (None, Some(before), None) => find(before, "/before"),
            (None, None, Some(index)) => match usize::try_from(index) {
                Ok(at) if at <= siblings.len() => Ok(at),
                _ => wrong(
                    "/index",
                    format!(
                        "{index} is not a place in a list of {}: 0 to {}",
                        siblings.len(),
                        siblings.len()
                    ),
                ),
            },
            _ => wrong("", "give one of `after`, `before`, `index`, or none for the end".into()),
        }
    }
}

impl<'a> Guest<'a> {
    /// A block that is new to the branch: `{id, type, props, slots?}`.
    #[must_use]
    pub fn new(value: &'a Value) -> Self {
        let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
        Guest { kind, height: height_of(value), moving: None }
    }

    /// A block that moves, from the page it lies on.
    #[must_use]
    pub fn moving(block: &'a Block, from: &Page) -> Self {
        Guest { kind: &block.kind, height: height(from, &block.id), moving: Some(&block.id) }
    }
}

impl Draft<'_> {
    /// Refuses what is never done to the blocks that keep their place: header and footer.
    ///
    /// # Errors
    /// `pinned`.
    pub fn not_pinned(&self, kind: &str, pointer: &str) -> Lowered<()> {
        if !self.root.types.get(kind).is_some_and(|kind| kind.pinned()) {
            return Ok(());
        }
        let message = format!(
            "a {kind} keeps its place: it comes with its page, in `create_page`, and only its props and items change"
        );
        Err(Problem::new(Code::Pinned, pointer, message).into())
    }

    /// The place of a page in the site's order; `moving` is left out of the count.
    ///
    /// # Errors
    /// `invalid_position`, `page_not_found`.
    pub fn page_position(&self, at: Position, moving: Option<&PageId>) -> Lowered<Place> {
        let id_of = |name: Option<&str>, pointer: &str| match name {
            Some(name) if name.starts_with('/') && slug::normalise(name).is_err() => {
                Ok(Some(name.to_owned()))
            }
            Some(name) => self.find_page(name, pointer).map(|id| Some(id.to_string())),
            None => Ok(None),
        };
        let (after, before) = (id_of(at.after, "/after")?, id_of(at.before, "/before")?);
        let at = Position { after: after.as_deref(), before: before.as_deref(), index: at.index };
        let order: Vec<&str> =
            self.root.order.iter().filter(|id| Some(*id) != moving).map(PageId::as_str).collect();
        let index = at.resolve(&order)?;
        let after = index.checked_sub(1).map(|left| Step::from(order[left]));
        Ok(Place { parent: Node::Site, slot: PAGES.into(), after })
    }

    /// The place of a block on a page; if it moves, it is left out of the count.
    ///
    /// # Errors
    /// `invalid_position`, also where it would lie within itself; `slot_refused`, `pinned`, `block_not_found`.
    pub fn block_position(
        &self,
        page: &PageId,
        (parent, slot): (Option<&str>, Option<&str>),
        at: Position,
        guest: Guest,
    ) -> Lowered<Place> {
        let handle = |name: Option<&str>, pointer: &str| match name {
            Some(name) => self.find_block(page, name, pointer).map(|id| Some(id.to_string())),
            None => Ok(None),
        };
        let (after, before) = (handle(at.after, "/after")?, handle(at.before, "/before")?);
        let target = self.target(page, parent, slot, after.as_deref().or(before.as_deref()))?;
        if let Some((holder, slot)) = &target.parent {
            self.not_into_itself(page, holder, guest)?;
            self.check_slot(page, holder, slot, guest)?;
        }
        let siblings = self.page(page)?.children(target.parent.as_ref().map(|(id, slot)| (id, &**slot)));
        let siblings: Vec<&str> =
            siblings.iter().filter(|id| Some(*id) != guest.moving).map(BlockId::as_str).collect();
        let position = Position { after: after.as_deref(), before: before.as_deref(), index: at.index };
        let mut index = position.resolve(&siblings)?;
        if target.parent.is_none() {
            index = self.between_pinned(page, &siblings, index, at)?;
        }
        let after = index.checked_sub(1).map(|left| Step::from(siblings[left]));
        Ok(match target.parent {
            None => Place { parent: Node::Page(page.clone()), slot: BLOCKS.into(), after },
            Some((id, slot)) => Place { parent: Node::Block(id), slot, after },
        })
    }

    /// The list: the slot that is named, else the one the named sibling lies in, else the page's own.
    fn target(
        &self,
        page: &PageId,
        parent: Option<&str>,
        slot: Option<&str>,
        sibling: Option<&str>,
    ) -> Lowered<Target> {
        let parent = match (parent, slot, sibling) {
            (Some(parent), Some(slot), _) => Some((self.find_block(page, parent, "/parent")?, slot.into())),
            (None, None, Some(sibling)) => self.block(page, &sibling.into())?.parent.clone(),
            (None, None, None) => None,
            (Some(parent), None, _) => {
                let parent = self.find_block(page, parent, "/parent")?;
                let kind = self.block_type(&self.block(page, &parent)?.kind, "/parent")?;
                let slots: Vec<_> = kind.slots().keys().cloned().collect();
                let message = format!("`slot` is missing; {} has: {}", kind.name(), list(&slots));
                return Err(Problem::new(Code::InvalidPosition, "/slot", message).into());
            }
            (None, Some(_), _) => {
                let message = "`slot` goes with `parent`, the block it belongs to";
                return Err(Problem::new(Code::InvalidPosition, "/parent", message).into());
            }
        };
        Ok(Target { page: page.clone(), parent })
    }

    fn not_into_itself(&self, page: &PageId, holder: &BlockId, guest: Guest) -> Lowered<()> {
        match guest.moving {
            Some(id) if self.page(page)?.below(id).contains(holder) => {
                let message = format!("a block cannot move into itself: {holder} is {id} or lies within it");
                Err(Problem::new(Code::InvalidPosition, "/parent", message).into())
            }
            _ => Ok(()),
        }
    }

    fn check_slot(&self, page: &PageId, holder: &BlockId, slot: &str, guest: Guest) -> Lowered<()> {
        let refuse = |message: String| Err(Problem::new(Code::SlotRefused, "/slot", message).into());
        let body = self.page(page)?;
        let block = self.block(page, holder)?;
        self.accepts(&block.kind, slot, guest.kind, "/slot")?;
        let held = block.slots.get(slot).into_iter().flatten().filter(|id| Some(*id) != guest.moving).count();
        let rule = self.block_type(&block.kind, "/parent")?.slots().get(slot).and_then(|rule| rule.max);
        if rule.is_some_and(|max| held >= max) {
            return refuse(format!("'{slot}' of {} holds {held} blocks, its most", block.kind));
        }
        let mut depth = 1;
        let mut up = block.parent.clone();
        while let Some((parent, _)) = up {
            depth += 1;
            up = body.block(&parent).and_then(|block| block.parent.clone());
        }
        if depth + guest.height > MAX_NESTING {
            return refuse(format!("blocks lie at most {MAX_NESTING} deep within blocks"));
        }
        Ok(())
    }

    /// Judges whether a slot of one type takes a block of another.
    ///
    /// # Errors
    /// `slot_refused`, `pinned`.
    pub fn accepts(&self, holder: &str, slot: &str, kind: &str, pointer: &str) -> Lowered<()> {
        let rule = self.slot_rule(holder, slot, pointer)?;
        self.not_pinned(kind, pointer)?;
        if !rule.accepts(kind) {
            let message = format!("'{slot}' of {holder} does not take a {}", brief(kind));
            return Err(Problem::new(Code::SlotRefused, pointer, message).into());
        }
        Ok(())
    }

    /// What a slot of a type takes.
    ///
    /// # Errors
    /// `slot_refused` where the type has no such slot.
    pub fn slot_rule(&self, holder: &str, slot: &str, pointer: &str) -> Lowered<SlotRule> {
        let holder_type = self.block_type(holder, pointer)?;
        if let Some(rule) = holder_type.slots().get(slot) {
            return Ok(rule.clone());
        }
        let slots: Vec<_> = holder_type.slots().keys().cloned().collect();
        let message = format!("{holder} has no slot '{}'; it has: {}", brief(slot), list(&slots));
        Err(Problem::new(Code::SlotRefused, pointer, message).into())
    }

    /// Keeps what is placed between the page's header and footer; an open position is the end before the footer.
    fn between_pinned(&self, page: &PageId, siblings: &[&str], index: usize, at: Position) -> Lowered<usize> {
        let body = self.page(page)?;
        let pinned = |id: &&str| {
            let kind = body.block(&BlockId::from(*id)).map(|block| block.kind.clone());
            kind.filter(|kind| self.root.types.get(kind).is_some_and(|kind| kind.pinned()))
        };
        let header = siblings.first().and_then(pinned).filter(|kind| &**kind == "SiteHeader");
        let footer = siblings.last().and_then(pinned).filter(|kind| &**kind == "Footer");
        let (first, last) = (usize::from(header.is_some()), siblings.len() - usize::from(footer.is_some()));
        if at.is_open() {
            return Ok(last);
        }
        if index < first || index > last {
            let message =
                format!("the SiteHeader stays first and the Footer last: places {first} to {last} are free");
            return Err(Problem::new(Code::Pinned, "", message).into());
        }
        Ok(index)
    }
}

/// How many levels of blocks lie below a block.
fn height(page: &Page, id: &BlockId) -> usize {
    let children = page.block(id).map(|block| block.slots.values().flatten().cloned().collect::<Vec<_>>());
    children.into_iter().flatten().map(|child| 1 + height(page, &child)).max().unwrap_or(0)
}

/// The same of a block that lies nowhere yet.
fn height_of(value: &Value) -> usize {
    let slots = value.get("slots").and_then(Value::as_object).into_iter().flat_map(|slots| slots.values());
    slots.filter_map(Value::as_array).flatten().map(|child| 1 + height_of(child)).max().unwrap_or(0)
}

fn list(names: &[String]) -> String {
    match names.is_empty() {
        true => "none".into(),
        false => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_at_most_one_field() {
        let siblings = ["a", "b"];
        let at =
            |after, before, index| Position { after, before, index }.resolve(&siblings).map_err(|p| p.code);
        assert_eq!(at(None, None, None), Ok(2));
        assert_eq!(at(Some("a"), None, None), Ok(1));
        assert_eq!(at(None, Some("a"), None), Ok(0));
        assert_eq!(at(None, None, Some(2)), Ok(2));
        for wrong in [
            at(None, None, Some(3)),
            at(None, None, Some(-1)),
            at(Some("x"), None, None),
            at(Some("a"), None, Some(0)),
        ] {
            assert_eq!(wrong, Err(Code::InvalidPosition));
        }
    }
}
