//! # The noiseless motion of Adam
//!
//! At rest the averages are `m = 0` and `v = s²`, and a jump does not change them. From where it lands, `dθ = -Q⁻¹ m dt`, `dm = β1 (∇F - m) dt`, and,
//! unless `v` is constant, `dv = β2 ((∇F)² + s² - v) dt`. The momentum, and a `Q` that differs between the axes, may carry the path to another
//! minimum than the gradient flow.
//!
//! Where the momentum is damped, with `|F''|` far below `β1 Q`, `m` is the gradient of a time `1/β1` earlier, up to the second order in `1/β1`, and
//! `dθ = -Q⁻¹ ∇F(θ + Q⁻¹∇F/β1) dt`. The start at `m = 0` delays the path by `1/β1`, while `v` moves on. There this motion is followed: its errors are of
//! the order `(|F''|/(β1 Q))²`, and a large `β1` does not shorten its steps.
//!
//! With a constant `Q` the energy `F(θ) + Σ_i m_i² / (2 β1 Q_i)` falls at the rate `Σ_i m_i²/Q_i`. A path whose energy is below the lowest saddle of its
//! well therefore stays there. Where `v` moves, `Q` never falls below its value at rest; the energy with that `Q` must be below half of the height.

use crate::dynamics::{Adam, Preconditioner, Problem};
use crate::landscape::{AdaptiveFlow, Potential};

/// Local error of the motion as a share of the extent of the landscape, and far out of the distance.
const TOLERANCE: f64 = 1e-6;
/// A relative change of `v` counts as a way of this share of the extent.
const OF_SQUARES: f64 = 0.1;
/// Share of the height of a well below which a path stays in it, if `v` moves.
const HELD: f64 = 0.5;
/// `|F''|/(β1 Q)` up to which the momentum counts as damped.
const DAMPED: f64 = 0.1;
const MOST_STEPS: usize = 100_000;

/// `θ`, `m` and `v`.
type State<const D: usize> = [[f64; D]; 3];

/// The motion in a landscape in `D` dimensions.
pub(super) struct AdamDescent<'p, const D: usize> {
    potential: &'p dyn Potential,
    beta: [f64; 2],
    /// `s²`.
    squares: [f64; D],
    stabilizer: f64,
    moves: bool,
    /// `Q` at rest.
    rest: [f64; D],
    /// The energy of every well below which a path stays in it, and the largest of all.
    held: Vec<f64>,
    highest: f64,
    extent: f64,
    middle: [f64; D],
}

