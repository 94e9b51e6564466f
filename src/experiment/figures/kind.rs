//! The figures an experiment may ask for.

/// A figure by its name in the experiment file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FigureKind {
    /// Mean escape time against the noise level.
    GammaVsEpsilon,
    /// Mean escape time against volume, and the collapse on `1/λ`.
    GammaVsVolume,
    /// Survival of `λΓ` against `e^-t`.
    ExponentialLaw,
    /// Laplace transform of `λΓ` inside theorem 1's sandwich.
    Laplace,
    /// `Ω` and the complements of both escape sets in the plane.
    EscapeSet,
    /// `Γ_ADAM/Γ_SGD` against `det Q` and against the anisotropy of `Q`.
    Theorem2,
    /// Predicted `Γ_ADAM/Γ_SGD` in random problems at `det Q = 1`.
    RandomProblems,
    /// Rank correlation of measures of flatness with the mean escape time.
    WhichFlatness,
    /// Transition rates between wells against the noise level.
    Transitions,
    /// Occupancy of the wells in time, and the predicted one.
    Occupancy,
    /// Mean position at rest against the ratio of the curvatures of the two sides.
    MeanPosition,
    /// Mean escape time of the SDEs and of the optimisers' steps against the learning rate.
    SdeVsSteps,
    /// Potentials with `Ω`, its widths and the exit points.
    Landscape,
    /// The kept paths.
    SamplePaths,
    /// Mean escape time of optimisers step by step against that of plain SGD, by noise law.
    Optimisers,
    /// Time to a 1 % interval of the mean against the noise level, scheme by scheme.
    CostVsEpsilon,
}

impl FigureKind {
    /// Every figure.
    pub const ALL: [FigureKind; 16] = [
        FigureKind::GammaVsEpsilon,
        FigureKind::GammaVsVolume,
        FigureKind::ExponentialLaw,
        FigureKind::Laplace,
        FigureKind::EscapeSet,
        FigureKind::Theorem2,
        FigureKind::RandomProblems,
        FigureKind::WhichFlatness,
        FigureKind::Transitions,
        FigureKind::Occupancy,
        FigureKind::MeanPosition,
        FigureKind::SdeVsSteps,
        FigureKind::Landscape,
        FigureKind::SamplePaths,
        FigureKind::Optimisers,
        FigureKind::CostVsEpsilon,
    ];

    /// The name, which is also the stem of the files.
    pub fn name(self) -> &'static str {
        match self {
            FigureKind::GammaVsEpsilon => "gamma-vs-epsilon",
            FigureKind::GammaVsVolume => "gamma-vs-volume",
            FigureKind::ExponentialLaw => "exponential-law",
            FigureKind::Laplace => "laplace",
            FigureKind::EscapeSet => "escape-set",
            FigureKind::Theorem2 => "theorem2",
            FigureKind::RandomProblems => "random-problems",
            FigureKind::WhichFlatness => "which-flatness",
            FigureKind::Transitions => "transitions",
            FigureKind::Occupancy => "occupancy",
            FigureKind::MeanPosition => "mean-position",
            FigureKind::SdeVsSteps => "sde-vs-steps",
            FigureKind::Landscape => "landscape",
            FigureKind::SamplePaths => "sample-paths",
            FigureKind::Optimisers => "optimisers",
            FigureKind::CostVsEpsilon => "cost-vs-epsilon",
        }
    }
}
