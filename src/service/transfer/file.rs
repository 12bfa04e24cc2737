//! A log's file, read from its beginning in groups, each entry judged on the way as a whole check judges it.

use std::io::{BufRead, Seek, SeekFrom};

use super::super::replay::{Replay, Step, Wrong};
use super::line::{self, Header, Trailer};
use crate::store::Entry;

/// Entries in a group at most, …
const ENTRIES: usize = 256;

/// … and bytes of their bodies, about.
const BYTES: usize = 1 << 20;

/// A file that is being read.
pub(super) struct LogFile<R> {
    source: R,
    line: u64,
    text: String,
    ended: bool,
    pub(super) header: Header,
    pub(super) replay: Replay,
}

impl<R: BufRead + Seek> LogFile<R> {
    /// Reads the first line. Blocks, as all of this.
    ///
    /// # Errors
    /// The file can't be read, or is no log.
    pub(super) fn open(mut source: R) -> Result<Self, Wrong> {
        source.seek(SeekFrom::Start(0)).map_err(io)?;
        let mut text = String::new();
        source.read_line(&mut text).map_err(io)?;
        let header = Header::read(&text)?;
        let replay = Replay::from(header.genesis())?;
        Ok(LogFile { source, line: 1, text, ended: false, header, replay })
    }

    /// The same file from its beginning.
    ///
    /// # Errors
    /// As `open`.
    pub(super) fn again(self) -> Result<Self, Wrong> {
        LogFile::open(self.source)
    }

    /// The next entries and what they did; none behind the last.
    ///
    /// # Errors
    /// An entry that can't stand where it stands, or a file that was cut off: with the number of the line.
    pub(super) fn group(&mut self) -> Result<Vec<(Entry, Step)>, Wrong> {
        let (mut group, mut bytes) = (Vec::new(), 0);
        while !self.ended && group.len() < ENTRIES && bytes < BYTES {
            self.line += 1;
            let next = self.next().map_err(|why| Wrong(format!("line {}: {}", self.line, why.0)))?;
            bytes += next.as_ref().map_or(0, |(entry, _)| entry.body.len());
            group.extend(next);
        }
        Ok(group)
    }

    fn next(&mut self) -> Result<Option<(Entry, Step)>, Wrong> {
        self.text.clear();
        self.source.read_line(&mut self.text).map_err(io)?;
        if !self.text.ends_with('\n') {
            return Err(Wrong("the file ends without its last line: it was cut off".into()));
        }
        if let Some(trailer) = Trailer::read(&self.text) {
            trailer.expect(self.replay.chain.link)?;
            self.ended = true;
            self.text.clear();
            return match self.source.read_line(&mut self.text).map_err(io)? {
                0 => Ok(None),
                _ => Err(Wrong("something stands behind the last line".into())),
            };
        }
        let entry = line::read(&self.text)?;
        let step = self.replay.step(&entry)?;
        Ok(Some((entry, step)))
    }
}

fn io(error: std::io::Error) -> Wrong {
    Wrong(format!("the file can't be read: {error}"))
}
