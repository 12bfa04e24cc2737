//! What an entry of the log says: the ops as asked, the changes that happened, and what the caller was answered.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read as _;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::change::Change;
use super::document::Hash;
use super::id::PageId;
use super::json::Value;
use super::ops::{OpResult, Taken};

/// The format this Osier writes.
pub const FORMAT: i16 = 1;

/// Bodies from this size on are compressed.
const COMPRESS_FROM: usize = 512;

/// The largest body: far beyond what a batch may ask, and what a reader can hold.
const MAX_MB: usize = 256;

/// How a page stood after a commit.
#[derive(Clone, Debug, PartialEq)]
pub struct PageEffect {
    /// The page.
    pub id: PageId,
    /// Its address; of a removed page, the one it had.
    pub slug: String,
    /// Its content hash; none where it was removed.
    pub hash: Option<Hash>,
}

/// The body of a commit, or of a note that a keyed batch changed nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    /// As asked.
    pub ops: Vec<Value>,
    /// As it happened.
    pub changes: Vec<Change>,
    /// One line an op.
    pub results: Vec<OpResult>,
    /// Handles and the ids they stand for.
    pub ids: BTreeMap<String, String>,
    /// The pages it touched.
    pub pages: Vec<PageEffect>,
    /// For the history: the caller's words, else ours.
    pub summary: String,
    /// The version that an undo undoes, a redo brings back, a restore restores.
    pub target: Option<u64>,
    /// Of an undo and its redo: the one page it was limited to.
    pub only_page: Option<PageId>,
    /// Of a note: the branch's version when it was answered.
    pub version: Option<u64>,
    /// Of the server that wrote it: two that are asked the same in the same millisecond write two different entries,
    /// so that neither takes the other's for its own.
    pub salt: u32,
}

/// A body on its way to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// As the store keeps it: JSON, compressed where that pays.
    pub bytes: Bytes,
    /// BLAKE3 of the JSON, however it is kept: what an entry's hash covers.
    pub digest: [u8; 32],
}

impl Encoded {
    /// A body's JSON as it stands: not a byte of it is changed, for its digest is in the log.
    ///
    /// # Errors
    /// It is no JSON object, or too large to be read again; compressing fails.
    pub fn of_json(json: &[u8]) -> Result<Encoded, Unreadable> {
        if json.first() != Some(&b'{') {
            return Err(Unreadable("it is no JSON object".into()));
        }
        if json.len() > MAX_MB << 20 {
            return Err(too_large());
        }
        let bytes = match json.len() < COMPRESS_FROM {
            true => Bytes::copy_from_slice(json),
            false => zstd::bulk::compress(json, 3).map_err(unreadable)?.into(),
        };
        Ok(Encoded { bytes, digest: *blake3::hash(json).as_bytes() })
    }
}

/// The JSON of a stored body.
///
/// # Errors
/// A format this Osier does not know; damaged bytes; more than a body may be.
pub fn stored_json(format: i16, bytes: &[u8]) -> Result<Cow<'_, [u8]>, Unreadable> {
    if format != FORMAT {
        return Err(Unreadable(format!("format {format} is newer than this osier")));
    }
    match bytes.first() {
        Some(b'{') => Ok(Cow::Borrowed(bytes)),
        _ => unpacked(bytes).map(Cow::Owned),
    }
}

/// A few bytes may stand for any number of them, so it is counted as they come.
fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut json = Vec::new();
    let frame = zstd::stream::read::Decoder::with_buffer(bytes).map_err(unreadable)?;
    frame.take((MAX_MB << 20) as u64 + 1).read_to_end(&mut json).map_err(unreadable)?;
    if json.len() > MAX_MB << 20 { Err(too_large()) } else { Ok(json) }
}

/// A body can't be read.
#[derive(Debug, thiserror::Error)]
#[error("an entry's body can't be read: {0}")]
pub struct Unreadable(String);

fn unreadable(error: impl std::fmt::Display) -> Unreadable {
    Unreadable(error.to_string())
}

fn too_large() -> Unreadable {
    Unreadable(format!("it is larger than {MAX_MB} MB"))
}

