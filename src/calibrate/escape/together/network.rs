//! Loss and gradient of many copies of a network, each with its own parameters.

use candle_core::{DType, Device, Result, Tensor};

use crate::calibrate::escape::Activation;
use crate::calibrate::escape::mlp::Mlp;

/// Numbers in double precision that may be on the device at a time, beside the images: 2 GiB. More runs than that holds go in several groups, one
/// after the other. Half of it is for the steps, half for the loss of all images.
const NUMBERS: usize = 1 << 28;
/// Tensors of the size of the parameters that a step of a run needs at most: place, averages, gradient and intermediate results.
const OF_PARAMETERS: usize = 14;
/// Tensors of the size of the activations that loss and gradient need at most.
const OF_ACTIVATIONS: usize = 6;

/// A network around its minimum, with its data, on a device.
///
/// The parameters `x = θ - θ*` of all copies are a tensor of copies × parameters, in the layout of [`Mlp`]. Activations are copies × features ×
/// images, which makes the first layer of all copies a single product where they share their images.
pub(in crate::calibrate::escape) struct NetworkOnDevice {
    widths: Vec<usize>,
    activation: Activation,
    decay: f64,
    images: usize,
    /// Images × pixels.
    pixels: Tensor,
    /// Images × classes: 1 at the label, 0 elsewhere.
    wanted: Tensor,
    /// 1 × parameters.
    minimum: Tensor,
    /// `F(θ*)`.
    loss: f64,
}

impl NetworkOnDevice {
    /// Copies the network to the device. `minimum` is `θ*`, and `loss` is `F(θ*)`.
    pub fn new(mlp: &Mlp, minimum: &[f64], loss: f64, device: &Device) -> Result<Self> {
        let (widths, images) = (mlp.widths.clone(), mlp.images());
        let (inputs, classes) = (widths[0], widths[widths.len() - 1]);
        let mut wanted = vec![0.0; images * classes];
        mlp.labels.iter().enumerate().for_each(|(i, label)| wanted[i * classes + usize::from(*label)] = 1.0);
        Ok(NetworkOnDevice {
            activation: mlp.activation,
            decay: mlp.decay,
            images,
            pixels: Tensor::from_slice(&mlp.pixels, (images, inputs), device)?,
            wanted: Tensor::from_vec(wanted, (images, classes), device)?,
            minimum: Tensor::from_slice(minimum, (1, minimum.len()), device)?,
            loss,
            widths,
        })
    }

    pub fn device(&self) -> &Device {
        self.pixels.device()
    }

    pub fn images(&self) -> usize {
        self.images
    }

    /// Runs with so many images per batch that fit into half of [`NUMBERS`], at least one.
    pub fn runs_at_once(&self, batch: usize) -> usize {
        let parameters: usize = self.widths.windows(2).map(|w| (w[0] + 1) * w[1]).sum();
        let values = OF_PARAMETERS * parameters + batch * (self.widths[0] + self.activations());
        (NUMBERS / 2 / values).max(1)
    }

    /// Values of one image above the pixels.
    fn activations(&self) -> usize {
        OF_ACTIVATIONS * self.widths[1..].iter().sum::<usize>()
    }

    /// Gradients of the loss on a batch per copy. `images` holds the numbers of the first copy's images, then those of the second, and so on.
    pub fn gradient(&self, x: &Tensor, images: Vec<u32>) -> Result<Tensor> {
        let theta = x.broadcast_add(&self.minimum)?;
        let copies = theta.dim(0)?;
        let batch = images.len() / copies;
        let numbers = Tensor::from_vec(images, copies * batch, self.device())?;
        let pick = |from: &Tensor| from.index_select(&numbers, 0)?.reshape((copies, batch, ()))?.transpose(1, 2);
        let layers = self.layers(&theta)?;
        let mut values = vec![pick(&self.pixels)?];
        for (l, (weights, biases)) in layers.iter().enumerate() {
            let z = weights.matmul(&values[l])?.broadcast_add(biases)?;
            values.push(if l + 1 < layers.len() { self.activate(&z)? } else { z });
        }
        let exponentials = shifted(&values[layers.len()])?.exp()?;
        let probabilities = exponentials.broadcast_div(&exponentials.sum_keepdim(1)?)?;
        let mut slope = ((probabilities - pick(&self.wanted)?)? * (1.0 / batch as f64))?;
        let mut parts = Vec::new();
        for (l, (weights, _)) in layers.iter().enumerate().rev() {
            parts.push(slope.sum(2)?);
            parts.push(slope.matmul(&values[l].transpose(1, 2)?)?.flatten_from(1)?);
            if l > 0 {
                slope = (weights.transpose(1, 2)?.matmul(&slope)? * self.derivative(&values[l])?)?;
            }
        }
        parts.reverse();
        Tensor::cat(&parts, 1)? + (theta * self.decay)?
    }

