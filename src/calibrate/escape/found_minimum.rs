//! A network at its minimum, from which everything else is measured.

use candle_core::Device;

use super::hessian::Quadratic;
use super::minimum::{Descent, Training};
use super::mlp::{Buffers, Mlp};
use super::settings::MinimaSettings;
use super::together::NetworkOnDevice;
use super::walk::Landscape;
use crate::calibrate::data::batches::Purpose;
use crate::calibrate::data::images::Images;
use crate::calibrate::training::Optimiser;
use crate::noise::{Seed, Stream};
use crate::scheme::StopFlag;

/// Number of the stream of the Hessian, after those of the training.
const HESSIAN: u64 = 2;

/// A network, its data and its training.
pub(in crate::calibrate) struct NetworkInput<'s> {
    pub seed: Seed,
    pub images: &'s Images,
    pub classes: usize,
    pub hidden: &'s [usize],
    pub optimisers: &'s [(String, Optimiser)],
    /// Batch and steps of the training.
    pub batch: usize,
    pub iterations: u64,
    pub stop: &'s StopFlag,
}

/// A minimum.
#[derive(Clone, Debug, PartialEq)]
pub struct EscapeMinimum {
    /// Its number, from 1.
    pub number: usize,
    /// Parameters of the network.
    pub parameters: usize,
    /// The loss `F*`.
    pub loss: f64,
    /// `|∇F|` where the full-batch descent began, and where it ended.
    pub gradient: [f64; 2],
    /// Iterations of the descent.
    pub steps: u64,
    /// Whether `|∇F|` fell as far as asked, to a point without a direction in which `F` falls.
    pub reached: bool,
    /// Smallest and largest Ritz value of the Hessian; `None` if `|∇F|` did not fall far enough.
    pub curvature: Option<[f64; 2]>,
}

/// Where a training and its descent ended.
pub(in crate::calibrate) struct FoundMinimum {
    /// Seed of everything that is measured there.
    pub key: Seed,
    pub mlp: Mlp,
    descent: Descent,
    pub record: EscapeMinimum,
    /// The Hessian, if the minimum was reached.
    pub quadratic: Option<Quadratic>,
}

impl NetworkInput<'_> {
    /// SGD with the first learning rate of the file from weights that belong to `number`, full-batch descent, and the Hessian with `rank`
    /// eigenvectors. The same settings find the same minimum. `None` after a stop.
    pub fn minimum(&self, settings: &MinimaSettings, rank: usize, number: usize) -> Option<FoundMinimum> {
        let MinimaSettings { activation, weight_decay, tolerance, descent, .. } = *settings;
        let NetworkInput { batch, iterations, stop, .. } = *self;
        let key = Seed(rand::Rng::next_u64(&mut Purpose::Escape.stream(self.seed, number as u64)));
        let mlp = Mlp::new(self.images, self.hidden, self.classes, activation, weight_decay);
        let eta = self.optimisers.first().map_or(0.1, |(_, optimiser)| optimiser.eta());
        let descent = Training { key, eta, batch, iterations, tolerance, descent, stop }.run(&mlp);
        if stop.is_set() {
            return None;
        }
        let gradient = |x: &[f64]| {
            let theta: Vec<f64> = descent.theta.iter().zip(x).map(|(t, x)| t + x).collect();
            let mut out = vec![0.0; theta.len()];
            // The Hessian of a large network takes long; after a stop it is not used.
            if !stop.is_set() {
                mlp.full(&theta, &mut Buffers::default(), &mut out);
            }
            out
        };
        let is_stationary = descent.gradient[1] <= tolerance * descent.gradient[0];
        let measure = || Quadratic::measure(mlp.dim(), rank, &gradient, &mut Stream::new(key, HESSIAN, 0));
        let quadratic = is_stationary.then(measure);
        if stop.is_set() {
            return None;
        }
        let curvature = quadratic.as_ref().map(|quadratic| quadratic.extremes);
        // With a negative Ritz value, `F` falls in some direction.
        let quadratic = quadratic.filter(|quadratic| quadratic.extremes[0] > 0.0);
        let record = EscapeMinimum {
            number,
            parameters: mlp.dim(),
            loss: descent.loss,
            gradient: descent.gradient,
            steps: descent.steps,
            reached: quadratic.is_some(),
            curvature,
        };
        Some(FoundMinimum { key, mlp, descent, record, quadratic })
    }
}

impl FoundMinimum {
    /// The loss around the minimum, with batches of so many images.
    pub fn around(&self, batch: usize) -> Around<'_> {
        let theta = self.descent.theta.clone();
        Around { minimum: self, batch, spare: vec![0.0; theta.len()], theta, work: Buffers::default() }
    }

    /// The loss around the minimum on a device.
    pub(super) fn on(&self, device: &Device) -> candle_core::Result<NetworkOnDevice> {
        NetworkOnDevice::new(&self.mlp, &self.descent.theta, self.descent.loss, device)
    }
}

/// The network around its minimum.
pub(in crate::calibrate) struct Around<'m> {
    minimum: &'m FoundMinimum,
    batch: usize,
    theta: Vec<f64>,
    spare: Vec<f64>,
    work: Buffers,
}

impl Around<'_> {
    fn place(&mut self, x: &[f64]) {
        self.theta.iter_mut().zip(&self.minimum.descent.theta).zip(x).for_each(|((t, m), x)| *t = m + x);
    }
}

impl Landscape for Around<'_> {
    fn gradient(&mut self, x: &[f64], stream: &mut Stream, out: &mut [f64]) {
        self.place(x);
        self.minimum.mlp.minibatch(&self.theta, self.batch, stream, &mut self.work, out);
    }

    fn excess(&mut self, x: &[f64]) -> f64 {
        self.place(x);
        self.minimum.mlp.full(&self.theta, &mut self.work, &mut self.spare) - self.minimum.descent.loss
    }
}
