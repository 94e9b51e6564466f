//! The steps of all runs, until every run has left every set.

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::network::NetworkOnDevice;
use crate::calibrate::escape::mlp::draw;
use crate::calibrate::escape::sets::SetKind;
use crate::calibrate::escape::walk::{Lengths, Recording, Run, Walk};
use crate::calibrate::training::Optimiser;
use crate::noise::{Seed, Stream};

/// Fewest runs whose images one thread draws.
const RUNS_PER_THREAD: usize = 32;

/// The runs of one configuration: those of [`Walk::run`] up to rounding, from the same streams.
pub(in crate::calibrate::escape) struct RunsTogether<'r> {
    pub walk: Walk<'r>,
    pub network: &'r NetworkOnDevice,
    /// Images per batch.
    pub batch: usize,
    /// Run `i` draws its batches from the stream `i` of `(key, stream)`.
    pub key: Seed,
    pub stream: u64,
}

/// One run on the host.
struct Walker<'w> {
    number: usize,
    stream: Stream,
    /// Order of the images, for [`draw`].
    order: Vec<u32>,
    recording: Recording<'w>,
}

/// The runs on the device, a row each.
struct Rows {
    x: Tensor,
    mean: Tensor,
    /// Adam's second moment.
    square: Tensor,
}

impl RunsTogether<'_> {
    /// So many runs from the minimum.
    ///
    /// # Errors
    /// Those of the device, for example that its memory is full.
    pub fn run(&self, runs: usize) -> Result<Vec<Run>> {
        self.in_groups(runs, self.network.runs_at_once(self.batch))
    }

    /// [`RunsTogether::run`] with at most `at_once` runs at a time.
    pub(super) fn in_groups(&self, runs: usize, at_once: usize) -> Result<Vec<Run>> {
        let mut found = Vec::new();
        for first in (0..runs).step_by(at_once) {
            found.extend(self.group(first, at_once.min(runs - first))?);
        }
        Ok(found)
    }

    fn group(&self, first: usize, count: usize) -> Result<Vec<Run>> {
        let walker = |number: usize| Walker {
            number,
            stream: Stream::new(self.key, self.stream, (first + number) as u64),
            order: Vec::new(),
            recording: Recording::new(&self.walk),
        };
        let mut walkers: Vec<Walker<'_>> = (0..count).map(walker).collect();
        let mut rows = Rows::new(&self.walk, count, self.network)?;
        let mut ended: Vec<(usize, Run)> = Vec::new();
        loop {
            let stops = self.walk.stop.is_set();
            let stays = |walker: &Walker<'_>| !stops && !walker.recording.has_ended();
            let kept: Vec<u32> = (0..).zip(&walkers).filter(|(_, walker)| stays(walker)).map(|(row, _)| row).collect();
            if kept.len() < walkers.len() {
                let (stay, leave): (Vec<_>, Vec<_>) = walkers.into_iter().partition(stays);
                walkers = stay;
                let run = |recording: Recording<'_>| {
                    if recording.has_ended() { recording.finished() } else { recording.stopped() }
                };
                ended.extend(leave.into_iter().map(|walker| (walker.number, run(walker.recording))));
                if walkers.is_empty() {
                    break;
                }
                rows = rows.select(kept)?;
            }
            self.step(&mut walkers, &mut rows)?;
        }
        ended.sort_by_key(|(number, _)| *number);
        Ok(ended.into_iter().map(|(_, run)| run).collect())
    }

    /// One step of every walker.
    fn step(&self, walkers: &mut [Walker<'_>], rows: &mut Rows) -> Result<()> {
        let mut images = vec![0; walkers.len() * self.batch];
        let with_images = walkers.par_iter_mut().zip(images.par_chunks_mut(self.batch));
        with_images.with_min_len(RUNS_PER_THREAD).for_each(|(walker, images)| {
            images.copy_from_slice(draw(self.network.images(), self.batch, &mut walker.stream, &mut walker.order));
        });
        let step = rows.advance(self.walk.optimiser, &self.network.gradient(&rows.x, images)?)?;
        let boxes = walkers.iter().any(|walker| walker.recording.waits_for(SetKind::Box));
        let lengths = lengths(&[&rows.x, &step], boxes)?;
        let asks: Vec<u32> = (0..)
            .zip(walkers.iter_mut().zip(&lengths))
            .filter_map(|(row, (walker, [place, step]))| walker.recording.step(*place, *step).then_some(row))
            .collect();
        let mut excess = vec![None; walkers.len()];
        if !asks.is_empty() {
            let places = if asks.len() == walkers.len() {
                rows.x.clone()
            } else {
                rows.x.index_select(&row_numbers(&asks, &rows.x)?, 0)?
            };
            asks.iter().zip(self.network.excess(&places)?).for_each(|(row, found)| excess[*row as usize] = Some(found));
        }
        walkers.iter_mut().zip(excess).for_each(|(walker, excess)| walker.recording.record(excess, |_| ()));
        Ok(())
    }
}

