//! Something that is wrong: where, what, and what to do.

use std::fmt;

use serde::Serialize;

use super::super::Fault;
use crate::store::{SiteRow, StoreError};

/// The first thing that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// The site's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The number of the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The version of `main`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// What is wrong there.
    pub what: String,
    /// What to do about it.
    pub mend: &'static str,
}

/// What helps.
#[derive(Clone, Copy)]
pub(super) enum Mend {
    /// The log is damaged.
    Log,
    /// What is derived from it is.
    Derived,
    /// The database says that it is itself.
    Database,
}

impl Mend {
    fn words(self) -> &'static str {
        match self {
            Mend::Log => "put back the newest backup that verifies (osier restore)",
            Mend::Derived => {
                "the log is whole and this follows from it: osier export and, into a new store, osier import make it anew"
            }
            Mend::Database => {
                "export the sites while they can still be read (osier export), or put back the newest backup that verifies"
            }
        }
    }
}

/// Why a check does not go on.
pub(super) enum Halt {
    Flaw(Box<Flaw>),
    Fault(Fault),
}

impl Flaw {
    /// A place that is no site's.
    pub(super) fn of_store() -> Flaw {
        Flaw::default()
    }

    /// A place in a site.
    pub(super) fn of_site(row: &SiteRow) -> Flaw {
        let id = &row.site.id;
        let site = match row.removed_ms {
            None => id.clone(),
            Some(_) => format!("{id} (number {}, removed)", row.site.key.0),
        };
        Flaw { site: Some(site), ..Flaw::default() }
    }

    /// The place of an entry.
    pub(super) fn at_seq(mut self, seq: u64) -> Flaw {
        self.seq = Some(seq);
        self
    }

    /// The place of a version.
    pub(super) fn at_version(mut self, version: Option<u64>) -> Flaw {
        self.version = version;
        self
    }

    /// What is wrong here, and what helps.
    pub(super) fn into_halt(mut self, what: impl Into<String>, mend: Mend) -> Halt {
        self.what = what.into();
        self.mend = mend.words();
        Halt::Flaw(Box::new(self))
    }
}

impl Halt {
    /// The store could not be read at a place: damage is a flaw there, anything else says nothing of it.
    pub(super) fn read(error: StoreError, at: Flaw) -> Halt {
        match error {
            StoreError::Damaged(what) => at.into_halt(format!("it can't be read: {what}"), Mend::Database),
            other => Halt::Fault(other.into()),
        }
    }

    /// What the read path answered at a place: that it found something impossible is a flaw of what is derived.
    pub(super) fn served(fault: Fault, at: Flaw) -> Halt {
        match fault {
            Fault::Internal(what) => at.into_halt(format!("it can't be served: {what}"), Mend::Derived),
            other => Halt::Fault(other),
        }
    }
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Halt::Fault(fault)
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.site {
            Some(site) => write!(f, "site {site}")?,
            None => f.write_str("the database")?,
        }
        if let Some(seq) = self.seq {
            write!(f, ", seq {seq}")?;
        }
        if let Some(version) = self.version {
            write!(f, ", version {version}")?;
        }
        write!(f, ": {}; {}", self.what, self.mend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flaw_is_one_line_with_its_place_what_it_is_and_what_to_do() {
        let place = Flaw { site: Some("demo".into()), ..Flaw::default() }.at_seq(12).at_version(Some(11));
        let Halt::Flaw(flaw) = place.into_halt("it is gone", Mend::Log) else { panic!() };
        assert_eq!(
            flaw.to_string(),
            "site demo, seq 12, version 11: it is gone; put back the newest backup that verifies (osier restore)"
        );
    }
}
