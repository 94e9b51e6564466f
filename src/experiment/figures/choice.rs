//! The figures that an experiment can draw, and those that are drawn if it names none.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::kind::FigureKind;
use crate::dynamics::Dynamics;
use crate::experiment::plan::CellPlan;
use crate::landscape::Domain;
use crate::theory::{Comparison, Prediction, TheoryError};

/// Most panels, and most entries of a legend, of a figure that nobody asked for: more are not legible.
const MOST_PANELS: usize = 12;
const MOST_CURVES: usize = 24;
/// Fewest basins whose order is compared with measures of flatness: with fewer the interval of Kendall's `τ` is wider than .6.
pub const FEWEST_BASINS: usize = 20;
/// Fewest of them in one dimension; those of other dimensions are left out.
pub const FEWEST_OF_A_DIMENSION: usize = 3;

/// What a plan offers to figures.
pub(in crate::experiment) struct FigureChoice<'p> {
    cells: Vec<Offer<'p>>,
    has_random_problems: bool,
    keeps_paths: bool,
}

/// A cell with the properties that decide about figures.
struct Offer<'p> {
    plan: &'p CellPlan,
    /// Whether the theory predicts its rate. A noise that cannot reach the edge is noticed only when the prediction is computed.
    predicted: bool,
    bounded: bool,
    /// Whether `det Q = 1`, or `Q` is a multiple of the identity: the two cases that theorem 2 distinguishes.
    simple_q: bool,
}

impl<'p> Offer<'p> {
    fn of(plan: &'p CellPlan) -> Self {
        let q = plan.problem.preconditioner();
        let simple =
            |log_det: f64, anisotropy: f64| log_det.abs() <= Comparison::TIE || anisotropy <= 1.0 + Comparison::TIE;
        Offer {
            plan,
            predicted: q.is_some() && !plan.problem.noise().alpha().is_gaussian() && has_rate(plan),
            // The volume of a level set may be a quadrature, but it is always finite.
            bounded: matches!(plan.landscape.domain, Domain::Level { .. })
                || plan.problem.basin().volume().value.is_finite(),
            simple_q: q.is_some_and(|q| simple(q.log_determinant(), q.anisotropy())),
        }
    }

    fn alpha(&self) -> u64 {
        self.plan.problem.noise().alpha().get().to_bits()
    }

    /// Whether the landscape has at most two dimensions.
    fn is_drawable(&self) -> bool {
        self.plan.problem.basin().dim() <= 2
    }

    /// Number of wells of an occupancy.
    fn wells(&self) -> usize {
        self.plan.occupancy.as_ref().map_or(0, |occupancy| occupancy.wells().count())
    }

    fn epsilon(&self) -> u64 {
        self.plan.problem.noise().epsilon().to_bits()
    }

    /// What cells of a pair of SGD and Adam have in common, except for the amplitude.
    fn setting(&self) -> (&'p str, u64, u64, &'static str) {
        (&self.plan.basin, self.alpha(), self.epsilon(), self.plan.scheme.name())
    }
}

/// Whether a law other than SαS has a predicted rate in this basin: a motion, and either one jump that reaches the edge or a line.
fn has_rate(plan: &CellPlan) -> bool {
    let has_none = || {
        matches!(Prediction::of(&plan.problem), Err(TheoryError::NoMotion { .. } | TheoryError::SeveralJumps { .. }))
    };
    plan.problem.basin().target().is_none() && (plan.problem.noise().law().is_stable() || !has_none())
}

impl<'p> FigureChoice<'p> {
    pub fn new(cells: &'p [CellPlan], has_random_problems: bool, keeps_paths: bool) -> Self {
        FigureChoice { cells: cells.iter().map(Offer::of).collect(), has_random_problems, keeps_paths }
    }

