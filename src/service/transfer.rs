//! A site's log as a file, one JSON object a line, and back: entry for entry and hash for hash.
//!
//! ```text
//! {"format":"osier-log/1","osier":"0.1.0","site":"demo","createdAt":"…","genesis":{…}}
//! {"seq":1,"kind":"edit","at":"…","actor":"ana","source":"api","branch":1,"version":1,"format":1,"hash":"…","body":{…}}
//! …
//! {"end":true,"entries":41,"head":"…"}
//! ```
//!
//! Genesis and bodies stand there as the very bytes that the hashes cover. What is derived from the log is not in the file:
//! it is made anew.

mod export;
mod file;
mod import;
mod line;

use super::Fault;
use super::replay::Wrong;
use crate::store::StoreError;

pub use export::Export;
pub use import::Imported;

/// Why a log was not carried over.
#[derive(Debug)]
pub enum Stuck {
    /// A use case could not be done.
    Fault(Fault),
    /// The file, the log or the site that is there stands against it: in one line, and what to do.
    Wrong(String),
}

impl From<Fault> for Stuck {
    fn from(fault: Fault) -> Self {
        Stuck::Fault(fault)
    }
}

impl From<Wrong> for Stuck {
    fn from(wrong: Wrong) -> Self {
        Stuck::Wrong(wrong.0)
    }
}

impl From<StoreError> for Stuck {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged(_) => Stuck::Wrong(format!("{error}; osier verify says more")),
            other => Stuck::Fault(other.into()),
        }
    }
}
