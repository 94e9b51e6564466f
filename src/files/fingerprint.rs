//! A hash of a text.

use std::fmt::{self, Display, Write};

/// The 128-bit Fowler-Noll-Vo hash (FNV-1a) of the text written into it.
pub(crate) struct Fingerprint(u128);

impl Fingerprint {
    pub fn new() -> Self {
        Fingerprint(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl Write for Fingerprint {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
        Ok(())
    }
}

impl Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the authors' test suite, RFC 9923.
    #[test]
    fn the_hash_is_that_of_its_authors() {
        for (text, expected) in [("", "6c62272e07bb014262b821756295c58d"), ("a", "d228cb696f1a8caf78912b704e4a8964")] {
            let mut hash = Fingerprint::new();
            hash.write_str(text).unwrap();
            assert_eq!(hash.to_string(), expected);
        }
    }
}
