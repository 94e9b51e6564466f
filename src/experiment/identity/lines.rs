//! The lines of the canonical text.

use std::fmt::{self, Write};

use crate::files::write_digits;

/// A line for every key, with its values.
pub(super) struct IdentityLines<'w> {
    out: &'w mut dyn Write,
    buffer: Vec<u8>,
}

impl<'w> IdentityLines<'w> {
    pub fn new(out: &'w mut dyn Write) -> Self {
        IdentityLines { out, buffer: Vec::new() }
    }

    pub fn text(&mut self, key: &str, value: &str) -> fmt::Result {
        writeln!(self.out, "{key} {value}")
    }

    pub fn number(&mut self, key: &str, number: f64) -> fmt::Result {
        self.numbers(key, &[number])
    }

    pub fn numbers<'n>(&mut self, key: &str, numbers: impl IntoIterator<Item = &'n f64>) -> fmt::Result {
        self.buffer.clear();
        self.buffer.extend_from_slice(key.as_bytes());
        for number in numbers {
            self.buffer.push(b' ');
            write_digits(&mut self.buffer, *number);
        }
        self.buffer.push(b'\n');
        self.out.write_str(std::str::from_utf8(&self.buffer).map_err(|_| fmt::Error)?)
    }
}
