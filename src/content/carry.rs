//! Carry: one function for everything that crosses time.
//!
//! Undo after others edited, redo, a page or a branch restored, a batch rebased, a branch merged: each brings what
//! changed between two states onto a third. Nodes are matched by id, fields by path, links by the page they mean.
//! It costs what differs, not what exists: pages that are alike in the two states are not looked at.
//!
//! ```text
//! scope      which pages                      addresses  links as the pages they mean
//! extract    three forests                    merge      one forest, and the conflicts
//! fit        the draft made equal to it       relink     links on other pages that follow
//! judge      what was written, by its schemas
//! ```

mod addresses;
mod conflict;
mod extract;
mod fit;
mod forest;
mod graft;
mod items;
mod judge;
mod merge;
mod relink;
mod scope;
mod site;
#[cfg(test)]
pub(in crate::content) mod tests;
mod three;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::change::Step;
use super::document::{Root, Stamp};
use super::draft::Draft;
use super::id::{Counting, PageId};
use super::problem::{Code, Halt, Problem};
use addresses::Addresses;
use forest::Forest;
use merge::Merge;
use relink::Relink;
use scope::Scope;
use three::{State, Three};

pub use conflict::{Conflict, Kind, Take};

/// How long texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// By their words: merges.
    Runs,
    /// As one value: undo, redo, rebase.
    Whole,
}

/// Why nothing was carried yet.
#[derive(Clone, Debug, PartialEq)]
pub enum Need {
    /// The bodies of these pages must be loaded into the states first; nothing else is wrong so far.
    Pages {
        /// Of the base: of what is taken back, the state after it.
        base: Vec<PageId>,
        /// Of the draft's state.
        ours: Vec<PageId>,
        /// Of the state that is brought or restored.
        theirs: Vec<PageId>,
    },
    /// The caller's mistakes, or ours.
    Halt(Halt),
}

impl From<Halt> for Need {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Missing(ours) => Need::Pages { base: Vec::new(), ours, theirs: Vec::new() },
            halt => Need::Halt(halt),
        }
    }
}

/// What is carried, and how it is compared.
struct Way<'w> {
    text: Text,
    /// A page that the rest of the site does not follow: links to it are texts like any other.
    literal: Option<&'w PageId>,
}

/// Brings what `theirs` changed since `base` onto the draft, which begins on a sealed state, ours. What is in conflict is as
/// the side has it that `take` says.
///
/// # Errors
/// `Need::Pages` with all bodies that are known to be missing: load them and carry again on a new draft.
pub fn carry(
    draft: &mut Draft<'_>,
    base: &Root,
    theirs: &Root,
    text: Text,
    take: &dyn Fn(&Conflict) -> Take,
) -> Result<Vec<Conflict>, Need> {
    carry_on(draft, base, theirs, &Way { text, literal: None }, take)
}

/// Takes a commit back: brings the way from the state after it to the one before it onto the draft; with `only`, what it
/// did to one page.
///
/// # Errors
/// As `carry`; `base` is the state after the commit, `theirs` the one before it.
pub fn take_back(
    draft: &mut Draft<'_>,
    after: &Root,
    before: &Root,
    only: Option<&PageId>,
    take: &dyn Fn(&Conflict) -> Take,
) -> Result<Vec<Conflict>, Need> {
    let way = Way { text: Text::Whole, literal: only };
    match only {
        None => carry_on(draft, after, before, &way, take),
        Some(page) => {
            // While that state is made, the state after the commit is the one that is changed.
            let before = with_page_of(after, before, page).map_err(|need| match need {
                Need::Pages { ours, theirs, .. } => Need::Pages { base: ours, ours: Vec::new(), theirs },
                need => need,
            })?;
            carry_on(draft, after, &before, &way, take)
        }
    }
}

/// Makes the whole branch what it was, hash for hash.
///
/// # Errors
/// As `carry`; `theirs` is the old state.
pub fn restore_branch(draft: &mut Draft<'_>, old: &Root) -> Result<(), Need> {
    let ours = draft.root().clone();
    let roots = Three { base: &ours, ours: &ours, theirs: old };
    let scope = Scope::spread(roots, ours.differing(old).cloned())?;
    let mut forests = Three::of(|state| Forest::of(&scope.bodies[state], &scope.order[state]));
    let mut fields = site::fields(roots, &Addresses::settled(roots));
    for state in State::SIDES {
        forests[state].give_site(std::mem::take(&mut fields[state]));
    }
    need_users(draft, &site::differing_types(&ours, old))?;
    fit::fit(draft, &forests.ours, &forests.theirs)?;
    Ok(())
}

