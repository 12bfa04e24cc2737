//! Who may do what: judged here, once, for every door.

use super::{Fault, Result};
use crate::auth::{Principal, Scope};

/// Whether a principal may do what needs a scope on a site.
///
/// # Errors
/// `SiteNotFound` for a site it may not see, as for one that is not there; `InsufficientScope`.
pub(super) fn on_site(who: &Principal, scope: Scope, site: &str) -> Result<()> {
    if !who.grant.sees(site) {
        return Err(Fault::SiteNotFound(site.to_owned()));
    }
    anywhere(who, scope)
}

/// Whether a principal may do what needs a scope and is about no site.
///
/// # Errors
/// `InsufficientScope`.
pub(super) fn anywhere(who: &Principal, scope: Scope) -> Result<()> {
    if who.grant.allows(scope) { Ok(()) } else { Err(Fault::InsufficientScope(scope)) }
}

/// Whether a principal may write on a branch of a site.
///
/// # Errors
/// As `on_site`; `BranchProtected` where the token's patterns leave the branch out.
pub(super) fn on_branch(who: &Principal, site: &str, branch: &str) -> Result<()> {
    on_site(who, Scope::Write, site)?;
    if who.grant.writes_on(branch) { Ok(()) } else { Err(Fault::BranchProtected(branch.to_owned())) }
}
