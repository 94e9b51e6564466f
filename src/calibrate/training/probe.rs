//! Measurements at fixed parameters: the full gradient, the noise of minibatches, the curvature.

use super::error::Halt;
use super::network::{Loaded, Network, Score};
use super::samples::{Moments, Samples, Watch};
use crate::calibrate::data::batches::Batches;
use crate::scheme::StopFlag;

/// Images per piece of a pass over all data. It affects memory and the response to a stop, not the result.
const PIECE: usize = 256;

/// A network, the images that it is measured on, and the flag that stops a measurement.
#[derive(Clone, Copy)]
pub(super) struct Probe<'p> {
    pub network: &'p Network,
    pub data: &'p Loaded,
    pub stop: &'p StopFlag,
}

/// Mean loss and accuracy over a whole set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quality {
    pub loss: f64,
    pub accuracy: f64,
}

impl Quality {
    fn gathered(scores: impl Iterator<Item = (Score, usize)>) -> Self {
        let (mut loss, mut right, mut count) = (0.0, 0, 0);
        for (score, images) in scores {
            loss += score.loss * images as f64;
            right += score.right;
            count += images;
        }
        Quality { loss: loss / count as f64, accuracy: right as f64 / count as f64 }
    }
}

impl Probe<'_> {
    /// Loss and accuracy on all images.
    pub fn quality(&self) -> Result<Quality, Halt> {
        let mut scores = Vec::new();
        for start in (0..self.data.count()).step_by(PIECE) {
            Halt::unless(self.stop)?;
            let end = self.data.count().min(start + PIECE);
            scores.push((self.network.score(&self.data.slice(start..end)?)?, end - start));
        }
        Ok(Quality::gathered(scores.into_iter()))
    }

    /// `∇F`, the gradient of the mean loss over all images, summed in double precision.
    pub fn full_gradient(&self) -> Result<Vec<f64>, Halt> {
        let mut sum = vec![0.0; self.network.dim()];
        let mut gradient = vec![0.0; self.network.dim()];
        for start in (0..self.data.count()).step_by(PIECE) {
            Halt::unless(self.stop)?;
            let images = self.data.count().min(start + PIECE) - start;
            self.network.gradient(&self.data.slice(start..start + images)?, &mut gradient)?;
            sum.iter_mut().zip(&gradient).for_each(|(s, g)| *s += f64::from(*g) * images as f64);
        }
        sum.iter_mut().for_each(|s| *s /= self.data.count() as f64);
        Ok(sum)
    }
}

/// Two single-precision gradients that differ by less than this share of their norm differ by rounding only. The gradient of a
/// batch that fits into memory differs from the full gradient by more, unless all images are identical.
const ROUNDING: f64 = 1e-5;

/// `out = gradient - full`; all zero if the two differ by rounding only.
pub(super) fn noise_of(gradient: &[f32], full: &[f64], out: &mut [f32]) {
    let (mut difference, mut size) = (0.0, 0.0);
    for ((out, g), f) in out.iter_mut().zip(gradient).zip(full) {
        let noise = f64::from(*g) - f;
        difference += noise * noise;
        size += f * f;
        *out = noise as f32;
    }
    if difference <= ROUNDING * ROUNDING * size {
        out.fill(0.0);
    }
}

/// The noise of Adam's direction: `Q⁻¹ (1-β1) Σ_j β1^j n_{k-j} / (1-β1^k)`, the gradient noise `n`, smoothed like `m`,
/// bias-corrected and divided by `Q = √v̂ + ϵ`.
#[derive(Clone, Debug)]
pub(super) struct Smoothed {
    beta: f64,
    steps: i32,
    mean: Vec<f32>,
}

impl Smoothed {
    pub fn new(beta: f64, dim: usize) -> Self {
        Smoothed { beta, steps: 0, mean: vec![0.0; dim] }
    }

    /// Adds the noise of the next batch and writes the noise of the direction at `Q` into `out`.
    pub fn step(&mut self, noise: &[f32], q: &[f32], out: &mut [f32]) {
        self.steps = self.steps.saturating_add(1);
        let (keep, take) = (self.beta as f32, (1.0 - self.beta) as f32);
        let correction = (1.0 - self.beta.powi(self.steps)).recip() as f32;
        for (((m, n), q), out) in self.mean.iter_mut().zip(noise).zip(q).zip(out) {
            *m = keep * *m + take * n;
            // A parameter whose gradient was always zero has no noise, for any Q.
            *out = if *m == 0.0 { 0.0 } else { correction * *m / q };
        }
    }

