//! Numbers that look random and can be had again: the seed is printed.

use std::hash::{BuildHasher, RandomState};

/// A seed for whoever has chosen none, short enough to be typed.
pub fn any_seed() -> u64 {
    RandomState::new().hash_one(0) % 100_000
}

/// SplitMix64: small, and good enough to cut messages at surprising places.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The same seed and the same name give the same numbers.
    pub fn of(seed: u64, name: &str) -> Random {
        let mix =
            |state: u64, byte| (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        Random(name.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, mix))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        let span = (high - low) as u64 + 1;
        low + usize::try_from(self.next() % span).unwrap_or(0)
    }

    /// Any bytes, all 256 values of them.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }

    /// A word of small letters.
    pub fn word(&mut self, length: usize) -> String {
        let letter =
            |_| char::from(b'a' + u8::try_from(self.between(0, 25)).unwrap_or(0));
        (0..length).map(letter).collect()
    }
}
