//! The ground floor: documents, changes, ops and `carry`. Pure and synchronous; no clock, no chance, no IO.

pub mod links;
pub mod schema;
pub mod sequence;
pub mod slug;
