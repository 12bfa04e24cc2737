//! The writer of a site: one task that judges the batches that wait, in order, on one draft, and appends all that were
//! judged in one statement. While that is on its way to disk the next are judged on top of it. Nobody sees a state, and
//! nobody is answered, before it is durable.

mod judge;
mod log;

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::super::envelope::Answer;
use super::super::{Fault, Result};
use super::checkpoint::{Due, Follower};
use super::feed::{Feed, Logged};
use super::job::{Job, Submission};
use super::past::Past;
use super::recent::{Keys, Recent};
use super::residence::Residence;
use super::round::{Base, Round};
use super::{Head, OpenSite, Outside};
use crate::content::id::PageId;
use crate::store::{Append, Appended, Hold, Site};
use crate::telemetry::metrics::{self, Stopwatch};
use log::{Landing, land, look};

/// How many batches one round takes.
const ROUND: usize = 256;

/// A round that lost its place so often waits with the lock of the site, so that it does not lose again.
const PATIENCE: u32 = 2;

/// A writer that had to wait with the lock does so at once for so many rounds: who was faster then still is.
const HELD_ROUNDS: u32 = 16;

/// How often a round may lose its place to others before its callers are told.
const MOST_LOSSES: u32 = 10;

pub(super) struct Writer {
    pub(super) site: Site,
    pub(super) head: Arc<Head>,
    pub(super) outside: Outside,
    pub(super) recent: Recent,
    pub(super) past: Arc<Past>,
    open: Weak<OpenSite>,
    keys: Keys,
    residence: Residence,
    /// An append ended in doubt, or the store has moved: read before writing.
    behind: bool,
    losses: u32,
    /// So many rounds are still to be judged with the lock of the site from the start.
    held_rounds: u32,
}

pub(super) use judge::Pause;

type Judged = (Submission, Result<Answer>);

/// What lies on the writer's desk.
struct Desk<'a> {
    outside: &'a Outside,
    site: &'a Site,
    /// Not judged yet, in the order they came.
    waiting: VecDeque<Submission>,
    /// The draft of the next round, and the answers that wait for it to be durable.
    round: Round<'a>,
    judged: Vec<Judged>,
    /// The round on its way to disk.
    flight: Option<Flight>,
}

struct Flight {
    judged: Vec<Judged>,
    pages: Vec<Arc<[PageId]>>,
    /// What the head will be.
    base: Base,
    since: Stopwatch,
    landing: JoinHandle<(Landing, Append)>,
}

impl<'a> Desk<'a> {
    fn new(outside: &'a Outside, site: &'a Site, base: Base) -> Self {
        let round = Round::new(outside, site, base, false);
        Desk { outside, site, waiting: VecDeque::new(), round, judged: Vec::new(), flight: None }
    }

    fn has_room(&self) -> bool {
        self.waiting.is_empty() && self.judged.len() < ROUND
    }

    fn is_clear(&self) -> bool {
        self.waiting.is_empty() && self.judged.is_empty() && self.flight.is_none()
    }

    /// Puts all that was judged back to be judged anew, on this base.
    fn start_over(&mut self, base: Base, flown: Vec<Judged>) {
        let judged = flown.into_iter().chain(std::mem::take(&mut self.judged));
        let judged: Vec<Submission> = judged.map(|(submission, _)| submission).collect();
        judged.into_iter().rev().for_each(|submission| self.waiting.push_front(submission));
        self.round = Round::new(self.outside, self.site, base, false);
    }

    /// Tells everyone who waits why nothing comes of it.
    fn refuse_all(&mut self, fault: &Fault) {
        let judged = std::mem::take(&mut self.judged).into_iter().map(|(submission, _)| submission);
        judged.chain(self.waiting.drain(..)).for_each(|submission| submission.answer(Err(like(fault))));
    }
}

