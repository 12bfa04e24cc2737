//! The blocks that a carry wrote, judged by their types: migrations first, then conflicts.

use std::collections::BTreeSet;

use super::super::change::Node;
use super::super::document::Root;
use super::super::draft::Draft;
use super::super::id::BlockId;
use super::super::json::Value;
use super::super::problem::{Halt, Lowered};
use super::conflict::{Conflict, Kind};
use super::site::differing_types;
use super::three::Three;

/// Judges the blocks that were written, and all blocks of the types that changed. A block that was invalid before
/// may stay so.
///
/// # Errors
/// `Missing` with the pages of blocks whose type changed.
pub(super) fn judge(
    draft: &mut Draft<'_>,
    ours: &Root,
    mut blocks: BTreeSet<BlockId>,
) -> Lowered<Vec<Conflict>> {
    let retyped = differing_types(ours, draft.root());
    let holders: BTreeSet<_> = retyped.iter().flat_map(|name| ours.using(name)).collect();
    let holders: Vec<_> = holders.into_iter().filter(|page| draft.root().stub(page).is_some()).collect();
    draft.need(holders.iter().copied())?;
    for page in holders {
        let page = draft.page(page)?;
        blocks.extend(page.blocks().filter(|b| retyped.contains(&*b.kind)).map(|b| b.id.clone()));
    }
    let mut conflicts = Vec::new();
    for id in blocks {
        conflicts.extend(judge_block(draft, ours, &id)?);
    }
    Ok(conflicts)
}

fn judge_block(draft: &mut Draft<'_>, ours: &Root, id: &BlockId) -> Lowered<Option<Conflict>> {
    let Some(page) = draft.root().home(id).cloned() else { return Ok(None) };
    let block = draft.block(&page, id)?;
    let mut props = block.value();
    let Some(mut message) = fault(draft, &block.kind, &props)? else { return Ok(None) };
    let migrate = draft.root().types.registered(&block.kind).map(|kept| kept.migrate.clone());
    if let (Some(migrate), Value::Object(fields)) = (migrate, &mut props) {
        migrate.run(fields);
        match fault(draft, &block.kind, &props)? {
            None => return draft.write_props(&page, id, &props).map(|()| None),
            Some(rest) => message = rest,
        }
    }
    let before =
        ours.home(id).and_then(|page| ours.page(page).ok().flatten()).and_then(|page| page.block(id));
    let was_valid = |kind: &str, props: &Value| ours.types.get(kind).is_some_and(|t| t.check(props).is_ok());
    if before.is_some_and(|before| !was_valid(&before.kind, &before.value())) {
        return Ok(None);
    }
    let values = Three { base: None, ours: before.map(|before| before.value()), theirs: Some(block.value()) };
    let path = Some(vec!["props".into()]);
    let conflict = Conflict::new(Kind::Schema, vec![Node::Block(id.clone())], path, Some(page), values);
    Ok(Some(Conflict { message: Some(message), ..conflict }))
}

/// What is wrong with props, in words.
fn fault(draft: &Draft<'_>, kind: &str, props: &Value) -> Lowered<Option<String>> {
    match draft.judge(kind, props, "") {
        Ok(()) => Ok(None),
        Err(Halt::Refused(problems)) => {
            let said: Vec<&str> = problems.iter().take(5).map(|problem| problem.message.as_str()).collect();
            Ok(Some(said.join("; ")))
        }
        Err(halt) => Err(halt),
    }
}
