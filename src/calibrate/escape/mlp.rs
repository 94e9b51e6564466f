//! Loss and gradient of a fully connected network in double precision, on few images at a time.
//!
//! `F(θ) = mean cross-entropy + ½ w |θ|²`. The layout of `θ` is that of the networks that candle differentiates: for every layer the weights
//! (outputs × inputs), then the biases.

use super::settings::Activation;
use crate::calibrate::data::images::Images;
use crate::noise::Stream;

/// Images of a pass over all data: their activations stay in the cache.
const TOGETHER: usize = 128;

/// A network with its data.
pub(in crate::calibrate) struct Mlp {
    pub(super) widths: Vec<usize>,
    pub(super) activation: Activation,
    pub(super) decay: f64,
    pub(super) pixels: Vec<f64>,
    pub(super) labels: Vec<u8>,
}

/// Activations and their derivatives, feature by feature: entry `(feature, image)` at `feature * images + image`.
#[derive(Default)]
pub(in crate::calibrate) struct Buffers {
    values: Vec<Vec<f64>>,
    slopes: Vec<Vec<f64>>,
    order: Vec<u32>,
}

impl Mlp {
    pub fn new(images: &Images, hidden: &[usize], classes: usize, activation: Activation, decay: f64) -> Self {
        let widths = [images.size()].into_iter().chain(hidden.iter().copied()).chain([classes]).collect();
        let pixels = images.pixels.iter().map(|&p| f64::from(p)).collect();
        Mlp { widths, activation, decay, pixels, labels: images.labels.clone() }
    }

    pub fn dim(&self) -> usize {
        self.widths.windows(2).map(|w| (w[0] + 1) * w[1]).sum()
    }

    pub fn images(&self) -> usize {
        self.labels.len()
    }

    /// Weights and biases of a layer, uniform on `±1/√inputs`.
    pub fn weights(&self, stream: &mut Stream) -> Vec<f64> {
        let layers = self.widths.windows(2);
        let layer = |w: &[usize]| vec![1.0 / (w[0] as f64).sqrt(); (w[0] + 1) * w[1]];
        layers.flat_map(layer).map(|bound| (2.0 * stream.open01() - 1.0) * bound).collect()
    }

    /// Gradient of the loss on `batch` images drawn without replacement, written into `out`.
    pub fn minibatch(&self, theta: &[f64], batch: usize, stream: &mut Stream, work: &mut Buffers, out: &mut [f64]) {
        let mut order = std::mem::take(&mut work.order);
        let drawn = draw(self.images(), batch, stream, &mut order);
        self.regularise(theta, out);
        self.accumulate(theta, drawn, 1.0 / batch as f64, work, out);
        work.order = order;
    }

    /// The loss on all images; its gradient is written into `out`.
    pub fn full(&self, theta: &[f64], work: &mut Buffers, out: &mut [f64]) -> f64 {
        self.regularise(theta, out);
        let images: Vec<u32> = (0..self.images() as u32).collect();
        let share = 1.0 / images.len() as f64;
        let entropy: f64 = images.chunks(TOGETHER).map(|part| self.accumulate(theta, part, share, work, out)).sum();
        share * entropy + 0.5 * self.decay * theta.iter().map(|t| t * t).sum::<f64>()
    }

    fn regularise(&self, theta: &[f64], out: &mut [f64]) {
        out.iter_mut().zip(theta).for_each(|(g, t)| *g = self.decay * t);
    }

