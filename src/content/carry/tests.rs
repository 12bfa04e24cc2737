//! The laws of carry over random histories, and carry beside a slow plain model of itself.

mod differential;
pub(in crate::content) mod documents;
pub(in crate::content) mod edits;
mod examples;
pub(in crate::content) mod laws;
mod plain;
mod restores;
mod witness;
