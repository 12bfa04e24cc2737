//! The ground floor: documents, changes, ops and `carry`. Pure and synchronous; no clock, no chance, no IO.

pub mod schema;
