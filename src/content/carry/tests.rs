//! The laws of carry over random histories, and carry beside a slow plain model of itself.

mod differential;
mod documents;
mod edits;
mod examples;
mod laws;
mod plain;
mod restores;
mod witness;
