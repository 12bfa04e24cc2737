//! What was acknowledged, on disk before the writer goes on.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

/// One acknowledged batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The idempotency key, which is the value it wrote, too.
    pub key: String,
    /// The pair of pages it wrote.
    pub pair: usize,
    pub version: u64,
    pub commit: String,
    /// When it was first sent and when its answer was there, in microseconds of one clock.
    pub sent_us: u64,
    pub acked_us: u64,
}

/// A file that one thread writes: all lines that wait, then one sync, then their writers go on.
pub struct Journal {
    path: PathBuf,
    lines: Sender<(String, oneshot::Sender<()>)>,
    thread: JoinHandle<()>,
}

impl Journal {
    pub fn at(path: &Path) -> Journal {
        let file = File::create(path).unwrap();
        let (lines, waiting) = channel();
        let thread = std::thread::spawn(move || keep(file, &waiting));
        Journal { path: path.to_owned(), lines, thread }
    }

    /// Returns when the line is on disk.
    pub async fn note(&self, ack: &Ack) {
        let Ack { key, pair, version, commit, sent_us, acked_us } = ack;
        let line = format!("{key} {pair} {version} {commit} {sent_us} {acked_us}\n");
        let (kept, is_kept) = oneshot::channel();
        self.lines.send((line, kept)).unwrap();
        is_kept.await.unwrap();
    }

    /// Ends it and reads it back.
    pub fn read(self) -> Vec<Ack> {
        drop(self.lines);
        self.thread.join().unwrap();
        let text = std::fs::read_to_string(&self.path).unwrap();
        text.lines().map(ack).collect()
    }
}

fn keep(file: File, waiting: &Receiver<(String, oneshot::Sender<()>)>) {
    let mut out = BufWriter::new(file);
    while let Ok((line, kept)) = waiting.recv() {
        let mut written = vec![kept];
        out.write_all(line.as_bytes()).unwrap();
        for (line, kept) in waiting.try_iter() {
            out.write_all(line.as_bytes()).unwrap();
            written.push(kept);
        }
        out.flush().unwrap();
        out.get_ref().sync_data().unwrap();
        for kept in written {
            let _ = kept.send(());
        }
    }
}

fn ack(line: &str) -> Ack {
    let words: Vec<&str> = line.split(' ').collect();
    let [key, pair, version, commit, sent_us, acked_us] = words[..] else { panic!("{line}") };
    Ack {
        key: key.to_owned(),
        pair: pair.parse().unwrap(),
        version: version.parse().unwrap(),
        commit: commit.to_owned(),
        sent_us: sent_us.parse().unwrap(),
        acked_us: acked_us.parse().unwrap(),
    }
}
