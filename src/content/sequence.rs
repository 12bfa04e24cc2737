//! What differs between sequences, and how two changed copies of one sequence become one.
//!
//! The same algorithms serve ordered children, lists of plain values and the words of texts. They know neither
//! nodes nor documents, and the same input always gives the same output.

mod common;
mod order;
mod runs;
mod table;
mod words;

pub use common::matches;
pub use order::unmoved;
pub use runs::merge_runs;
pub use words::{is_long, merge_text, tokens};
