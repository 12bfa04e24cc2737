//! Blocks that stand in the way of an op, told by where they are.

use serde_json::json;

use super::super::document::Page;
use super::super::draft::brief;
use super::super::id::BlockId;
use super::super::json::Value;
use super::super::problem::{Code, Problem};

/// How many blocks a sentence lists.
const SHOWN: usize = 20;

/// How many blocks an answer lists.
const LISTED: usize = 1000;

/// Blocks that stand in the way.
#[derive(Debug, Default)]
pub(super) struct Blocking {
    count: usize,
    lines: Vec<String>,
    blocks: Vec<Value>,
}

impl Blocking {
    /// Adds a block, and why it is in the way.
    pub(super) fn add(&mut self, page: &Page, block: &BlockId, why: &str) {
        self.count += 1;
        if self.lines.len() < SHOWN {
            self.lines.push(format!("{}: {block}: {why}", brief(&page.slug)));
        }
        if self.blocks.len() < LISTED {
            self.blocks.push(json!({ "page": page.id, "slug": &*page.slug, "block": block, "message": why }));
        }
    }

    /// A refusal that names them, if there are any.
    ///
    /// # Errors
    /// The code, with a sentence that begins as given, and `blocks`: `[{page, slug, block, message}]`.
    pub(super) fn refuse(self, code: Code, pointer: &str, begin: &str) -> Result<(), Problem> {
        if self.count == 0 {
            return Ok(());
        }
        let rest = match self.count - self.lines.len() {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let message = format!("{begin} {}{rest}", self.lines.join("; "));
        Err(Problem { more: Some(json!({ "blocks": self.blocks })), ..Problem::new(code, pointer, message) })
    }
}
