//! The ground floor: documents, changes, ops and `carry`. Pure and synchronous; no clock, no chance, no IO.

pub mod batch;
pub mod blame;
pub mod carry;
pub mod change;
pub mod commit;
pub mod diff;
pub mod document;
pub mod draft;
pub mod id;
pub mod json;
pub mod links;
pub mod ops;
pub mod page_meta;
pub mod problem;
pub mod props;
pub mod schema;
pub mod sequence;
pub mod site_config;
pub mod slug;
