//! The minimum: training by minibatches, then full-batch descent.

use super::mlp::{Buffers, Mlp, dot, norm};
use crate::noise::{Seed, Stream};
use crate::scheme::StopFlag;

/// Numbers of the streams of a training.
const WEIGHTS: u64 = 0;
const TRAINING: u64 = 1;

/// Pairs of steps and differences of gradients that the descent remembers.
const MEMORY: usize = 20;
/// Share of the linear decrease that a step must attain (Armijo).
const DECREASE: f64 = 1e-4;
const HALVINGS: usize = 60;

/// Where a descent ended.
#[derive(Clone, Debug)]
pub(in crate::calibrate) struct Descent {
    pub theta: Vec<f64>,
    pub loss: f64,
    /// `|∇F|` at the start and at the end.
    pub gradient: [f64; 2],
    pub steps: u64,
}

/// How a network is trained to its minimum.
pub(in crate::calibrate) struct Training<'t> {
    pub key: Seed,
    /// Learning rate, images and steps of SGD.
    pub eta: f64,
    pub batch: usize,
    pub iterations: u64,
    /// Share of `|∇F|` at which the descent ends, and its most iterations.
    pub tolerance: f64,
    pub descent: u64,
    pub stop: &'t StopFlag,
}

impl Training<'_> {
    /// SGD from random weights, then full-batch descent.
    pub fn run(&self, mlp: &Mlp) -> Descent {
        let mut theta = mlp.weights(&mut Stream::new(self.key, WEIGHTS, 0));
        let (mut stream, mut work, mut gradient) =
            (Stream::new(self.key, TRAINING, 0), Buffers::default(), vec![0.0; mlp.dim()]);
        for _ in 0..self.iterations {
            if self.stop.is_set() {
                break;
            }
            mlp.minibatch(&theta, self.batch, &mut stream, &mut work, &mut gradient);
            theta.iter_mut().zip(&gradient).for_each(|(t, g)| *t -= self.eta * g);
        }
        let loss = |theta: &[f64], out: &mut [f64]| mlp.full(theta, &mut work, out);
        descend(theta, loss, self.tolerance, self.descent, self.stop)
    }
}

/// L-BFGS with backtracking from `theta`, until `|∇F|` is `tolerance` times its first value, no step decreases the loss, or `most` steps.
///
/// `loss` writes the gradient and returns `F`.
///
/// # References
/// - Liu, Nocedal (1989), *On the limited memory BFGS method for large scale optimization*.
pub(super) fn descend(
    mut theta: Vec<f64>,
    mut loss: impl FnMut(&[f64], &mut [f64]) -> f64,
    tolerance: f64,
    most: u64,
    stop: &StopFlag,
) -> Descent {
    let dim = theta.len();
    let mut gradient = vec![0.0; dim];
    let mut value = loss(&theta, &mut gradient);
    let first = norm(&gradient);
    let mut pairs: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::new();
    let (mut moved, mut slope) = (vec![0.0; dim], vec![0.0; dim]);
    let mut steps = 0;
    while norm(&gradient) > tolerance * first && steps < most && !stop.is_set() {
        let mut direction = newton(&pairs, &gradient);
        if dot(&direction, &gradient) <= 0.0 {
            pairs.clear();
            direction.clone_from(&gradient);
        }
        let along = dot(&direction, &gradient);
        let mut length = if pairs.is_empty() { 1.0f64.min(1.0 / norm(&gradient)) } else { 1.0 };
        let mut found = None;
        for _ in 0..HALVINGS {
            moved.iter_mut().zip(&theta).zip(&direction).for_each(|((m, t), d)| *m = t - length * d);
            let there = loss(&moved, &mut slope);
            if there <= value - DECREASE * length * along {
                found = Some(there);
                break;
            }
            length *= 0.5;
        }
        let Some(there) = found else {
            if pairs.is_empty() {
                break;
            }
            pairs.clear();
            continue;
        };
        let step: Vec<f64> = moved.iter().zip(&theta).map(|(a, b)| a - b).collect();
        let change: Vec<f64> = slope.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let curvature = dot(&step, &change);
        if curvature > 1e-12 * dot(&step, &step) {
            if pairs.len() == MEMORY {
                pairs.remove(0);
            }
            pairs.push((step, change, curvature));
        }
        std::mem::swap(&mut theta, &mut moved);
        std::mem::swap(&mut gradient, &mut slope);
        value = there;
        steps += 1;
    }
    Descent { theta, loss: value, gradient: [first, norm(&gradient)], steps }
}

/// The inverse Hessian that the pairs imply, times the gradient (two-loop recursion).
fn newton(pairs: &[(Vec<f64>, Vec<f64>, f64)], gradient: &[f64]) -> Vec<f64> {
    let mut q = gradient.to_vec();
    let mut factors = vec![0.0; pairs.len()];
    for (factor, (step, change, curvature)) in factors.iter_mut().zip(pairs).rev() {
        *factor = dot(step, &q) / curvature;
        q.iter_mut().zip(change).for_each(|(q, y)| *q -= *factor * y);
    }
    if let Some((_, change, curvature)) = pairs.last() {
        let scale = curvature / dot(change, change);
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for (factor, (step, change, curvature)) in factors.iter().zip(pairs) {
        let more = factor - dot(change, &q) / curvature;
        q.iter_mut().zip(step).for_each(|(q, s)| *q += more * s);
    }
    q
}
