//! Following a site: its entries as they come, for those outside.

use std::sync::Arc;

use super::authorize::{Action, Deed};
use super::history::{Target, pages_of};
use super::outside::rfc3339;
use super::site::{Followed, Following, Logged, OpenSite};
use super::view::LogEvent;
use super::{Fault, Result, Service};
use crate::auth::Principal;
use crate::content::commit::Body;
use crate::store::{Entry, Kind};

/// One that was up to date and is so many entries behind reads the state anew sooner than all that happened to it.
const LAGGARD: u64 = 4096;

/// What a follower is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An entry of the log.
    Entry {
        /// Its number.
        seq: u64,
        /// `commit`, or the kind of an entry that is none.
        name: &'static str,
        /// What happened, as a `LogEvent`: JSON.
        data: Arc<str>,
    },
    /// Read the state anew, and go on behind this entry: more has happened than it pays to tell, or the log is another
    /// than the one that was followed.
    Resync {
        /// Where the log is.
        seq: u64,
    },
}

/// The entries of a site behind one, in order, without a gap.
pub struct Events {
    // The site stays open while somebody follows it.
    _open: Arc<OpenSite>,
    following: Following,
    site: String,
    /// Told at the first call.
    first: Option<Event>,
    /// It has been up to date, so that what it is behind now is of its own making.
    live: bool,
    start: u64,
}

impl Service {
    /// Follows a site from behind an entry; from its newest one where none is named.
    ///
    /// # Errors
    /// `SiteNotFound`, `InsufficientScope`.
    pub async fn events(&self, who: &Principal, site: &str, after: Option<u64>) -> Result<Events> {
        let open = self.enter(who, site, Deed::Read).await?;
        let newest = open.feed.news().seq;
        let (mut start, mut first) = (after.unwrap_or(newest), None);
        // Another server may be ahead of this one by a moment; an entry the log has not got is of another log.
        if start > newest && start > open.store.head(open.site.key).await?.seq {
            start = newest;
            first = Some(Event::Resync { seq: newest });
        }
        let following = open.feed.follow(start);
        Ok(Events { _open: open, following, site: site.to_owned(), first, live: false, start })
    }

    /// Whether a follower may still follow.
    ///
    /// # Errors
    /// As `events`.
    pub fn may_follow(&self, who: &Principal, site: &str) -> Result<()> {
        self.allow(who, &Action::OnSite(site, Deed::Read))
    }
}

impl Events {
    /// The entry behind which it began.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Waits for what comes next, at least one event; none where the site was closed. Nothing is lost where the caller
    /// stops waiting and asks again.
    ///
    /// # Errors
    /// `Unavailable` where the log must be read and the store is down: ask again.
    pub async fn next(&mut self) -> Result<Option<Vec<Event>>> {
        if let Some(first) = self.first.take() {
            return Ok(Some(vec![first]));
        }
        if self.live && self.following.lag() > LAGGARD {
            return Ok(Some(vec![Event::Resync { seq: self.following.skip() }]));
        }
        self.live |= self.following.lag() == 0;
        match self.following.next().await? {
            Followed::Entries(entries) => {
                self.live |= self.following.lag() == 0;
                entries.iter().map(|logged| self.told(logged)).collect::<Result<Vec<_>>>().map(Some)
            }
            Followed::Another(seq) => Ok(Some(vec![Event::Resync { seq }])),
            Followed::End => Ok(None),
        }
    }

    fn told(&self, logged: &Logged) -> Result<Event> {
        let entry = &logged.entry;
        let data = match logged.line.get() {
            Some(line) => line.clone(),
            None => {
                let made = serde_json::to_string(&told(&self.site, entry)?);
                let made: Arc<str> = made.map_err(|e| Fault::Internal(e.to_string()))?.into();
                logged.line.get_or_init(|| made).clone()
            }
        };
        Ok(Event::Entry { seq: entry.seq, name: name(entry.kind), data })
    }
}

fn told(site: &str, entry: &Entry) -> Result<LogEvent> {
    let body = Body::decode(entry.format, &entry.body).map_err(|e| Fault::Internal(e.to_string()))?;
    let Target { undoes, redoes, restores } = Target::of(entry.kind, body.target);
    Ok(LogEvent {
        actor: entry.who.clone(),
        at: rfc3339(entry.at_ms),
        branch: entry.branch.map(|_| "main".into()),
        commit: entry.version.map(|_| entry.commit_id()),
        kind: entry.kind,
        op_count: body.ops.len(),
        pages: pages_of(&body),
        redoes,
        restores,
        seq: entry.seq,
        site: site.to_owned(),
        source: entry.source,
        summary: body.summary,
        undoes,
        version: entry.version,
    })
}

fn name(kind: Kind) -> &'static str {
    if kind.is_commit() { "commit" } else { kind.as_str() }
}
