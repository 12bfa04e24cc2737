//! Refs: names of states.

use std::fmt;
use std::sync::Arc;

use super::site::{Head, OpenSite};
use super::view::At;
use super::{Fault, Result};
use crate::content::document::Root;

/// A ref that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// The newest state of `main`.
    Head,
    /// `main@42`.
    Version(u64),
}

impl Reference {
    /// The ref that a reader names; `main` where none is.
    ///
    /// # Errors
    /// As `parse`.
    pub(super) fn of(at: &At) -> Result<Reference> {
        at.reference.as_deref().map_or(Ok(Reference::Head), Reference::parse)
    }

    /// Reads `main`, `main@42`.
    ///
    /// # Errors
    /// `BranchNotFound`, `SnapshotNotFound`, `VersionNotFound` for what is none of these.
    pub(super) fn parse(text: &str) -> Result<Reference> {
        if let Some(snapshot) = text.strip_prefix("snapshot:") {
            return Err(Fault::SnapshotNotFound(short(snapshot)));
        }
        let (branch, version) =
            text.split_once('@').map_or((text, None), |(branch, version)| (branch, Some(version)));
        match (branch, version) {
            ("published", _) => Err(Fault::SnapshotNotFound("published".into())),
            ("main", None) => Ok(Reference::Head),
            ("main", Some(version)) => number(version).map(Reference::Version).ok_or_else(|| {
                let text = short(text);
                Fault::VersionNotFound(format!("'{text}' is no ref: write main@ and a number, as in main@42"))
            }),
            (branch, _) => Err(Fault::BranchNotFound(short(branch))),
        }
    }
}

/// A number as versions are written: digits and nothing else.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What a caller wrote, as far as it helps to read it again.
fn short(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reference::Head => f.write_str("main"),
            Reference::Version(version) => write!(f, "main@{version}"),
        }
    }
}

/// A state to read, with the site's newest beside it.
pub(super) enum State {
    Newest(Arc<Head>),
    Old(Box<Root>),
}

impl State {
    pub(super) fn root(&self) -> &Root {
        match self {
            State::Newest(head) => &head.root,
            State::Old(root) => root,
        }
    }
}

impl OpenSite {
    /// The state that a reader asks for.
    ///
    /// # Errors
    /// As `Reference::parse`; `VersionNotFound` where the branch is not there (in time).
    pub(super) async fn state(&self, at: &At) -> Result<State> {
        let head = match at.min_version {
            Some(version) => self.at_least(version).await?,
            None => self.head.load_full(),
        };
        match Reference::of(at)? {
            Reference::Head => Ok(State::Newest(head)),
            Reference::Version(version) if version == head.root.version => Ok(State::Newest(head)),
            Reference::Version(version) if version > head.root.version => Err(Fault::VersionNotFound(
                format!("main is at {}: there is no version {version}", head.root.version),
            )),
            Reference::Version(version) => Ok(State::Old(Box::new(self.root_at(version).await?))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refs_name_the_head_or_a_version() {
        assert_eq!(Reference::parse("main").unwrap(), Reference::Head);
        assert_eq!(Reference::parse("main@0").unwrap(), Reference::Version(0));
        assert!(matches!(Reference::parse("main@x"), Err(Fault::VersionNotFound(_))));
        for none in
            ["main@", "main@-1", "main@+1", "main@1.5", "main@99999999999999999999", "main@1@2", "main@ 1"]
        {
            assert!(matches!(Reference::parse(none), Err(Fault::VersionNotFound(_))), "{none}");
        }
        for none in ["", "@3", "Main", " main", &"x".repeat(10_000)] {
            assert!(
                matches!(Reference::parse(none), Err(Fault::BranchNotFound(name)) if name.len() < 100),
                "{none}"
            );
        }
        assert!(matches!(Reference::parse("feature"), Err(Fault::BranchNotFound(_))));
        assert!(matches!(Reference::parse("snapshot:1"), Err(Fault::SnapshotNotFound(_))));
    }
}
