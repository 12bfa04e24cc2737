//! The feed: the entries of a site in their order, for everyone who follows it.
//!
//! A follower asks for what stands behind the entry it had last, by number, so none can be passed over: news wake it and
//! carry nothing. The newest entries are at hand in memory; who is farther behind reads the log.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use tokio::sync::watch;

use super::super::{Fault, Result};
use crate::content::commit::Body;
use crate::content::id::PageId;
use crate::store::{Entry, SiteKey, Store};

/// So many entries are at hand, …
const AT_HAND: usize = 4096;
/// … if their bodies are not more than this.
const AT_HAND_BYTES: usize = 4 << 20;

/// How many entries a follower gets at a time.
const STRIDE: usize = 256;

/// A durable entry, as followers get it.
pub(in super::super) struct Logged {
    pub(in super::super) entry: Entry,
    /// The pages it touched; none are named where it was read from the log.
    pages: Option<Arc<[PageId]>>,
    /// What the doors say of it, made by the first who asks.
    pub(in super::super) line: OnceLock<Arc<str>>,
}

impl Logged {
    pub(super) fn new(entry: Entry, pages: Option<Arc<[PageId]>>) -> Self {
        Logged { entry, pages, line: OnceLock::new() }
    }

    /// The pages it touched.
    pub(super) fn pages(&self) -> Arc<[PageId]> {
        let read = || Body::decode(self.entry.format, &self.entry.body).ok();
        let named = |body: Body| body.pages.into_iter().map(|page| page.id).collect();
        self.pages.clone().or_else(|| read().map(named)).unwrap_or_default()
    }
}

/// Where the site is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct News {
    /// The newest entry.
    pub(in super::super) seq: u64,
    /// The newest version of `main`.
    pub(in super::super) version: u64,
    /// Counts how often the log turned out to be another one: its database went back in time.
    pub(in super::super) epoch: u64,
    /// The site is closed in this process; nothing comes any more.
    pub(in super::super) closed: bool,
}

/// The entries of one site.
pub(in super::super) struct Feed {
    site: SiteKey,
    store: Arc<dyn Store>,
    news: watch::Sender<News>,
    newest: Mutex<Newest>,
    /// Where each follower is.
    places: Mutex<Vec<Weak<AtomicU64>>>,
}

#[derive(Default)]
struct Newest {
    entries: VecDeque<Arc<Logged>>,
    bytes: usize,
}

/// What a follower is told.
pub(in super::super) enum Followed {
    /// The entries behind the one before, gapless, oldest first.
    Entries(Vec<Arc<Logged>>),
    /// The log is another one: begin anew, behind this entry.
    Another(u64),
    /// The site was closed.
    End,
}

impl Feed {
    pub(super) fn new(site: SiteKey, store: Arc<dyn Store>, seq: u64, version: u64) -> Arc<Feed> {
        let (news, _) = watch::channel(News { seq, version, ..News::default() });
        Arc::new(Feed { site, store, news, newest: Mutex::default(), places: Mutex::default() })
    }

    /// Where the site is now.
    pub(in super::super) fn news(&self) -> News {
        *self.news.borrow()
    }

    /// A watch on where the site is.
    pub(in super::super) fn watch(&self) -> watch::Receiver<News> {
        self.news.subscribe()
    }

    /// Takes entries in that are durable by now. The state behind them can be read already.
    pub(super) fn push(&self, entries: impl IntoIterator<Item = Logged>, version: u64) {
        let mut newest = self.newest();
        let mut seq = None;
        for logged in entries {
            seq = Some(logged.entry.seq);
            newest.bytes += logged.entry.body.len();
            newest.entries.push_back(Arc::new(logged));
        }
        while newest.entries.len() > AT_HAND || newest.bytes > AT_HAND_BYTES {
            let Some(oldest) = newest.entries.pop_front() else { break };
            newest.bytes -= oldest.entry.body.len();
        }
        drop(newest);
        let Some(seq) = seq else { return };
        self.news.send_modify(|news| (news.seq, news.version) = (seq, version));
    }

