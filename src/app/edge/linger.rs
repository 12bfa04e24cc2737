//! The end of a connection whose caller still sends.
//!
//! A socket that is closed with unread bytes in it resets the connection, and a caller that is reset while it sends
//! never reads the answer. So what still comes is read and dropped, within bounds.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep};

/// No longer than this is waited for a caller that is still sending to end.
const LONGEST: Duration = Duration::from_secs(2);

/// And for one that is silent: what it sent may still be on its way.
const BRIEFLY: Duration = Duration::from_millis(250);

/// No more than this is read.
const MOST_BYTES: usize = 16 << 20;

/// How far a connection that was answered for the last time has come.
#[derive(Default)]
pub(super) struct Linger {
    dropped_bytes: usize,
    patience: Option<Pin<Box<Sleep>>>,
}

impl Linger {
    /// Reads and drops what comes until the caller ends. One that sends nothing is waited for briefly, unless it `is_expected` to.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        socket: &mut (impl AsyncRead + Unpin),
        is_expected: bool,
    ) -> Poll<()> {
        let mut scratch = [0; 8 << 10];
        while self.dropped_bytes < MOST_BYTES {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut *socket).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.dropped_bytes += buffer.filled().len();
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {
                    let is_silent = !is_expected && self.dropped_bytes == 0;
                    let patience = if is_silent { BRIEFLY } else { LONGEST };
                    return self.patience.get_or_insert_with(|| Box::pin(sleep(patience))).as_mut().poll(cx);
                }
            }
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::Instant;

    use super::*;

    async fn lingered(mut socket: DuplexStream, is_expected: bool) -> (usize, Duration) {
        let (mut linger, began) = (Linger::default(), Instant::now());
        poll_fn(|cx| linger.poll(cx, &mut socket, is_expected)).await;
        (linger.dropped_bytes, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn what_still_comes_is_dropped_until_the_caller_ends() {
        let (mut caller, socket) = duplex(100);
        let sending = tokio::spawn(async move { caller.write_all(&[b'a'; 1_000]).await });
        assert_eq!(lingered(socket, true).await, (1_000, Duration::ZERO));
        sending.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_never_ends_is_not_waited_for_and_neither_is_one_that_sends_for_ever() {
        let (mut caller, socket) = duplex(100);
        caller.write_all(b"more to come").await.unwrap();
        assert_eq!(lingered(socket, false).await, (12, LONGEST));
        let (mut caller, socket) = duplex(1 << 20);
        let sending = tokio::spawn(async move { while caller.write_all(&[b'a'; 1 << 16]).await.is_ok() {} });
        let (dropped_bytes, _) = lingered(socket, true).await;
        assert!((MOST_BYTES..MOST_BYTES + (8 << 10)).contains(&dropped_bytes), "{dropped_bytes}");
        sending.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_is_silent_is_parted_with_soon() {
        let (_caller, socket) = duplex(100);
        assert_eq!(lingered(socket, false).await, (0, BRIEFLY));
    }
}
