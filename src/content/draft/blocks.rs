//! Blocks as callers send them: judged by their type, given ids and keys, made into what the log holds.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::id::{BlockId, PageId};
use super::super::json::{Map, Value, unfit};
use super::super::problem::{Code, Gathered, Halt, Lowered, Problem};
use super::{Draft, MAX_NESTING, give_keys};

/// A block to make, with the blocks in its slots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBlock {
    /// The block type's name, as `list_block_types` gives it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The props, by the type's schema.
    #[serde(default)]
    pub props: Map<String, Value>,
    /// An id of your own; leave it out to get a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Blocks within the block, by slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<BTreeMap<String, Vec<NewBlock>>>,
}

impl Draft<'_> {
    /// Judges a block and all in its slots, and completes it: `{id, type, props, slots?}`.
    ///
    /// # Errors
    /// Every problem of it and of what is in its slots; of a block whose type is not known, and in a slot that does not
    /// take it, nothing more is told.
    pub fn make_block(&mut self, block: &NewBlock, pointer: &str) -> Lowered<(BlockId, Value)> {
        let value = self.make_below(block, pointer, 0, &mut BTreeSet::new())?;
        match value["id"].as_str() {
            Some(id) => Ok((id.into(), value)),
            None => Err(Halt::Broken("a block without an id".into())),
        }
    }

    /// Judges the blocks of a new page, each as `make_block` does.
    ///
    /// # Errors
    /// The problems of all of them.
    pub fn make_blocks(
        &mut self,
        page: Option<&PageId>,
        blocks: &[NewBlock],
        pointer: &str,
    ) -> Lowered<Vec<Value>> {
        let mut taken = page.map(|id| BlockId::from(id.as_str())).into_iter().collect();
        let mut problems = Gathered::default();
        let mut made = Vec::with_capacity(blocks.len());
        for (i, block) in blocks.iter().enumerate() {
            made.extend(problems.keep(self.make_below(block, &format!("{pointer}/{i}"), 0, &mut taken))?);
        }
        problems.end()?;
        Ok(made)
    }

    fn make_below(
        &mut self,
        block: &NewBlock,
        pointer: &str,
        depth: usize,
        taken: &mut BTreeSet<BlockId>,
    ) -> Lowered<Value> {
        if depth > MAX_NESTING {
            let message = format!("blocks lie at most {MAX_NESTING} deep within blocks");
            return Err(Problem::new(Code::SlotRefused, pointer, message).into());
        }
        let mut problems = Gathered::default();
        let id = problems.keep(self.own_id(block, pointer, taken))?;
        let kind = problems.keep(self.block_type(&block.kind, &format!("{pointer}/type")))?;
        let Some(kind) = kind else { return Err(problems.halt()) };
        let mut props = Value::Object(block.props.clone());
        problems.keep(self.complete(kind.name(), &mut props, None, &format!("{pointer}/props")))?;
        let mut slots = Map::new();
        for (slot, children) in block.slots.iter().flatten() {
            let at = format!("{pointer}/slots/{}", super::super::json::escape(slot));
            let made = self.make_slot((kind.name(), slot), children, &at, depth, taken);
            if let Some(made) = problems.keep(made)?.filter(|made| !made.is_empty()) {
                slots.insert(slot.clone(), Value::Array(made));
            }
        }
        problems.end()?;
        let Some(id) = id else { return Err(Halt::Broken("a block without an id".into())) };
        let mut value = serde_json::json!({ "id": id.as_str(), "type": kind.name(), "props": props });
        if !slots.is_empty() {
            value["slots"] = Value::Object(slots);
        }
        Ok(value)
    }

    fn own_id(&mut self, block: &NewBlock, pointer: &str, taken: &mut BTreeSet<BlockId>) -> Lowered<BlockId> {
        let id = self.block_id(block.id.as_deref(), &format!("{pointer}/id"))?;
        if !taken.insert(id.clone()) {
            let message = format!("the id '{id}' stands twice in this op");
            return Err(Problem::new(Code::IdTaken, format!("{pointer}/id"), message).into());
        }
        Ok(id)
    }

    fn make_slot(
        &mut self,
        (kind, slot): (&str, &str),
        children: &[NewBlock],
        at: &str,
        depth: usize,
        taken: &mut BTreeSet<BlockId>,
    ) -> Lowered<Vec<Value>> {
        let rule = self.slot_rule(kind, slot, at)?;
        let mut problems = Gathered::default();
        if let Some(max) = rule.max.filter(|max| children.len() > *max) {
            let message = format!("'{slot}' of {kind} holds at most {max} blocks");
            problems.keep::<()>(Err(Problem::new(Code::SlotRefused, at, message)))?;
        }
        let mut made = Vec::with_capacity(children.len());
        for (i, child) in children.iter().enumerate() {
            let at = format!("{at}/{i}");
            if problems.keep(self.accepts(kind, slot, &child.kind, &at))?.is_some() {
                made.extend(problems.keep(self.make_below(child, &at, depth + 1, taken))?);
            }
        }
        problems.end()?;
        Ok(made)
    }

    /// Gives a block other props: keys claimed from those it has, judged, written field by field.
    ///
    /// # Errors
    /// Every problem of the props, at their place below `pointer`.
    pub fn put_props(&mut self, page: &PageId, block: &BlockId, mut to: Value, pointer: &str) -> Lowered<()> {
        let now = self.block(page, block)?;
        self.complete(&now.kind, &mut to, Some(&now.value()), pointer)?;
        self.write_props(page, block, &to)
    }

    /// Gives items their keys and judges props by their type.
    fn complete(
        &mut self,
        kind: &str,
        props: &mut Value,
        before: Option<&Value>,
        pointer: &str,
    ) -> Lowered<()> {
        fit(props, pointer)?;
        let mut at = pointer.to_owned();
        give_keys(props, before, self.mint, &mut at)
            .map_err(|message| Problem::new(Code::SchemaViolation, at, message))?;
        self.judge(kind, props, pointer)
    }

    /// Judges props by their type.
    ///
    /// # Errors
    /// Every problem, at its place below `pointer`.
    pub fn judge(&self, kind: &str, props: &Value, pointer: &str) -> Lowered<()> {
        let problems = match self.block_type(kind, pointer)?.check(props) {
            Ok(()) => return Ok(()),
            Err(problems) => problems,
        };
        Err(Halt::Refused(problems.iter().map(|problem| Problem::below(pointer, problem)).collect()))
    }
}

/// Refuses a value with something that can't be kept.
///
/// # Errors
/// `schema_violation` at the place.
pub(in crate::content) fn fit(value: &Value, pointer: &str) -> Result<(), Problem> {
    let mut at = pointer.to_owned();
    match unfit(value, &mut at) {
        Some(why) => Err(Problem::new(Code::SchemaViolation, at, format!("this value {why}"))),
        None => Ok(()),
    }
}
