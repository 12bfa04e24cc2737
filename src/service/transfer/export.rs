//! From the store to lines.

use super::super::authorize::{Action, Deed};
use super::super::replay::{Chain, Wrong};
use super::super::verify::Strides;
use super::super::{Fault, Result, Service};
use super::Stuck;
use super::line::{self, Header, Trailer};
use crate::auth::Principal;
use crate::store::{Link, Site};

/// A log on its way out, up to the entry that was the newest when it began.
pub struct Export {
    site: Site,
    head: Link,
    chain: Chain,
    strides: Strides,
    part: Part,
}

/// What comes next.
enum Part {
    Header,
    Entries,
    Nothing,
}

/// Sites that are named where one is asked for, at most.
const NAMED: usize = 100;

impl Service {
    /// The ids of the sites that can be exported, the first hundred. None of them is opened: a damaged one has an id too.
    ///
    /// # Errors
    /// `InsufficientScope`, `Unavailable`.
    pub async fn site_ids(&self, who: &Principal) -> Result<Vec<String>> {
        self.allow(who, &Action::NameSites)?;
        self.seen(&who.grant, "", NAMED).await
    }

    /// Begins an export of a site's log.
    ///
    /// # Errors
    /// `SiteNotFound`, `InsufficientScope`, `Unavailable`.
    pub async fn export(&self, who: &Principal, site: &str) -> Result<Export> {
        self.allow(who, &Action::OnSite(site, Deed::Export))?;
        let store = &self.outside.store;
        let found = store.site(site).await?;
        let site = found.ok_or_else(|| Fault::SiteNotFound(site.to_owned()))?;
        let head = store.head(site.key).await?;
        Ok(Export {
            chain: Chain::from(&site.genesis),
            strides: Strides::new(store, site.key, 0, head.seq),
            part: Part::Header,
            site,
            head,
        })
    }
}

impl Export {
    /// How many entries it has.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.head.seq
    }

    /// How many of them were given.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.chain.link.seq
    }

    /// The next lines, each with its end; none behind the last.
    ///
    /// # Errors
    /// `Wrong` where the log does not hold together: such a one would not be taken anywhere.
    pub async fn next(&mut self) -> Result<Option<String>, Stuck> {
        match self.part {
            Part::Header => {
                self.part = Part::Entries;
                Ok(Some(line::to_text(&Header::of(&self.site)?)? + "\n"))
            }
            Part::Entries => {
                let mut lines = String::new();
                for entry in self.strides.next().await? {
                    let wrong = |why: Wrong| {
                        let (site, seq) = (&self.site.id, entry.seq);
                        Stuck::Wrong(format!(
                            "site {site}, seq {seq}: {}; osier verify says what to do",
                            why.0
                        ))
                    };
                    self.chain.follow(&entry).map_err(wrong)?;
                    lines.push_str(&line::write(&entry)?);
                    lines.push('\n');
                }
                if lines.is_empty() {
                    self.part = Part::Nothing;
                    lines = self.last_line()?;
                }
                Ok(Some(lines))
            }
            Part::Nothing => Ok(None),
        }
    }

    fn last_line(&self) -> Result<String, Stuck> {
        if self.chain.link != self.head {
            let (site, seq, head) = (&self.site.id, self.chain.link.seq, self.head.seq);
            let what = format!(
                "site {site}: the log ends at {seq} and its head is {head}; osier verify says what to do"
            );
            return Err(Stuck::Wrong(what));
        }
        Ok(line::to_text(&Trailer::behind(self.head))? + "\n")
    }
}
