//! Mean steps to leave balls around the minimum.

use rayon::prelude::*;

use super::settings::ScalingSettings;
use crate::calibrate::escape::{Landscape, Nested, Run, SetKind, Walk, mean_steps};
use crate::calibrate::training::Optimiser;
use crate::exit::Estimate;
use crate::noise::{Seed, Stream};
use crate::scheme::StopFlag;

/// Mean steps to leave one ball.
#[derive(Clone, Debug, PartialEq)]
pub struct StayRow {
    /// Label of the optimiser.
    pub optimiser: String,
    /// Learning rate.
    pub eta: f64,
    /// Images per batch.
    pub batch: usize,
    /// Radius of the ball.
    pub radius: f64,
    /// Runs that left it.
    pub exited: usize,
    /// Mean steps; `None` if a run was censored.
    pub mean: Option<Estimate>,
}

/// The runs of one optimiser at one learning rate and batch size.
pub(super) struct Stays<'s> {
    pub settings: &'s ScalingSettings,
    pub optimiser: Optimiser,
    /// `E[g²]` at the minimum.
    pub second_moment: &'s [f64],
    pub key: Seed,
    /// Number of their streams.
    pub cell: u64,
    pub stop: &'s StopFlag,
}

impl Stays<'_> {
    /// The rows, one a radius; `None` after a stop.
    pub fn measure<L: Landscape>(
        &self,
        label: &str,
        batch: usize,
        landscape: &(impl Fn() -> L + Sync),
    ) -> Option<Vec<StayRow>> {
        let sets = [self.balls()];
        let run = |run| self.walk(&sets).run(&mut landscape(), &mut Stream::new(self.key, self.cell, run));
        let runs: Vec<Run> = (0..self.settings.runs as u64).into_par_iter().map(run).collect();
        if runs.iter().any(|run| run.stopped) {
            return None;
        }
        let row = |(i, &radius): (usize, &f64)| {
            let steps: Vec<f64> = runs.iter().filter_map(|run| run.passages[0].get(i)).map(|p| p.step as f64).collect();
            StayRow {
                optimiser: label.to_owned(),
                eta: self.optimiser.eta(),
                batch,
                radius,
                exited: steps.len(),
                mean: (steps.len() == runs.len()).then(|| mean_steps(&steps)).flatten().map(|(mean, _)| mean),
            }
        };
        Some(sets[0].sizes.iter().enumerate().map(row).collect())
    }

    pub fn balls(&self) -> Nested {
        Nested { kind: SetKind::Ball, sizes: self.settings.radii.values() }
    }

    pub fn walk<'w>(&'w self, sets: &'w [Nested]) -> Walk<'w> {
        Walk {
            optimiser: self.optimiser,
            second_moment: self.second_moment,
            sets,
            max_steps: self.settings.max_steps,
            loss_every: 1,
            losses: false,
            stop: self.stop,
        }
    }
}
