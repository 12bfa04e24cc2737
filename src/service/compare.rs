//! What is different between two refs.

use super::reference::State;
use super::site::{OpenSite, load_page};
use super::view::{At, Comparison};
use super::{Fault, Result, Service};
use crate::auth::Principal;
use crate::content::diff::{MissingPages, diff};
use crate::content::document::Root;
use crate::content::id::PageId;

impl Service {
    /// Everything that differs between two refs, once the branch is at least at a version.
    ///
    /// # Errors
    /// Those of refs.
    pub async fn diff(
        &self,
        who: &Principal,
        site: &str,
        (from, to): (&str, &str),
        min_version: Option<u64>,
    ) -> Result<Comparison> {
        let at = |reference: &str| At { reference: Some(reference.to_owned()), min_version };
        let (open, before) = self.state(who, site, &at(from)).await?;
        let (_, after) = self.state(who, site, &at(to)).await?;
        let (mut before, mut after) = (owned(before), owned(after));
        loop {
            match diff(&before, &after) {
                Ok(diff) => return Ok(Comparison { from: from.to_owned(), to: to.to_owned(), diff }),
                Err(MissingPages { from, to }) => {
                    load(&open, &mut before, &from).await?;
                    load(&open, &mut after, &to).await?;
                }
            }
        }
    }
}

/// A state to load bodies into: the newest one is everybody's, this copy is ours.
fn owned(state: State) -> Root {
    match state {
        State::Newest(head) => head.root.clone(),
        State::Old(root) => *root,
    }
}

async fn load(open: &OpenSite, root: &mut Root, pages: &[PageId]) -> Result<()> {
    for page in pages {
        let version = root.version;
        let body = load_page(open.store.as_ref(), &open.site, page, version, &root.types).await?;
        root.load(
            page,
            body.ok_or_else(|| Fault::Internal(format!("page {page} has no body at {version}")))?,
        );
    }
    Ok(())
}
