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
        let mut recording = Recording::new(self);
        while !recording.has_ended() {
            if self.stop.is_set() {
                return recording.stopped();
            }
            landscape.gradient(&x, stream, &mut gradient);
            self.advance(&gradient, &mut mean, &mut square, &mut step);
            x.iter_mut().zip(&step).for_each(|(x, s)| *x += s);
            let boxes = recording.waits_for(SetKind::Box);
            let lengths =
                |v: &[f64]| Lengths { euclidean: norm(v), largest: if boxes { max_norm(v) } else { f64::NAN } };
            // The loss of all images is not computed for nothing.
            let excess = recording.step(lengths(&x), lengths(&step)).then(|| landscape.excess(&x));
            recording.record(excess, |ball| watch(ball, &x));
        }
        recording.finished()
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

/// Lengths of a vector.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengths {
    pub euclidean: f64,
    /// `max_i |v_i|`; any value when no box waits.
    pub largest: f64,
}

/// The passages of one run, recorded step by step.
pub(super) struct Recording<'w> {
    walk: &'w Walk<'w>,
    run: Run,
    longest: f64,
    /// `x` and the step, after the last step.
    place: Lengths,
    last: Lengths,
}

impl<'w> Recording<'w> {
    pub fn new(walk: &'w Walk<'w>) -> Self {
        let run = Run { passages: vec![Vec::new(); walk.sets.len()], steps: 0, stopped: false };
        let zero = Lengths { euclidean: 0.0, largest: 0.0 };
        Recording { walk, run, longest: 0.0, place: zero, last: zero }
    }

    /// Whether the run has left every set or made its last step.
    pub fn has_ended(&self) -> bool {
        self.run.steps >= self.walk.max_steps
            || self.run.passages.iter().zip(self.walk.sets).all(|(p, s)| p.len() == s.sizes.len())
    }

    /// Whether a set of this shape has not been left.
    pub fn waits_for(&self, kind: SetKind) -> bool {
        self.run.passages.iter().zip(self.walk.sets).any(|(p, s)| s.kind == kind && p.len() < s.sizes.len())
    }

    /// Counts a step to `place`; returns whether `F - F*` there is needed.
    pub fn step(&mut self, place: Lengths, step: Lengths) -> bool {
        self.run.steps += 1;
        self.longest = self.longest.max(step.euclidean);
        (self.place, self.last) = (place, step);
        let leaves_ball = |(passages, nested): (&Vec<Passage>, &Nested)| {
            nested.kind == SetKind::Ball
                && nested.sizes.get(passages.len()).is_some_and(|size| left(place.euclidean, *size))
        };
        (self.looks_at_loss() && self.waits_for(SetKind::Level))
            || (self.walk.losses && self.run.passages.iter().zip(self.walk.sets).any(leaves_ball))
    }

    /// Records the sets that the last step left; `excess` is given where [`Recording::step`] asked for it. `watch` sees the number of every ball.
    pub fn record(&mut self, excess: Option<f64>, mut watch: impl FnMut(usize)) {
        let looks_at_loss = self.looks_at_loss();
        for (nested, passages) in self.walk.sets.iter().zip(&mut self.run.passages) {
            let (reached, last, excess) = match nested.kind {
                SetKind::Ball => (self.place.euclidean, Some(self.last.euclidean), excess.filter(|_| self.walk.losses)),
                SetKind::Box => (self.place.largest, Some(self.last.largest), None),
                SetKind::Level => match excess {
                    Some(reached) if looks_at_loss => (reached, None, excess),
                    _ => continue,
                },
            };
            while nested.sizes.get(passages.len()).is_some_and(|size| left(reached, *size)) {
                if nested.kind == SetKind::Ball {
                    watch(passages.len());
                }
                passages.push(Passage { step: self.run.steps, last, largest: self.longest, excess });
            }
        }
    }

    /// The run, ended early by a stop.
    pub fn stopped(mut self) -> Run {
        self.run.stopped = true;
        self.run
    }

    /// The run.
    pub fn finished(self) -> Run {
        self.run
    }

    fn looks_at_loss(&self) -> bool {
        self.run.steps.is_multiple_of(self.walk.loss_every)
    }
}

/// NaN has left every set.
fn left(reached: f64, size: f64) -> bool {
    !(reached <= size)
}

fn max_norm(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |largest, x| if x.abs() > largest || x.is_nan() { x.abs() } else { largest })
}
