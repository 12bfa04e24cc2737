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
    /// As it was read.
    pub op: Op,
}

/// Reads the ops of a batch.
///
/// # Errors
/// Every op that can't be read.
pub fn read(raw: Vec<Value>) -> Result<Vec<Asked>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut asked = Vec::with_capacity(raw.len());
    for (i, raw) in raw.into_iter().enumerate() {
        match Op::parse(&raw) {
            Ok(op) => asked.push(Asked { raw, op }),
            Err(problem) => problems.push(Problem { op: Some(i), ..problem }),
        }
    }
    if problems.is_empty() { Ok(asked) } else { Err(problems) }
}

/// Lowers a batch. Ops that fail are put aside and the rest judged without them, so that all problems are told at
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
        match op.lower(&mut draft) {
            Ok(done) => results.push(OpResult {
                op: op.name().into(),
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
    let inner = raw.get("block").and_then(|block| text(block, "id"));
    [handle, text(raw, "id"), text(raw, "slug"), inner].into_iter().flatten().collect()
}

fn mentions(raw: &Value, unmade: &BTreeSet<String>) -> bool {
    let fields = raw.as_object().into_iter().flat_map(|fields| fields.values());
    fields.filter_map(Value::as_str).any(|text| unmade.contains(text))
}

/// Whether a problem may be but the shadow of an op that failed before.
fn may_follow(code: Code) -> bool {
    matches!(code, Code::PageNotFound | Code::BlockNotFound | Code::UnknownTempId | Code::InvalidPosition)
}
