//! A formula as a list of operations on earlier results, with its gradient by reverse accumulation.

use std::collections::{BTreeSet, HashMap};

/// Results that fit on the stack while a formula is evaluated.
const ON_STACK: usize = 64;

/// Functions of one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Function {
    Exp,
    Ln,
    Sqrt,
    Abs,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
}

impl Function {
    pub const ALL: [(&str, Function); 14] = [
        ("exp", Function::Exp),
        ("ln", Function::Ln),
        ("log", Function::Ln),
        ("sqrt", Function::Sqrt),
        ("abs", Function::Abs),
        ("sin", Function::Sin),
        ("cos", Function::Cos),
        ("tan", Function::Tan),
        ("asin", Function::Asin),
        ("acos", Function::Acos),
        ("atan", Function::Atan),
        ("sinh", Function::Sinh),
        ("cosh", Function::Cosh),
        ("tanh", Function::Tanh),
    ];

    fn value(self, x: f64) -> f64 {
        match self {
            Function::Exp => x.exp(),
            Function::Ln => x.ln(),
            Function::Sqrt => x.sqrt(),
            Function::Abs => x.abs(),
            Function::Sin => x.sin(),
            Function::Cos => x.cos(),
            Function::Tan => x.tan(),
            Function::Asin => x.asin(),
            Function::Acos => x.acos(),
            Function::Atan => x.atan(),
            Function::Sinh => x.sinh(),
            Function::Cosh => x.cosh(),
            Function::Tanh => x.tanh(),
        }
    }

    /// `f'(x)`, with `y = f(x)`.
    fn derivative(self, x: f64, y: f64) -> f64 {
        match self {
            Function::Exp => y,
            Function::Ln => 1.0 / x,
            Function::Sqrt => 0.5 / y,
            Function::Abs if x == 0.0 => 0.0,
            Function::Abs => x.signum(),
            Function::Sin => x.cos(),
            Function::Cos => -x.sin(),
            Function::Tan => 1.0 + y * y,
            Function::Asin => 1.0 / (1.0 - x * x).sqrt(),
            Function::Acos => -1.0 / (1.0 - x * x).sqrt(),
            Function::Atan => 1.0 / (1.0 + x * x),
            Function::Sinh => x.cosh(),
            Function::Cosh => x.sinh(),
            Function::Tanh => 1.0 - y * y,
        }
    }

    /// `f''(x)`, with `y = f(x)`.
    fn second_derivative(self, x: f64, y: f64) -> f64 {
        match self {
            Function::Exp => y,
            Function::Ln => -1.0 / (x * x),
            Function::Sqrt => -0.25 / (x * y),
            Function::Abs => 0.0,
            Function::Sin | Function::Cos => -y,
            Function::Tan => 2.0 * y * (1.0 + y * y),
            Function::Asin => x * (1.0 - x * x).powf(-1.5),
            Function::Acos => -x * (1.0 - x * x).powf(-1.5),
            Function::Atan => -2.0 * x / ((1.0 + x * x) * (1.0 + x * x)),
            Function::Sinh | Function::Cosh => y,
            Function::Tanh => -2.0 * y * (1.0 - y * y),
        }
    }
}

/// Operations of two arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Min,
    Max,
}

impl Binary {
    fn value(self, a: f64, b: f64) -> f64 {
        match self {
            Binary::Add => a + b,
            Binary::Subtract => a - b,
            Binary::Multiply => a * b,
            Binary::Divide => a / b,
            Binary::Power => a.powf(b),
            Binary::Min => a.min(b),
            Binary::Max => a.max(b),
        }
    }

    /// Derivatives by both arguments, with `y` the result.
    fn derivatives(self, a: f64, b: f64, y: f64) -> [f64; 2] {
        match self {
            Binary::Add => [1.0, 1.0],
            Binary::Subtract => [1.0, -1.0],
            Binary::Multiply => [b, a],
            Binary::Divide => [1.0 / b, -y / b],
            // A constant exponent has no derivative to wait for: at a ≤ 0 the logarithm has none.
            Binary::Power => [b * a.powf(b - 1.0), if a > 0.0 { y * a.ln() } else { 0.0 }],
            Binary::Min if a <= b => [1.0, 0.0],
            Binary::Max if a >= b => [1.0, 0.0],
            Binary::Min | Binary::Max => [0.0, 1.0],
        }
    }