impl Rows {
    fn new(walk: &Walk<'_>, runs: usize, network: &NetworkOnDevice) -> Result<Self> {
        let dim = walk.second_moment.len();
        let square = Tensor::from_slice(walk.second_moment, (1, dim), network.device())?;
        let zeros = square.zeros_like()?.repeat((runs, 1))?;
        Ok(Rows { x: zeros.clone(), mean: zeros, square: square.repeat((runs, 1))? })
    }

    /// Keeps the given rows.
    fn select(self, rows: Vec<u32>) -> Result<Self> {
        let rows = row_numbers(&rows, &self.x)?;
        let select = |tensor: &Tensor| tensor.index_select(&rows, 0);
        Ok(Rows { x: select(&self.x)?, mean: select(&self.mean)?, square: select(&self.square)? })
    }

    /// The step of [`Walk`] in every row.
    fn advance(&mut self, optimiser: Optimiser, gradient: &Tensor) -> Result<Tensor> {
        let step = match optimiser {
            Optimiser::Sgd { eta, momentum } => {
                self.mean = ((&self.mean * momentum)? + gradient)?;
                (&self.mean * -eta)?
            }
            Optimiser::Adam { eta, beta1, beta2, stabilizer } => {
                self.mean = ((&self.mean * beta1)? + (gradient * (1.0 - beta1))?)?;
                self.square = ((&self.square * beta2)? + ((gradient * (1.0 - beta2))? * gradient)?)?;
                ((&self.mean * -eta)? / (self.square.sqrt()? + stabilizer)?)?
            }
        };
        self.x = (&self.x + &step)?;
        Ok(step)
    }
}

/// Numbers of rows on the device of a tensor.
fn row_numbers(rows: &[u32], tensor: &Tensor) -> Result<Tensor> {
    Tensor::new(rows, tensor.device())
}

/// The lengths of the rows of both tensors, in one transfer.
fn lengths(tensors: &[&Tensor; 2], boxes: bool) -> Result<Vec<[Lengths; 2]>> {
    let rows = tensors[0].dim(0)?;
    let mut parts = Vec::new();
    for tensor in tensors {
        parts.push(tensor.sqr()?.sum(1)?);
        if boxes {
            parts.push(tensor.abs()?.max(1)?);
        }
    }
    let values: Vec<f64> = Tensor::cat(&parts, 0)?.to_vec1()?;
    let per_tensor = values.len() / 2;
    let of_row = |row: usize| {
        [0, per_tensor].map(|first| {
            let euclidean = values[first + row].sqrt();
            // The maximum of a device may ignore NaN.
            let largest = if boxes && !euclidean.is_nan() { values[first + rows + row] } else { f64::NAN };
            Lengths { euclidean, largest }
        })
    };
    Ok((0..rows).map(of_row).collect())
}
