//! The ops: what callers ask for. Each lowers to changes on a draft and is forgotten by everything downstream.
//!
//! Adding one is a file here and a line in the list below.

mod blocking;
#[cfg(test)]
pub(in crate::content) mod given;
mod list;
mod named;
mod read;
mod results;
mod way;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::draft::Draft;
use super::json::Value;
use super::problem::{Code, Lowered, Problem};

use named::{AsSent, Named};
pub use results::{Done, OpResult, Taken};
pub use undo::Actor;

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

        $(impl Named for $variant {
            const NAME: &str = $name;
        })*

        /// One of the ops, told apart by `op`.
        impl JsonSchema for Op {
            fn schema_name() -> Cow<'static, str> {
                "Op".into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let ops: Vec<Schema> = vec![$(generator.subschema_for::<AsSent<$variant>>(),)*];
                json_schema!({
                    "description": "One of the ops, told apart by `op`.",
                    "oneOf": ops,
                    "type": "object",
                    "required": ["op"],
                })
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
    "rename_page" rename_page RenamePage,
    "duplicate_page" duplicate_page DuplicatePage,
    "move_page" move_page MovePage,
    "remove_page" remove_page RemovePage,
    "update_page_meta" update_page_meta UpdatePageMeta,
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
    "update_site_config" update_site_config UpdateSiteConfig,
    "set_redirect" set_redirect SetRedirect,
    "remove_redirect" remove_redirect RemoveRedirect,
    "register_block_type" register_block_type RegisterBlockType,
    "remove_block_type" remove_block_type RemoveBlockType,
    "undo" undo Undo,
    "redo" redo Redo,
    "restore_version" restore_version RestoreVersion,
}

/// The answer of an op that history carries out, where it meets other ops.
fn alone(name: &str) -> Lowered<Done> {
    let message = format!("{name} stands alone in its batch: send it without other ops");
    Err(Problem::new(Code::OpRejected, "", message).into())
}

/// A page, by its id (`pg_…`), its slug (`/pricing`) or a handle of this batch (`$tmp:…`).
pub type PageRef = String;

/// A block, by its id (`blk_…`) or a handle of this batch (`$tmp:…`).
pub type BlockRef = String;
