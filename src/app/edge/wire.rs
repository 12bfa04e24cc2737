//! A socket that tells how it fares, answers where hyper would not say why, and lets the caller finish.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::linger::Linger;
use super::pulse::Pulse;
use super::refusal::Refusal;

/// So much of an answer may wait in the system for a caller to take it. Without a limit it is megabytes: a thousand
/// callers that read nothing would take the memory of all sockets of the machine.
const WAITING_BYTES: u32 = 128 << 10;

/// Sets a socket's options. One that can't be set makes a connection slower or heavier, and no worse.
pub(super) fn prepare(socket: &TcpStream) {
    // Answers are one packet each: waiting for more of them to send together would only delay them.
    let without_delay = socket.set_nodelay(true);
    let bounded = SockRef::from(socket).set_tcp_notsent_lowat(WAITING_BYTES);
    if let Err(e) = without_delay.and(bounded) {
        tracing::debug!("an option of a socket: {e}");
    }
}

/// A socket whose reads and writes are told to a `Pulse`.
pub(super) struct Wire {
    socket: TcpStream,
    pulse: Arc<Pulse>,
    /// What is written in the place of the last thing hyper says.
    refusal: Option<Refusal>,
    /// Once nothing more is written.
    linger: Option<Linger>,
}

impl Wire {
    pub(super) fn new(socket: TcpStream, pulse: Arc<Pulse>) -> Self {
        Wire { socket, pulse, refusal: None, linger: None }
    }

    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => self.pulse.stalled(),
            Poll::Ready(_) => self.pulse.flowed(),
        }
        written
    }

    /// Refuses in hyper's place, if hyper is about to; the bytes it gave count as written when ours are.
    fn poll_refuse(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Option<Poll<io::Result<usize>>> {
        if self.refusal.is_none() && Refusal::may_begin(bytes) {
            let is_in_first_line = self.pulse.before_request()?;
            self.refusal = Refusal::in_place_of(bytes, is_in_first_line);
        }
        let refusal = self.refusal.as_mut()?;
        while !refusal.rest().is_empty() {
            match Pin::new(&mut self.socket).poll_write(cx, refusal.rest()) {
                Poll::Ready(Ok(0)) => return Some(Poll::Ready(Err(io::ErrorKind::WriteZero.into()))),
                Poll::Ready(Ok(written)) => refusal.advance(written),
                other => return Some(other),
            }
        }
        Some(Poll::Ready(Ok(bytes.len())))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, buffer);
        if let Some(bytes @ [_, ..]) = buffer.filled().get(before..) {
            self.pulse.heard(bytes);
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let refused = self.poll_refuse(cx, bytes);
        let written = refused.unwrap_or_else(|| Pin::new(&mut self.socket).poll_write(cx, bytes));
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let refused = match slices {
            [bytes] => self.poll_refuse(cx, bytes),
            _ => None,
        };
        let written = refused.unwrap_or_else(|| Pin::new(&mut self.socket).poll_write_vectored(cx, slices));
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.socket).poll_shutdown(cx))?;
        }
        let Wire { socket, refusal, linger, .. } = &mut *self;
        linger.get_or_insert_default().poll(cx, socket, refusal.is_some()).map(Ok)
    }
}
