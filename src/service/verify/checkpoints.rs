//! Checkpoints against the walk: each holds what the state is at its place in the log, byte for byte.

use std::collections::HashMap;

use super::super::replay::Replay;
use super::flaw::{Flaw, Halt, Mend};
use super::site::Subject;
use crate::content::id::PageId;
use crate::store::{BranchKey, Checkpoint, Digest, NodeKey};

/// Rows read at a time.
const ROWS: usize = 2048;

/// The checkpoints of a site that the walk has still to come to, the nearest last. A row is some 64 bytes, and the follower
/// writes one behind 16 KB of log at most, so all of them are a small part of it.
pub(super) struct Checkpoints<'a> {
    subject: &'a Subject<'a>,
    left: Vec<Checkpoint>,
    compared: u64,
}

impl<'a> Checkpoints<'a> {
    /// Reads the list.
    pub(super) async fn of(subject: &'a Subject<'a>) -> Result<Self, Halt> {
        let (site, mut left): (_, Vec<Checkpoint>) = (subject.site().key, Vec::new());
        loop {
            let rows = subject.store.checkpoint_rows(site, left.last(), ROWS).await;
            let rows = rows.map_err(|e| Halt::read(e, subject.place()))?;
            let end = rows.len() < ROWS;
            left.extend(rows);
            if end {
                break;
            }
        }
        let now = subject.store.head(site).await.map_err(|e| Halt::read(e, subject.place()))?;
        if let Some(ahead) = left.iter().find(|row| row.seq > now.seq) {
            let what = format!("a checkpoint stands at it, and the log ends at {}", now.seq);
            return Err(place(subject, ahead).into_halt(what, Mend::Derived));
        }
        // Those that a running server wrote behind the head that was fixed are the next check's.
        left.retain(|row| row.seq <= subject.head.seq);
        left.sort_by_key(|row| std::cmp::Reverse(row.seq));
        Ok(Checkpoints { subject, left, compared: 0 })
    }

    /// The place of the nearest.
    pub(super) fn next_seq(&self) -> Option<u64> {
        self.left.last().map(|row| row.seq)
    }

    /// Compares all that stand where the walk is.
    pub(super) async fn compare(
        &mut self,
        replay: &Replay,
        pages: &HashMap<NodeKey, PageId>,
    ) -> Result<(), Halt> {
        while let Some(row) = self.left.pop_if(|row| row.seq <= replay.chain.link.seq) {
            if row.branch != BranchKey::MAIN
                || row.seq != replay.chain.link.seq
                || row.version != replay.root.version
            {
                let what = format!("a checkpoint of version {} stands where there is none", row.version);
                return Err(self.wrong(&row, what));
            }
            match row.node {
                NodeKey::SITE => self.manifest(&row, replay).await?,
                _ => self.page(&row, replay, pages).await?,
            }
            self.compared += 1;
        }
        Ok(())
    }

    /// How many there were.
    pub(super) fn finish(self) -> Result<u64, Halt> {
        match self.left.last() {
            Some(row) => Err(self.wrong(row, "a checkpoint stands before the first entry")),
            None => Ok(self.compared),
        }
    }

    async fn page(
        &self,
        row: &Checkpoint,
        replay: &Replay,
        pages: &HashMap<NodeKey, PageId>,
    ) -> Result<(), Halt> {
        let Some(id) = pages.get(&row.node) else {
            return Err(self.wrong(row, "a checkpoint is of a page that is not there"));
        };
        let body = replay.root.page(id).ok().flatten();
        let wanted = body.map(|body| body.to_json("")).unwrap_or_default();
        let found = self.unpacked(row, row.hash).await?;
        if found != wanted.as_bytes() {
            return Err(self.wrong(row, format!("the document of {id} is not what the log makes of it")));
        }
        Ok(())
    }

    async fn manifest(&self, row: &Checkpoint, replay: &Replay) -> Result<(), Halt> {
        let manifest = replay.root.manifest().map_err(|e| self.wrong(row, e.to_string()))?;
        let wanted: Vec<&Vec<u8>> =
            [&manifest.site, &manifest.order].into_iter().chain(&manifest.chunks).collect();
        let index = self.blob(row, row.hash).await?;
        let hashes: Vec<Digest> = index.chunks_exact(32).filter_map(|hash| hash.try_into().ok()).collect();
        if index.len() != wanted.len() * 32 {
            return Err(self.wrong(row, "the manifest has more parts, or less, than the log makes of it"));
        }
        for (hash, wanted) in hashes.into_iter().zip(wanted) {
            if self.unpacked(row, hash).await? != *wanted {
                return Err(self.wrong(row, "the manifest is not what the log makes of it"));
            }
        }
        Ok(())
    }

    /// The bytes of a blob as they were before they were compressed.
    async fn unpacked(&self, row: &Checkpoint, hash: Digest) -> Result<Vec<u8>, Halt> {
        let packed = self.blob(row, hash).await?;
        zstd::stream::decode_all(&packed[..])
            .map_err(|e| self.wrong(row, format!("the blob {} can't be read: {e}", hex(&hash))))
    }

    /// A blob that a checkpoint names, under its own hash.
    async fn blob(&self, row: &Checkpoint, hash: Digest) -> Result<bytes::Bytes, Halt> {
        let found = self.subject.store.blobs(self.subject.site().key, &[hash]).await;
        let found = found.map_err(|e| Halt::read(e, place(self.subject, row)))?.pop().flatten();
        let bytes = found.ok_or_else(|| self.wrong(row, format!("the blob {} is missing", hex(&hash))))?;
        match *blake3::hash(&bytes).as_bytes() == hash {
            true => Ok(bytes),
            false => Err(self.wrong(row, format!("the blob {} does not hash to its name", hex(&hash)))),
        }
    }

    fn wrong(&self, row: &Checkpoint, what: impl Into<String>) -> Halt {
        place(self.subject, row).into_halt(what, Mend::Derived)
    }
}

/// The beginning of a hash, enough to find it by.
pub(super) fn hex(hash: &Digest) -> String {
    data_encoding::HEXLOWER.encode(&hash[..8])
}

fn place(subject: &Subject<'_>, row: &Checkpoint) -> Flaw {
    subject.place().at_seq(row.seq).at_version(Some(row.version))
}
