//! What the history says of a batch whose caller gave no summary: what was done, in a line of at most eighty characters.

use std::collections::BTreeSet;

use crate::content::batch::Asked;
use crate::content::change::Change;
use crate::content::document::Root;
use crate::content::draft::Drafted;
use crate::content::id::{BlockId, PageId};
use crate::content::ops::{Op, OpResult};
use crate::content::slug;

/// How many pages or fields are named.
const NAMED: usize = 3;

/// So many characters of one name, and of the line, are shown.
const NAME_CHARS: usize = 32;
const LINE_CHARS: usize = 80;

/// `Change heading of Hero on /`; of several ops, how many and where: `5 changes on /, /about`.
pub(in super::super) fn summary(
    asked: &[Asked],
    results: &[OpResult],
    drafted: &Drafted,
    before: &Root,
) -> String {
    let told = Told { before, after: &drafted.root, changes: &drafted.changes };
    let line = match (asked, results) {
        ([Asked { op: Ok(op), .. }], [result]) => told.one(op, result),
        _ => {
            let pages: BTreeSet<String> = drafted.touched.iter().filter_map(|id| told.any_slug(id)).collect();
            let pages: Vec<String> = pages.iter().map(|slug| clipped(slug, NAME_CHARS)).collect();
            match pages.is_empty() {
                true => format!("{} changes", asked.len()),
                false => format!("{} changes on {}", asked.len(), list(&pages)),
            }
        }
    };
    clipped(&line, LINE_CHARS)
}

/// The states before and after, and what lies between them.
struct Told<'a> {
    before: &'a Root,
    after: &'a Root,
    changes: &'a [Change],
}

impl Told<'_> {
    fn one(&self, op: &Op, result: &OpResult) -> String {
        let page = result.page.as_ref();
        let (old, new) = (self.slug(self.before, page), self.slug(self.after, page));
        let block = result.block.as_ref();
        let kind = self.kind(block);
        match op {
            Op::CreatePage(_) => format!("Create {new}"),
            Op::RenamePage(_) if old != new => format!("Rename {old} to {new}"),
            Op::RenamePage(_) => format!("Change title of {new}"),
            Op::DuplicatePage(op) => format!("Copy {} to {new}", self.named(&op.page)),
            Op::MovePage(_) => format!("Move {new}"),
            Op::RemovePage(_) => format!("Remove {old}"),
            Op::UpdatePageMeta(_) => format!("Change {} of {new}", fields(self.changes, "meta")),
            Op::AddBlock(_) => format!("Add {kind} to {new}"),
            Op::UpdateProps(_) | Op::ReplaceText(_) => {
                format!("Change {} of {kind} on {new}", fields(self.changes, "props"))
            }
            Op::RemoveBlock(_) => format!("Remove {kind} from {old}"),
            Op::MoveBlock(op) => format!("Move {kind}{}", self.way(&op.page, &new)),
            Op::DuplicateBlock(op) => format!("Copy {kind}{}", self.way(&op.page, &new)),
            Op::AddItem(op) => format!("Add an item to {} of {kind} on {new}", first(&op.list)),
            Op::UpdateItem(op) => format!("Change an item of {} of {kind} on {new}", first(&op.list)),
            Op::RemoveItem(op) => format!("Remove an item from {} of {kind} on {new}", first(&op.list)),
            Op::MoveItem(op) => format!("Move an item of {} of {kind} on {new}", first(&op.list)),
            Op::UpdateSiteConfig(_) => format!("Change {} of the site", fields(self.changes, "config")),
            Op::SetRedirect(op) => format!("Redirect {} to {}", name(&op.from), name(&op.to)),
            Op::RemoveRedirect(op) => format!("Remove the redirect from {}", name(&op.from)),
            Op::RegisterBlockType(op) => format!("Register block type {}", name(&op.kind)),
            Op::RemoveBlockType(op) => format!("Remove block type {}", name(&op.kind)),
            // They stand alone and have lines of their own.
            Op::Undo(_) | Op::Redo(_) | Op::RestoreVersion(_) => op.name().to_owned(),
        }
    }

    /// Where a block went: on its page, or from one to another.
    fn way(&self, from: &str, to: &str) -> String {
        match self.named(from) {
            from if from == to => format!(" on {to}"),
            from => format!(" from {from} to {to}"),
        }
    }

    /// The address of a page that an op names by id or slug.
    fn named(&self, page: &str) -> String {
        match self.before.stub(&PageId::from(page)) {
            Some(stub) => name(&stub.slug),
            None => name(&slug::normalise(page).unwrap_or_else(|_| page.to_owned())),
        }
    }

    fn slug(&self, root: &Root, page: Option<&PageId>) -> String {
        let slug = page.and_then(|id| slug_in(root, id).or_else(|| self.any_slug(id)));
        slug.map_or_else(|| "the site".to_owned(), |slug| name(&slug))
    }

    /// A page's address now; of one that is gone, the one it had.
    fn any_slug(&self, id: &PageId) -> Option<String> {
        slug_in(self.after, id).or_else(|| slug_in(self.before, id))
    }

    fn kind(&self, block: Option<&BlockId>) -> String {
        let kind = |root: &Root| {
            let page = root.page(root.home(block?)?).ok()??;
            Some(page.block(block?)?.kind.to_string())
        };
        kind(self.after).or_else(|| kind(self.before)).unwrap_or_else(|| "a block".to_owned())
    }
}

