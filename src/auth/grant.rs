//! What a token lets its holder do: scopes, sites, branches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What may be done; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Read everything of a site.
    Read,
    /// Send ops.
    Write,
    /// Comment, approve, ask for changes.
    Review,
    /// Merge branches.
    Merge,
    /// Publish.
    Publish,
    /// Sites, policies, targets.
    Admin,
}

impl Scope {
    /// All of them, least first.
    pub const ALL: [Scope; 6] =
        [Scope::Read, Scope::Write, Scope::Review, Scope::Merge, Scope::Publish, Scope::Admin];

    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Write => "write",
            Scope::Review => "review",
            Scope::Merge => "merge",
            Scope::Publish => "publish",
            Scope::Admin => "admin",
        }
    }

    /// The scope of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// A token's grant, kept beside it as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    /// The highest scope given.
    pub scope: Scope,
    /// Only these sites; none named: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<String>,
    /// Writes only on branches that fit one of these patterns; none named: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<String>,
    /// Held by an agent: never merges, approves, publishes or administers, whatever its scope says.
    #[serde(default)]
    pub agent: bool,
}

impl Grant {
    /// All scopes on all sites and branches, held by a person.
    #[must_use]
    pub fn everything() -> Self {
        Grant { scope: Scope::Admin, sites: Vec::new(), branches: Vec::new(), agent: false }
    }

    /// Whether it covers a scope.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        let highest = if self.agent { self.scope.min(Scope::Write) } else { self.scope };
        scope <= highest
    }

    /// Whether it reaches a site at all.
    #[must_use]
    pub fn sees(&self, site: &str) -> bool {
        self.sites.is_empty() || self.sites.iter().any(|s| s == site)
    }

    /// Whether it is bound to some sites or branches.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        !(self.sites.is_empty() && self.branches.is_empty())
    }

    /// Whether it may write on a branch.
    #[must_use]
    pub fn writes_on(&self, branch: &str) -> bool {
        self.branches.is_empty() || self.branches.iter().any(|pattern| matches_pattern(pattern, branch))
    }
}

/// Whether a branch name fits a pattern: `*` stands for any run of characters.
#[must_use]
pub fn matches_pattern(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let Some((last, middle)) = parts.collect::<Vec<_>>().split_last().map(|(l, m)| (*l, m.to_vec())) else {
        return rest.is_empty();
    };
    let mut rest = rest;
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_includes_those_before_it() {
        let grant = Grant { scope: Scope::Review, ..Grant::everything() };
        assert!(grant.allows(Scope::Read) && grant.allows(Scope::Review) && !grant.allows(Scope::Merge));
    }

    #[test]
    fn an_agent_never_goes_beyond_writing() {
        let grant = Grant { agent: true, ..Grant::everything() };
        assert!(grant.allows(Scope::Write) && !grant.allows(Scope::Review) && !grant.allows(Scope::Admin));
    }

    #[test]
    fn a_star_stands_for_any_run() {
        for (pattern, name, fits) in [
            ("agent/*", "agent/x", true),
            ("agent/*", "agents/x", false),
            ("main", "main", true),
            ("main", "main2", false),
            ("*", "anything", true),
            ("a*b*c", "a--b--c", true),
            ("a*b*c", "a--c--b", false),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(matches_pattern(pattern, name), fits, "{pattern} on {name}");
        }
    }
}