    /// What a figure needs that the experiment lacks. `None` if the figure can be drawn, provided that enough paths escape.
    pub fn missing(&self, kind: FigureKind) -> Option<&'static str> {
        let is_occupancy = self.any(|c| c.plan.occupancy.is_some());
        if is_occupancy && !matches!(kind, FigureKind::Occupancy | FigureKind::RandomProblems) {
            return Some("escapes, and paths of an occupancy have no edge");
        }
        let is_mean_position = self.any(|c| c.plan.mean_position.is_some());
        if is_mean_position && !matches!(kind, FigureKind::MeanPosition | FigureKind::RandomProblems) {
            return Some("escapes, and paths of a mean position have no edge");
        }
        let (needs, has) = match kind {
            FigureKind::MeanPosition => ("[mean_position]", is_mean_position),
            FigureKind::Occupancy => ("[occupancy]", is_occupancy),
            FigureKind::GammaVsEpsilon | FigureKind::CostVsEpsilon => return None,
            FigureKind::ExponentialLaw => ("a predicted rate", self.any(|c| c.predicted)),
            FigureKind::Laplace => {
                let first = self.cells.first().map(|c| &c.plan.basin);
                ("a predicted rate in the first basin", self.any(|c| c.predicted && Some(&c.plan.basin) == first))
            }
            FigureKind::GammaVsVolume => {
                ("a basin of finite volume with a predicted rate", self.any(|c| c.predicted && c.bounded))
            }
            FigureKind::EscapeSet => (
                "a basin of finite volume in two dimensions",
                self.any(|c| {
                    c.bounded && c.plan.problem.basin().dim() == 2 && c.plan.problem.preconditioner().is_some()
                }),
            ),
            FigureKind::Theorem2 => (
                "`sgd` and `adam` with the same basin and noise, and Q a multiple of the identity or det Q = 1",
                self.has_pair(),
            ),
            FigureKind::RandomProblems => ("[random_problems]", self.has_random_problems),
            FigureKind::WhichFlatness => (
                "20 basins of one `shape` with a Hessian and a predicted rate, at least three of each dimension",
                self.largest_family() >= FEWEST_BASINS,
            ),
            FigureKind::Transitions => {
                let homogeneous = |c: &Offer<'_>| c.plan.problem.noise().law().is_self_similar();
                let is_well = |c: &Offer<'_>| matches!(c.plan.landscape.domain, Domain::Well) && homogeneous(c);
                ("a well with a predicted rate", self.any(|c| c.predicted && is_well(c)))
            }
            FigureKind::Optimisers => {
                let needs = "plain `sgd_steps` and another optimiser step by step, in one basin under one noise";
                (needs, self.optimisers() > 1)
            }
            FigureKind::SdeVsSteps => ("noise levels given by `eta`", self.any(|c| c.plan.eta.is_some())),
            FigureKind::Landscape => ("a basin in one or two dimensions", self.any(Offer::is_drawable)),
            FigureKind::SamplePaths => ("`paths_kept`, the number of paths to keep in each cell", self.keeps_paths),
        };
        (!has).then_some(needs)
    }

    /// The figures that can be drawn, have something to compare and stay legible. The one that is timed is drawn on request only.
    pub fn auto(&self) -> Vec<FigureKind> {
        let fits = |kind: &FigureKind| self.missing(*kind).is_none() && self.compares(*kind) && self.is_legible(*kind);
        FigureKind::ALL.into_iter().filter(fits).collect()
    }

    /// Whether the experiment varies what the figure has on its axis.
    fn compares(&self, kind: FigureKind) -> bool {
        match kind {
            FigureKind::GammaVsEpsilon => {
                let levels = self.levels(|c| (&c.plan.dynamics, &c.plan.basin, c.alpha()), Offer::epsilon);
                levels.values().any(|levels| levels.len() > 1)
            }
            FigureKind::Transitions => {
                let well = |c: &Offer<'p>| (!c.bounded).then_some((&c.plan.dynamics, &c.plan.basin, c.alpha()));
                let levels = self.levels(well, Offer::epsilon);
                levels.iter().any(|(well, levels)| well.is_some() && levels.len() > 1)
            }
            FigureKind::GammaVsVolume => {
                let of = |c: &Offer<'p>| (c.predicted && c.bounded).then_some(&c.plan.basin);
                self.cells.iter().filter_map(of).collect::<HashSet<_>>().len() > 1
            }
            FigureKind::SdeVsSteps => {
                let rates = self.count(|c| c.plan.eta.map(f64::to_bits));
                rates > 1 && self.any(|c| c.plan.problem.dynamics().learning_rate().is_some())
            }
            FigureKind::Optimisers => self.optimisers() > 3,
            FigureKind::CostVsEpsilon => false,
            _ => true,
        }
    }

    fn is_legible(&self, kind: FigureKind) -> bool {
        let (panels, curves) = match kind {
            FigureKind::GammaVsEpsilon => {
                (self.count(|c| (&c.plan.dynamics, &c.plan.basin)), self.count(|c| (c.alpha(), c.plan.scheme.name())))
            }
            FigureKind::ExponentialLaw => {
                (self.count(|c| &c.plan.dynamics), self.count(|c| (&c.plan.basin, c.alpha())))
            }
            FigureKind::Laplace => (1, self.count(|c| (&c.plan.dynamics, c.alpha()))),
            FigureKind::GammaVsVolume => (1, self.count(|c| &c.plan.shape)),
            FigureKind::WhichFlatness => (self.count(|c| (&c.plan.dynamics, &c.plan.shape)), 1),
            FigureKind::Theorem2 => (1, self.count(|c| (c.plan.problem.basin().dim(), c.alpha()))),
            FigureKind::Transitions => (self.count(Offer::alpha), self.count(|c| &c.plan.basin)),
            FigureKind::Occupancy => (self.cells.len() + 1, self.cells.iter().map(Offer::wells).max().unwrap_or(0)),
            FigureKind::MeanPosition => {
                (self.count(|c| &c.plan.name), self.count(|c| (c.alpha(), c.plan.problem.basin().dim())))
            }
            FigureKind::Optimisers => {
                (self.count(|c| &c.plan.basin), self.count(|c| c.plan.problem.noise().law().to_string()))
            }
            FigureKind::SdeVsSteps => (2 * self.count(|c| &c.plan.basin), self.count(Offer::alpha)),
            FigureKind::Landscape => (self.count(|c| c.is_drawable().then_some(&c.plan.basin)), 1),
            _ => (1, 1),
        };
        panels <= MOST_PANELS && curves <= MOST_CURVES
    }

    /// Most basins of one shape, dynamics and noise that have a Hessian, a volume and a prediction.
    fn largest_family(&self) -> usize {
        let is_smooth = |c: &Offer<'_>| {
            let basin = c.plan.problem.basin();
            let sides = basin.potential().form().axis_curvatures(basin.dim());
            sides.is_none_or(|[left, right]| left == right && left.iter().any(|k| *k > 0.0))
        };
        let mut families: HashMap<_, HashMap<usize, usize>> = HashMap::new();
        for cell in self.cells.iter().filter(|c| c.predicted && c.bounded && is_smooth(c)) {
            let group = (&cell.plan.shape, &cell.plan.dynamics, cell.alpha(), cell.epsilon(), cell.plan.scheme.name());
            *families.entry(group).or_default().entry(cell.plan.problem.basin().dim()).or_default() += 1;
        }
        let compared =
            |family: HashMap<usize, usize>| family.into_values().filter(|n| *n >= FEWEST_OF_A_DIMENSION).sum::<usize>();
        families.into_values().map(compared).max().unwrap_or(0)
    }

    /// Most optimisers step by step, plain SGD among them, in one basin under one noise; 0 without plain SGD.
    fn optimisers(&self) -> usize {
        let noise = |c: &Offer<'p>| {
            let noise = c.plan.problem.noise();
            (c.alpha(), noise.law().clone(), noise.amplitude().clone())
        };
        let of = |sgd: &Offer<'p>| {
            let is_plain = matches!(sgd.plan.problem.dynamics(), Dynamics::SgdSteps(sgd) if sgd.is_plain());
            if !is_plain {
                return 0;
            }
            let is_discrete = |c: &&Offer<'p>| c.plan.problem.dynamics().learning_rate().is_some();
            let same = |c: &&Offer<'p>| c.plan.basin == sgd.plan.basin && noise(c) == noise(sgd);
            self.cells.iter().filter(is_discrete).filter(same).map(|c| &c.plan.name).collect::<HashSet<_>>().len()
        };
        self.cells.iter().map(of).max().unwrap_or(0)
    }

    /// Whether an Adam cell with a simple `Q` has a matching SGD cell.
    fn has_pair(&self) -> bool {
        let mut sgd: HashMap<_, Vec<&Offer<'p>>> = HashMap::new();
        for cell in self.cells.iter().filter(|c| c.predicted && *c.plan.problem.dynamics() == Dynamics::Sgd) {
            sgd.entry(cell.setting()).or_default().push(cell);
        }
        let amplitude = |c: &Offer<'p>| c.plan.problem.noise().amplitude();
        self.any(|c| {
            let is_adam = matches!(c.plan.problem.dynamics(), Dynamics::Adam(_));
            let same = || sgd.get(&c.setting()).into_iter().flatten();
            is_adam && c.predicted && c.simple_q && same().any(|s| amplitude(s) == amplitude(c))
        })
    }

    fn any(&self, has: impl Fn(&Offer<'p>) -> bool) -> bool {
        self.cells.iter().any(has)
    }

    /// Number of different values of `of`.
    fn count<K: Eq + Hash>(&self, of: impl Fn(&Offer<'p>) -> K) -> usize {
        self.cells.iter().map(of).collect::<HashSet<K>>().len()
    }

    /// The different values of `level` in every group.
    fn levels<K: Eq + Hash>(
        &self,
        group: impl Fn(&Offer<'p>) -> K,
        level: impl Fn(&Offer<'p>) -> u64,
    ) -> HashMap<K, HashSet<u64>> {
        let mut levels: HashMap<K, HashSet<u64>> = HashMap::new();
        for cell in &self.cells {
            levels.entry(group(cell)).or_default().insert(level(cell));
        }
        levels
    }
}
