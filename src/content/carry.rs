//! stand-in
use super::change::{Node, Step};
use super::document::Root;
use super::draft::Draft;
use super::id::PageId;
use super::problem::Halt;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    Ours,
    Theirs,
}
#[derive(Clone, Debug, serde::Serialize)]
pub struct Conflict {
    pub nodes: Vec<Node>,
    pub path: Option<Vec<Step>>,
}
impl Conflict {
    pub fn place(&self) -> String {
        String::new()
    }
}
#[derive(Debug)]
pub enum Need {
    Pages { base: Vec<PageId>, ours: Vec<PageId>, theirs: Vec<PageId> },
    Halt(Halt),
}
pub fn take_back(
    _: &mut Draft,
    _: &Root,
    _: &Root,
    _: Option<&PageId>,
    _: &dyn Fn(&Conflict) -> Take,
) -> Result<Vec<Conflict>, Need> {
    Ok(vec![])
}
pub fn restore_page(_: &mut Draft, _: &Root, _: &PageId) -> Result<(), Need> {
    Ok(())
}
pub fn restore_branch(_: &mut Draft, _: &Root) -> Result<(), Need> {
    Ok(())
}