    /// The log is another one, and ends here.
    pub(super) fn replace(&self, seq: u64, version: u64) {
        *self.newest() = Newest::default();
        self.news.send_modify(|news| *news = News { seq, version, epoch: news.epoch + 1, ..*news });
    }

    /// Ends all that follow.
    pub(super) fn close(&self) {
        self.news.send_modify(|news| news.closed = true);
    }

    /// How many follow, the site's own checkpoints among them.
    pub(in super::super) fn followers(&self) -> usize {
        self.news.receiver_count()
    }

    /// Follows from behind an entry.
    pub(in super::super) fn follow(self: &Arc<Self>, after: u64) -> Following {
        let news = self.watch();
        let epoch = news.borrow().epoch;
        let place = Arc::new(AtomicU64::new(after));
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() == places.capacity() {
            places.retain(|place| place.strong_count() > 0);
        }
        places.push(Arc::downgrade(&place));
        Following { feed: Arc::clone(self), news, place, epoch }
    }

    /// How many entries the slowest follower is behind.
    pub(in super::super) fn lag(&self) -> u64 {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let slowest =
            places.iter().filter_map(Weak::upgrade).map(|place| place.load(Ordering::Relaxed)).min();
        slowest.map_or(0, |slowest| self.news().seq.saturating_sub(slowest))
    }

    /// The entries behind one, as far as they are at hand.
    fn at_hand(&self, after: u64) -> Option<Vec<Arc<Logged>>> {
        let newest = self.newest();
        let first = newest.entries.front()?.entry.seq;
        let skip = usize::try_from((after + 1).checked_sub(first)?).ok()?;
        Some(newest.entries.iter().skip(skip).take(STRIDE).cloned().collect())
    }

    fn newest(&self) -> MutexGuard<'_, Newest> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that follows a feed.
pub(in super::super) struct Following {
    feed: Arc<Feed>,
    news: watch::Receiver<News>,
    /// The entry it had last.
    place: Arc<AtomicU64>,
    epoch: u64,
}

impl Following {
    /// How many entries it is behind.
    pub(in super::super) fn lag(&self) -> u64 {
        self.feed.news().seq.saturating_sub(self.after())
    }

    /// Passes over what it has not had yet, and says where it is then.
    pub(in super::super) fn skip(&self) -> u64 {
        self.go_on(self.feed.news().seq);
        self.after()
    }

    fn after(&self) -> u64 {
        self.place.load(Ordering::Relaxed)
    }

    fn go_on(&self, seq: u64) {
        self.place.store(seq, Ordering::Relaxed);
    }

    /// Waits for what stands behind the last entry it got. Nothing is lost where the caller stops waiting.
    ///
    /// # Errors
    /// Those of the store, where it has to read the log; ask again.
    pub(in super::super) async fn next(&mut self) -> Result<Followed> {
        loop {
            let news = *self.news.borrow_and_update();
            if news.epoch != self.epoch {
                self.epoch = news.epoch;
                self.go_on(news.seq);
                return Ok(Followed::Another(news.seq));
            }
            if news.seq > self.after() {
                let entries = self.behind(self.after()).await?;
                if let Some(last) = entries.last() {
                    self.go_on(last.entry.seq);
                    return Ok(Followed::Entries(entries));
                }
            }
            if news.closed || self.news.changed().await.is_err() {
                return Ok(Followed::End);
            }
        }
    }

    async fn behind(&self, after: u64) -> Result<Vec<Arc<Logged>>> {
        let entries = match self.feed.at_hand(after) {
            Some(entries) if !entries.is_empty() => entries,
            _ => {
                let rows = self.feed.store.entries(self.feed.site, after, STRIDE).await?;
                rows.into_iter().map(|entry| Arc::new(Logged::new(entry, None))).collect()
            }
        };
        let gap = entries.iter().zip(after + 1..).find(|(logged, seq)| logged.entry.seq != *seq);
        match gap {
            None => Ok(entries),
            Some((_, seq)) => Err(Fault::Internal(format!("the log has no entry {seq}"))),
        }
    }
}
