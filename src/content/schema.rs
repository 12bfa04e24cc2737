//! Block types: what props a block may have, what they mean, and which blocks fit into its slots.
//!
//! A type is one JSON Schema with Osier's metadata under `x-osier` (`docs/BLOCKS.md`). It is compiled once
//! and shared; judging props on the way to the log costs one walk and no allocation. The built-in types are
//! the files of `schemas/blocks/`, published byte for byte; a site's own types pass the rules of `custom`.
//! Nothing here knows blocks, pages or ops.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

mod builtin;
mod custom;
mod expand;
mod explain;
mod item_key;
mod judge;
mod keywords;
mod metadata;
mod migration;
mod nearest;
mod nul;
mod pointer;
mod shape;
mod slot;
mod wording;

pub use builtin::{builtin, builtins};
pub use custom::SchemaProblem;
pub use explain::{PropCode, PropProblem};
pub use migration::{Migration, Step};
pub use nearest::nearest;
pub use shape::Shape;
pub use slot::SlotRule;

pub(in crate::content) use custom::check_name;
pub(in crate::content) use judge::Judge;

/// A kind of block: its name, its published schema, and what was read off it once.
pub struct BlockType {
    name: String,
    schema: Value,
    json: Cow<'static, str>,
    origin: Origin,
    judge: Judge,
    shape: Shape,
    slots: BTreeMap<String, SlotRule>,
}

/// Who brought a type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Osier,
    Site,
}

impl BlockType {
    /// A site's own type, compiled.
    ///
    /// # Errors
    /// Everything about the name or the schema that breaks the rules of `docs/BLOCKS.md`.
    pub fn custom(name: &str, schema: &Value) -> Result<Self, Vec<SchemaProblem>> {
        custom::check_name(name)?;
        let expanded = custom::check_schema(schema)?;
        let json = Cow::Owned(schema.to_string());
        let block_type = Self::new(name, schema.clone(), json, Origin::Site, &expanded)?;
        custom::check_example(&block_type)?;
        Ok(block_type)
    }

    /// A type of Osier itself, from the text of its file.
    fn shipped(name: &str, json: &'static str) -> Result<Self, Vec<SchemaProblem>> {
        let schema = serde_json::from_str(json)
            .map_err(|error| vec![SchemaProblem { pointer: String::new(), message: error.to_string() }])?;
        let expanded = expand::expand(&schema)?;
        Self::new(name, schema, Cow::Borrowed(json), Origin::Osier, &expanded)
    }

    fn new(
        name: &str,
        schema: Value,
        json: Cow<'static, str>,
        origin: Origin,
        expanded: &Value,
    ) -> Result<Self, Vec<SchemaProblem>> {
        let judge = Judge::new(expanded)?;
        let shape = Shape::of(expanded);
        let slots = slot::read(&schema)?;
        Ok(Self { name: name.to_owned(), schema, json, origin, judge, shape, slots })
    }

    /// The name blocks say in their `type`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The schema as published.
    #[must_use]
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// The schema as published, as text: the bytes of its file for a built-in type.
    #[must_use]
    pub fn schema_json(&self) -> &str {
        &self.json
    }

    /// What the props mean: always a [`Shape::Object`].
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// What the value at `path` means; a list is walked through by any item key or index.
    #[must_use]
    pub fn shape_at(&self, path: &[&str]) -> Option<&Shape> {
        self.shape.at(path)
    }

    /// The places for blocks within such a block, by name.
    #[must_use]
    pub fn slots(&self) -> &BTreeMap<String, SlotRule> {
        &self.slots
    }

    /// Whether it has one fixed place on a page, and is given only with the page.
    #[must_use]
    pub fn pinned(&self) -> bool {
        self.schema.pointer("/x-osier/pinned") == Some(&Value::Bool(true))
    }

    /// Whether Osier brings it along.
    #[must_use]
    pub fn is_builtin(&self) -> bool {
        self.origin == Origin::Osier
    }

    /// Complete `props` that the schema accepts, to begin with.
    #[must_use]
    pub fn example(&self) -> Option<&Value> {
        self.schema.pointer("/x-osier/example")
    }

    /// Judges props whose list items carry their `key`, which is the system's own and no concern of a schema.
    ///
    /// # Errors
    /// All problems, each with its place.
    pub fn check(&self, props: &Value) -> Result<(), Vec<PropProblem>> {
        let mut problems = nul::problems(props);
        if problems.is_empty() && self.judge.passes(props) {
            return Ok(());
        }
        problems.extend(self.judge.problems(&self.name, props));
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

impl fmt::Debug for BlockType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockType").field("name", &self.name).finish_non_exhaustive()
    }
}
