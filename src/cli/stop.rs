//! Why a command stopped, and the exit code that says so.

use std::fmt;
use std::process::ExitCode;

use super::output;
use crate::config::{ConfigError, mask};
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
    /// Whoever read its output left before the end: 1, without a word.
    CutShort,
}

impl Stop {
    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Stop::Found(_) | Stop::Refused(..) | Stop::CutShort => 1,
            Stop::Usage(_) => 2,
            Stop::Missing(_) => 3,
        }
        .into()
    }

    /// What programs tell it by.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Stop::Found(_) | Stop::CutShort => "found",
            Stop::Refused(code, _) => code,
            Stop::Usage(_) => "usage",
            Stop::Missing(_) => "missing",
        }
    }

    /// Why a store was not opened. Which one is half of the answer.
    pub(super) fn opening(error: StoreError, database: &str) -> Stop {
        match error {
            StoreError::Unavailable(why) => {
                let store = mask(database);
                Stop::Missing(format!("the store {store} is not reachable: {why}; run `osier doctor`"))
            }
            other => other.into(),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match self {
            Stop::Found(line) | Stop::Refused(_, line) | Stop::Usage(line) | Stop::Missing(line) => line,
            Stop::CutShort => "stdout was closed before the end",
        };
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
            ImportError::Folder { .. } | ImportError::Empty(_) => Stop::Usage(error.to_string()),
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
            Fault::Malformed(..) | Fault::BadSite(_) => Stop::Usage(said(&Failure::from(fault))),
            _ => {
                let failure = Failure::from(fault);
                Stop::Refused(failure.kind.code, said(&failure))
            }
        }
    }
}

/// What is wrong, with flags where a request has pointers: nobody at a terminal sees the request.
fn said(failure: &Failure) -> String {
    let each = failure.errors.iter().map(|problem| match flag(&problem.pointer) {
        Some(flag) => format!("--{flag}: {}", problem.message),
        None => problem.message.clone(),
    });
    match each.collect::<Vec<_>>() {
        none if none.is_empty() => failure.detail.clone(),
        all => all.join("; "),
    }
}

/// The flag by which came what stands at a place of a request; what is no flag's (an id, an op) has none.
fn flag(pointer: &str) -> Option<&'static str> {
    const FLAGS: [(&str, &str); 9] = [
        ("name", "name"),
        ("previewUrl", "preview-url"),
        ("purpose", "purpose"),
        ("scopes", "scopes"),
        ("sites", "sites"),
        ("branches", "branches"),
        ("expires", "expires"),
        ("cursor", "cursor"),
        ("limit", "limit"),
    ];
    let place = pointer.rsplit('/').find(|part| part.parse::<usize>().is_err())?;
    FLAGS.into_iter().find(|(field, _)| *field == place).map(|(_, flag)| flag)
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

    #[test]
    fn a_store_that_is_not_reached_is_named_without_its_password() {
        let stop = Stop::opening(StoreError::Unavailable("refused".into()), "postgres://o:hunter2@db/osier");
        assert_eq!(
            stop.to_string(),
            "the store postgres://o:***@db/osier is not reachable: refused; run `osier doctor`"
        );
    }

    #[test]
    fn a_place_in_a_request_is_told_as_the_flag_it_came_by() {
        let malformed = |pointer: &str| Stop::from(Fault::Malformed(pointer.into(), "no".into())).to_string();
        assert_eq!(malformed("/sites/0"), "--sites: no");
        assert_eq!(malformed("/ops/0/patch/previewUrl"), "--preview-url: no");
        assert_eq!(malformed("cursor"), "--cursor: no");
        assert_eq!(malformed("/id"), "no");
        assert!(
            Stop::from(Fault::SiteTaken("blog".into())).to_string().starts_with("there is a site 'blog'")
        );
    }
}
