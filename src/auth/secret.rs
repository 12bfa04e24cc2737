//! A token's secret: shown once, kept as a hash.
//!
//! `osr_`, 52 characters of base32 for 32 random bytes, 8 for a checksum of what stands before them. Those that Osier
//! made before it knew checksums end behind the 52 and stay good. What has neither form is refused without a look into
//! the store, and scanners of leaked secrets can tell one from text that only looks alike.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use serde::{Serialize, Serializer};

/// What every token begins with, so that scanners of leaked secrets know one.
pub const PREFIX: &str = "osr_";

/// Characters of the random part.
const RANDOM_CHARS: usize = 52;

/// Bytes of the checksum.
const CHECK_BYTES: usize = 5;

/// Keeps the checksum apart from all else that is hashed.
const CHECK_CONTEXT: &str = "osier 2026-11-21 checksum of a token";

/// A secret that was just made. Shown to its maker and dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSecret(String);

impl NewSecret {
    /// From 32 random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 32]) -> Self {
        let random = base32(&bytes);
        let check = checksum(&random);
        NewSecret(format!("{PREFIX}{random}{check}"))
    }

    /// The text a caller puts behind `Bearer`.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewSecret(…)")
    }
}

/// The answer to its maker is the one place that it is written to.
impl Serialize for NewSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// What is kept and looked up; none for text that no token can be. A secret has 256 random bits, so a plain hash does.
#[must_use]
pub fn digest(secret: &str) -> Option<[u8; 32]> {
    let rest = secret.strip_prefix(PREFIX)?;
    let (random, check) = rest.split_at_checked(RANDOM_CHARS)?;
    let is_plain = random.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_random = is_plain && BASE32_NOPAD.decode(random.to_ascii_uppercase().as_bytes()).is_ok();
    let is_whole = check.is_empty() || check == checksum(random);
    (is_random && is_whole).then(|| hash(secret))
}

/// The hash that `digest` answers, of any text: to look for among those that are known already. What is found there was
/// judged before; judging its form anew would cost a read more than its answer.
#[must_use]
pub fn hash(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

fn checksum(random: &str) -> String {
    base32(&blake3::derive_key(CHECK_CONTEXT, random.as_bytes())[..CHECK_BYTES])
}

fn base32(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_in_its_debug_text() {
        let secret = NewSecret::from_random([7; 32]);
        assert!(secret.reveal().starts_with(PREFIX) && secret.reveal().len() == 64);
        assert!(!format!("{secret:?}").contains(&secret.reveal()[8..]));
    }

    #[test]
    fn a_secret_with_a_slip_in_it_is_known_for_none() {
        let secret = NewSecret::from_random([7; 32]).reveal().to_owned();
        assert!(digest(&secret).is_some());
        for at in PREFIX.len()..secret.len() {
            let mut slip = secret.clone().into_bytes();
            slip[at] = if slip[at] == b'a' { b'b' } else { b'a' };
            assert_eq!(digest(std::str::from_utf8(&slip).unwrap()), None, "at {at}");
        }
    }

    #[test]
    fn secrets_of_the_time_before_checksums_stay_good() {
        let old = format!("{PREFIX}{}", base32(&[9; 32]));
        assert_eq!(digest(&old), Some(*blake3::hash(old.as_bytes()).as_bytes()));
    }

    #[test]
    fn text_of_another_form_is_no_secret() {
        let secret = NewSecret::from_random([7; 32]).reveal().to_owned();
        let (upper, long) = (secret.to_ascii_uppercase(), "osr_".repeat(4000));
        let (short, twice) = (&secret[..63], format!("{secret}{secret}"));
        // The last of 52 characters has four bits to spare: one secret is not written in two ways.
        let spare = format!("{PREFIX}{}b", "a".repeat(51));
        let wide = format!("{PREFIX}{}", "é".repeat(26));
        for text in ["", "osr_", "osr_unknown", &upper, &long, short, &twice, &spare, &wide, " "] {
            assert_eq!(digest(text), None, "{text}");
        }
    }
}
