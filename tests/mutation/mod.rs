//! Random changes of valid inputs, from a fixed seed.

pub mod formula;

use levy_escape::noise::{Seed, Stream};
use rand::{Rng, RngExt};

/// Changes inputs of one kind; `pieces` are the elements of its grammar.
pub struct Mutator<'p> {
    stream: Stream,
    pieces: &'p [&'p [u8]],
}

impl<'p> Mutator<'p> {
    pub fn new(seed: u64, pieces: &'p [&'p [u8]]) -> Self {
        Mutator { stream: Stream::new(Seed(seed), 0, 0), pieces }
    }

    /// One to three changes of `good`: a byte, a bit, a number at its extremes, a piece inserted, a part removed, doubled or cut off.
    pub fn change(&mut self, good: &[u8]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        for _ in 0..self.stream.random_range(1..4) {
            if bytes.is_empty() {
                break;
            }
            let at = self.stream.random_range(0..bytes.len());
            let end = (at + self.stream.random_range(1..60)).min(bytes.len());
            match self.stream.random_range(0..16) {
                0..3 => bytes[at] = self.stream.next_u32() as u8,
                3 => bytes[at] ^= 1 << self.stream.random_range(0..8),
                4 => {
                    let extreme = [0, 1, 0x7f, 0x80, 0xff][self.stream.random_range(0..5)];
                    bytes[at..end.min(at + 4)].fill(extreme);
                }
                5..7 => bytes[at] = b"0123456789.-_{}[]=\"\n"[self.stream.random_range(0..20)],
                7..11 => {
                    let piece = self.pieces[self.stream.random_range(0..self.pieces.len())];
                    bytes.splice(at..at, piece.iter().copied());
                }
                11..13 => drop(bytes.drain(at..end)),
                13..15 => {
                    let copy = bytes[at..end].to_vec();
                    let to = self.stream.random_range(0..bytes.len());
                    bytes.splice(to..to, copy);
                }
                _ => bytes.truncate(at),
            }
        }
        bytes
    }

    /// Changes of a few bytes that keep the length, half of them at the places in `tender`.
    pub fn touch(&mut self, bytes: &mut [u8], tender: impl Fn(u64) -> usize) {
        for _ in 0..self.stream.random_range(1..9) {
            let at = match self.stream.random_range(0..2) {
                0 => tender(self.stream.next_u64()).min(bytes.len() - 1),
                _ => self.stream.random_range(0..bytes.len()),
            };
            bytes[at] = self.stream.next_u32() as u8;
        }
    }

    /// With probability 1/20, the length at which a file of this length is cut.
    pub fn cut(&mut self, length: usize) -> Option<usize> {
        self.stream.random_range(0..20).eq(&0).then(|| self.stream.random_range(0..length))
    }
}
