//! The touched index against the log: the same rows, and the same of them live.

use std::collections::{BTreeSet, VecDeque};

use super::super::replay::{Lives, Step};
use super::Strides;
use super::flaw::{Flaw, Halt, Mend};
use super::site::Subject;
use crate::content::commit::Body;
use crate::store::{BranchKey, Touched};

/// Rows read at a time.
const ROWS: usize = 2048;

/// How often rows that do not fit are read again beside a server that writes.
const LOOKS: usize = 5;

/// Goes through the index as a walk goes through the log.
pub(super) struct TouchedRows<'a> {
    subject: &'a Subject<'a>,
    waiting: VecDeque<Touched>,
    after: Option<Touched>,
    ended: bool,
    rows: u64,
    /// Versions with rows that are not as they were written. Why, the whole log must have said.
    turned: BTreeSet<u64>,
    version: u64,
}

impl<'a> TouchedRows<'a> {
    /// Before the first row.
    pub(super) fn of(subject: &'a Subject<'a>) -> Self {
        let (waiting, turned) = (VecDeque::new(), BTreeSet::new());
        TouchedRows { subject, waiting, after: None, ended: false, rows: 0, turned, version: 0 }
    }

    /// Compares the rows of one commit.
    pub(super) async fn compare(&mut self, step: &Step) -> Result<(), Halt> {
        for wanted in &step.touched {
            self.version = wanted.version;
            let found = self.next().await?;
            let same = |row: &Touched| Touched { live: wanted.live, ..row.clone() } == *wanted;
            match found {
                Some(row) if same(&row) => {
                    if row.live != wanted.live {
                        self.turned.insert(row.version);
                    }
                    self.rows += 1;
                }
                Some(row) if (row.version, row.node) < (wanted.version, wanted.node) => {
                    return Err(self.wrong(row.version, "the touched index has a row that the log does not"));
                }
                _ => {
                    let what = "the touched index does not have, or not so, a row that follows from the log";
                    return Err(self.wrong(wanted.version, what));
                }
            }
        }
        Ok(())
    }

    /// Behind the last commit: nothing may be left, and what is live must follow. How many rows there were.
    pub(super) async fn finish(mut self, lives: &mut Lives) -> Result<u64, Halt> {
        let head = self.subject.head;
        if let Some(row) = self.next().await? {
            let now = self.subject.store.head(self.subject.site().key).await;
            let now = now.map_err(|e| Halt::read(e, self.subject.place()))?;
            // A server that goes on writes rows behind the head that was fixed, and none else.
            if row.version <= self.version || row.branch != BranchKey::MAIN || now == head {
                return Err(self.wrong(row.version, "the touched index has a row that the log does not"));
            }
        }
        self.turned.extend(lives.turned());
        let mut seen = head.seq;
        for look in 1..=LOOKS {
            let before = self.differing(lives).await?;
            // Whoever undoes meanwhile changes rows of old commits: what came since may explain them.
            seen = self.follow(lives, seen).await?;
            let differing: Vec<u64> = self.differing(lives).await?.intersection(&before).copied().collect();
            match differing.first() {
                None => break,
                Some(version) if look == LOOKS => {
                    return Err(self
                        .wrong(*version, "touched.live says otherwise than the undos and redos of the log"));
                }
                Some(_) => self.turned = differing.into_iter().collect(),
            }
        }
        Ok(self.rows)
    }

    /// Of the versions that were turned, those whose rows are not as the log has it.
    async fn differing(&self, lives: &Lives) -> Result<BTreeSet<u64>, Halt> {
        let mut found = BTreeSet::new();
        for &version in &self.turned {
            let rows = self.subject.store.touched(self.subject.site().key, BranchKey::MAIN, version).await;
            let rows = rows.map_err(|e| Halt::read(e, self.place(version)))?;
            if rows.iter().any(|row| row.live != lives.now(version, row.node, Lives::at_first(row.kind))) {
                found.insert(version);
            }
        }
        Ok(found)
    }

    /// Follows what was written since; up to where.
    async fn follow(&self, lives: &mut Lives, after: u64) -> Result<u64, Halt> {
        let site = self.subject.site().key;
        let mut strides = Strides::new(self.subject.store, site, after, u64::MAX);
        loop {
            let entries = strides.next().await.map_err(|e| Halt::read(e, self.subject.place()))?;
            if entries.is_empty() {
                return Ok(strides.at());
            }
            for entry in entries {
                let place = || self.subject.place().at_seq(entry.seq).at_version(entry.version);
                let Some(version) = entry.version else { continue };
                let body = Body::decode(entry.format, &entry.body);
                let body = body.map_err(|e| place().into_halt(e.to_string(), Mend::Log))?;
                lives.follow(entry.kind, version, &body).map_err(|e| place().into_halt(e.0, Mend::Log))?;
            }
        }
    }

    async fn next(&mut self) -> Result<Option<Touched>, Halt> {
        if self.waiting.is_empty() && !self.ended {
            let site = self.subject.site().key;
            let rows = self.subject.store.touched_rows(site, self.after.as_ref(), ROWS).await;
            let rows = rows.map_err(|e| Halt::read(e, self.place(self.version)))?;
            self.ended = rows.len() < ROWS;
            self.after = rows.last().cloned().or(self.after.take());
            self.waiting.extend(rows);
        }
        Ok(self.waiting.pop_front())
    }

    fn place(&self, version: u64) -> Flaw {
        self.subject.place().at_version(Some(version))
    }

    fn wrong(&self, version: u64, what: &str) -> Halt {
        self.place(version).into_halt(what, Mend::Derived)
    }
}