    /// `F - F*` of every copy.
    pub fn excess(&self, x: &Tensor) -> Result<Vec<f64>> {
        let at_once = NUMBERS / 2 / (x.dim(0)? * self.activations());
        self.excess_in_parts(x, at_once.clamp(1, self.images))
    }

    /// [`NetworkOnDevice::excess`] with at most `at_once` images at a time.
    pub(super) fn excess_in_parts(&self, x: &Tensor, at_once: usize) -> Result<Vec<f64>> {
        let theta = x.broadcast_add(&self.minimum)?;
        let copies = theta.dim(0)?;
        let layers = self.layers(&theta)?;
        let mut entropy = Tensor::zeros(copies, DType::F64, self.device())?;
        for first in (0..self.images).step_by(at_once) {
            let count = at_once.min(self.images - first);
            let part = |of: &Tensor| of.narrow(0, first, count)?.t();
            let mut values = part(&self.pixels)?;
            for (l, (weights, biases)) in layers.iter().enumerate() {
                let product = match l {
                    0 => weights.flatten_to(1)?.matmul(&values)?.reshape((copies, (), count))?,
                    _ => weights.matmul(&values)?,
                };
                let z = product.broadcast_add(biases)?;
                values = if l + 1 < layers.len() { self.activate(&z)? } else { z };
            }
            let shifted = shifted(&values)?;
            let at_label = shifted.broadcast_mul(&part(&self.wanted)?.unsqueeze(0)?)?;
            let of_images = shifted.exp()?.sum(1)?.log()?.sum(1)?;
            entropy = (entropy + (of_images - at_label.flatten_from(1)?.sum(1)?)?)?;
        }
        let (share, decay) = (1.0 / self.images as f64, 0.5 * self.decay);
        let loss = ((entropy * share)? + (theta.sqr()?.sum(1)? * decay)?)?;
        (loss - self.loss)?.to_vec1()
    }

    /// Weights (copies × outputs × inputs) and biases (copies × outputs × 1) of the layers.
    fn layers(&self, theta: &Tensor) -> Result<Vec<(Tensor, Tensor)>> {
        let (copies, mut offset) = (theta.dim(0)?, 0);
        let mut layers = Vec::new();
        for width in self.widths.windows(2) {
            let (from, to) = (width[0], width[1]);
            let weights = theta.narrow(1, offset, from * to)?.reshape((copies, to, from))?;
            layers.push((weights, theta.narrow(1, offset + from * to, to)?.unsqueeze(2)?));
            offset += (from + 1) * to;
        }
        Ok(layers)
    }

    fn activate(&self, z: &Tensor) -> Result<Tensor> {
        match self.activation {
            Activation::Relu => z.relu(),
            Activation::Tanh => z.tanh(),
        }
    }

    /// The derivative of the activation by its value.
    fn derivative(&self, value: &Tensor) -> Result<Tensor> {
        match self.activation {
            // The values are not negative.
            Activation::Relu => value.sign(),
            Activation::Tanh => value.sqr()?.affine(-1.0, 1.0),
        }
    }
}

/// Logits minus the largest of each image.
fn shifted(logits: &Tensor) -> Result<Tensor> {
    logits.broadcast_sub(&logits.max_keepdim(1)?)
}
