//! What a block type's schema says about the values of its props.

use std::collections::BTreeMap;

/// What a prop's value is, as far as links and readers of text care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A uri-reference that names a page or a place elsewhere.
    Link,
    /// A uri-reference that names a picture.
    Image,
    /// Markdown, inline or in blocks.
    Markdown,
    /// Plain text.
    Text,
    /// Raw HTML.
    Html,
    /// Source code.
    Code,
    /// Numbers, booleans, choices and whatever else.
    Other,
    /// A list whose elements have this shape.
    List(Box<Shape>),
    /// An object, by the name of its fields.
    Object(BTreeMap<String, Shape>),
}
use serde_json::{Map, Value};
use std::sync::Arc;
#[derive(Debug)]
pub struct SlotRule {
    pub label: String,
    pub min: usize,
    pub max: Option<usize>,
}
impl SlotRule {
    pub fn accepts(&self, _: &str) -> bool {
        true
    }
}
#[derive(Debug)]
pub struct BlockType {
    shape: Shape,
    v: Value,
    slots: BTreeMap<String, SlotRule>,
}
#[derive(Debug)]
pub struct SchemaProblem {
    pub pointer: String,
    pub message: String,
}
#[derive(Debug)]
pub struct PropProblem {
    pub pointer: String,
    pub code: PropCode,
    pub message: String,
}
#[derive(Debug)]
pub enum PropCode {
    UnknownProp,
    SchemaViolation,
}
impl BlockType {
    pub fn custom(_: &str, s: &Value) -> Result<BlockType, Vec<SchemaProblem>> {
        Ok(BlockType { shape: Shape::Other, v: s.clone(), slots: BTreeMap::new() })
    }
    pub fn name(&self) -> &str {
        ""
    }
    pub fn schema(&self) -> &Value {
        &self.v
    }
    pub fn schema_json(&self) -> &str {
        ""
    }
    pub fn shape(&self) -> &Shape {
        &self.shape
    }
    pub fn shape_at(&self, _: &[&str]) -> Option<&Shape> {
        None
    }
    pub fn slots(&self) -> &BTreeMap<String, SlotRule> {
        &self.slots
    }
    pub fn pinned(&self) -> bool {
        false
    }
    pub fn is_builtin(&self) -> bool {
        true
    }
    pub fn example(&self) -> Option<&Value> {
        None
    }
    pub fn check(&self, _: &Value) -> Result<(), Vec<PropProblem>> {
        Ok(())
    }
}
pub fn builtin(_: &str) -> Option<&'static Arc<BlockType>> {
    None
}
pub fn builtins() -> impl Iterator<Item = &'static Arc<BlockType>> {
    std::iter::empty()
}
pub fn nearest<'a>(_w: &str, _a: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    None
}
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema, Default)]
pub struct Migration(Vec<Value>);
impl Migration {
    pub fn run(&self, _: &mut Map<String, Value>) {}
}
