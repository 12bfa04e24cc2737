//! JSON as Osier keeps it: normalised at the door, canonical in bytes (RFC 8785), addressed by paths.

mod canonical;
mod door;
mod path;
mod plain;

pub use canonical::{canonical, write_canonical, write_string};
pub use door::{MAX_DEPTH, NotJson, parse, unfit};
pub use path::{escape, lookup, parse_pointer, pointer};
pub(in crate::content) use path::{key_of, lookup_mut};
pub use plain::plain;

/// Any JSON value. Integral numbers are always held as integers, so that equal values are equal.
pub use serde_json::{Map, Value};
