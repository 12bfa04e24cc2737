//! From lines to the store. The whole file is judged before anything is written; then its entries are appended in groups,
//! with the touched rows that follow from them.

use std::io::{BufRead, Seek};
use std::time::Duration;

use serde::Serialize;

use super::super::authorize::{Action, Deed};
use super::super::replay::{Replay, Step, Wrong};
use super::super::site::{Due, Head};
use super::super::{Fault, Result, Service, sites};
use super::Stuck;
use super::file::LogFile;
use crate::auth::Principal;
use crate::content::id::PageId;
use crate::store::{Append, Appended, Entry, Link, Site, StoreError};

/// How often a group is sent whose outcome is unknown; what stands already is not written twice.
const ATTEMPTS: u32 = 5;

/// What an import came to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// The site's id.
    pub site: String,
    /// Entries of the file.
    pub entries: u64,
    /// Of these, those that were not there before.
    pub added: u64,
    /// The version of `main` at the file's end.
    pub version: u64,
    /// The hash of its last entry.
    pub head: String,
}

/// Told now and then: what is being done, how many entries are through.
type Tell<'a> = dyn FnMut(&'static str, u64) + Send + 'a;

impl Service {
    /// Takes a log over: into a new site, under the file's id or another; or into one that has the beginning of it, which
    /// goes on then. The same file again changes nothing.
    ///
    /// # Errors
    /// `Wrong` for a file that is no whole and sound log, and for a site that has another; then nothing was written.
    /// `InsufficientScope`, `BadSite`, `Unavailable`.
    pub async fn import_log<R: BufRead + Seek + Send + 'static>(
        &self,
        who: &Principal,
        source: R,
        id: Option<&str>,
        tell: &mut Tell<'_>,
    ) -> Result<Imported, Stuck> {
        let file = checked(source, tell).await?;
        let named = id.unwrap_or(&file.header.site);
        let id = sites::normalise(named).ok_or_else(|| Fault::BadSite(named.to_owned()))?;
        self.allow(who, &Action::OnSite(&id, Deed::Import))?;
        let end = file.replay.chain.link;
        let mut imported = Imported {
            entries: end.seq,
            added: 0,
            version: file.replay.root.version,
            head: data_encoding::HEXLOWER.encode(&end.hash),
            site: id.clone(),
        };
        let site = self.place(&id, &file).await?;
        let there = self.outside.store.head(site.key).await?;
        if there.seq >= end.seq {
            let standing = self.hash_at(&site, end.seq, there).await?;
            return if standing == Some(end.hash) { Ok(imported) } else { Err(another(&site.id, end.seq)) };
        }
        self.append_all(&site, there, file.again()?, tell).await?;
        imported.added = end.seq - there.seq;
        Ok(imported)
    }

    /// The site that takes the log.
    async fn place<R>(&self, id: &str, file: &LogFile<R>) -> Result<Site, Stuck> {
        let created_ms = file.header.created_ms()?;
        let (site, _) = self.outside.store.create_site(id, file.header.genesis(), created_ms).await?;
        match site.genesis == file.header.genesis() {
            true => Ok(site),
            false => Err(another(id, 0)),
        }
    }

    async fn hash_at(&self, site: &Site, seq: u64, head: Link) -> Result<Option<[u8; 32]>, Stuck> {
        if seq == head.seq {
            return Ok(Some(head.hash));
        }
        if seq == 0 {
            return Ok(Some(Site::genesis_hash(&site.genesis)));
        }
        Ok(self.outside.store.entries(site.key, seq - 1, 1).await?.pop().map(|entry| entry.hash))
    }

    /// Appends what lies behind `there`, and writes checkpoints as a server does.
    async fn append_all<R: BufRead + Seek + Send + 'static>(
        &self,
        site: &Site,
        there: Link,
        mut file: LogFile<R>,
        tell: &mut Tell<'_>,
    ) -> Result<(), Stuck> {
        let mut due = Due::behind(site, &self.outside.store, there.seq);
        let mut at = Link { seq: 0, hash: Site::genesis_hash(&site.genesis) };
        loop {
            let (next, mut group) = group(file).await?;
            file = next;
            if group.is_empty() {
                break;
            }
            let known = group.partition_point(|(entry, _)| entry.seq <= there.seq);
            if let Some((entry, _)) = known.checked_sub(1).map(|last| &group[last]) {
                at = Link { seq: entry.seq, hash: entry.hash };
                if at.seq == there.seq && at != there {
                    return Err(another(&site.id, at.seq));
                }
            }
            group.drain(..known);
            let head = head_of(&file.replay);
            if let Some((append, pages)) = rows(at, group) {
                self.append(site, &append).await?;
                at = head.link;
                for (entry, pages) in append.entries.iter().zip(&pages) {
                    due.count(pages, entry.body.len());
                }
                due.write(&head).await;
            }
            tell("Importing", at.seq);
        }
        due.close(&head_of(&file.replay)).await;
        Ok(())
    }

    async fn append(&self, site: &Site, append: &Append) -> Result<(), Stuck> {
        let mut attempt = 1;
        let ended = loop {
            match self.outside.store.append(site.key, append).await {
                Err(StoreError::Unknown(_)) if attempt < ATTEMPTS => attempt += 1,
                ended => break ended?,
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let why = match ended {
            Appended::Done => return Ok(()),
            Appended::Lost | Appended::Foreign => "somebody else wrote to it",
            Appended::Gone => "it was removed",
        };
        Err(Stuck::Wrong(format!("the site {} took only a part of the log: {why} meanwhile", site.id)))
    }
}

/// Reads and judges the whole file.
async fn checked<R: BufRead + Seek + Send + 'static>(
    source: R,
    tell: &mut Tell<'_>,
) -> Result<LogFile<R>, Stuck> {
    let opened = tokio::task::spawn_blocking(move || LogFile::open(source)).await.map_err(broken)?;
    let mut file = opened.map_err(nothing_written)?;
    loop {
        let (next, entries) = group(file).await.map_err(|stuck| match stuck {
            Stuck::Wrong(why) => nothing_written(Wrong(why)),
            other => other,
        })?;
        file = next;
        if entries.is_empty() {
            return Ok(file);
        }
        tell("Checking", file.replay.chain.link.seq);
    }
}

