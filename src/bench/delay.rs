//! A stretch of wire: a proxy that hands on each byte that goes to the database so much later.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::broken::{Broken, Result};

/// The PostgreSQL URL of the same database, so much farther: whoever uses it has his bytes delayed on their way there,
/// and the answers not, so that a round trip takes so much longer.
pub(super) async fn farther(url: &str, delay: Duration) -> Result<String> {
    let parts = url.rsplit_once('@').and_then(|(who, rest)| Some((who, rest.split_once('/')?)));
    let Some((who, (host, database))) = parts else {
        return Err(Broken("a URL of PostgreSQL as in postgres://user@host:port/name is needed".to_owned()));
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let here = listener.local_addr()?;
    let there = host.to_owned();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            tokio::spawn(stretch(near, there.clone(), delay));
        }
    });
    Ok(format!("{who}@{here}/{database}"))
}

async fn stretch(near: TcpStream, there: String, delay: Duration) {
    let Ok(far) = TcpStream::connect(&there).await else { return };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let (from_near, to_near) = near.into_split();
    let (from_far, to_far) = far.into_split();
    tokio::join!(carry(from_near, to_far, delay), carry(from_far, to_near, Duration::ZERO));
}

/// Hands bytes on, each when its time has come: what follows closely is not delayed twice.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let (sender, mut waiting) = mpsc::channel::<(Instant, Vec<u8>)>(1024);
    let read = async move {
        loop {
            let mut piece = Vec::with_capacity(16 << 10);
            match from.read_buf(&mut piece).await {
                Ok(0) | Err(_) => return,
                Ok(_) if sender.send((Instant::now() + delay, piece)).await.is_err() => return,
                Ok(_) => {}
            }
        }
    };
    let write = async move {
        while let Some((due, piece)) = waiting.recv().await {
            if !delay.is_zero() {
                sleep_until(due).await;
            }
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(read, write);
}
