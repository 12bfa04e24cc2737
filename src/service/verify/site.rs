//! One site: its genesis, one walk through its log, and everything that follows from it.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::Fault;
use super::super::replay::{Chain, Replay, Step};
use super::super::site::node_key;
use super::checkpoints::Checkpoints;
use super::flaw::{Flaw, Halt, Mend};
use super::touched::TouchedRows;
use super::{Depth, SiteReport, Strides, Tell, served};
use crate::content::id::PageId;
use crate::store::{Entry, Link, NodeKey, Site, SiteRow, Store};

/// A site under examination.
pub(super) struct Subject<'a> {
    pub(super) store: &'a Arc<dyn Store>,
    pub(super) row: &'a SiteRow,
    /// Where its log ended when its turn came.
    pub(super) head: Link,
}

impl Subject<'_> {
    /// A place in the site, to be narrowed.
    pub(super) fn place(&self) -> Flaw {
        Flaw::of_site(self.row)
    }

    /// The site.
    pub(super) fn site(&self) -> &Site {
        &self.row.site
    }
}

/// Checks a site.
pub(super) async fn check(
    store: &Arc<dyn Store>,
    row: &SiteRow,
    depth: Depth,
    tell: &mut Tell<'_>,
) -> Result<SiteReport, Halt> {
    let place = || Flaw::of_site(row);
    if row.genesis_hash != Site::genesis_hash(&row.site.genesis) {
        return Err(place()
            .at_seq(0)
            .into_halt("the hash of its genesis does not fit the genesis", Mend::Log));
    }
    let head = store.head(row.site.key).await.map_err(|e| Halt::read(e, place()))?;
    let subject = Subject { store, row, head };
    let mut report = SiteReport {
        site: row.site.id.clone(),
        removed: row.removed_ms.is_some(),
        entries: head.seq,
        head: data_encoding::HEXLOWER.encode(&head.hash),
        ..SiteReport::default()
    };
    match depth {
        Depth::Chain => report.version = chain(&subject, tell).await?,
        Depth::Whole => whole(&subject, &mut report, tell).await?,
    }
    Ok(report)
}

/// The chain alone; the version it ends at.
async fn chain(subject: &Subject<'_>, tell: &mut Tell<'_>) -> Result<u64, Halt> {
    let mut chain = Chain::from(&subject.site().genesis);
    let mut strides = Strides::new(subject.store, subject.site().key, 0, subject.head.seq);
    loop {
        let entries = read(subject, &mut strides).await?;
        if entries.is_empty() {
            break;
        }
        let walked = tokio::task::spawn_blocking(move || {
            let wrong =
                entries.iter().find_map(|entry| chain.follow(entry).err().map(|why| (entry.clone(), why)));
            (chain, wrong)
        });
        let (next, wrong) = walked.await.map_err(broken)?;
        if let Some((entry, why)) = wrong {
            return Err(at(subject, &entry).into_halt(why.0, Mend::Log));
        }
        chain = next;
        tell(&subject.site().id, chain.link.seq, subject.head.seq);
    }
    at_the_end(subject, &chain)?;
    Ok(chain.version)
}

/// Everything, in one walk.
async fn whole(subject: &Subject<'_>, report: &mut SiteReport, tell: &mut Tell<'_>) -> Result<(), Halt> {
    let site = subject.site();
    let mut checkpoints = Checkpoints::of(subject).await?;
    let mut touched = TouchedRows::of(subject);
    let mut pages: HashMap<NodeKey, PageId> = HashMap::new();
    let genesis = Replay::from(&site.genesis);
    let mut replay = genesis.map_err(|why| subject.place().at_seq(0).into_halt(why.0, Mend::Log))?;
    let mut strides = Strides::new(subject.store, site.key, 0, subject.head.seq);
    loop {
        let mut rest = read(subject, &mut strides).await?;
        if rest.is_empty() {
            break;
        }
        while !rest.is_empty() {
            // Up to the next checkpoint, which holds what the state is right there.
            let stop = checkpoints.next_seq().unwrap_or(u64::MAX);
            let behind = rest.split_off(rest.partition_point(|entry| entry.seq <= stop));
            let (next, steps) = walk(subject, replay, std::mem::replace(&mut rest, behind)).await?;
            replay = next;
            for step in &steps {
                follow(&mut pages, &replay, step);
                touched.compare(step).await?;
            }
            checkpoints.compare(&replay, &pages).await?;
        }
        tell(&site.id, replay.chain.link.seq, subject.head.seq);
    }
    at_the_end(subject, &replay.chain)?;
    report.version = replay.root.version;
    report.pages = replay.root.order.len() as u64;
    report.touched = touched.finish(&mut replay.lives).await?;
    report.checkpoints = checkpoints.finish()?;
    served::compare(subject, &replay.root).await?;
    report.blobs = served::blobs(subject).await?;
    Ok(())
}

async fn read(subject: &Subject<'_>, strides: &mut Strides) -> Result<Vec<Entry>, Halt> {
    let behind = strides.at();
    strides.next().await.map_err(|e| Halt::read(e, subject.place().at_seq(behind + 1)))
}

/// Takes entries on a thread of their own: replay is work and no waiting.
async fn walk(
    subject: &Subject<'_>,
    mut replay: Replay,
    entries: Vec<Entry>,
) -> Result<(Replay, Vec<Step>), Halt> {
    let walked = tokio::task::spawn_blocking(move || {
        let mut steps = Vec::with_capacity(entries.len());
        for entry in entries {
            match replay.step(&entry) {
                Ok(step) => steps.push(step),
                Err(why) => return Err((entry, why)),
            }
        }
        Ok((replay, steps))
    });
    let walked = walked.await.map_err(broken)?;
    walked.map_err(|(entry, why)| at(subject, &entry).into_halt(why.0, Mend::Log))
}

/// Keeps the names of the pages that are there.
fn follow(pages: &mut HashMap<NodeKey, PageId>, replay: &Replay, step: &Step) {
    for page in &step.pages {
        match replay.root.stub(page) {
            Some(_) => pages.insert(node_key(page), page.clone()),
            None => pages.remove(&node_key(page)),
        };
    }
}

fn at_the_end(subject: &Subject<'_>, chain: &Chain) -> Result<(), Halt> {
    if chain.link == subject.head {
        return Ok(());
    }
    let what = format!("the log ends here, and its head is entry {}", subject.head.seq);
    Err(subject.place().at_seq(chain.link.seq).into_halt(what, Mend::Log))
}

fn at(subject: &Subject<'_>, entry: &Entry) -> Flaw {
    subject.place().at_seq(entry.seq).at_version(entry.version)
}

fn broken(error: tokio::task::JoinError) -> Halt {
    Halt::Fault(Fault::Internal(format!("the check broke off: {error}")))
}