/// Makes a page what it was, hash for hash. Blocks it had come back from where they lie now; blocks it got from pages that
/// are still there go back to them. If its address changes by that, links on other pages follow, navigation and
/// redirects too. If it is gone, it comes back to its place between the neighbours it still has.
///
/// # Errors
/// As `carry`, `theirs` being the old state. Refused: `page_not_found` where it was not there, `slug_taken` where another
/// page has its address by now, `schema_violation` where a block no longer satisfies its type and no migration helps.
pub fn restore_page(draft: &mut Draft<'_>, old: &Root, page: &PageId) -> Result<(), Need> {
    let ours = draft.root().clone();
    let slug = old.stub(page).map(|stub| stub.slug.clone()).ok_or_else(|| {
        let message = format!("there was no page '{page}' in version {}", old.version);
        Halt::from(Problem::new(Code::PageNotFound, "/page", message))
    })?;
    if let Some(other) = ours.by_slug(&slug).filter(|other| *other != page) {
        let message = format!("the page {other} has the address '{slug}' by now: give it another one first");
        return Err(Halt::from(Problem::new(Code::SlugTaken, "/page", message)).into());
    }
    let scope = Scope::spread(Three { base: &ours, ours: &ours, theirs: old }, [page.clone()])?;
    let [_, host, donor] = State::ALL.map(|state| Forest::of(&scope.bodies[state], &scope.order[state]));
    let mut grafted = graft::graft(&host, &donor, page);
    if ours.stub(page).is_none() {
        graft::place_page(&mut grafted, &scope.order.ours, &scope.order.theirs, page);
    }
    let written = fit::fit(draft, &host, &grafted)?;
    if let Some(now) = ours.stub(page).map(|stub| stub.slug.clone()).filter(|now| *now != slug) {
        let relink = Relink(BTreeMap::from([(now, slug)]));
        relink.pages(draft, &ours, |linking| linking == page)?;
        relink.site(draft)?;
    }
    refuse(judge::judge(draft, &ours, written)?)
}

fn carry_on(
    draft: &mut Draft<'_>,
    base: &Root,
    theirs: &Root,
    way: &Way<'_>,
    take: &dyn Fn(&Conflict) -> Take,
) -> Result<Vec<Conflict>, Need> {
    let ours = draft.root().clone();
    let roots = Three { base, ours: &ours, theirs };
    let addresses = Addresses::between(roots, way.literal);
    let seeds: BTreeSet<PageId> = base.differing(theirs).cloned().chain(addresses.linking()).collect();
    let scope = Scope::spread(roots, seeds)?;
    let forests = extract::forests(&scope, &addresses);
    let (mut merged, mut conflicts) = Merge::new(&forests, &scope, &addresses, way.text, take).run();
    let leads = addresses.settle(&mut merged);
    conflicts.extend(site::break_cycles(&mut merged, &forests.ours, roots));
    need_users(draft, &site::differing_types(base, theirs))?;
    let written = fit::fit(draft, &forests.ours, &merged)?;
    Relink(leads).pages(draft, &ours, |page| scope.has(page))?;
    conflicts.extend(judge::judge(draft, &ours, written)?);
    Ok(conflicts)
}

/// Where a block type changes, the links of its blocks are read anew.
fn need_users(draft: &Draft<'_>, types: &BTreeSet<Step>) -> Result<(), Need> {
    Ok(draft.need(types.iter().flat_map(|name| draft.root().using(name)))?)
}

/// The state after a commit with one page as it was before.
fn with_page_of(after: &Root, before: &Root, page: &PageId) -> Result<Root, Need> {
    let scope = Scope::spread(Three { base: after, ours: after, theirs: before }, [page.clone()])?;
    let [_, host, donor] = State::ALL.map(|state| Forest::of(&scope.bodies[state], &scope.order[state]));
    let mut grafted = graft::graft(&host, &donor, page);
    graft::place_page(&mut grafted, &scope.order.ours, &scope.order.theirs, page);
    // No node is made, so no id is minted.
    let mut mint = Counting::default();
    let mut draft = Draft::new(after.clone(), &mut mint);
    fit::fit(&mut draft, &host, &grafted)?;
    let drafted = draft.finish()?;
    let mut root = drafted.root;
    root.seal(&drafted.touched, &Stamp { version: before.version, at_ms: 0, who: "".into() });
    Ok(root)
}

/// Conflicts that nobody can be asked about.
fn refuse(conflicts: Vec<Conflict>) -> Result<(), Need> {
    let problem = |conflict: Conflict| {
        let message = format!(
            "{} no longer fits: {}",
            conflict.place(),
            conflict.message.as_deref().unwrap_or_default()
        );
        let more = json!({ "page": conflict.page, "block": conflict.block });
        Problem { more: Some(more), ..Problem::new(Code::SchemaViolation, "/version", message) }
    };
    match conflicts.is_empty() {
        true => Ok(()),
        false => Err(Halt::Refused(conflicts.into_iter().map(problem).collect()).into()),
    }
}
