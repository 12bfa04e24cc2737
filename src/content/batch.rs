//! A batch: ops lowered in order on one draft, each seeing what those before it did; all of it or nothing.

use std::collections::BTreeSet;

use super::document::Root;
use super::draft::{Draft, Drafted};
use super::id::Mint;
use super::json::Value;
use super::ops::{Op, OpResult};
use super::problem::{Code, Halt, Lowered, Problem};

/// The most ops a batch may have.
pub const MAX_OPS: usize = 500;

/// An op as it came and as it was read.
#[derive(Clone, Debug)]
pub struct Asked {
    /// As the caller sent it: kept in the log.
    pub raw: Value,
    /// As it was read, or why it can't be: told by `lower`, with what is wrong with the others.
    pub op: Result<Op, Problem>,
}

/// Reads the ops of a batch.
#[must_use]
pub fn read(raw: Vec<Value>) -> Vec<Asked> {
    let asked = |raw: Value| Asked { op: Op::parse(&raw), raw };
    raw.into_iter().map(asked).collect()
}

/// Lowers a batch. Ops that fail or can't be read are put aside and the rest judged without them, so that all problems are told at
/// once; what can only fail because an op before it failed is not told.
///
/// # Errors
/// `Missing` where pages must be loaded first; `Refused` with every problem.
pub fn lower(root: Root, asked: &[Asked], mint: &mut dyn Mint) -> Lowered<(Drafted, Vec<OpResult>)> {
    let mut draft = Draft::new(root, mint);
    let mut results = Vec::with_capacity(asked.len());
    let mut problems: Vec<Problem> = Vec::new();
    let mut unmade = BTreeSet::new();
    for (i, Asked { raw, op }) in asked.iter().enumerate() {
        let mark = draft.mark();
        let before = draft.count();
        let lowered = match op {
            Ok(op) => op.lower(&mut draft).map(|done| (op.name(), done)),
            Err(problem) => Err(problem.clone().into()),
        };
        match lowered {
            Ok((name, done)) => results.push(OpResult {
                op: name.into(),
                page: done.page,
                block: done.block,
                key: done.key,
                changed: draft.count() > before,
                undid: None,
                redid: None,
            }),
            Err(Halt::Refused(found)) => {
                draft.back_to(mark);
                let follows = |p: &Problem| may_follow(p.code) && mentions(raw, &unmade);
                problems
                    .extend(found.into_iter().filter(|p| !follows(p)).map(|p| Problem { op: Some(i), ..p }));
                unmade.extend(makes(raw));
            }
            Err(halt) => return Err(halt),
        }
    }
    if !problems.is_empty() {
        return Err(Halt::Refused(problems));
    }
    Ok((draft.finish()?, results))
}

/// Names by which later ops would speak of what this one makes.
fn makes(raw: &Value) -> Vec<String> {
    let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    let handle = text(raw, "tempId").map(|handle| format!("$tmp:{handle}"));
    let block = raw.get("block").and_then(|block| text(block, "id"));
    let item = raw.get("item").and_then(|item| text(item, "key"));
    [handle, text(raw, "id"), text(raw, "slug"), block, item].into_iter().flatten().collect()
}

fn mentions(raw: &Value, unmade: &BTreeSet<String>) -> bool {
    let fields = raw.as_object().into_iter().flat_map(|fields| fields.values());
    fields.filter_map(Value::as_str).any(|text| unmade.contains(text))
}

/// Whether a problem may be but the shadow of an op that failed before.
fn may_follow(code: Code) -> bool {
    matches!(
        code,
        Code::PageNotFound
            | Code::BlockNotFound
            | Code::ItemNotFound
            | Code::UnknownTempId
            | Code::InvalidPosition
    )
}