/// Runs until the site is dropped or a `Close` comes, and all that came before is answered.
pub(super) async fn run(
    open: Weak<OpenSite>,
    head: Arc<Head>,
    mut queue: mpsc::Receiver<Job>,
    outside: Outside,
) {
    let Some((site, past, feed)) =
        open.upgrade().map(|open| (open.site.clone(), open.past.clone(), open.feed.clone()))
    else {
        return;
    };
    let due = Due::behind(&site, &outside.store, head.link.seq);
    let follower = Follower::start(due, open.clone(), feed.follow(head.link.seq));
    let mut writer = Writer {
        recent: Recent::from(head.root.version),
        keys: Keys::from(head.link.seq),
        residence: Residence::new(outside.budget.clone()),
        site: site.clone(),
        outside: outside.clone(),
        behind: false,
        losses: 0,
        held_rounds: 0,
        open,
        past,
        head,
    };
    writer.residence.settle_in(&writer.head.root);
    let mut desk = Desk::new(&outside, &site, writer.base());
    // However the writer ends, those who follow are told.
    let _told = Ending(feed.clone());
    let (mut closing, mut more) = (Vec::new(), true);
    while more || !desk.is_clear() {
        let mut next = tokio::select! {
            biased;
            (landing, append) = landed(&mut desk.flight), if desk.flight.is_some() => {
                writer.settle(landing, append, &mut desk).await;
                // Those who were answered just now often have more: the next round takes them along, for a round that
                // waits a moment costs less than two.
                tokio::task::yield_now().await;
                queue.try_recv().ok()
            }
            job = queue.recv(), if more && desk.has_room() => {
                more = job.is_some();
                job
            }
        };
        while let Some(job) = next {
            match job {
                Job::Submit(submission) => desk.waiting.push_back(*submission),
                Job::Fold => writer.behind |= desk.flight.is_none(),
                Job::Shed => writer.shed(&mut desk),
                Job::Close(done) => {
                    closing.push(done);
                    queue.close();
                }
            }
            next = if desk.waiting.len() < ROUND { queue.try_recv().ok() } else { None };
        }
        writer.advance(&mut desk).await;
    }
    if !closing.is_empty() {
        follower.close(&writer.head).await;
    }
    for done in closing {
        let _ = done.send(());
    }
}

