//! HTTP/1.1 as cheap as it can be had: requests whose bytes stand ready, answers of which only the status and the length
//! are read. The load generator shares the cores with what it loads, so that a full client would be measured too.

use std::io;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// In a request's text this run stands for a number that no request had before.
pub(super) const SLOT: &str = "@@@@@@@@@@@@";

/// A request, and the group its latency is counted in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) group: String,
    pub(super) text: String,
}

impl Request {
    /// With a token and, where there is a body, its type and length.
    pub(super) fn new(group: &str, method: &str, path: &str, token: &str, body: &str) -> Request {
        let mut text =
            format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n");
        if !body.is_empty() {
            text += &format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
        }
        text += "\r\n";
        text += body;
        Request { group: group.to_owned(), text }
    }
}

/// A request's bytes and the places of the numbers in them.
#[derive(Clone)]
pub(super) struct Ready {
    bytes: Vec<u8>,
    slots: Vec<usize>,
}

impl Ready {
    pub(super) fn of(request: &Request) -> Ready {
        let slots = request.text.match_indices(SLOT).map(|(at, _)| at).collect();
        Ready { bytes: request.text.clone().into_bytes(), slots }
    }

    /// The bytes with a number in their slots.
    pub(super) fn numbered(&mut self, number: u64) -> &[u8] {
        for at in &self.slots {
            let mut rest = number;
            for byte in self.bytes[*at..at + SLOT.len()].iter_mut().rev() {
                *byte = b'0' + u8::try_from(rest % 10).unwrap_or_default();
                rest /= 10;
            }
        }
        &self.bytes
    }
}

/// A connection that is kept alive.
pub(super) struct Line {
    stream: TcpStream,
    /// What was read: the answer whole, and nothing behind it, for nothing was asked yet.
    buffer: Vec<u8>,
}

/// The head of an answer.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) head: &'a str,
    pub(super) body: &'a [u8],
}

impl Line {
    pub(super) async fn to(addr: &str) -> io::Result<Line> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Line { stream, buffer: Vec::with_capacity(16 << 10) })
    }

    /// Sends a request and reads its answer to the end.
    ///
    /// # Errors
    /// The connection broke, or what came is no answer with a length.
    pub(super) async fn ask(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = self.head().await?;
        let (status, length) = read_head(&self.buffer[..head])?;
        while self.buffer.len() < head + length {
            self.more().await?;
        }
        let head_text = std::str::from_utf8(&self.buffer[..head]).map_err(io::Error::other)?;
        Ok(Answer { status, head: head_text, body: &self.buffer[head..head + length] })
    }

    /// Sends a request whose answer never ends; the head is read, with what came behind it.
    pub(super) async fn open(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = self.head().await?;
        let (status, _) = read_head(&self.buffer[..head])?;
        let head_text = std::str::from_utf8(&self.buffer[..head]).map_err(io::Error::other)?;
        Ok(Answer { status, head: head_text, body: &self.buffer[head..] })
    }

    /// What comes next of an answer that never ends.
    pub(super) async fn next(&mut self) -> io::Result<&[u8]> {
        self.buffer.clear();
        self.more().await?;
        Ok(&self.buffer)
    }

    /// Reads up to the end of the head; answers where the body begins.
    async fn head(&mut self) -> io::Result<usize> {
        let mut searched = 0;
        loop {
            self.more().await?;
            if let Some(at) = self.buffer[searched..].windows(4).position(|four| four == b"\r\n\r\n") {
                return Ok(searched + at + 4);
            }
            searched = self.buffer.len().saturating_sub(3);
        }
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// Status and length; an answer that names no length has no body, or never ends.
fn read_head(head: &[u8]) -> io::Result<(u16, usize)> {
    const NAME: &[u8] = b"content-length:";
    let text = |bytes| std::str::from_utf8(bytes).ok();
    let status = head.get(9..12).and_then(text).and_then(|digits| digits.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("the answer has no status"))?;
    let line = head
        .split(|byte| *byte == b'\n')
        .find(|line| line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME));
    let length = line.and_then(|line| text(&line[NAME.len()..])?.trim().parse().ok());
    Ok((status, length.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_a_request_is_filled_in_and_its_length_stays() {
        let request =
            Request::new("op", "POST", "/ops", "t", &format!("{{\"a\":\"{SLOT}\",\"b\":\"{SLOT}\"}}"));
        let mut ready = Ready::of(&request);
        let text = String::from_utf8(ready.numbered(42).to_vec()).unwrap();
        assert!(text.ends_with("{\"a\":\"000000000042\",\"b\":\"000000000042\"}"), "{text}");
        assert!(text.contains("content-length: 39\r\n"), "{text}");
        assert_eq!(ready.numbered(999_999_999_999).len(), text.len());
    }

    #[test]
    fn status_and_length_are_read_in_any_case() {
        let head = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 17\r\n\r\n";
        assert_eq!(read_head(head).unwrap(), (200, 17));
        assert_eq!(read_head(b"HTTP/1.1 304 Not Modified\r\n\r\n").unwrap(), (304, 0));
        assert!(read_head(b"nonsense\r\n\r\n").is_err());
    }
}
