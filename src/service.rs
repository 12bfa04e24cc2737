//! The use cases: the only place that combines rooms. Every door calls these and nothing below them.

mod envelope;
mod fault;
mod stand_in;
mod view;

pub use envelope::{Answer, Envelope, TouchedPage};
pub use fault::{Fault, Result};
pub use stand_in::{Chance, Clock, Service};
pub use view::{At, HistoryQuery, Listed, Made, NewToken, Paging, Ready, SiteCard};

/// Who calls and through which door, in the words of the rooms below: a transport speaks them with the service.
pub use crate::{auth::Principal, store::Source};
