//! Reads a formula: numbers, variables, parameters, `+ - * / ^` and functions.
//!
//! As in mathematics, `-x^2` is `-(x^2)` and `2^3^2` is `2^(3^2)`; `**` is `^`.

use std::ops::Range;

use thiserror::Error;

use super::tape::{Binary, Function, Tape, TapeBuilder, Term};

/// Largest length of a formula in bytes.
const MOST_BYTES: usize = 100_000;
/// Largest depth of parentheses, signs and exponents.
const MOST_DEPTH: usize = 200;
/// Largest number of variables.
pub(super) const MOST_VARIABLES: usize = 1_000;

/// What is wrong in a formula, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("column {} of the formula: {message}", column)]
pub struct FormulaError {
    /// The place in bytes from the beginning.
    pub span: Range<usize>,
    /// The place in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How to correct it.
    pub help: Option<String>,
}

/// The axis of a variable: `x`, `y` and `z`, or `x1`, `x2`, ….
pub(super) fn axis(name: &str) -> Option<usize> {
    match name {
        "x" => Some(0),
        "y" => Some(1),
        "z" => Some(2),
        _ => {
            let digits = name.strip_prefix('x')?;
            let number: usize = digits.parse().ok()?;
            ((1..=MOST_VARIABLES).contains(&number) && !digits.starts_with(['0', '+'])).then(|| number - 1)
        }
    }
}

/// A formula that was read.
pub(super) struct Formula {
    pub tape: Tape,
    /// One more than the last axis that occurs.
    pub dim: usize,
}

/// Reads `text` with the values of `parameters`. Every parameter must occur.
pub(super) fn read(text: &str, parameters: &[(&str, f64)]) -> Result<Formula, FormulaError> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
        parameters,
        used: Vec::new(),
        dim: 0,
        axes: Vec::new(),
        tape: TapeBuilder::default(),
    };
    if text.len() > MOST_BYTES {
        return Err(reader.error(0..0, format!("the formula is longer than {MOST_BYTES} bytes"), None));
    }
    if let Some(name) = parameters.iter().map(|(name, _)| *name).find(|name| axis(name).is_some() || !is_name(name)) {
        let help = Some("names of parameters are letters, digits and _, and not x, y, z or x1, x2, …".to_owned());
        return Err(reader.error(0..0, format!("a parameter cannot be named {name:?}"), help));
    }
    let result = reader.sum()?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.unexpected("the end or an operator"));
    }
    if let Some(name) = parameters.iter().map(|(name, _)| *name).find(|name| !reader.used.contains(name)) {
        return Err(reader.error(
            0..text.len(),
            format!("the parameter {name} does not occur"),
            Some("use it in the formula, or remove it".to_owned()),
        ));
    }
    let named = reader.axes.iter().any(|(_, numbered)| !numbered);
    if named && reader.axes.iter().any(|(_, numbered)| *numbered) {
        let help = Some("use either x, y, z or x1, x2, …".to_owned());
        return Err(reader.error(0..text.len(), "x, y, z and numbered variables are mixed".to_owned(), help));
    }
    Ok(Formula { dim: reader.dim, tape: reader.tape.finish(result) })
}

fn is_name(name: &str) -> bool {
    name.starts_with(begins_name) && name.chars().all(continues_name)
}

fn begins_name(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn continues_name(c: char) -> bool {
    begins_name(c) || c.is_ascii_digit()
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    parameters: &'t [(&'t str, f64)],
    used: Vec<&'t str>,
    dim: usize,
    /// The axes that occur, and whether by a numbered name.
    axes: Vec<(usize, bool)>,
    tape: TapeBuilder,
}

impl<'t> Reader<'t> {
    fn error(&self, span: Range<usize>, message: String, help: Option<String>) -> FormulaError {
        let column = self.text[..span.start].chars().count() + 1;
        FormulaError { span, column, message, help }
    }