impl<'p, const D: usize> AdamDescent<'p, D> {
    /// Adam's motion between wells with the given minima and the heights of their lowest saddles above them.
    pub fn new(
        problem: &'p Problem,
        adam: &Adam,
        rest: &Preconditioner,
        wells: impl Iterator<Item = ([f64; D], f64)>,
    ) -> Self {
        let potential = problem.basin().potential();
        let scales = adam.noise_scales(problem.noise(), D);
        let moves = !adam.second_moment().is_constant();
        let share = if moves { HELD } else { 1.0 };
        let (minima, heights): (Vec<[f64; D]>, Vec<f64>) = wells.unzip();
        let held: Vec<f64> =
            minima.iter().zip(heights).map(|(minimum, height)| potential.value(minimum) + share * height).collect();
        let bounds: [[f64; 2]; D] = std::array::from_fn(|i| {
            minima.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[lo, hi], x| [lo.min(x[i]), hi.max(x[i])])
        });
        AdamDescent {
            potential,
            beta: [adam.beta1_rate(), adam.beta2_rate()],
            squares: std::array::from_fn(|i| scales[i] * scales[i]),
            stabilizer: adam.stabilizer(),
            moves,
            rest: std::array::from_fn(|i| rest.entry(i)),
            highest: held.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            held,
            extent: bounds.iter().fold(0.0, |extent: f64, [lo, hi]| extent.max(hi - lo)),
            middle: bounds.map(|[lo, hi]| 0.5 * (lo + hi)),
        }
    }

    /// The largest distance between two minima along an axis.
    pub fn extent(&self) -> f64 {
        self.extent
    }

    /// The well to which the motion leads from `x`, counted from 0; `None` if it leaves the finite numbers. `well_of` tells the basin of attraction of the
    /// gradient flow that holds a point.
    pub fn well_from(&self, x: [f64; D], well_of: impl Fn([f64; D]) -> Option<usize>) -> Option<usize> {
        if !x.iter().all(|x| x.is_finite()) {
            return None;
        }
        let allowed = |x: &[f64; D]| TOLERANCE * self.extent.max(distance(x, &self.middle));
        let begin = |state: State<D>, is_damped: bool| {
            let slope = |state: &State<D>| self.slope(state, is_damped);
            AdaptiveFlow::from(state, 10.0 * allowed(&state[0]), slope, |change| self.norm(&state, change))
        };
        let mut is_damped = self.is_damped(&x);
        let mut start = [x, [0.0; D], self.squares];
        if is_damped && self.moves {
            let weight = -(-self.beta[1] / self.beta[0]).exp_m1();
            start[2].iter_mut().zip(self.gradient(&x)).for_each(|(v, g)| *v += weight * g * g);
        }
        let mut flow = begin(start, is_damped);
        for _ in 0..MOST_STEPS {
            if let Some(well) = self.held_by(&flow.x, is_damped, &well_of) {
                return Some(well);
            }
            let state = flow.x;
            let slope = |state: &State<D>| self.slope(state, is_damped);
            if !flow.step(allowed(&state[0]), slope, |change| self.norm(&state, change)) {
                return None;
            }
            if self.is_damped(&flow.x[0]) != is_damped {
                let mut state = flow.x;
                let averaged = self.averaged(&state);
                if is_damped {
                    state[1] = averaged;
                } else if distance(&state[1], &averaged) > DAMPED * distance(&averaged, &[0.0; D]) {
                    continue;
                }
                is_damped = !is_damped;
                flow = begin(state, is_damped);
            }
        }
        None
    }

    /// Whether momentum is damped at `x`.
    fn is_damped(&self, x: &[f64; D]) -> bool {
        let slowest = self.rest.iter().copied().fold(f64::INFINITY, f64::min);
        self.potential.hessian(x).norm() < DAMPED * self.beta[0] * slowest
    }

    /// The well that a path in this state does not leave, if it is known.
    fn held_by(
        &self,
        [x, m, _]: &State<D>,
        is_damped: bool,
        well_of: impl Fn([f64; D]) -> Option<usize>,
    ) -> Option<usize> {
        let potential = self.potential.value(x);
        if !(potential < self.highest) {
            return None;
        }
        let m = if is_damped { self.gradient(x) } else { *m };
        let motion: f64 = m.iter().zip(self.rest).map(|(m, q)| m * m / q).sum();
        let energy = potential + 0.5 * motion / self.beta[0];
        let well = if energy < self.highest { well_of(*x) } else { None };
        well.filter(|well| energy < self.held[*well])
    }

    fn gradient(&self, x: &[f64; D]) -> [f64; D] {
        let mut g = [0.0; D];
        self.potential.gradient(x, &mut g);
        g
    }

    /// The damped average of the gradient on the way to a state.
    fn averaged(&self, [x, _, v]: &State<D>) -> [f64; D] {
        let g = self.gradient(x);
        self.gradient(&std::array::from_fn(|i| x[i] + g[i] / ((v[i].sqrt() + self.stabilizer) * self.beta[0])))
    }

    fn slope(&self, state: &State<D>, is_damped: bool) -> State<D> {
        let [x, m, v] = state;
        let m = if is_damped { self.averaged(state) } else { *m };
        let q = v.map(|v| v.sqrt() + self.stabilizer);
        let mut slope = [std::array::from_fn(|i| -m[i] / q[i]), [0.0; D], [0.0; D]];
        if self.moves || !is_damped {
            let g = self.gradient(x);
            if !is_damped {
                slope[1] = std::array::from_fn(|i| self.beta[0] * (g[i] - m[i]));
            }
            if self.moves {
                slope[2] = std::array::from_fn(|i| self.beta[1] * (g[i] * g[i] + self.squares[i] - v[i]));
            }
        }
        slope
    }

    /// The length of a change of the state, in terms of `θ`.
    fn norm(&self, [_, _, v]: &State<D>, [x, m, squares]: &State<D>) -> f64 {
        let of_axis = |i: usize| {
            let way = m[i] / (self.beta[0] * self.rest[i]);
            let square = if self.moves { OF_SQUARES * self.extent * squares[i] / v[i] } else { 0.0 };
            x[i] * x[i] + way * way + square * square
        };
        (0..D).map(of_axis).sum::<f64>().sqrt()
    }
}

