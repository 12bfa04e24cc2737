//! The hash chain: what an entry's hash covers, and the name a commit gets from it.

use super::{Digest, Entry};

impl Entry {
    /// The hash this entry must have behind one with the hash `previous`: BLAKE3 over `previous`, then each field of
    /// its own as eight bytes of length (little end first) and the field's bytes, last the digest of its body's content,
    /// which is handed in: here bodies are bytes, compressed or not. So a body can be kept otherwise, or be redacted,
    /// and the chain still checks.
    #[must_use]
    pub fn chain_hash(&self, previous: &Digest, body: &Digest) -> Digest {
        let mut hasher = blake3::Hasher::new();
        hasher.update(previous);
        let mut field = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        field(&self.seq.to_le_bytes());
        field(&self.format.to_le_bytes());
        field(&self.kind.code().to_le_bytes());
        field(&self.at_ms.to_le_bytes());
        field(self.who.as_bytes());
        field(&self.source.code().to_le_bytes());
        field(&self.branch.map(|branch| branch.0.to_le_bytes()).unwrap_or_default());
        field(&self.version.unwrap_or_default().to_le_bytes());
        field(self.key.as_deref().unwrap_or_default().as_bytes());
        field(self.request.as_ref().map_or(&[][..], |digest| digest));
        field(body);
        *hasher.finalize().as_bytes()
    }

    /// The id of a commit: its sequence number and the beginning of its hash, so that it is found without an index
    /// and tells of a log that was changed.
    #[must_use]
    pub fn commit_id(&self) -> String {
        commit_id(self.seq, &self.hash)
    }
}

/// As `Entry::commit_id`.
#[must_use]
pub fn commit_id(seq: u64, hash: &Digest) -> String {
    format!("c{seq}-{}", data_encoding::HEXLOWER.encode(&hash[..6]))
}

/// The sequence number in a commit id; whether the rest fits is seen when the entry is read.
#[must_use]
pub fn commit_seq(id: &str) -> Option<u64> {
    id.strip_prefix('c')?.split_once('-')?.0.parse().ok()
}