/// The body as stored: short names, and nothing that stands in the op already.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    #[serde(rename = "o", default, skip_serializing_if = "<[_]>::is_empty")]
    ops: Cow<'a, [Value]>,
    #[serde(rename = "c", default, skip_serializing_if = "<[_]>::is_empty")]
    changes: Cow<'a, [Change]>,
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    results: Vec<StoredResult>,
    #[serde(rename = "i", default, skip_serializing_if = "BTreeMap::is_empty")]
    ids: Cow<'a, BTreeMap<String, String>>,
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    pages: Vec<(Cow<'a, PageId>, Cow<'a, str>, Option<String>)>,
    #[serde(rename = "s", default, skip_serializing_if = "str::is_empty")]
    summary: Cow<'a, str>,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    target: Option<u64>,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    only_page: Option<PageId>,
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(rename = "z", default)]
    salt: u32,
}

#[derive(Serialize, Deserialize)]
struct StoredResult {
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    block: Option<String>,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(rename = "n", default, skip_serializing_if = "std::ops::Not::not")]
    unchanged: bool,
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    undid: Option<Taken>,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    redid: Option<Taken>,
}

impl Body {
    /// The bytes of the log and their digest.
    ///
    /// # Errors
    /// None that a body made here can have.
    pub fn encode(&self) -> Result<Encoded, Unreadable> {
        let stored = Stored {
            ops: Cow::Borrowed(&self.ops),
            changes: Cow::Borrowed(&self.changes),
            results: self
                .results
                .iter()
                .zip(&self.ops)
                .map(|(result, op)| self.shorten(result, op))
                .collect(),
            ids: Cow::Borrowed(&self.ids),
            pages: self
                .pages
                .iter()
                .map(|page| {
                    let hash = page.hash.map(|hash| encode_hash(&hash));
                    (Cow::Borrowed(&page.id), Cow::Borrowed(page.slug.as_str()), hash)
                })
                .collect(),
            summary: Cow::Borrowed(&self.summary),
            target: self.target,
            only_page: self.only_page.clone(),
            version: self.version,
            salt: self.salt,
        };
        Encoded::of_json(&serde_json::to_vec(&stored).map_err(unreadable)?)
    }

    /// Reads what `encode` wrote.
    ///
    /// # Errors
    /// A format this Osier does not know; damaged bytes.
    pub fn decode(format: i16, bytes: &[u8]) -> Result<Body, Unreadable> {
        Body::from_json(&stored_json(format, bytes)?)
    }

    /// Reads a body's JSON.
    ///
    /// # Errors
    /// It is not the JSON of a body.
    pub fn from_json(json: &[u8]) -> Result<Body, Unreadable> {
        let stored: Stored<'_> = serde_json::from_slice(json).map_err(unreadable)?;
        let pages = stored.pages.into_iter().map(|(id, slug, hash)| {
            let hash = hash.map(|hash| decode_hash(&hash)).transpose()?;
            Ok(PageEffect { id: id.into_owned(), slug: slug.into_owned(), hash })
        });
        let pages = pages.collect::<Result<Vec<_>, Unreadable>>()?;
        let results = stored.results.into_iter().zip(stored.ops.iter());
        let results = results.map(|(result, op)| lengthen(result, op, &pages)).collect();
        Ok(Body {
            results,
            pages,
            ops: stored.ops.into_owned(),
            changes: stored.changes.into_owned(),
            ids: stored.ids.into_owned(),
            summary: stored.summary.into_owned(),
            target: stored.target,
            only_page: stored.only_page,
            version: stored.version,
            salt: stored.salt,
        })
    }

    fn shorten(&self, result: &OpResult, op: &Value) -> StoredResult {
        let said = |field: &str| op.get(field).and_then(Value::as_str);
        let page = result.page.as_ref().map(ToString::to_string);
        let block = result.block.as_ref().map(ToString::to_string);
        let only = self.pages.first().filter(|_| self.pages.len() == 1).map(|page| page.id.as_str());
        StoredResult {
            page: if page.as_deref() == only { None } else { page.or(Some(String::new())) },
            block: if block.as_deref() == said("block") { None } else { block.or(Some(String::new())) },
            key: result.key.clone(),
            unchanged: !result.changed,
            undid: result.undid.clone(),
            redid: result.redid.clone(),
        }
    }
}