fn distance<const D: usize>(x: &[f64; D], y: &[f64; D]) -> f64 {
    x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamics::{Dynamics, SecondMoment};
    use crate::landscape::{Basin, Domain, GaussianWell, GaussianWells, MultiWell, PlanarBasins, PlanarWells, Wells};
    use crate::noise::{Alpha, LevyNoise, Seed, Stream};
    use rand::RngExt;

    fn problem(basin: Basin, adam: Adam) -> Problem {
        Problem::new(basin, Dynamics::Adam(adam), LevyNoise::new(Alpha::new(1.5).unwrap(), 0.01).unwrap()).unwrap()
    }

    fn landscape() -> GaussianWells {
        let well = |x: f64, y: f64, width: f64, depth: f64| GaussianWell { position: [x, y], width, depth };
        let wells = vec![well(-1.0, 0.0, 0.25, 1.6), well(-0.5, 1.7, 0.5, 1.2), well(1.3, 0.3, 0.8, 1.0)];
        GaussianWells::new(wells, 0.1, 0).unwrap()
    }

    /// The end of tiny explicit steps, for random points and rates of damped and undamped momentum; the points of a step whose end moves with its
    /// length are beside an edge and are left out.
    #[test]
    fn motion_ends_where_tiny_steps_end() {
        let surface = landscape();
        let wells = PlanarWells::of(&surface, None).unwrap();
        let basins = PlanarBasins::new(&surface, &wells).unwrap();
        let mut rng = Stream::new(Seed(71), 0, 0);
        let (mut moved, mut beside) = (0, 0);
        for (beta1, beta2, second_moment) in [
            (3.0, 1.0, SecondMoment::MeanField),
            (60.0, 4.0, SecondMoment::MeanField),
            (3.0, 1.0, SecondMoment::Frozen),
        ] {
            let adam = Adam::new(beta1, beta2).unwrap().with_gradient_noise(vec![1.0, 2.0]);
            let basin = Basin::new(surface.clone(), Domain::Attraction).unwrap();
            let problem = problem(basin, adam.with_second_moment(second_moment));
            let Dynamics::Adam(adam) = problem.dynamics() else { unreachable!() };
            let rest = problem.preconditioner().unwrap();
            let of_wells = (0..wells.count()).map(|well| (wells.minima()[well].x, wells.barrier(well)));
            let descent = AdamDescent::new(&problem, adam, &rest, of_wells);
            for _ in 0..60 {
                let x: [f64; 2] = std::array::from_fn(|_| 4.0 * (rng.random::<f64>() - 0.4));
                let end = |h: f64| {
                    let mut state = [x, [0.0; 2], descent.squares];
                    for _ in 0..(60.0 / h) as usize {
                        let slope = descent.slope(&state, false);
                        state = std::array::from_fn(|k| std::array::from_fn(|i| state[k][i] + h * slope[k][i]));
                    }
                    basins.well_of(&surface, state[0])
                };
                let [fine, finer] = [4e-3, 2e-3].map(end);
                if fine != finer {
                    beside += 1;
                    continue;
                }
                assert_eq!(descent.well_from(x, |x| basins.well_of(&surface, x)), finer, "{x:?} {beta1}");
                moved += usize::from(basins.well_of(&surface, x) != finer);
            }
        }
        assert!(moved > 5 && beside < 5, "{moved} {beside}");
    }

    /// With a slow `m` a path rolls from the outer slope of a double well across its saddle, and from further out back again.
    #[test]
    fn momentum_carries_across_a_saddle() {
        let landscape = MultiWell::new(vec![-1.0, 1.0], vec![0.0], vec![0.2, 0.2]).unwrap();
        let wells = Wells::of(&landscape, None).unwrap();
        let from = |beta1: f64, x: f64| {
            let adam = Adam::new(beta1, 1.0).unwrap().with_gradient_noise(vec![1.0]);
            let problem = problem(
                Basin::new(landscape.clone(), Domain::Well).unwrap(),
                adam.with_second_moment(SecondMoment::Frozen),
            );
            let Dynamics::Adam(adam) = problem.dynamics() else { unreachable!() };
            let rest = problem.preconditioner().unwrap();
            let descent = AdamDescent::new(&problem, adam, &rest, [([-1.0], 0.2), ([1.0], 0.2)].into_iter());
            descent.well_from([x], |[x]| Some(wells.well_of(x))).unwrap()
        };
        assert_eq!([-1.1, -3.0, -30.0, 0.01].map(|x| from(1e4, x)), [0, 0, 0, 1]);
        let ends: Vec<usize> = (0..100).map(|k| from(0.1, -1.0 - 0.05 * f64::from(k))).collect();
        let turns = ends.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(ends[0] == 0 && turns >= 2, "{ends:?}");
    }
}
