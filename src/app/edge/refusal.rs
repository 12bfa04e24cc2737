//! What is answered where no request could be read: a problem document in the place of hyper's empty answer.
//!
//! hyper refuses a head that it can't parse, or that is too large, by itself, before any service is asked.

use crate::http;

/// The names of all headers that hyper gives such an answer.
const HEADERS: [&str; 3] = ["connection", "content-length", "date"];

/// An answer that is written in the place of another one.
pub(super) struct Refusal {
    bytes: Vec<u8>,
    written: usize,
}

impl Refusal {
    /// Whether these bytes may begin a refusal.
    pub(super) fn may_begin(bytes: &[u8]) -> bool {
        bytes.starts_with(b"HTTP/1.") && bytes.get(9) == Some(&b'4')
    }

    /// In the place of what hyper is about to write, if that is a refusal of its own. hyper takes an address that never
    /// ends for a head that is too large: `is_in_first_line` tells them apart.
    pub(super) fn in_place_of(bytes: &[u8], is_in_first_line: bool) -> Option<Self> {
        let (status, date) = read(bytes)?;
        let status = if status == 431 && is_in_first_line { 414 } else { status };
        Some(Refusal { bytes: http::refusal(status, date), written: 0 })
    }

    /// What is still to be written.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.written..).unwrap_or_default()
    }

    /// So much more was written.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.written += bytes;
    }
}

/// Status and date of an answer that is a refusal and nothing else. Every answer of ours has headers that hyper's has
/// not.
fn read(bytes: &[u8]) -> Option<(u16, Option<&str>)> {
    let head = bytes.strip_prefix(b"HTTP/1.1 4").or_else(|| bytes.strip_prefix(b"HTTP/1.0 4"))?;
    let head = head.strip_suffix(b"\r\n\r\n")?;
    let head = std::str::from_utf8(head).ok()?;
    let mut lines = head.split("\r\n");
    let status = 400 + lines.next()?.get(..2)?.parse::<u16>().ok()?;
    let mut date = None;
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        if !HEADERS.contains(&name) || (name == "content-length" && value != "0") {
            return None;
        }
        if name == "date" {
            date = Some(value);
        }
    }
    Some((status, date))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOO_LARGE: &[u8] =
        b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\
                               date: Sat, 21 Nov 2026 22:00:00 GMT\r\n\r\n";

    fn told(bytes: &[u8], is_in_first_line: bool) -> Option<String> {
        let refusal = Refusal::in_place_of(bytes, is_in_first_line)?;
        Some(String::from_utf8(refusal.rest().to_vec()).unwrap())
    }

    #[test]
    fn an_empty_refusal_becomes_a_document_of_the_same_status() {
        let told = told(TOO_LARGE, false).unwrap();
        assert!(told.starts_with("HTTP/1.1 431 "), "{told}");
        assert!(told.contains("\r\ndate: Sat, 21 Nov 2026 22:00:00 GMT\r\n"), "{told}");
        assert!(told.contains(r#""code":"headers_too_large""#), "{told}");
    }

    #[test]
    fn a_head_that_is_too_large_in_its_first_line_has_an_address_that_is() {
        assert!(told(TOO_LARGE, true).unwrap().contains(r#""code":"uri_too_long""#));
        let malformed = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
        assert!(told(malformed, true).unwrap().contains(r#""code":"malformed_request""#));
        let old = b"HTTP/1.0 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
        assert!(told(old, true).is_some());
    }

    #[test]
    fn any_other_answer_is_left_as_it_is() {
        for bytes in [
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n{}",
            "HTTP/1.1 4",
            "{}",
            "",
        ] {
            assert_eq!(told(bytes.as_bytes(), false), None, "{bytes}");
        }
    }
}