/// Fills in what `shorten` left out; an empty text stands for nothing at all.
fn lengthen(stored: StoredResult, op: &Value, pages: &[PageEffect]) -> OpResult {
    let said = |field: &str| op.get(field).and_then(Value::as_str).map(str::to_owned);
    let only = pages.first().filter(|_| pages.len() == 1).map(|page| page.id.to_string());
    let named = |text: String| Some(text).filter(|text| !text.is_empty());
    OpResult {
        op: said("op").unwrap_or_default(),
        page: stored.page.map_or(only, named).map(Into::into),
        block: stored.block.map_or_else(|| said("block"), named).map(Into::into),
        key: stored.key,
        changed: !stored.unchanged,
        undid: stored.undid,
        redid: stored.redid,
    }
}

fn encode_hash(hash: &Hash) -> String {
    data_encoding::BASE64_NOPAD.encode(&hash.0)
}

fn decode_hash(text: &str) -> Result<Hash, Unreadable> {
    let bytes = data_encoding::BASE64_NOPAD.decode(text.as_bytes()).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).map(Hash).ok_or_else(|| Unreadable("a page's hash".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn body(text: &str) -> Body {
        let op = json!({"op": "update_props", "page": "/a", "block": "blk_1", "patch": {"heading": text}});
        let result = |changed, block: Option<&str>| OpResult {
            op: op["op"].as_str().unwrap().into(),
            page: Some("pg_1".into()),
            block: block.map(Into::into),
            key: Some("k1".into()),
            changed,
            undid: None,
            redid: None,
        };
        Body {
            ops: vec![op.clone(), op.clone()],
            results: vec![result(true, Some("blk_1")), result(false, None)],
            ids: [("a".to_owned(), "blk_2".to_owned())].into(),
            pages: vec![PageEffect { id: "pg_1".into(), slug: "/a".into(), hash: Some(Hash([7; 32])) }],
            summary: "Says it better".into(),
            target: Some(3),
            salt: 7,
            ..Body::default()
        }
    }

    #[test]
    fn a_body_is_read_as_it_was_written_small_and_large() {
        for text in ["short".to_owned(), "long ".repeat(10_000)] {
            let body = body(&text);
            let encoded = body.encode().unwrap();
            assert!(encoded.bytes.len() < 1_000);
            assert_eq!(Body::decode(FORMAT, &encoded.bytes).unwrap(), body);
        }
    }

    #[test]
    fn the_digest_is_of_the_json_however_it_is_kept() {
        for text in ["short".to_owned(), "long ".repeat(10_000)] {
            let encoded = body(&text).encode().unwrap();
            let json = stored_json(FORMAT, &encoded.bytes).unwrap();
            assert_eq!(json.first(), Some(&b'{'));
            assert_eq!(encoded.digest, *blake3::hash(&json).as_bytes());
            assert_eq!(Encoded::of_json(&json).unwrap(), encoded);
        }
        assert!(Encoded::of_json(b" {}").is_err());
    }

    /// A frame of so many blocks, each of which says: 128 KiB of spaces.
    fn spaces(blocks: usize) -> Vec<u8> {
        let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x38];
        for block in 1..=blocks {
            frame.extend([if block == blocks { 3 } else { 2 }, 0x00, 0x10, b' ']);
        }
        frame
    }

    #[test]
    fn a_body_that_unpacks_without_end_is_refused() {
        assert_eq!(stored_json(FORMAT, &spaces(2)).unwrap().len(), 256 << 10);
        let bomb = spaces(2_049);
        assert!(bomb.len() < 10_000);
        let refused = Body::decode(FORMAT, &bomb).unwrap_err().to_string();
        assert!(refused.ends_with("it is larger than 256 MB"), "{refused}");
    }

    #[test]
    fn a_newer_format_is_refused() {
        assert!(Body::decode(FORMAT + 1, b"{}").is_err());
    }
}
