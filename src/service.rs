//! The use cases: the only place that combines rooms. Every door calls these and nothing below them.

mod envelope;
mod fault;
mod view;

pub use envelope::{Answer, Envelope, TouchedPage};
pub use fault::{Fault, Result};
pub use view::{At, HistoryQuery, Listed, Made, NewToken, Paging, Ready, SiteCard};
