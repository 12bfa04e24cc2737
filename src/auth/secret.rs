//! A token's secret: shown once, kept as a hash.

use std::fmt;

/// What every token begins with, so that scanners of leaked secrets know one.
pub const PREFIX: &str = "osr_";

/// A secret that was just made. Shown to its maker and dropped.
pub struct NewSecret(String);

impl NewSecret {
    /// From 32 random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 32]) -> Self {
        NewSecret(format!("{PREFIX}{}", data_encoding::BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()))
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

/// What is kept and looked up. A secret has 256 random bits, so a plain hash does.
#[must_use]
pub fn digest(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_in_its_debug_text() {
        let secret = NewSecret::from_random([7; 32]);
        assert!(secret.reveal().starts_with(PREFIX) && secret.reveal().len() == 56);
        assert!(!format!("{secret:?}").contains(&secret.reveal()[8..]));
    }
}
