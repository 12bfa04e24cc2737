//! The ops: what callers ask for. Each lowers to changes on a draft and is forgotten by everything downstream.
//!
//! Adding one is a file here and a line in the list below.

#[cfg(test)]
pub(in crate::content) mod given;
mod list;
mod results;
mod way;

use super::draft::Draft;
use super::json::Value;
use super::problem::{Code, Lowered, Problem};
use super::schema::nearest;

pub use results::{Done, OpResult, Taken};

/// Lowers itself to changes.
pub(in crate::content) trait Lower {
    /// Reads the draft, judges, and makes its changes; no change at all where it asks for what is so already.
    fn lower(&self, draft: &mut Draft) -> Lowered<Done>;
}

macro_rules! ops {
    ($($name:literal $module:ident $variant:ident,)*) => {
        $(mod $module; pub use $module::$variant;)*

        /// Any op.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Op { $(
            #[doc = concat!("`", $name, "`")]
            $variant($variant),
        )* }

        impl Op {
            /// All names, in the order of the contract.
            pub const NAMES: &[&str] = &[$($name,)*];

            /// Its name on the wire.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Op::$variant(_) => $name,)* }
            }

            fn read(name: &str, fields: Value) -> Option<Result<Op, serde_path_to_error::Error<serde_json::Error>>> {
                match name {
                    $($name => Some(serde_path_to_error::deserialize::<_, $variant>(fields).map(Op::$variant)),)*
                    _ => None,
                }
            }

            /// Lowers it on a draft.
            ///
            /// # Errors
            /// `Missing` where a page must be loaded first; `Refused` with the caller's mistakes.
            pub fn lower(&self, draft: &mut Draft) -> Lowered<Done> {
                match self { $(Op::$variant(op) => op.lower(draft),)* }
            }
        }

        /// The JSON Schema of every op's fields, by name, in the order of the contract. Its description is the op's.
        #[must_use]
        pub fn catalogue() -> Vec<(&'static str, schemars::Schema)> {
            vec![$(($name, schemars::schema_for!($variant)),)*]
        }
    };
}

ops! {
    "create_page" create_page CreatePage,
    "add_block" add_block AddBlock,
    "update_props" update_props UpdateProps,
    "replace_text" replace_text ReplaceText,
    "remove_block" remove_block RemoveBlock,
    "move_block" move_block MoveBlock,
    "duplicate_block" duplicate_block DuplicateBlock,
    "add_item" add_item AddItem,
    "update_item" update_item UpdateItem,
    "remove_item" remove_item RemoveItem,
    "move_item" move_item MoveItem,
    "undo" undo Undo,
    "redo" redo Redo,
    "restore_version" restore_version RestoreVersion,
}

impl Op {
    /// Reads one op of a batch: an object with its name in `op`.
    ///
    /// # Errors
    /// `malformed_request`, `unknown_op` with the nearest name.
    pub fn parse(value: &Value) -> Result<Op, Problem> {
        let malformed =
            |pointer: String, message: String| Problem::new(Code::MalformedRequest, pointer, message);
        let Some(fields) = value.as_object() else {
            return Err(malformed(String::new(), "an op is an object with its name in `op`".into()));
        };
        let Some(name) = fields.get("op").and_then(Value::as_str) else {
            return Err(malformed("/op".into(), "`op`, the op's name, is missing".into()));
        };
        let rest = fields.iter().filter(|(field, _)| *field != "op").map(|(f, v)| (f.clone(), v.clone()));
        match Op::read(name, Value::Object(rest.collect())) {
            Some(Ok(op)) => Ok(op),
            Some(Err(error)) => {
                let at = error.path().to_string().replace(['.', '['], "/").replace(']', "");
                let pointer = if at == "/" || at == "?" { String::new() } else { format!("/{at}") };
                Err(malformed(pointer, format!("{name}: {}", error.inner())))
            }
            None => {
                let hint = nearest(name, Op::NAMES.iter().copied()).map_or_else(
                    || format!("there are: {}", Op::NAMES.join(", ")),
                    |near| format!("did you mean '{near}'?"),
                );
                let name = super::draft::brief(name);
                Err(Problem::new(Code::UnknownOp, "/op", format!("'{name}' is no op; {hint}")))
            }
        }
    }
}

pub use undo::Actor;

fn alone(name: &str) -> Lowered<Done> {
    let message = format!("{name} stands alone in its batch: send it without other ops");
    Err(Problem::new(Code::OpRejected, "", message).into())
}

/// A page, by its id (`pg_…`), its slug (`/pricing`) or a handle of this batch (`$tmp:…`).
pub type PageRef = String;

/// A block, by its id (`blk_…`) or a handle of this batch (`$tmp:…`).
pub type BlockRef = String;