    /// Adds `share` times the gradient of the summed cross-entropy to `out`, and returns that sum.
    fn accumulate(&self, theta: &[f64], images: &[u32], share: f64, work: &mut Buffers, out: &mut [f64]) -> f64 {
        let (n, layers) = (images.len(), self.widths.len() - 1);
        work.values.resize_with(layers + 1, Vec::new);
        work.slopes.resize_with(layers + 1, Vec::new);
        for (l, width) in self.widths.iter().enumerate() {
            work.values[l].resize(width * n, 0.0);
            work.slopes[l].resize(width * n, 0.0);
        }
        let inputs = self.widths[0];
        for (b, &image) in images.iter().enumerate() {
            let pixels = &self.pixels[image as usize * inputs..][..inputs];
            pixels.iter().enumerate().for_each(|(i, p)| work.values[0][i * n + b] = *p);
        }
        let mut offsets = vec![0];
        for l in 0..layers {
            let (from, to) = (self.widths[l], self.widths[l + 1]);
            let (weights, biases) = theta[offsets[l]..].split_at(from * to);
            let (below, above) = work.values.split_at_mut(l + 1);
            for (o, z) in above[0].chunks_exact_mut(n).enumerate() {
                z.fill(biases[o]);
                for (a, w) in below[l].chunks_exact(n).zip(&weights[o * from..]) {
                    add(z, *w, a);
                }
                if l + 1 < layers {
                    match self.activation {
                        Activation::Relu => z.iter_mut().for_each(|z| *z = z.max(0.0)),
                        Activation::Tanh => z.iter_mut().for_each(|z| *z = z.tanh()),
                    }
                }
            }
            offsets.push(offsets[l] + (from + 1) * to);
        }
        let classes = self.widths[layers];
        let (logits, slope) = (&work.values[layers], &mut work.slopes[layers]);
        let mut loss = 0.0;
        for (b, &image) in images.iter().enumerate() {
            let at = |c: usize| logits[c * n + b];
            let largest = (0..classes).map(at).fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = (0..classes).map(|c| (at(c) - largest).exp()).sum();
            let label = usize::from(self.labels[image as usize]);
            loss += sum.ln() + largest - at(label);
            for c in 0..classes {
                let wanted = if c == label { 1.0 } else { 0.0 };
                slope[c * n + b] = share * ((at(c) - largest).exp() / sum - wanted);
            }
        }
        for l in (0..layers).rev() {
            let (from, to) = (self.widths[l], self.widths[l + 1]);
            let weights = &theta[offsets[l]..][..from * to];
            let (into_weights, into_biases) = out[offsets[l]..].split_at_mut(from * to);
            let (below, above) = work.slopes.split_at_mut(l + 1);
            below[l].fill(0.0);
            for (o, slope) in above[0].chunks_exact(n).enumerate() {
                into_biases[o] += slope.iter().sum::<f64>();
                let row = o * from..(o + 1) * from;
                for (g, a) in into_weights[row.clone()].iter_mut().zip(work.values[l].chunks_exact(n)) {
                    *g += dot(slope, a);
                }
                if l > 0 {
                    for (s, w) in below[l].chunks_exact_mut(n).zip(&weights[row]) {
                        add(s, *w, slope);
                    }
                }
            }
            if l > 0 {
                let values = below[l].iter_mut().zip(&work.values[l]);
                match self.activation {
                    Activation::Relu => values.for_each(|(s, a)| *s *= f64::from(u8::from(*a > 0.0))),
                    Activation::Tanh => values.for_each(|(s, a)| *s *= 1.0 - a * a),
                }
            }
        }
        loss
    }
}

/// Draws `batch` of so many images without replacement. `order`, empty before the first draw, keeps the order of the images from draw to draw.
pub(super) fn draw<'o>(images: usize, batch: usize, stream: &mut Stream, order: &'o mut Vec<u32>) -> &'o [u32] {
    if order.len() != images {
        *order = (0..images as u32).collect();
    }
    for i in 0..batch {
        let other = i + (stream.open01() * (images - i) as f64) as usize;
        order.swap(i, other.min(images - 1));
    }
    &order[..batch]
}

fn add(to: &mut [f64], factor: f64, from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(y, x)| *y += factor * x);
}

/// The inner product, in eight partial sums, which the compiler can keep in vector registers.
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (xs, ys) = (x.chunks_exact(8), y.chunks_exact(8));
    let rest: f64 = xs.remainder().iter().zip(ys.remainder()).map(|(a, b)| a * b).sum();
    for (x, y) in xs.zip(ys) {
        (0..8).for_each(|i| sums[i] += x[i] * y[i]);
    }
    sums.iter().sum::<f64>() + rest
}

pub(in crate::calibrate) fn norm(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}
