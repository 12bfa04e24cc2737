//! Who may do what: judged here, once, for every door.
//!
//! `Action` is closed: who adds a use case says what is done by it, and the compiler asks which scope that needs.

use super::{Fault, Result, Service};
use crate::auth::{Principal, Scope};

/// The branch that every site has.
const MAIN: &str = "main";

/// What a principal is about to do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action<'a> {
    /// Something to the site of this id.
    OnSite(&'a str, Deed<'a>),
    /// See which sites there are, of those it sees.
    ListSites,
    /// See the ids of all sites it sees, damaged ones too.
    NameSites,
    /// Read the figures of the process.
    ReadFigures,
    /// Make, see and revoke tokens.
    ManageTokens,
}

/// What is done to a site.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deed<'a> {
    /// Read anything of it: content, history, events.
    Read,
    /// Send ops to a branch.
    Write {
        /// Its name.
        branch: &'a str,
    },
    /// Make it.
    Make,
    /// Change what it says of itself: an op on its main branch.
    Change,
    /// Take it away.
    Remove,
    /// Take its log along, whole.
    Export,
    /// Put a log in its place, or behind it.
    Import,
}

impl Action<'_> {
    /// The scope it needs.
    fn scope(&self) -> Scope {
        match self {
            Action::OnSite(_, Deed::Read) | Action::ListSites | Action::ReadFigures => Scope::Read,
            Action::OnSite(_, Deed::Write { .. } | Deed::Change) => Scope::Write,
            Action::OnSite(_, Deed::Make | Deed::Remove | Deed::Export | Deed::Import)
            | Action::NameSites
            | Action::ManageTokens => Scope::Admin,
        }
    }
}

impl Service {
    /// Lets a principal do something, or says why not. Those who need the site open `enter` it, which asks here.
    ///
    /// # Errors
    /// As `authorize`.
    pub(super) fn allow(&self, who: &Principal, action: &Action<'_>) -> Result<()> {
        authorize(who, action)
    }
}

/// Whether a principal may do something.
///
/// # Errors
/// `SiteNotFound` for a site it may not see, as for one that is not there; `InsufficientScope`; `BranchProtected` where
/// its patterns leave the branch out that it would write on.
fn authorize(who: &Principal, action: &Action<'_>) -> Result<()> {
    if let Action::OnSite(site, _) = action
        && !who.grant.sees(site)
    {
        return Err(Fault::SiteNotFound((*site).to_owned()));
    }
    let scope = action.scope();
    if !who.grant.allows(scope) {
        return Err(Fault::InsufficientScope(scope));
    }
    match action {
        Action::OnSite(_, Deed::Write { branch }) if !who.grant.writes_on(branch) => {
            Err(Fault::BranchProtected((*branch).to_owned()))
        }
        // What is done to a site as a whole is done to its main branch too.
        Action::OnSite(_, Deed::Make | Deed::Change | Deed::Remove | Deed::Import)
            if !who.grant.writes_on(MAIN) =>
        {
            Err(Fault::BranchProtected(MAIN.to_owned()))
        }
        // One that is bound to sites or branches would make others that are not.
        Action::ManageTokens if who.grant.is_bound() => Err(Fault::InsufficientScope(scope)),
        // They are of all sites together.
        Action::ReadFigures if !who.grant.sites.is_empty() => Err(Fault::InsufficientScope(scope)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::auth::Grant;

    fn holder(scope: Scope) -> Grant {
        Grant { scope, ..Grant::everything() }
    }

    fn refusal(grant: Grant, action: Action<'_>) -> String {
        let who = Principal { actor: "ana".into(), grant: Arc::new(grant) };
        authorize(&who, &action).map_or_else(|fault| format!("{fault:?}"), |()| String::new())
    }

    #[test]
    fn a_site_that_is_not_seen_is_not_there_whatever_the_scope() {
        let elsewhere = |scope| Grant { sites: vec!["other".into()], ..holder(scope) };
        for scope in Scope::ALL {
            for deed in [Deed::Read, Deed::Write { branch: "main" }, Deed::Make, Deed::Remove, Deed::Export] {
                assert_eq!(refusal(elsewhere(scope), Action::OnSite("s", deed)), "SiteNotFound(\"s\")");
            }
        }
    }

    #[test]
    fn a_pattern_of_branches_limits_writing_and_nothing_else() {
        let grant = || Grant { branches: vec!["agent/*".into()], ..holder(Scope::Admin) };
        let write = |branch| Action::OnSite("s", Deed::Write { branch });
        assert_eq!(refusal(grant(), write("main")), "BranchProtected(\"main\")");
        assert_eq!(refusal(grant(), write("agent/x")), "");
        assert_eq!(refusal(grant(), Action::OnSite("s", Deed::Read)), "");
        for deed in [Deed::Make, Deed::Change, Deed::Remove, Deed::Import] {
            assert_eq!(refusal(grant(), Action::OnSite("s", deed)), "BranchProtected(\"main\")", "{deed:?}");
        }
    }

    #[test]
    fn an_agent_makes_no_sites_and_no_tokens_whatever_its_scope() {
        let agent = || Grant { agent: true, ..Grant::everything() };
        for action in [Action::OnSite("s", Deed::Make), Action::ManageTokens, Action::NameSites] {
            assert_eq!(refusal(agent(), action), "InsufficientScope(Admin)");
        }
        assert_eq!(refusal(agent(), Action::OnSite("s", Deed::Write { branch: "main" })), "");
    }

    #[test]
    fn what_a_site_says_of_itself_is_changed_by_whoever_writes_on_it() {
        let change = || Action::OnSite("s", Deed::Change);
        assert_eq!(refusal(holder(Scope::Write), change()), "");
        assert_eq!(refusal(holder(Scope::Read), change()), "InsufficientScope(Write)");
        assert_eq!(refusal(Grant { agent: true, ..Grant::everything() }, change()), "");
    }

    #[test]
    fn figures_of_all_sites_are_not_for_who_is_bound_to_some() {
        let bound = Grant { sites: vec!["s".into()], ..Grant::everything() };
        assert_eq!(refusal(bound, Action::ReadFigures), "InsufficientScope(Read)");
        assert_eq!(refusal(holder(Scope::Read), Action::ReadFigures), "");
    }

    #[test]
    fn who_is_bound_to_sites_or_branches_manages_no_tokens() {
        let to_site = Grant { sites: vec!["s".into()], ..holder(Scope::Admin) };
        let to_branch = Grant { branches: vec!["x".into()], ..holder(Scope::Admin) };
        for bound in [to_site, to_branch] {
            assert_eq!(refusal(bound, Action::ManageTokens), "InsufficientScope(Admin)");
        }
        assert_eq!(refusal(holder(Scope::Admin), Action::ManageTokens), "");
        assert_eq!(refusal(holder(Scope::Publish), Action::ManageTokens), "InsufficientScope(Admin)");
    }
}