/// Ends all that follow when the writer ends, by a panic too.
struct Ending(Arc<Feed>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// How the flight landed. It stays on the desk for `settle`; dropped on the way, nothing is lost.
async fn landed(flight: &mut Option<Flight>) -> (Landing, Option<Append>) {
    let Some(flight) = flight else { return std::future::pending().await };
    match (&mut flight.landing).await {
        Ok((landing, append)) => (landing, Some(append)),
        // The task panicked or the runtime goes down: nobody knows.
        Err(error) => (Landing::Doubt(error.to_string()), None),
    }
}

impl Writer {
    /// The head, to judge on.
    fn base(&self) -> Base {
        let Head { root, link, at_ms } = self.head.as_ref();
        let (root, recent) = (root.clone(), self.recent.clone());
        Base { root, link: *link, at_ms: *at_ms, recent, keys: Arc::default() }
    }

    /// Judges what waits, and sends off what was judged if nothing is on its way.
    async fn advance(&mut self, desk: &mut Desk<'_>) {
        loop {
            if self.behind && desk.flight.is_none() && desk.judged.is_empty() {
                match self.catch_up().await {
                    Ok(()) => desk.start_over(self.base(), Vec::new()),
                    Err(fault) => return desk.refuse_all(&fault),
                }
            }
            if self.held_rounds > 0
                && desk.flight.is_none()
                && desk.judged.is_empty()
                && !desk.waiting.is_empty()
            {
                self.held_rounds -= 1;
                self.hold_and_judge(desk).await;
            }
            self.judge(desk).await;
            if desk.flight.is_some() {
                return;
            }
            if !desk.judged.is_empty() {
                self.launch(desk, None);
            } else if desk.waiting.is_empty() {
                return;
            } else {
                // Though nothing is on its way, the first can't be judged: it names what another process wrote.
                self.lose(Appended::Lost, Vec::new(), desk).await;
            }
        }
    }

    /// Sends the round off; the next one stands on it.
    fn launch(&self, desk: &mut Desk<'_>, hold: Option<Box<dyn Hold>>) {
        let placeholder = Round::new(desk.outside, desk.site, self.base(), false);
        let (append, pages, base) = std::mem::replace(&mut desk.round, placeholder).end();
        let (store, site) = (self.outside.store.clone(), self.site.key);
        // What was judged on what was read under the lock needs no second look.
        let fresh = hold.is_some();
        let since = Stopwatch::start();
        let landing = tokio::spawn(async move {
            let landing = match append.entries.is_empty() {
                true if fresh => Landing::At(Appended::Done),
                true => look(store.as_ref(), site, append.after).await,
                false => land(store.as_ref(), site, &append, hold).await,
            };
            (landing, append)
        });
        desk.round = Round::new(desk.outside, desk.site, base.clone(), true);
        desk.flight = Some(Flight { judged: std::mem::take(&mut desk.judged), pages, base, since, landing });
    }

    /// Ends a flight as it landed.
    async fn settle(&mut self, landing: Landing, append: Option<Append>, desk: &mut Desk<'_>) {
        let Some(flight) = desk.flight.take() else { return };
        let fault = match landing {
            Landing::At(Appended::Done) => return self.arrive(flight, append, desk),
            Landing::At(lost @ (Appended::Lost | Appended::Foreign)) => {
                return self.lose(lost, flight.judged, desk).await;
            }
            Landing::At(Appended::Gone) => Fault::SiteNotFound(self.site.id.clone()),
            Landing::Refused(error) => {
                metrics::store_error();
                error.into()
            }
            Landing::Doubt(why) => {
                metrics::doubtful();
                Fault::Unavailable(format!("a write ended in doubt, send it again with its key: {why}"))
            }
        };
        flight.judged.into_iter().for_each(|(submission, _)| submission.answer(Err(like(&fault))));
        self.give_up(&fault, desk);
    }

    /// Refuses all that is on the desk. What the store has is read before anything else is judged.
    fn give_up(&mut self, fault: &Fault, desk: &mut Desk<'_>) {
        (self.losses, self.behind) = (0, true);
        desk.refuse_all(fault);
        desk.start_over(self.base(), Vec::new());
    }

    /// The round is durable: its state is the head, the next round takes off, its callers are answered.
    fn arrive(&mut self, flight: Flight, append: Option<Append>, desk: &mut Desk<'_>) {
        let Flight { judged, pages, base, since, .. } = flight;
        let commits = base.root.version - self.head.root.version;
        metrics::appended(judged.len(), commits, &since);
        tracing::debug!(
            site = self.site.id,
            batches = judged.len(),
            commits,
            seq = base.link.seq,
            "appended"
        );
        self.losses = 0;
        for key in base.keys.iter() {
            self.keys.insert(key.who.clone(), key.key.key.clone(), key.seq, key.key.request);
        }
        for page in pages.iter().flat_map(|pages| pages.iter()) {
            self.residence.used(&base.root, page);
        }
        self.head = Arc::new(Head { root: base.root, link: base.link, at_ms: base.at_ms });
        self.recent = base.recent;
        let entries = append.into_iter().flat_map(|append| append.entries);
        self.publish(entries.zip(pages).map(|(entry, pages)| Logged::new(entry, Some(pages))));
        desk.round.settle();
        self.shed(desk);
        judged.into_iter().for_each(|(submission, answer)| submission.answer(answer));
    }

    /// Another's entry stands at the place: all are judged again on what is there now; after two losses with the
    /// lock of the site, so that nobody writes in between.
    async fn lose(&mut self, lost: Appended, flown: Vec<Judged>, desk: &mut Desk<'_>) {
        desk.start_over(self.base(), flown);
        self.losses += 1;
        metrics::lost();
        if self.losses > MOST_LOSSES {
            self.losses = 0;
            return desk
                .refuse_all(&Fault::Unavailable("others were faster each time: send it again".into()));
        }
        if lost == Appended::Lost && self.losses >= PATIENCE {
            self.held_rounds = HELD_ROUNDS;
            return self.hold_and_judge(desk).await;
        }
        match self.recover(lost).await {
            Ok(()) => desk.start_over(self.base(), Vec::new()),
            Err(fault) => self.give_up(&fault, desk),
        }
    }

    /// Judges what waits with the lock of the site, on what is there then: nobody writes in between.
    async fn hold_and_judge(&mut self, desk: &mut Desk<'_>) {
        match self.hold().await {
            Ok(hold) => {
                desk.start_over(self.base(), Vec::new());
                self.judge(desk).await;
                if !desk.judged.is_empty() {
                    self.launch(desk, Some(hold));
                }
            }
            Err(fault) => self.give_up(&fault, desk),
        }
    }

    /// Lets readers see the head, and followers its entries.
    fn publish(&self, entries: impl Iterator<Item = Logged>) {
        if let Some(open) = self.open.upgrade() {
            open.head.store(self.head.clone());
            open.feed.push(entries, self.head.root.version);
        }
    }

    /// Lets go of bodies where the house has too many. A page in the round that is being made stays: nobody else has it.
    fn shed(&mut self, desk: &mut Desk<'_>) {
        let over = self.residence.over();
        // Pages whose links a new block type changed are in no round, and differ from what the store has of them.
        let same_types = desk.round.root.types.are(&self.head.root.types);
        if over == 0 || desk.flight.is_some() || !same_types {
            return;
        }
        let busy = |page: &PageId| desk.round.pages.iter().any(|pages| pages.contains(page));
        let pages = self.residence.shed(over, busy);
        let mut root = self.head.root.clone();
        for page in &pages {
            root.unload(page);
            desk.round.root.unload(page);
        }
        self.head = Arc::new(Head { root, link: self.head.link, at_ms: self.head.at_ms });
        self.publish(std::iter::empty());
    }
}

/// The same fault for one more caller.
fn like(fault: &Fault) -> Fault {
    match fault {
        Fault::Full(why) => Fault::Full(why.clone()),
        Fault::Internal(why) => Fault::Internal(why.clone()),
        Fault::SiteNotFound(site) => Fault::SiteNotFound(site.clone()),
        other => Fault::Unavailable(other.reason()),
    }
}
