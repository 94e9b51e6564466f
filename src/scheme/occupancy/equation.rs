//! The equations of SGD and Adam on a line, without an edge: jumps drawn one by one, and the flow between them.

use rand::RngExt;
use rand_distr::Exp1;

use super::adam::{AdamFlow, AdamState};
use super::local_wells::{Cuts, LocalWells};
use super::roam::{BridgedMover, Mover, Roamed};
use super::sgd::SgdFlow;
use crate::dynamics::{Adam, Problem};
use crate::landscape::Wells;
use crate::noise::{LevyMeasure, Stream};
use crate::scheme::linear::momentum_covariance;

/// An equation in a landscape, with its noise.
pub(super) struct Equation<F> {
    pub flow: F,
    pub local: LocalWells,
    measure: LevyMeasure,
}

impl Equation<SgdFlow> {
    /// SGD with steps of at most `share` local relaxation times.
    pub fn sgd(problem: &Problem, cuts: Cuts<'_, Wells, f64>, share: f64) -> Self {
        let at_rest = |curvature: f64, variance: f64| (0.5 * variance / curvature).sqrt();
        let local = LocalWells::new(problem, cuts, 1.0, at_rest);
        Equation { flow: SgdFlow { share }, local, measure: *problem.noise().measure() }
    }
}

impl Equation<AdamFlow> {
    /// Adam's equation.
    pub fn adam(problem: &Problem, cuts: Cuts<'_, Wells, f64>, adam: &Adam) -> Self {
        let q = problem.preconditioner().map_or(1.0, |q| q.entry(0));
        let spread = |curvature: f64, variance: f64| {
            momentum_covariance(adam.beta1_rate(), curvature, q, variance / (q * q))[0].sqrt()
        };
        let local = LocalWells::new(problem, cuts, q, spread);
        let flow = AdamFlow::new(adam, adam.noise_scales(problem.noise(), 1)[0]);
        Equation { flow, local, measure: *problem.noise().measure() }
    }
}

impl<F> Equation<F> {
    /// The time to the next jump that is drawn in a well.
    pub fn wait(&self, well: usize, rng: &mut Stream) -> f64 {
        let rate = self.local.well(well).jump_rate;
        if rate > 0.0 { rng.sample::<f64, _>(Exp1) / rate } else { f64::INFINITY }
    }

    /// A jump that is drawn in a well, in units of `εΣ`.
    pub fn draw_jump(&self, well: usize, rng: &mut Stream) -> f64 {
        self.measure.jump_above(self.local.well(well).cut, rng)
    }
}

/// An equation in its wells.
pub(super) struct Roaming<'e, F> {
    pub equation: &'e Equation<F>,
    pub wells: &'e Wells,
}

impl<F> Roamed<f64> for Roaming<'_, F> {
    fn well_of(&self, x: f64) -> Option<usize> {
        x.is_finite().then(|| self.wells.well_of(x))
    }

    fn wait(&self, well: usize, rng: &mut Stream) -> f64 {
        self.equation.wait(well, rng)
    }

    fn draw_jump(&self, well: usize, rng: &mut Stream) -> f64 {
        self.equation.draw_jump(well, rng)
    }
}

pub(super) struct SgdMover<'e> {
    pub equation: &'e Equation<SgdFlow>,
    pub x: f64,
}

impl Mover<f64> for SgdMover<'_> {
    fn x(&self) -> f64 {
        self.x
    }

    fn step(&mut self, well: usize, [_, most]: [f64; 2], rng: &mut Stream) -> f64 {
        let Equation { flow, local, .. } = self.equation;
        flow.step(local, local.well(well), &mut self.x, most, rng)
    }

    fn jump(&mut self, y: f64) {
        self.x += self.equation.local.amplitude * y;
    }
}

impl BridgedMover<f64> for SgdMover<'_> {
    fn is_linear(&self, well: usize, _: [f64; 2]) -> bool {
        SgdFlow::is_linear(self.equation.local.well(well), self.x)
    }

    fn variance(&self, well: usize, _: f64) -> f64 {
        self.equation.local.well(well).variance
    }
}

pub(super) struct AdamMover<'e> {
    pub equation: &'e Equation<AdamFlow>,
    pub state: AdamState,
}

impl Mover<f64> for AdamMover<'_> {
    fn x(&self) -> f64 {
        self.state.x
    }

    fn step(&mut self, well: usize, span: [f64; 2], rng: &mut Stream) -> f64 {
        let Equation { flow, local, .. } = self.equation;
        flow.step(local, local.well(well), &mut self.state, span, rng)
    }

    fn jump(&mut self, y: f64) {
        // `Q` is predictable: the one before the jump.
        self.state.x += self.equation.local.amplitude * y / self.equation.flow.q(&self.state);
    }

    fn stays_in(&self, well: usize) -> bool {
        let Equation { flow, local, .. } = self.equation;
        local.value(self.state.x) + flow.motion(&self.state) < local.well(well).top
    }
}

impl BridgedMover<f64> for AdamMover<'_> {
    fn is_linear(&self, well: usize, [t, _]: [f64; 2]) -> bool {
        let Equation { flow, local, .. } = self.equation;
        flow.is_linear(local.well(well), &self.state, t)
    }

    fn variance(&self, well: usize, _: f64) -> f64 {
        let q = self.equation.flow.q(&self.state);
        self.equation.local.well(well).variance / (q * q)
    }
}
