//! One run from the minimum: the steps of an optimiser until every set has been left.

use super::mlp::norm;
use super::sets::{Nested, SetKind};
use crate::calibrate::training::Optimiser;
use crate::noise::Stream;
use crate::scheme::StopFlag;

/// Minibatch gradients of a loss around its minimum; `x = θ - θ*`.
pub(in crate::calibrate) trait Landscape {
    /// Writes the gradient on a new minibatch into `out`.
    fn gradient(&mut self, x: &[f64], stream: &mut Stream, out: &mut [f64]);

    /// `F(θ) - F(θ*)`.
    fn excess(&mut self, x: &[f64]) -> f64;
}

/// The first step at which a set had been left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::calibrate) struct Passage {
    pub step: u64,
    /// Length of that step, in the norm of the set; `None` for level sets.
    pub last: Option<f64>,
    /// Length of the longest step up to there, Euclidean.
    pub largest: f64,
    /// `F - F*` there, for balls and level sets.
    pub excess: Option<f64>,
}

/// One run.
#[derive(Clone, Debug)]
pub(in crate::calibrate) struct Run {
    /// For each family of sets, the passages of the smallest sets; those that were not left are missing.
    pub passages: Vec<Vec<Passage>>,
    /// Steps made: where the sets that were not left are censored.
    pub steps: u64,
    /// A stop was requested before the run had ended.
    pub stopped: bool,
}

/// How runs are made.
pub(in crate::calibrate) struct Walk<'w> {
    pub optimiser: Optimiser,
    /// `E[g²]` at the minimum, where Adam's second moment starts. Its first moment starts at 0, and neither is corrected for its start: the
    /// state is that after many steps near the minimum.
    pub second_moment: &'w [f64],
    pub sets: &'w [Nested],
    pub max_steps: u64,
    pub loss_every: u64,
    /// Whether the loss is computed at the exits from balls.
    pub losses: bool,
    pub stop: &'w StopFlag,
}

impl Walk<'_> {
    pub fn run(&self, landscape: &mut impl Landscape, stream: &mut Stream) -> Run {
        self.run_watched(landscape, stream, |_, _| {})
    }

    /// [`Walk::run`]; `watch` sees the number of every ball at its passage, and `x` there.
    pub fn run_watched(
        &self,
        landscape: &mut impl Landscape,
        stream: &mut Stream,
        mut watch: impl FnMut(usize, &[f64]),
    ) -> Run {
        let dim = self.second_moment.len();
        let (mut x, mut gradient, mut step) = (vec![0.0; dim], vec![0.0; dim], vec![0.0; dim]);
        let (mut mean, mut square) = (vec![0.0; dim], self.second_moment.to_vec());
        let mut run = Run { passages: vec![Vec::new(); self.sets.len()], steps: 0, stopped: false };
        let mut largest = 0.0f64;
        let left_all = |run: &Run| run.passages.iter().zip(self.sets).all(|(p, s)| p.len() == s.sizes.len());
        while run.steps < self.max_steps && !left_all(&run) {
            if self.stop.is_set() {
                run.stopped = true;
                break;
            }
            landscape.gradient(&x, stream, &mut gradient);
            self.advance(&gradient, &mut mean, &mut square, &mut step);
            x.iter_mut().zip(&step).for_each(|(x, s)| *x += s);
            run.steps += 1;
            let length = norm(&step);
            largest = largest.max(length);
            for (nested, passages) in self.sets.iter().zip(&mut run.passages) {
                // The loss of all images is not computed for nothing.
                if passages.len() == nested.sizes.len() {
                    continue;
                }
                let (reached, last) = match nested.kind {
                    SetKind::Ball => (norm(&x), Some(length)),
                    SetKind::Box => (max_norm(&x), Some(max_norm(&step))),
                    SetKind::Level if run.steps.is_multiple_of(self.loss_every) => (landscape.excess(&x), None),
                    SetKind::Level => continue,
                };
                let mut excess = None;
                // NaN has left every set.
                while passages.len() < nested.sizes.len() && !(reached <= nested.sizes[passages.len()]) {
                    if self.losses && nested.kind == SetKind::Ball && excess.is_none() {
                        excess = Some(landscape.excess(&x));
                    }
                    if nested.kind == SetKind::Ball {
                        watch(passages.len(), &x);
                    }
                    let excess = if nested.kind == SetKind::Level { Some(reached) } else { excess };
                    passages.push(Passage { step: run.steps, last, largest, excess });
                }
            }
        }
        run
    }

    /// The optimiser's next step.
    fn advance(&self, gradient: &[f64], mean: &mut [f64], square: &mut [f64], step: &mut [f64]) {
        match self.optimiser {
            Optimiser::Sgd { eta, momentum } => {
                for ((s, u), g) in step.iter_mut().zip(mean).zip(gradient) {
                    *u = momentum * *u + g;
                    *s = -eta * *u;
                }
            }
            Optimiser::Adam { eta, beta1, beta2, stabilizer } => {
                for (((s, m), v), g) in step.iter_mut().zip(mean).zip(square).zip(gradient) {
                    *m = beta1 * *m + (1.0 - beta1) * g;
                    *v = beta2 * *v + (1.0 - beta2) * g * g;
                    *s = -eta * *m / (v.sqrt() + stabilizer);
                }
            }
        }
    }
}

fn max_norm(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |largest, x| if x.abs() > largest || x.is_nan() { x.abs() } else { largest })
}
