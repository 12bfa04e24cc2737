//! What is asked for of a new token, judged.

use super::super::view::NewToken;
use super::super::{Fault, Result, sites};
use crate::auth::Grant;

/// Longest name of a token, and longest pattern of branches, in characters.
const MAX_CHARS: usize = 100;

/// Sites or patterns that one token names at most.
const MAX_NAMED: usize = 100;

/// Ten years, leap days and all: a token that should live longer does so without an end.
const LONGEST_MS: i64 = 3653 * 86_400_000;

/// A name that people can tell it by.
pub(super) fn name(name: &str) -> Result<&str> {
    let name = name.trim();
    match is_plain(name) {
        true => Ok(name),
        false => malformed(
            "/name",
            format!("a token's name has 1 to {MAX_CHARS} characters, none of them a control character"),
        ),
    }
}

/// When it ends, from when it is made.
pub(super) fn expiry(in_ms: Option<i64>, now_ms: i64) -> Result<Option<i64>> {
    match in_ms {
        None => Ok(None),
        Some(ms) if (1..=LONGEST_MS).contains(&ms) => Ok(Some(now_ms.saturating_add(ms))),
        Some(_) => malformed("/expires", "a token ends in ten years at the latest, or never".to_owned()),
    }
}

/// What it may do and where.
pub(super) fn grant(new: NewToken) -> Result<Grant> {
    let Some(scope) = new.scopes.iter().max().copied() else {
        return malformed("/scopes", "name at least one scope".to_owned());
    };
    for (field, named) in [("/sites", new.sites.len()), ("/branches", new.branches.len())] {
        if named > MAX_NAMED {
            return malformed(field, format!("a token names {MAX_NAMED} at most, not {named}"));
        }
    }
    let mut reached = Vec::new();
    for (at, id) in new.sites.iter().enumerate() {
        // As sites are named: one that is bound to "My Site" reaches the site my-site.
        match sites::normalise(id) {
            Some(id) if reached.contains(&id) => {}
            Some(id) => reached.push(id),
            None => return malformed(&format!("/sites/{at}"), "this can't be a site's id".to_owned()),
        }
    }
    if let Some(at) = new.branches.iter().position(|pattern| !is_plain(pattern)) {
        let message = format!("a pattern has 1 to {MAX_CHARS} characters, none of them a control character");
        return malformed(&format!("/branches/{at}"), message);
    }
    Ok(Grant { scope, sites: reached, branches: new.branches, agent: new.agent })
}

fn is_plain(text: &str) -> bool {
    (1..=MAX_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn malformed<T>(pointer: &str, message: String) -> Result<T> {
    Err(Fault::Malformed(pointer.to_owned(), message))
}

/// An actor's name from a token's: letters and digits in lower case, everything else a dash.
pub(super) fn handle(name: &str) -> String {
    let text: String =
        name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let text = text.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    match text.as_str() {
        "" | "operator" => "token".into(),
        text => text.chars().take(48).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Scope;

    #[test]
    fn an_actors_name_comes_from_the_tokens() {
        for (name, actor) in [
            ("Ana Müller", "ana-müller"),
            (" CI / deploy ", "ci-deploy"),
            ("!", "token"),
            ("operator", "token"),
        ] {
            assert_eq!(handle(name), actor);
        }
    }

    fn asked(sites: &[&str], branches: &[&str]) -> Result<Grant> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let scopes = vec![Scope::Write, Scope::Read];
        let (sites, branches) = (owned(sites), owned(branches));
        grant(NewToken { name: "x".into(), scopes, sites, branches, agent: false, expires_in_ms: None })
    }

    fn pointer<T: std::fmt::Debug>(refused: Result<T>) -> String {
        let Err(Fault::Malformed(pointer, _)) = refused else { panic!("{refused:?}") };
        pointer
    }

    #[test]
    fn sites_are_named_as_they_are_made() {
        let grant = asked(&[" My Site! ", "my-site", "blog"], &["agent/*"]).unwrap();
        assert_eq!((grant.scope, grant.sites), (Scope::Write, vec!["my-site".to_owned(), "blog".to_owned()]));
        assert_eq!(pointer(asked(&["blog", "../.."], &[])), "/sites/1");
    }

    #[test]
    fn what_no_branch_can_fit_is_refused() {
        for pattern in ["", "a\nb", &"x".repeat(101)] {
            assert_eq!(pointer(asked(&[], &["main", pattern])), "/branches/1");
        }
        assert_eq!(pointer(asked(&[], &["main"; 101])), "/branches");
        assert!(asked(&[], &[&"é".repeat(100)]).is_ok());
    }

    #[test]
    fn an_end_lies_ahead_and_not_beyond_ten_years() {
        assert_eq!(expiry(Some(5), 100).unwrap(), Some(105));
        assert_eq!(expiry(None, 100).unwrap(), None);
        for ms in [0, -1, i64::MIN, i64::MAX, LONGEST_MS + 1] {
            assert_eq!(pointer(expiry(Some(ms), 100)), "/expires");
        }
    }

    #[test]
    fn a_name_is_plain_text() {
        assert_eq!(name(" Anna ").unwrap(), "Anna");
        for text in ["", "  ", "a\tb", &"x".repeat(101)] {
            assert_eq!(pointer(name(text)), "/name");
        }
    }
}