/// The next group, read on a thread of its own.
async fn group<R: BufRead + Seek + Send + 'static>(
    mut file: LogFile<R>,
) -> Result<(LogFile<R>, Vec<(Entry, Step)>), Stuck> {
    let read = tokio::task::spawn_blocking(move || file.group().map(|group| (file, group)));
    Ok(read.await.map_err(broken)??)
}

fn head_of(replay: &Replay) -> Head {
    Head { root: replay.root.clone(), link: replay.chain.link, at_ms: replay.chain.at_ms }
}

/// One append of these entries, and the pages that each touches; none where there is none.
fn rows(after: Link, group: Vec<(Entry, Step)>) -> Option<(Append, Vec<Vec<PageId>>)> {
    let mut append =
        Append { after, entries: Vec::new(), touched: Vec::new(), relive: Vec::new(), blobs: Vec::new() };
    let mut pages = Vec::with_capacity(group.len());
    for (entry, step) in group {
        append.entries.push(entry);
        append.touched.extend(step.touched);
        for relive in step.relive {
            let here = append.touched.first().is_some_and(|first| relive.version >= first.version);
            if !here {
                append.relive.push(relive);
                continue;
            }
            let fits = append.touched.iter_mut().filter(|row| row.version == relive.version);
            fits.filter(|row| relive.node.is_none_or(|node| node == row.node))
                .for_each(|row| row.live = relive.live);
        }
        pages.push(step.pages);
    }
    (!append.entries.is_empty()).then_some((append, pages))
}

fn nothing_written(wrong: Wrong) -> Stuck {
    Stuck::Wrong(format!("nothing was imported: {}", wrong.0))
}

fn another(site: &str, seq: u64) -> Stuck {
    let place = match seq {
        0 => "it was made with another config".to_owned(),
        seq => format!("they part at or before entry {seq}"),
    };
    Stuck::Wrong(format!(
        "nothing was imported: the site {site} is there with another log: {place}; import under another id with --site"
    ))
}

fn broken(error: tokio::task::JoinError) -> Fault {
    Fault::Internal(format!("the import broke off: {error}"))
}