    /// Second derivatives by the first argument, by both, and by the second, with `y` the result.
    fn second_derivatives(self, a: f64, b: f64, y: f64) -> [f64; 3] {
        match self {
            Binary::Add | Binary::Subtract | Binary::Min | Binary::Max => [0.0; 3],
            Binary::Multiply => [0.0, 1.0, 0.0],
            Binary::Divide => [0.0, -1.0 / (b * b), 2.0 * y / (b * b)],
            Binary::Power => {
                let by_a = b * (b - 1.0) * a.powf(b - 2.0);
                let ln = if a > 0.0 { a.ln() } else { 0.0 };
                [by_a, if a > 0.0 { a.powf(b - 1.0) * (1.0 + b * ln) } else { 0.0 }, y * ln * ln]
            }
        }
    }
}

/// An operation on results of earlier ones, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Operation {
    Variable(u32),
    Constant(f64),
    Call(Function, u32),
    /// A power with a whole exponent.
    WholePower(u32, i32),
    Apply(Binary, u32, u32),
}

/// The operations of a formula in the order of their evaluation; the last one is the result. Equal operations occur once.
#[derive(Clone, Debug)]
pub(super) struct Tape {
    operations: Vec<Operation>,
    /// The axes of the variables, in ascending order.
    axes: Vec<usize>,
}

impl Tape {
    pub fn value(&self, x: &[f64]) -> f64 {
        with_scratch(self.operations.len(), |results| {
            self.evaluate(x, results);
            results.last().copied().unwrap_or(0.0)
        })
    }

    /// The gradient by the variables, into `gradient`.
    pub fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        gradient.fill(0.0);
        let n = self.operations.len();
        with_scratch(2 * n, |scratch| {
            let (results, adjoints) = scratch.split_at_mut(n);
            self.evaluate(x, results);
            adjoints.fill(0.0);
            adjoints[n - 1] = 1.0;
            for (i, operation) in self.operations.iter().enumerate().rev() {
                let adjoint = adjoints[i];
                // Not only faster: 0 times an infinite derivative is not a number.
                if adjoint == 0.0 {
                    continue;
                }
                match *operation {
                    Operation::Constant(_) => {}
                    Operation::Variable(axis) => gradient[axis as usize] += adjoint,
                    Operation::Call(function, a) => {
                        adjoints[a as usize] += adjoint * function.derivative(results[a as usize], results[i]);
                    }
                    Operation::WholePower(a, n) => {
                        adjoints[a as usize] += adjoint * f64::from(n) * results[a as usize].powi(n - 1);
                    }
                    Operation::Apply(binary, a, b) => {
                        let (a, b) = (a as usize, b as usize);
                        let [by_a, by_b] = binary.derivatives(results[a], results[b], results[i]);
                        adjoints[a] += adjoint * by_a;
                        adjoints[b] += adjoint * by_b;
                    }
                }
            }
        });
    }

    /// The axes of the variables, in ascending order.
    pub fn axes(&self) -> &[usize] {
        &self.axes
    }

    /// Column `axis` of the Hessian, into `column`: the derivative of the gradient along that axis.
    pub fn hessian_column(&self, x: &[f64], axis: usize, column: &mut [f64]) {
        column.fill(0.0);
        let n = self.operations.len();
        let mut scratch = vec![0.0; 4 * n];
        let (results, rest) = scratch.split_at_mut(n);
        let (along, rest) = rest.split_at_mut(n);
        let (adjoints, adjoints_along) = rest.split_at_mut(n);
        self.evaluate(x, results);
        for (i, operation) in self.operations.iter().enumerate() {
            along[i] = match *operation {
                Operation::Constant(_) => 0.0,
                Operation::Variable(variable) => f64::from(u8::from(variable as usize == axis)),
                Operation::Call(function, a) => {
                    let a = a as usize;
                    product(function.derivative(results[a], results[i]), along[a])
                }
                Operation::WholePower(a, n) => {
                    product(f64::from(n) * results[a as usize].powi(n - 1), along[a as usize])
                }
                Operation::Apply(binary, a, b) => {
                    let (a, b) = (a as usize, b as usize);
                    let [by_a, by_b] = binary.derivatives(results[a], results[b], results[i]);
                    product(by_a, along[a]) + product(by_b, along[b])
                }
            };
        }
        adjoints[n - 1] = 1.0;
        for (i, operation) in self.operations.iter().enumerate().rev() {
            let (adjoint, adjoint_along) = (adjoints[i], adjoints_along[i]);
            // `first` and `second` derivatives of the operation by its argument; the latter times the change of the arguments.
            let mut pass = |to: usize, first: f64, second: f64| {
                adjoints[to] += product(first, adjoint);
                adjoints_along[to] += product(first, adjoint_along) + product(second, adjoint);
            };
            match *operation {
                Operation::Constant(_) => {}
                Operation::Variable(axis) => column[axis as usize] += adjoint_along,
                Operation::Call(function, a) => {
                    let a = a as usize;
                    let second = function.second_derivative(results[a], results[i]);
                    pass(a, function.derivative(results[a], results[i]), product(second, along[a]));
                }
                Operation::WholePower(a, n) => {
                    let (a, power) = (a as usize, f64::from(n));
                    let second = power * (power - 1.0) * results[a].powi(n - 2);
                    pass(a, power * results[a].powi(n - 1), product(second, along[a]));
                }
                Operation::Apply(binary, a, b) => {
                    let (a, b) = (a as usize, b as usize);
                    let [by_a, by_b] = binary.derivatives(results[a], results[b], results[i]);
                    let [by_aa, by_ab, by_bb] = binary.second_derivatives(results[a], results[b], results[i]);
                    pass(a, by_a, product(by_aa, along[a]) + product(by_ab, along[b]));
                    pass(b, by_b, product(by_ab, along[a]) + product(by_bb, along[b]));
                }
            }
        }
    }

    fn evaluate(&self, x: &[f64], results: &mut [f64]) {
        for (i, operation) in self.operations.iter().enumerate() {
            results[i] = match *operation {
                Operation::Variable(axis) => x[axis as usize],
                Operation::Constant(constant) => constant,
                Operation::Call(function, a) => function.value(results[a as usize]),
                Operation::WholePower(a, n) => results[a as usize].powi(n),
                Operation::Apply(binary, a, b) => binary.value(results[a as usize], results[b as usize]),
            };
        }
    }
}

