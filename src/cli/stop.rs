//! Why a command stopped, and the exit code that says so.

use std::fmt;
use std::process::ExitCode;

use super::output;
use crate::config::ConfigError;
use crate::error::Failure;
use crate::import::ImportError;
use crate::service::{Fault, Stuck};
use crate::store::StoreError;

/// A command that did not end well. Each is one line.
#[derive(Debug)]
pub(super) enum Stop {
    /// It looked and found something wrong: 1.
    Found(String),
    /// A use case refused it, with a code that is the same over HTTP: 1.
    Refused(&'static str, String),
    /// It was asked in a way it can't be: 2.
    Usage(String),
    /// Something it needs is missing or down: 3.
    Missing(String),
}

impl Stop {
    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Stop::Found(_) | Stop::Refused(..) => 1,
            Stop::Usage(_) => 2,
            Stop::Missing(_) => 3,
        }
        .into()
    }

    /// What programs tell it by.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Stop::Found(_) => "found",
            Stop::Refused(code, _) => code,
            Stop::Usage(_) => "usage",
            Stop::Missing(_) => "missing",
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Stop::Found(line) | Stop::Refused(_, line) | Stop::Usage(line) | Stop::Missing(line)) = self;
        let words: Vec<&str> = line.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        f.write_str(&output::plain(&words.join(" ")))
    }
}

impl From<ConfigError> for Stop {
    fn from(error: ConfigError) -> Self {
        Stop::Usage(error.0)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged(_) => Stop::Found(error.to_string()),
            StoreError::Unavailable(_)
            | StoreError::Unknown(_)
            | StoreError::Full(_)
            | StoreError::Newer { .. }
            | StoreError::Setup(_) => Stop::Missing(error.to_string()),
        }
    }
}

impl From<ImportError> for Stop {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Folder { .. } => Stop::Usage(error.to_string()),
        }
    }
}

#[cfg(feature = "bench")]
impl From<crate::bench::Broken> for Stop {
    fn from(broken: crate::bench::Broken) -> Self {
        Stop::Found(broken.0)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        match fault {
            // The operator is at the machine: the reason is for them.
            Fault::Unavailable(why) => Stop::Missing(format!("the store does not answer: {why}")),
            Fault::Full(why) => Stop::Missing(format!("the store is full: {why}")),
            Fault::Overloaded(why) => Stop::Missing(why),
            Fault::Malformed(..) | Fault::BadSite(_) => Stop::Usage(Failure::from(fault).detail),
            _ => {
                let Failure { kind, detail, .. } = Failure::from(fault);
                Stop::Refused(kind.code, detail)
            }
        }
    }
}

impl From<Stuck> for Stop {
    fn from(stuck: Stuck) -> Self {
        match stuck {
            Stuck::Fault(fault) => fault.into(),
            Stuck::Wrong(line) => Stop::Found(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_one_line() {
        assert_eq!(Stop::Found("a\n  b\n\n".into()).to_string(), "a b");
        assert_eq!(Stop::Found("no site '\u{1b}[2J'".into()).to_string(), "no site '\u{fffd}[2J'");
    }

    #[test]
    fn a_store_that_cannot_be_used_is_something_missing() {
        assert!(matches!(Stop::from(StoreError::Newer { found: 9, known: 3 }), Stop::Missing(_)));
        assert!(matches!(Stop::from(StoreError::Damaged("x".into())), Stop::Found(_)));
        assert_eq!(Stop::from(Fault::SiteNotFound("x".into())).code(), "site_not_found");
    }
}