    /// The error of something other than `expected` at the present place.
    fn unexpected(&self, expected: &str) -> FormulaError {
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else {
            return self.error(self.at..self.at, format!("{expected} is missing at the end"), None);
        };
        let word: String = rest.chars().take_while(|c| continues_name(*c)).collect();
        let shown = if word.is_empty() { first.to_string() } else { word };
        let help = match first {
            '=' => Some("give the potential alone, without F(x) =".to_owned()),
            '²' | '³' => Some("write powers as x^2".to_owned()),
            '(' | 'a'..='z' | 'A'..='Z' => Some("write products with *, as 2*x".to_owned()),
            '[' | '{' => Some("group with ( and )".to_owned()),
            ')' => Some("no ( before it is open".to_owned()),
            _ => None,
        };
        self.error(self.at..self.at + shown.len(), format!("expected {expected}, found {shown:?}"), help)
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Whether `symbol` comes next; it is then skipped.
    fn takes(&mut self, symbol: &str) -> bool {
        self.skip_space();
        let comes = self.text[self.at..].starts_with(symbol);
        self.at += if comes { symbol.len() } else { 0 };
        comes
    }

    fn sum(&mut self) -> Result<Term, FormulaError> {
        self.grouped_from_left([("+", Binary::Add), ("-", Binary::Subtract)], Reader::product)
    }

    fn product(&mut self) -> Result<Term, FormulaError> {
        self.grouped_from_left([("*", Binary::Multiply), ("/", Binary::Divide)], Reader::signed)
    }

    fn grouped_from_left(
        &mut self,
        operators: [(&str, Binary); 2],
        part: fn(&mut Self) -> Result<Term, FormulaError>,
    ) -> Result<Term, FormulaError> {
        let mut result = part(self)?;
        while let Some((_, binary)) = operators.into_iter().find(|(symbol, _)| self.takes(symbol)) {
            let next = part(self)?;
            result = self.tape.apply(binary, result, next);
        }
        Ok(result)
    }

    /// A power with signs in front.
    fn signed(&mut self) -> Result<Term, FormulaError> {
        self.deeper(|reader| {
            if reader.takes("-") {
                let power = reader.signed()?;
                return Ok(reader.tape.apply(Binary::Multiply, Term::Number(-1.0), power));
            }
            if reader.takes("+") { reader.signed() } else { reader.power() }
        })
    }

    fn power(&mut self) -> Result<Term, FormulaError> {
        let base = self.operand()?;
        if !(self.takes("^") || self.takes("**")) {
            return Ok(base);
        }
        // The exponent may have a sign, and powers are grouped from the right.
        let exponent = self.signed()?;
        Ok(self.tape.apply(Binary::Power, base, exponent))
    }

    fn operand(&mut self) -> Result<Term, FormulaError> {
        self.skip_space();
        let start = self.at;
        if self.takes("(") {
            let inner = self.deeper(Reader::sum)?;
            self.close(start)?;
            return Ok(inner);
        }
        let rest = &self.text[self.at..];
        match rest.chars().next() {
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if begins_name(c) => self.named(),
            _ => Err(self.unexpected("a number, a variable or a function")),
        }
    }

    /// The parenthesis that closes the one at `open`.
    fn close(&mut self, open: usize) -> Result<(), FormulaError> {
        if self.takes(")") {
            return Ok(());
        }
        if self.at < self.text.len() {
            return Err(self.unexpected("\")\" or an operator"));
        }
        Err(self.error(open..open + 1, "this parenthesis is not closed".to_owned(), None))
    }

    fn number(&mut self) -> Result<Term, FormulaError> {
        let rest = &self.text.as_bytes()[self.at..];
        let digits = |from: usize| rest[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        let mut length = digits(0);
        if rest.get(length) == Some(&b'.') {
            length += 1 + digits(length + 1);
        }
        if matches!(rest.get(length), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(rest.get(length + 1), Some(b'+' | b'-')));
            let exponent = digits(length + 1 + sign);
            length += if exponent > 0 { 1 + sign + exponent } else { 0 };
        }
        let span = self.at..self.at + length;
        let number = self.text[span.clone()].parse().ok().filter(|number: &f64| number.is_finite());
        let Some(number) = number else {
            return Err(self.error(span.clone(), format!("{:?} is not a number", &self.text[span]), None));
        };
        self.at = span.end;
        Ok(Term::Number(number))
    }

    fn named(&mut self) -> Result<Term, FormulaError> {
        let text = self.text;
        let rest = &text[self.at..];
        let length = rest.find(|c: char| !continues_name(c)).unwrap_or(rest.len());
        let (name, span) = (&rest[..length], self.at..self.at + length);
        self.at = span.end;
        if let Some((name, value)) = self.parameters.iter().find(|(known, _)| *known == name) {
            self.used.push(name);
            return Ok(Term::Number(*value));
        }
        if let Some(axis) = axis(name) {
            self.dim = self.dim.max(axis + 1);
            self.axes.push((axis, name.len() > 1));
            return Ok(self.tape.variable(axis as u32));
        }
        let open = self.at;
        if self.takes("(") {
            return self.function(name, span, open);
        }
        match name {
            "pi" => Ok(Term::Number(std::f64::consts::PI)),
            "e" => Ok(Term::Number(std::f64::consts::E)),
            _ if Function::ALL.iter().any(|(known, _)| *known == name) => Err(self.error(
                span,
                format!("{name} needs its argument in parentheses"),
                Some(format!("write {name}(x)")),
            )),
            _ => {
                let help = "variables are x, y, z or x1, x2, …; give other names a value under `parameters`";
                Err(self.error(span, format!("unknown name {name:?}"), Some(help.to_owned())))
            }
        }
    }

    /// A function after its opening parenthesis.
    fn function(&mut self, name: &str, span: Range<usize>, open: usize) -> Result<Term, FormulaError> {
        let first = self.deeper(Reader::sum)?;
        let binary = match name {
            "min" => Some(Binary::Min),
            "max" => Some(Binary::Max),
            "pow" => Some(Binary::Power),
            _ => None,
        };
        if let Some(binary) = binary {
            if !self.takes(",") {
                return Err(self.unexpected("\",\" and a second argument"));
            }
            let second = self.deeper(Reader::sum)?;
            self.close(open)?;
            return Ok(self.tape.apply(binary, first, second));
        }
        let Some((_, function)) = Function::ALL.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = Function::ALL.iter().map(|(known, _)| *known).chain(["min", "max", "pow"]).collect();
            let help = format!("known functions: {}", known.join(", "));
            return Err(self.error(span, format!("unknown function {name:?}"), Some(help)));
        };
        self.close(open)?;
        Ok(self.tape.call(*function, first))
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, FormulaError>) -> Result<T, FormulaError> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            let message = format!("more than {MOST_DEPTH} levels of parentheses, signs and exponents");
            return Err(self.error(self.at..self.at, message, None));
        }
        let result = read(self);
        self.depth -= 1;
        result
    }
}
