//! The use cases: the only place that combines rooms. Every door calls these and nothing below them.

mod fault;

pub use fault::{Fault, Result};
