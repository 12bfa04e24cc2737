//! The lines of a log's file.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::outside::{parse_rfc3339, rfc3339};
use super::super::replay::Wrong;
use crate::content::commit::{Encoded, stored_json};
use crate::store::{BranchKey, Digest, Entry, Kind, Link, Site, Source};

/// The kind of file and how it is written. A later release reads this one too.
const FORMAT: &str = "osier-log/1";

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Header {
    format: String,
    osier: String,
    pub(super) site: String,
    created_at: String,
    genesis: Box<RawValue>,
}

/// An entry.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    seq: u64,
    kind: Kind,
    at: String,
    actor: Arc<str>,
    source: Source,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    branch: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    format: i16,
    hash: String,
    body: Box<RawValue>,
}

/// The last line: a file without it was cut off.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trailer {
    end: bool,
    entries: u64,
    head: String,
}

impl Header {
    /// Of a site.
    ///
    /// # Errors
    /// Its genesis is no JSON.
    pub(super) fn of(site: &Site) -> Result<Header, Wrong> {
        Ok(Header {
            format: FORMAT.into(),
            osier: env!("CARGO_PKG_VERSION").into(),
            site: site.id.clone(),
            created_at: rfc3339(site.created_ms),
            genesis: raw(&site.genesis)?,
        })
    }

    /// Reads a file's first line.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn read(text: &str) -> Result<Header, Wrong> {
        let header: Header = serde_json::from_str(text)
            .map_err(|e| Wrong(format!("this is no log of Osier's: its first line can't be read: {e}")))?;
        if header.format != FORMAT {
            let (found, osier) = (&header.format, &header.osier);
            return Err(Wrong(format!(
                "the file has the format {found} of osier {osier}: run the newest osier"
            )));
        }
        Ok(header)
    }

    /// What the site was made with, byte for byte.
    pub(super) fn genesis(&self) -> &[u8] {
        self.genesis.get().as_bytes()
    }

    /// When the site was made.
    ///
    /// # Errors
    /// That is no time.
    pub(super) fn created_ms(&self) -> Result<i64, Wrong> {
        time(&self.created_at)
    }
}

impl Trailer {
    /// Behind the newest entry.
    pub(super) fn behind(link: Link) -> Trailer {
        Trailer { end: true, entries: link.seq, head: hex(&link.hash) }
    }

    /// Reads a line if it is a last one.
    pub(super) fn read(text: &str) -> Option<Trailer> {
        serde_json::from_str(text).ok().filter(|trailer: &Trailer| trailer.end)
    }

    /// Whether the file ends where it says that it does.
    ///
    /// # Errors
    /// It does not.
    pub(super) fn expect(&self, link: Link) -> Result<(), Wrong> {
        match self.entries == link.seq && self.head == hex(&link.hash) {
            true => Ok(()),
            false => Err(Wrong(format!(
                "the last line speaks of {} entries up to {:.12}…, and the file has {} up to {:.12}…",
                self.entries,
                self.head,
                link.seq,
                hex(&link.hash)
            ))),
        }
    }
}

/// An entry as a line, without its end.
///
/// # Errors
/// Its body can't be read.
pub(super) fn write(entry: &Entry) -> Result<String, Wrong> {
    let line = Line {
        seq: entry.seq,
        kind: entry.kind,
        at: rfc3339(entry.at_ms),
        actor: entry.who.clone(),
        source: entry.source,
        branch: entry.branch.map(|branch| branch.0),
        version: entry.version,
        key: entry.key.clone(),
        request: entry.request.as_ref().map(hex),
        format: entry.format,
        hash: hex(&entry.hash),
        body: raw(&stored_json(entry.format, &entry.body)?)?,
    };
    to_text(&line)
}

/// Reads an entry; its body is kept as the bytes that stand there.
///
/// # Errors
/// The line is none.
pub(super) fn read(text: &str) -> Result<Entry, Wrong> {
    let line: Line = serde_json::from_str(text).map_err(|e| Wrong(format!("this is no entry: {e}")))?;
    Ok(Entry {
        seq: line.seq,
        format: line.format,
        kind: line.kind,
        at_ms: time(&line.at)?,
        who: line.actor,
        source: line.source,
        branch: line.branch.map(BranchKey),
        version: line.version,
        key: line.key,
        request: line.request.as_deref().map(digest).transpose()?,
        hash: digest(&line.hash)?,
        body: Encoded::of_json(line.body.get().as_bytes())?.bytes,
    })
}

/// A line as text.
pub(super) fn to_text(line: &impl Serialize) -> Result<String, Wrong> {
    serde_json::to_string(line).map_err(|e| Wrong(e.to_string()))
}

fn raw(json: &[u8]) -> Result<Box<RawValue>, Wrong> {
    let text = std::str::from_utf8(json).map_err(|e| Wrong(e.to_string()))?;
    RawValue::from_string(text.to_owned()).map_err(|e| Wrong(e.to_string()))
}

fn time(text: &str) -> Result<i64, Wrong> {
    parse_rfc3339(text).ok_or_else(|| Wrong(format!("'{text}' is no time as a log has it")))
}

fn hex(digest: &Digest) -> String {
    data_encoding::HEXLOWER.encode(digest)
}

fn digest(text: &str) -> Result<Digest, Wrong> {
    let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| Wrong(format!("'{text}' is no hash")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(json: &str) -> Entry {
        Entry {
            seq: 7,
            format: 1,
            kind: Kind::RestorePage,
            at_ms: 1_795_276_799_999,
            who: "Jürgen \"J\"".into(),
            source: Source::Mcp,
            branch: Some(BranchKey::MAIN),
            version: Some(5),
            key: Some("k\n".into()),
            request: Some([9; 32]),
            hash: [3; 32],
            body: Encoded::of_json(json.as_bytes()).unwrap().bytes,
        }
    }

    #[test]
    fn an_entry_comes_back_as_it_was_byte_for_byte() {
        let long = format!(r#"{{"o":["{}"]}}"#, "ü\\n".repeat(1_000));
        for json in [r#"{"z":1.0,"b":1e2,"a":-0.0,"n":123456789012345678901234567890}"#, &long] {
            let entry = entry(json);
            let line = write(&entry).unwrap();
            assert!(line.contains(json) && !line.contains('\n'));
            assert_eq!(read(&line).unwrap(), entry);
        }
        let bare = Entry { branch: None, version: None, key: None, request: None, ..entry("{}") };
        assert_eq!(read(&write(&bare).unwrap()).unwrap(), bare);
    }

    #[test]
    fn the_first_line_keeps_the_genesis_as_it_is() {
        let genesis = r#"{"name":"x","n":1.50}"#;
        let site = Site {
            key: crate::store::SiteKey(3),
            id: "s".into(),
            genesis: genesis.into(),
            created_ms: 1_000,
        };
        let header = Header::read(&to_text(&Header::of(&site).unwrap()).unwrap()).unwrap();
        assert_eq!((header.genesis(), header.created_ms().unwrap()), (genesis.as_bytes(), 1_000));
        assert!(Header::read(r#"{"seq":1}"#).is_err());
        let newer = to_text(&Header { format: "osier-log/2".into(), ..header }).unwrap();
        assert!(Header::read(&newer).is_err_and(|wrong| wrong.0.contains("newest osier")));
    }
}