/// `derivative · change`, 0 without a change even where the derivative is infinite.
fn product(derivative: f64, change: f64) -> f64 {
    if change == 0.0 { 0.0 } else { derivative * change }
}

fn with_scratch<T>(length: usize, work: impl FnOnce(&mut [f64]) -> T) -> T {
    if length <= ON_STACK { work(&mut [0.0; ON_STACK][..length]) } else { work(&mut vec![0.0; length]) }
}

/// Part of a formula while it is read: a number, or the result of an operation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Term {
    Number(f64),
    Result(u32),
}

/// A tape being written. Operations on numbers are carried out at once.
#[derive(Default)]
pub(super) struct TapeBuilder {
    operations: Vec<Operation>,
    numbers: HashMap<[u64; 3], u32>,
}

impl TapeBuilder {
    pub fn variable(&mut self, axis: u32) -> Term {
        Term::Result(self.push([0, u64::from(axis), 0], Operation::Variable(axis)))
    }

    pub fn call(&mut self, function: Function, a: Term) -> Term {
        match a {
            Term::Number(a) => Term::Number(function.value(a)),
            Term::Result(a) => {
                Term::Result(self.push([2, function as u64, u64::from(a)], Operation::Call(function, a)))
            }
        }
    }

    pub fn apply(&mut self, binary: Binary, a: Term, b: Term) -> Term {
        if let (Term::Number(a), Term::Number(b)) = (a, b) {
            return Term::Number(binary.value(a, b));
        }
        if let (Binary::Power, Term::Result(a), Term::Number(n)) = (binary, a, b)
            && n.fract() == 0.0
            && n.abs() <= 64.0
        {
            let n = n as i32;
            return match n {
                0 => Term::Number(1.0),
                1 => Term::Result(a),
                _ => Term::Result(self.push([3, u64::from(a), n as u64], Operation::WholePower(a, n))),
            };
        }
        let (a, b) = (self.result(a), self.result(b));
        let key = [4 + binary as u64, u64::from(a), u64::from(b)];
        Term::Result(self.push(key, Operation::Apply(binary, a, b)))
    }

    /// The tape that ends with `result`.
    pub fn finish(mut self, result: Term) -> Tape {
        let last = self.result(result);
        // An operation of which nothing is used can follow, after simplifications such as x^0.
        self.operations.truncate(last as usize + 1);
        let axis = |operation: &Operation| match operation {
            Operation::Variable(axis) => Some(*axis as usize),
            _ => None,
        };
        let axes: BTreeSet<usize> = self.operations.iter().filter_map(axis).collect();
        Tape { operations: self.operations, axes: axes.into_iter().collect() }
    }

    fn result(&mut self, term: Term) -> u32 {
        match term {
            Term::Number(number) => self.push([1, number.to_bits(), 0], Operation::Constant(number)),
            Term::Result(result) => result,
        }
    }

    fn push(&mut self, key: [u64; 3], operation: Operation) -> u32 {
        *self.numbers.entry(key).or_insert_with(|| {
            self.operations.push(operation);
            self.operations.len() as u32 - 1
        })
    }
}
