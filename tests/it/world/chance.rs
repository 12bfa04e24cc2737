//! Chance and time that a number decides.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use osier::service::{Chance, Clock};

/// Numbers that follow from a seed (splitmix64).
pub struct Seeded(Mutex<u64>);

impl Seeded {
    pub fn new(seed: u64) -> Seeded {
        Seeded(Mutex::new(seed))
    }

    pub fn next(&self) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`.
    pub fn below(&self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn byte(&self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// True once in `n` times.
    pub fn once_in(&self, n: u64) -> bool {
        self.below(n) == 0
    }
}

impl Chance for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A clock that goes on a little whenever it is read, and now and then back.
#[derive(Default)]
pub struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now_ms(&self) -> i64 {
        let now = self.0.fetch_add(1, Ordering::Relaxed);
        1_750_000_000_000 + if now % 17 == 16 { now - 9 } else { now }
    }
}