    /// Batches after which the initial state has decayed to 1 %.
    pub fn warm_up(&self) -> usize {
        if self.beta > 0.0 { (0.01f64.ln() / self.beta.ln()).ceil() as usize } else { 0 }
    }
}

/// The parameters of Adam's direction: the decay `β1` and `Q`.
#[derive(Clone, Debug)]
pub(super) struct Direction {
    pub beta: f64,
    pub q: Vec<f32>,
}

/// The results of one pass over minibatches.
pub(super) struct NoisePass {
    pub gradient: Samples,
    pub direction: Option<Samples>,
    pub moments: Moments,
}

/// Streams `count` batches at fixed parameters; it needs memory for a few parameter vectors and the watched tables.
pub(super) fn noise_pass(
    probe: Probe<'_>,
    batches: &mut Batches,
    full: &[f64],
    count: usize,
    adam: Option<&Direction>,
    watch: &Watch,
) -> Result<NoisePass, Halt> {
    let dim = probe.network.dim();
    let mut smoothed = adam.map(|adam| Smoothed::new(adam.beta, dim));
    let (mut gradient, mut noise, mut direction) = (vec![0.0; dim], vec![0.0; dim], vec![0.0; dim]);
    let mut pass = NoisePass {
        gradient: Samples::default(),
        direction: smoothed.is_some().then(Samples::default),
        moments: Moments::new(dim),
    };
    let warm_up = smoothed.as_ref().map_or(0, Smoothed::warm_up);
    for batch in 0..count + warm_up {
        Halt::unless(probe.stop)?;
        probe.network.gradient(&probe.data.pick(batches.draw())?, &mut gradient)?;
        noise_of(&gradient, full, &mut noise);
        if let (Some(smoothed), Some(samples), Some(adam)) = (&mut smoothed, &mut pass.direction, adam) {
            smoothed.step(&noise, &adam.q, &mut direction);
            if batch >= warm_up {
                samples.push(&direction, watch, batch - warm_up, count);
            }
        }
        if batch >= warm_up {
            pass.gradient.push(&noise, watch, batch - warm_up, count);
            pass.moments.push(&gradient, &noise);
        }
    }
    Ok(pass)
}

/// `∂²F/∂θ_i²` at one coordinate by a central difference of gradients with the given step. The parameters are restored.
pub(super) fn curvature(probe: Probe<'_>, at: &[f32], i: usize, step: f32) -> Result<f64, Halt> {
    let mut moved = at.to_vec();
    let mut slope = |theta: f32| -> Result<f64, Halt> {
        moved[i] = theta;
        probe.network.set_parameters(&moved)?;
        Ok(probe.full_gradient()?[i])
    };
    let (above, below) = (at[i] + step, at[i] - step);
    let difference = slope(above)? - slope(below)?;
    probe.network.set_parameters(at)?;
    Ok(difference / f64::from(above - below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_gradient_summed_in_another_order_is_no_noise() {
        let mut out = [1.0; 2];
        noise_of(&[1.000_000_1, -1e-8], &[1.0, 0.0], &mut out);
        assert_eq!(out, [0.0, 0.0]);
        noise_of(&[1.0, 1e-3], &[1.0, 0.0], &mut out);
        assert_eq!(out, [0.0, 1e-3]);
        noise_of(&[0.0, 0.0], &[0.0, 0.0], &mut out);
        assert_eq!(out, [0.0, 0.0]);
    }

    #[test]
    fn smoothing_is_corrected_for_its_start_and_divided_by_q() {
        let mut smoothed = Smoothed::new(0.9, 2);
        let mut out = [0.0; 2];
        smoothed.step(&[1.0, 0.0], &[2.0, 0.0], &mut out);
        assert!((out[0] - 0.5).abs() < 1e-6 && out[1] == 0.0);
        smoothed.step(&[3.0, 0.0], &[2.0, 0.0], &mut out);
        let expected = (0.9 * 0.1 + 0.1 * 3.0) / (1.0 - 0.81) / 2.0;
        assert!((out[0] - expected).abs() < 1e-6, "{} instead of {expected}", out[0]);
        assert_eq!(smoothed.warm_up(), 44);
    }
}
