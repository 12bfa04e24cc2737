//! The block types of a site: the built-in ones and its own.

use std::sync::Arc;

use imbl::OrdMap;

use super::super::change::Step;
use super::super::json::Value;
use super::super::schema::{self, BlockType, Migration};

/// A site's own type as the log has it, and compiled.
#[derive(Debug)]
pub struct Registered {
    /// `{schema, migrate?}`.
    pub value: Value,
    /// Compiled once, when it is registered or loaded.
    pub block_type: Arc<BlockType>,
    /// Makes older blocks fit; a merge or restore runs it too.
    pub migrate: Migration,
}

/// All block types of a branch.
#[derive(Clone, Debug, Default)]
pub struct Types {
    custom: OrdMap<Step, Arc<Registered>>,
}

impl Types {
    /// A type by name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<BlockType>> {
        schema::builtin(name).or_else(|| self.custom.get(name).map(|kept| &kept.block_type))
    }

    /// A site's own type by name.
    #[must_use]
    pub fn registered(&self, name: &str) -> Option<&Arc<Registered>> {
        self.custom.get(name)
    }

    /// A site's own types, by name.
    pub fn custom(&self) -> impl Iterator<Item = (&Step, &Arc<Registered>)> {
        self.custom.iter()
    }

    /// Whether these are the very same, so that nothing was registered or removed in between.
    #[must_use]
    pub fn are(&self, others: &Types) -> bool {
        self.custom.ptr_eq(&others.custom) || self.custom.is_empty() && others.custom.is_empty()
    }

    /// The names of all types: built-in ones first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        schema::builtins().map(|t| t.name()).chain(self.custom.keys().map(|name| &**name))
    }

    /// Takes a value of the log, or its absence. A schema that no longer compiles (an older Osier took it) is kept
    /// out of the catalogue: its blocks stay readable and can't be written until it is registered anew.
    pub(super) fn set(&mut self, name: &Step, value: Option<&Value>) {
        let kept = value.and_then(|value| {
            let block_type = BlockType::custom(name, value.get("schema")?).ok()?;
            let migrate = value.get("migrate").cloned().unwrap_or(Value::Array(Vec::new()));
            let migrate = serde_json::from_value(migrate).ok()?;
            Some(Arc::new(Registered { value: value.clone(), block_type: Arc::new(block_type), migrate }))
        });
        match kept {
            Some(kept) => self.custom.insert(name.clone(), kept),
            None => self.custom.remove(name),
        };
    }
}
