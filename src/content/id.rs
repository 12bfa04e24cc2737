//! Names of nodes: pages, blocks, list items. Opaque to callers, with a visible prefix when we made them.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest id a caller may bring.
pub const MAX_ID: usize = 64;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// As it stands in JSON.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether both share one text in memory: a quick yes, where a no says nothing.
            #[must_use]
            pub fn is_shared_with(&self, other: &Self) -> bool {
                Arc::ptr_eq(&self.0, &other.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.into())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// A page's id, `pg_…` unless its maker brought another.
    PageId
}
id! {
    /// A block's id, `blk_…` unless its maker brought another.
    BlockId
}

/// Whether a caller may use this id for what it creates: 1 to 64 letters, digits, `_`, `-`.
#[must_use]
pub fn may_be_brought(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_ID
        && id != "site"
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Whether a list item may have this key: as an id, and never a number, which would look like an index.
#[must_use]
pub fn may_be_key(key: &str) -> bool {
    may_be_brought(key) && !key.bytes().all(|b| b.is_ascii_digit())
}

/// Where new ids come from. The ground floor knows neither clock nor chance: they are handed in.
pub trait Mint: Send {
    /// Sixteen bytes nobody had before, the first ones rising with time (a UUIDv7, RFC 9562).
    fn mint(&mut self) -> [u8; 16];
}

/// A new page id.
pub fn new_page(mint: &mut dyn Mint) -> PageId {
    PageId(with_prefix("pg_", &mint.mint()).into())
}

/// A new block id.
pub fn new_block(mint: &mut dyn Mint) -> BlockId {
    BlockId(with_prefix("blk_", &mint.mint()).into())
}

/// A new list item key: short, because it is unique in its list only. Twelve characters, 60 bits of chance.
pub fn new_key(mint: &mut dyn Mint) -> String {
    let bytes = mint.mint();
    with_prefix("k", &bytes[8..])[..13].to_owned()
}

/// A prefix and the bytes in Crockford's base32, lower case, most significant bits first.
fn with_prefix(prefix: &str, bytes: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut out = String::with_capacity(prefix.len() + (bytes.len() * 8).div_ceil(5));
    out.push_str(prefix);
    let (mut pending, mut bits) = (0u32, 0u32);
    for &byte in bytes {
        pending = pending << 8 | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(DIGITS[(pending >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        out.push(char::from(DIGITS[(pending << (5 - bits) & 31) as usize]));
    }
    out
}

/// A mint for tests and simulations: counts.
#[derive(Debug, Default)]
pub struct Counting(pub u64);

impl Mint for Counting {
    fn mint(&mut self) -> [u8; 16] {
        self.0 += 1;
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
        bytes[..8].copy_from_slice(&self.0.to_be_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_prefix_and_rise_with_the_mint() {
        let mut mint = Counting::default();
        let (a, b) = (new_page(&mut mint), new_page(&mut mint));
        assert!(a.as_str().starts_with("pg_") && a.as_str().len() == 29);
        assert!(a < b);
        assert!(new_block(&mut mint).as_str().starts_with("blk_"));
    }

    #[test]
    fn a_key_is_never_a_number() {
        assert!(may_be_key(&new_key(&mut Counting::default())));
        assert!(!may_be_key("12"));
        assert!(!may_be_key("a/b"));
        assert!(may_be_key("a1"));
    }
}
