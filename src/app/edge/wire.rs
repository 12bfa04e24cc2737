//! A socket that tells how it fares.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::pulse::Pulse;

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
}

impl Wire {
    pub(super) fn new(socket: TcpStream, pulse: Arc<Pulse>) -> Self {
        Wire { socket, pulse }
    }

    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => self.pulse.stalled(),
            Poll::Ready(_) => self.pulse.flowed(),
        }
        written
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
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
