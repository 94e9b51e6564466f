//! Random formulas in the grammar of expressions, and near it.

use levy_escape::noise::{Seed, Stream};
use rand::RngExt;

/// Atoms: numbers at their extremes, variables of both kinds, parameters, constants, and names that are none.
const ATOMS: [&str; 24] = [
    "x",
    "x",
    "x",
    "y",
    "z",
    "x1",
    "x2",
    "x7",
    "x1000",
    "a",
    "b",
    "pi",
    "e",
    "0",
    "1",
    "2",
    "0.5",
    "3.25",
    "1e308",
    "1e-308",
    "1e999",
    "9999999999999999999",
    "x0",
    "q",
];
/// Functions of one argument.
const FUNCTIONS: [&str; 14] =
    ["exp", "ln", "log", "sqrt", "abs", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"];
/// Functions of two.
const PAIRS: [&str; 3] = ["min", "max", "pow"];
const OPERATORS: [&str; 7] = ["+", "-", "*", "/", "^", "**", " - "];

/// Grows formulas from a fixed seed.
pub struct Grower {
    stream: Stream,
}

impl Grower {
    pub fn new(seed: u64) -> Self {
        Grower { stream: Stream::new(Seed(seed), 0, 0) }
    }

    /// A formula of random depth. A bowl is added to half of them, so that many have a minimum and are differentiated.
    pub fn grow(&mut self) -> String {
        let depth = self.stream.random_range(0..8);
        let mut text = String::new();
        self.term(depth, &mut text);
        match self.stream.random_range(0..4) {
            0 => format!("x^2 + 0.01*({text})"),
            1 => format!("x^4/4 + y^2 - {text}"),
            _ => text,
        }
    }

    fn pick(&mut self, words: &[&'static str]) -> &'static str {
        words[self.stream.random_range(0..words.len())]
    }

    fn term(&mut self, depth: u32, text: &mut String) {
        // Seven of eight atoms are valid in most formulas.
        let atoms = if self.stream.random_range(0..8) == 0 { &ATOMS[..] } else { &ATOMS[..4] };
        if depth == 0 {
            let atom = if self.stream.random::<bool>() { self.pick(atoms) } else { self.pick(&ATOMS[13..18]) };
            return text.push_str(atom);
        }
        match self.stream.random_range(0..10) {
            0..4 => {
                self.term(depth - 1, text);
                text.push_str(self.pick(&OPERATORS));
                self.term(depth - 1, text);
            }
            4 => {
                text.push('-');
                self.term(depth - 1, text);
            }
            5..7 => {
                text.push('(');
                self.term(depth - 1, text);
                text.push(')');
            }
            7..9 => {
                text.push_str(self.pick(&FUNCTIONS));
                text.push('(');
                self.term(depth - 1, text);
                text.push(')');
            }
            _ => {
                text.push_str(self.pick(&PAIRS));
                text.push('(');
                self.term(depth - 1, text);
                text.push_str(", ");
                self.term(depth - 1, text);
                text.push(')');
            }
        }
    }
}
