//! A way to PostgreSQL on which things go wrong at will.
//!
//! It knows so much of the protocol that it can cut a connection behind the commit of an append and before its answer.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the way is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Open,
    /// Everything arrives so much later, in each direction.
    Slow(Duration),
    /// Nothing arrives, and nobody is told.
    BlackHole,
    /// New connections are closed at once.
    Closed,
}

/// The proxy; the way is as it was last set.
pub struct Proxy {
    pub port: u16,
    target: String,
    shared: Arc<Shared>,
}

struct Shared {
    way: watch::Sender<Way>,
    /// Counts the times all connections were cut.
    cuts: watch::Sender<u32>,
    /// So many appends will lose their answer.
    armed: AtomicU32,
    /// Whether the way closes with the next such cut.
    closes: AtomicBool,
    /// Appends that lost their answer.
    lost_answers: watch::Sender<u32>,
}

impl Proxy {
    pub async fn to(target: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            way: watch::Sender::new(Way::Open),
            cuts: watch::Sender::new(0),
            armed: AtomicU32::new(0),
            closes: AtomicBool::new(false),
            lost_answers: watch::Sender::new(0),
        });
        let (accepting, far) = (shared.clone(), target.to_owned());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, far.clone(), accepting.clone()));
            }
        });
        Proxy { port, target: target.to_owned(), shared }
    }

    /// The database's address, led through here. Without TLS: it would hide what goes by.
    pub fn url(&self, database: &str) -> String {
        let led = database.replace(&self.target, &format!("127.0.0.1:{}", self.port));
        assert_ne!(led, database);
        format!("{led}?sslmode=disable")
    }

    pub fn set(&self, way: Way) {
        self.shared.way.send_replace(way);
    }

    /// Cuts every connection there is.
    pub fn cut(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// The next append is committed and its answer never arrives. Waits until that has happened.
    pub async fn lose_an_answer(&self) {
        self.lose(false).await;
    }

    /// As `lose_an_answer`, and from that moment on the way is closed.
    pub async fn lose_an_answer_and_close(&self) {
        self.lose(true).await;
    }

    async fn lose(&self, closes: bool) {
        let mut lost = self.shared.lost_answers.subscribe();
        let before = *lost.borrow_and_update();
        self.shared.closes.store(closes, Ordering::SeqCst);
        self.shared.armed.store(1, Ordering::SeqCst);
        let happened = lost.wait_for(|lost| *lost > before);
        tokio::time::timeout(Duration::from_secs(30), happened).await.unwrap().unwrap();
    }
}

async fn carry(near: TcpStream, target: String, shared: Arc<Shared>) {
    if *shared.way.borrow() == Way::Closed {
        return;
    }
    let Ok(far) = TcpStream::connect(target).await else { return };
    near.set_nodelay(true).unwrap();
    far.set_nodelay(true).unwrap();
    let mut cuts = shared.cuts.subscribe();
    cuts.mark_unchanged();
    let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
    let appending = AtomicBool::new(false);
    tokio::select! {
        () = asks(from_near, to_far, &shared, &appending) => {}
        () = answers(from_far, to_near, &shared, &appending) => {}
        _ = cuts.changed() => {}
    }
}

/// Client to server: notes when an append is sent.
async fn asks(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared, appending: &AtomicBool) {
    let mut frames = Frames { untyped: 1, ..Frames::default() };
    let mut appends = HashSet::new();
    while let Some(frame) = frames.next(&mut from).await {
        match frame.first() {
            Some(b'P') if find(&frame, b"INSERT INTO entry") => {
                appends.insert(text(&frame[5..]).to_vec());
            }
            Some(b'B') => {
                let portal = text(&frame[5..]);
                let statement = text(&frame[5 + portal.len() + 1..]);
                if appends.contains(statement) {
                    appending.store(true, Ordering::SeqCst);
                }
            }
            _ => {}
        }
        if !pass(&frame, &mut to, shared).await {
            return;
        }
    }
}

/// Server to client. Where an append is to lose its answer, it is kept back from its first frame that says done until
/// the server is ready for the next statement, which it is when the commit is on disk; then the connection ends.
async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared, appending: &AtomicBool) {
    let mut frames = Frames::default();
    let mut keeps_back = false;
    while let Some(frame) = frames.next(&mut from).await {
        let kind = frame.first().copied();
        if kind == Some(b'C') && appending.load(Ordering::SeqCst) {
            let take_one = |armed: u32| armed.checked_sub(1);
            keeps_back |= shared.armed.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take_one).is_ok();
        }
        if kind == Some(b'Z') {
            appending.store(false, Ordering::SeqCst);
            if keeps_back {
                if shared.closes.load(Ordering::SeqCst) {
                    shared.way.send_replace(Way::Closed);
                    shared.cuts.send_modify(|cuts| *cuts += 1);
                }
                shared.lost_answers.send_modify(|lost| *lost += 1);
                return;
            }
        }
        if !keeps_back && !pass(&frame, &mut to, shared).await {
            return;
        }
    }
}

/// Forwards a frame as the way is; whether the connection goes on.
async fn pass(frame: &[u8], to: &mut OwnedWriteHalf, shared: &Shared) -> bool {
    let way = *shared.way.borrow();
    match way {
        Way::Open | Way::Closed => {}
        Way::Slow(delay) => tokio::time::sleep(delay).await,
        Way::BlackHole => {
            let _ = shared.way.subscribe().wait_for(|way| *way != Way::BlackHole).await;
        }
    }
    to.write_all(frame).await.is_ok()
}

/// Messages of the protocol: a letter, then the length of the rest. The first that a client sends has no letter.
#[derive(Default)]
struct Frames {
    bytes: Vec<u8>,
    untyped: u32,
}

impl Frames {
    async fn next(&mut self, from: &mut OwnedReadHalf) -> Option<Vec<u8>> {
        loop {
            let letter = usize::from(self.untyped == 0);
            if let Some(length) = self.bytes.get(letter..letter + 4) {
                let length = u32::from_be_bytes(length.try_into().unwrap());
                let whole = letter + usize::try_from(length).unwrap();
                if self.bytes.len() >= whole {
                    self.untyped = 0;
                    let rest = self.bytes.split_off(whole);
                    return Some(std::mem::replace(&mut self.bytes, rest));
                }
            }
            if from.read_buf(&mut self.bytes).await.ok()? == 0 {
                return None;
            }
        }
    }
}

/// Up to the NUL.
fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn find(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|window| window == words)
}