/// What a batch renamed is loaded, and its stub says the old slug until the commit is sealed.
fn slug_in(root: &Root, id: &PageId) -> Option<String> {
    let stub = root.stub(id)?;
    Some(stub.body.as_ref().map_or_else(|| stub.slug.to_string(), |page| page.slug.to_string()))
}

/// The fields that changes are about: of the props, the meta or the config.
fn fields(changes: &[Change], holder: &str) -> String {
    let field = |change: &Change| match change {
        Change::Set { path, .. } if path.first().is_some_and(|first| &**first == holder) => {
            path.get(1).map(|step| name(step))
        }
        Change::Set { .. } => None,
        Change::Insert { at, .. } | Change::Remove { at, .. } | Change::Move { to: at, .. } => {
            Some(first(&at.slot))
        }
    };
    let names: BTreeSet<String> = changes.iter().filter_map(field).collect();
    match names.is_empty() {
        true => holder.to_owned(),
        false => list(&names.into_iter().collect::<Vec<_>>()),
    }
}

/// The prop that the way to a list begins with.
fn first(list: &str) -> String {
    name(list.trim_start_matches('/').split('/').next().unwrap_or_default())
}

fn list(names: &[String]) -> String {
    match names.len() {
        0..=NAMED => names.join(", "),
        n => format!("{} and {} more", names[..NAMED].join(", "), n - NAMED),
    }
}

fn name(text: &str) -> String {
    clipped(text, NAME_CHARS)
}

fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most - 1) {
        Some((end, last)) if end + last.len_utf8() < text.len() => format!("{}…", &text[..end]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::batch;
    use crate::content::document::Stamp;
    use crate::content::id::Counting;
    use serde_json::{Value, json};

    fn told(root: &mut Root, ops: Value) -> String {
        let asked = batch::read(ops.as_array().cloned().unwrap_or_else(|| vec![ops]));
        let mut mint = Counting(root.version << 32);
        let (drafted, results) = batch::lower(root.clone(), &asked, &mut mint).unwrap();
        let line = summary(&asked, &results, &drafted, root);
        let stamp = Stamp { version: root.version + 1, at_ms: 0, who: "ada".into() };
        *root = drafted.root;
        root.seal(&drafted.touched, &stamp);
        line
    }

    #[test]
    fn what_one_op_did_is_told_by_the_words_of_the_page() {
        let mut root = Root::new(Default::default());
        let items = json!([{"key": "one", "q": "Why?", "a": "So."}]);
        for (op, line) in [
            (json!({"op": "create_page", "id": "pg_h", "slug": "/", "title": "Home"}), "Create /"),
            (json!({"op": "create_page", "slug": "/vouchers", "title": "V"}), "Create /vouchers"),
            (
                json!({"op": "add_block", "page": "/", "block": {"id": "hero", "type": "Hero", "props": {"heading": "a"}}}),
                "Add Hero to /",
            ),
            (
                json!({"op": "update_props", "page": "pg_h", "block": "hero", "patch": {"heading": "b"}}),
                "Change heading of Hero on /",
            ),
            (
                json!({"op": "replace_text", "page": "/", "block": "hero", "path": "/heading", "find": "b", "replace": "c"}),
                "Change heading of Hero on /",
            ),
            (
                json!({"op": "add_block", "page": "/", "block": {"id": "faq", "type": "FAQAccordion", "props": {"items": items}}}),
                "Add FAQAccordion to /",
            ),
            (
                json!({"op": "update_props", "page": "/", "block": "faq", "patch": {"items": [{"q": "How?", "a": "So."}]}}),
                "Change items of FAQAccordion on /",
            ),
            (
                json!({"op": "add_item", "page": "/", "block": "faq", "list": "items", "item": {"key": "k", "q": "?", "a": "!"}}),
                "Add an item to items of FAQAccordion on /",
            ),
            (
                json!({"op": "update_item", "page": "/", "block": "faq", "list": "/items", "key": "k", "patch": {"q": "??"}}),
                "Change an item of items of FAQAccordion on /",
            ),
            (
                json!({"op": "remove_item", "page": "/", "block": "faq", "list": "items", "key": "k"}),
                "Remove an item from items of FAQAccordion on /",
            ),
            (json!({"op": "move_block", "page": "/", "block": "faq", "index": 0}), "Move FAQAccordion on /"),
            (
                json!({"op": "move_block", "page": "/", "block": "faq", "toPage": "/vouchers"}),
                "Move FAQAccordion from / to /vouchers",
            ),
            (
                json!({"op": "duplicate_block", "page": "/Vouchers/", "block": "faq"}),
                "Copy FAQAccordion on /vouchers",
            ),
            (
                json!({"op": "remove_block", "page": "/vouchers", "block": "faq"}),
                "Remove FAQAccordion from /vouchers",
            ),
            (
                json!({"op": "rename_page", "page": "/vouchers", "slug": "/gifts"}),
                "Rename /vouchers to /gifts",
            ),
            (json!({"op": "rename_page", "page": "/gifts", "title": "Gifts"}), "Change title of /gifts"),
            (json!({"op": "duplicate_page", "page": "/gifts"}), "Copy /gifts to /gifts-copy"),
            (json!({"op": "move_page", "page": "/gifts-copy", "index": 0}), "Move /gifts-copy"),
            (
                json!({"op": "update_page_meta", "page": "/gifts", "patch": {"noindex": true, "description": "a"}}),
                "Change description, noindex of /gifts",
            ),
            (json!({"op": "remove_page", "page": "/gifts-copy"}), "Remove /gifts-copy"),
            (
                json!({"op": "update_site_config", "patch": {"name": "a", "tone": "b", "logo": "/c.svg", "purpose": "d"}}),
                "Change logo, name, purpose and 1 more of the site",
            ),
            (json!({"op": "set_redirect", "from": "/a", "to": "/gifts"}), "Redirect /a to /gifts"),
            (json!({"op": "remove_redirect", "from": "/a"}), "Remove the redirect from /a"),
        ] {
            assert_eq!(told(&mut root, op), line);
        }
    }

    #[test]
    fn several_ops_are_counted_and_no_line_is_longer_than_eighty_characters() {
        let mut root = Root::new(Default::default());
        let page = |slug: &str| json!({"op": "create_page", "slug": slug, "title": "A"});
        assert_eq!(told(&mut root, json!([page("/"), page("/about")])), "2 changes on /, /about");
        let config = |tone: &str| json!({"op": "update_site_config", "patch": {"tone": tone}});
        assert_eq!(told(&mut root, json!([config("a"), config("b")])), "2 changes");
        let long = |c: char| format!("/{}", c.to_string().repeat(500));
        let lines = [
            told(&mut root, page(&long('ä'))),
            told(&mut root, json!({"op": "rename_page", "page": long('ä'), "slug": long('ö')})),
            told(&mut root, json!([page(&long('a')), page(&long('b')), page(&long('c')), page(&long('d'))])),
        ];
        for line in lines {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
