//! What must hold of an entry behind the one before it, whatever its body says.

use std::borrow::Cow;

use crate::content::commit::{Unreadable, stored_json};
use crate::store::{Digest, Entry, Link, Site};

use super::super::site::MAIN;

/// What is wrong with an entry, in words that follow "seq 7: ".
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Wrong(pub(in super::super) String);

impl From<Unreadable> for Wrong {
    fn from(error: Unreadable) -> Self {
        Wrong(error.to_string())
    }
}

/// Where the walk stands.
#[derive(Clone, Debug)]
pub(in super::super) struct Chain {
    /// The newest entry; before the first one, the genesis.
    pub(in super::super) link: Link,
    /// Its time.
    pub(in super::super) at_ms: i64,
    /// The version of `main`.
    pub(in super::super) version: u64,
}

impl Chain {
    /// Before the first entry.
    pub(in super::super) fn from(genesis: &[u8]) -> Chain {
        Chain { link: Link { seq: 0, hash: Site::genesis_hash(genesis) }, at_ms: 0, version: 0 }
    }

    /// Takes the next entry, and gives the JSON of its body.
    ///
    /// # Errors
    /// It can't stand here: a gap, a time or version out of order, a body that can't be read, or a hash that covers
    /// something else than what stands there.
    pub(in super::super) fn follow<'e>(&mut self, entry: &'e Entry) -> Result<Cow<'e, [u8]>, Wrong> {
        let json = stored_json(entry.format, &entry.body)?;
        self.take(entry, blake3::hash(&json).as_bytes())?;
        Ok(json)
    }

    /// As `follow`, where the digest of the body's JSON is known.
    pub(in super::super) fn take(&mut self, entry: &Entry, body: &Digest) -> Result<(), Wrong> {
        let wrong = |what: String| Err(Wrong(what));
        let next = self.link.seq + 1;
        if entry.seq != next {
            return wrong(format!("entry {next} is missing: {} follows {}", entry.seq, self.link.seq));
        }
        if entry.chain_hash(&self.link.hash, body) != entry.hash {
            return wrong(
                "its hash does not cover what stands there: it, or the one before it, was changed".into(),
            );
        }
        if entry.at_ms < self.at_ms {
            return wrong(format!("its time lies {} ms before the one before it", self.at_ms - entry.at_ms));
        }
        if entry.kind.is_commit() != entry.version.is_some() {
            return wrong(format!(
                "an entry of kind {} with version {:?}",
                entry.kind.as_str(),
                entry.version
            ));
        }
        if let Some(version) = entry.version {
            if entry.branch != Some(MAIN) {
                return wrong("it is of a branch that this osier does not know".into());
            }
            if version != self.version + 1 {
                return wrong(format!("version {version} of main follows {}", self.version));
            }
            self.version = version;
        }
        self.link = Link { seq: entry.seq, hash: entry.hash };
        self.at_ms = entry.at_ms;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::commit::{Body, FORMAT};
    use crate::store::{Kind, Source};

    /// The entry behind a chain.
    fn next(chain: &Chain, change: impl FnOnce(&mut Entry)) -> Entry {
        let encoded = Body::default().encode().unwrap();
        let mut entry = Entry {
            seq: chain.link.seq + 1,
            format: FORMAT,
            kind: Kind::Edit,
            at_ms: 7,
            who: "ana".into(),
            source: Source::Api,
            branch: Some(MAIN),
            version: Some(chain.version + 1),
            key: None,
            request: None,
            body: encoded.bytes,
            hash: [0; 32],
        };
        change(&mut entry);
        entry.hash = entry.chain_hash(&chain.link.hash, &encoded.digest);
        entry
    }

    #[test]
    fn a_chain_takes_what_fits_behind_it_and_nothing_else() {
        let mut chain = Chain::from(b"{}");
        let first = next(&chain, |_| {});
        chain.follow(&first).unwrap();
        type Harm = fn(&mut Entry);
        let bad: [(&str, Harm); 6] = [
            ("missing", |e| e.seq += 1),
            ("before", |e| e.at_ms = 6),
            ("version 3", |e| e.version = Some(3)),
            ("kind edit", |e| e.version = None),
            ("kind note", |e| e.kind = Kind::Note),
            ("branch", |e| e.branch = None),
        ];
        for (words, change) in bad {
            let refused = chain.clone().follow(&next(&chain, change)).unwrap_err();
            assert!(refused.0.contains(words), "{words}: {}", refused.0);
        }
        let mut forged = next(&chain, |_| {});
        forged.who = "eve".into();
        assert!(chain.clone().follow(&forged).unwrap_err().0.contains("hash"));
        assert!(
            chain.clone().follow(&Entry { format: FORMAT + 1, ..forged }).unwrap_err().0.contains("newer")
        );
        chain.follow(&next(&chain, |_| {})).unwrap();
    }
}
