//! A network; its interface is one flat parameter vector.

use std::ops::Range;

use candle_core::{DType, Device, Tensor, Var};

use super::CalibrateError;
use super::architecture::{Architecture, LayerShape};
use super::layer::{Layer, cross_entropy};
use crate::calibrate::data::images::Images;
use crate::noise::Stream;

/// Images loaded on the device of a network.
pub(super) struct Loaded {
    images: Tensor,
    labels: Tensor,
    count: usize,
}

impl Loaded {
    pub fn new(images: &Images, device: &Device) -> candle_core::Result<Self> {
        let [channels, height, width] = images.shape;
        let count = images.count();
        let labels: Vec<u32> = images.labels.iter().map(|&label| u32::from(label)).collect();
        Ok(Loaded {
            images: Tensor::from_slice(&images.pixels, (count, channels, height, width), device)?,
            labels: Tensor::from_vec(labels, count, device)?,
            count,
        })
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// The images with these indices.
    pub fn pick(&self, numbers: &[u32]) -> candle_core::Result<ImageBatch> {
        let numbers = Tensor::new(numbers, self.images.device())?;
        Ok(ImageBatch {
            images: self.images.index_select(&numbers, 0)?,
            labels: self.labels.index_select(&numbers, 0)?,
        })
    }

    /// Consecutive images.
    pub fn slice(&self, range: Range<usize>) -> candle_core::Result<ImageBatch> {
        let narrow = |tensor: &Tensor| tensor.narrow(0, range.start, range.len());
        Ok(ImageBatch { images: narrow(&self.images)?, labels: narrow(&self.labels)? })
    }
}

/// Images with their classes.
pub(super) struct ImageBatch {
    images: Tensor,
    labels: Tensor,
}

/// Loss and number of correct answers on a batch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Score {
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Number of images whose class has the largest logit.
    pub right: usize,
}

/// The range of a layer in the flat parameter vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LayerRange {
    pub name: String,
    pub range: Range<usize>,
}

/// A network in single precision, with weights drawn from a random stream of this crate.
#[derive(Debug)]
pub(super) struct Network {
    layers: Vec<Layer>,
    parameters: Vec<Var>,
    ranges: Vec<LayerRange>,
    dim: usize,
}

impl Network {
    /// Weights and biases of a layer are uniform on `±1/√inputs`.
    pub fn new(
        architecture: &Architecture,
        shape: [usize; 3],
        classes: usize,
        stream: &mut Stream,
        device: &Device,
    ) -> Result<Self, CalibrateError> {
        let shapes = architecture.layers(shape, classes)?;
        let mut layers = Vec::new();
        let mut ranges = Vec::new();
        let (mut dim, mut linear, mut convolutions) = (0, 0, 0);
        for shape in shapes {
            layers.push(build(shape, stream, device)?);
            let name = match shape {
                LayerShape::Linear { .. } => {
                    linear += 1;
                    format!("linear{linear}")
                }
                LayerShape::Convolution { .. } => {
                    convolutions += 1;
                    format!("convolution{convolutions}")
                }
                _ => continue,
            };
            ranges.push(LayerRange { name, range: dim..dim + shape.parameters() });
            dim += shape.parameters();
        }
        let parameters = layers.iter().flat_map(Layer::parameters).cloned().collect();
        Ok(Network { layers, parameters, ranges, dim })
    }

    /// Number of parameters.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The layers that have parameters, in the order of the flat vector.
    pub fn ranges(&self) -> &[LayerRange] {
        &self.ranges
    }

    /// The parameters in one vector.
    pub fn parameters(&self) -> candle_core::Result<Vec<f32>> {
        let mut flat = Vec::with_capacity(self.dim);
        for parameter in &self.parameters {
            flat.extend(parameter.flatten_all()?.to_vec1::<f32>()?);
        }
        Ok(flat)
    }

    /// Sets all parameters; `flat` has one entry per parameter.
    pub fn set_parameters(&self, flat: &[f32]) -> candle_core::Result<()> {
        let mut rest = flat;
        for parameter in &self.parameters {
            let (values, behind) = rest.split_at(parameter.elem_count());
            parameter.set(&Tensor::from_slice(values, parameter.shape(), parameter.device())?)?;
            rest = behind;
        }
        Ok(())
    }

    /// Loss and number of correct answers on a batch.
    pub fn score(&self, batch: &ImageBatch) -> candle_core::Result<Score> {
        let logits = self.logits(batch)?;
        Ok(Score { loss: scalar(&cross_entropy(&logits, &batch.labels)?)?, right: right(&logits, batch)? })
    }

    /// Writes the gradient of the mean loss on a batch into `flat`; returns the loss.
    pub fn gradient(&self, batch: &ImageBatch, flat: &mut [f32]) -> candle_core::Result<f64> {
        let loss = cross_entropy(&self.logits(batch)?, &batch.labels)?;
        let gradients = loss.backward()?;
        let mut rest = flat;
        for parameter in &self.parameters {
            let (place, behind) = rest.split_at_mut(parameter.elem_count());
            match gradients.get(parameter) {
                Some(gradient) => place.copy_from_slice(&gradient.flatten_all()?.to_vec1::<f32>()?),
                None => place.fill(0.0),
            }
            rest = behind;
        }
        scalar(&loss)
    }

    fn logits(&self, batch: &ImageBatch) -> candle_core::Result<Tensor> {
        self.layers.iter().try_fold(batch.images.clone(), |x, layer| layer.forward(&x))
    }
}

fn build(shape: LayerShape, stream: &mut Stream, device: &Device) -> candle_core::Result<Layer> {
    let mut uniform = |sizes: &[usize], inputs: usize| {
        let bound = 1.0 / (inputs as f64).sqrt();
        let count = sizes.iter().product();
        let values: Vec<f32> = (0..count).map(|_| ((2.0 * stream.open01() - 1.0) * bound) as f32).collect();
        Var::from_vec(values, sizes, device)
    };
    Ok(match shape {
        LayerShape::Linear { inputs, outputs } => {
            Layer::Linear { weight: uniform(&[outputs, inputs], inputs)?, bias: uniform(&[outputs], inputs)? }
        }
        LayerShape::Convolution { inputs, outputs, side, stride, padding } => {
            let fan_in = inputs * side * side;
            let weight = uniform(&[outputs, inputs, side, side], fan_in)?;
            Layer::Convolution { weight, bias: uniform(&[outputs], fan_in)?, stride, padding }
        }
        LayerShape::MaxPool { side, stride } => Layer::MaxPool { side, stride },
        LayerShape::Relu => Layer::Relu,
        LayerShape::Flatten => Layer::Flatten,
    })
}

fn scalar(loss: &Tensor) -> candle_core::Result<f64> {
    Ok(f64::from(loss.to_scalar::<f32>()?))
}

fn right(logits: &Tensor, batch: &ImageBatch) -> candle_core::Result<usize> {
    let same = logits.argmax(1)?.eq(&batch.labels)?.to_dtype(DType::F32)?;
    Ok(same.sum_all()?.to_scalar::<f32>()? as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::Activation;
    use crate::calibrate::escape::{Buffers, Mlp};
    use crate::noise::Seed;

    fn images(shape: [usize; 3], count: usize) -> Images {
        let mut stream = Stream::new(Seed(2), 0, 0);
        let size: usize = shape.iter().product();
        let pixels = (0..size * count).map(|_| (2.0 * stream.open01() - 1.0) as f32).collect();
        Images { shape, pixels, labels: (0..count).map(|i| (i % 10) as u8).collect() }
    }

    /// The same layers in double precision, with their parameters moved by `step` times `direction`.
    fn moved(network: &Network, direction: &[f32], step: f64) -> Vec<Layer> {
        let mut rest = direction;
        let mut shift = |parameter: &Var| {
            let (part, behind) = rest.split_at(parameter.elem_count());
            rest = behind;
            let part: Vec<f64> = part.iter().map(|&d| step * f64::from(d)).collect();
            let part = Tensor::from_vec(part, parameter.shape(), &Device::Cpu).unwrap();
            Var::from_tensor(&(parameter.to_dtype(DType::F64).unwrap() + part).unwrap()).unwrap()
        };
        let layers = network.layers.iter().map(|layer| match layer {
            Layer::Linear { weight, bias } => Layer::Linear { weight: shift(weight), bias: shift(bias) },
            Layer::Convolution { weight, bias, stride, padding } => {
                Layer::Convolution { weight: shift(weight), bias: shift(bias), stride: *stride, padding: *padding }
            }
            Layer::MaxPool { side, stride } => Layer::MaxPool { side: *side, stride: *stride },
            Layer::Relu => Layer::Relu,
            Layer::Flatten => Layer::Flatten,
        });
        layers.collect()
    }

    /// Compares the directional derivative along the gradient of every layer with differences of the loss in double precision.
    /// The gradient is in single precision.
    #[test]
    fn whole_networks_pass_finite_differences() {
        for (architecture, shape) in [
            (Architecture::Mlp { hidden: vec![12, 7] }, [1, 8, 8]),
            (Architecture::LeNet, [1, 28, 28]),
            (Architecture::LeNet, [3, 32, 32]),
            (Architecture::AlexNet { channels: 5 }, [1, 28, 28]),
            (Architecture::AlexNet { channels: 5 }, [3, 32, 32]),
        ] {
            let mut stream = Stream::new(Seed(1), 0, 0);
            let network = Network::new(&architecture, shape, 10, &mut stream, &Device::Cpu).unwrap();
            let data = Loaded::new(&images(shape, 10), &Device::Cpu).unwrap();
            let batch = data.slice(0..10).unwrap();
            let mut gradient = vec![0.0; network.dim()];
            network.gradient(&batch, &mut gradient).unwrap();
            for layer in network.ranges() {
                let mut direction = vec![0.0; network.dim()];
                direction[layer.range.clone()].copy_from_slice(&gradient[layer.range.clone()]);
                let square: f64 = direction.iter().map(|g| f64::from(*g).powi(2)).sum();
                let loss = |step: f64| {
                    let images = batch.images.to_dtype(DType::F64).unwrap();
                    let layers = moved(&network, &direction, step / square.sqrt());
                    let logits = layers.iter().try_fold(images, |x, layer| layer.forward(&x)).unwrap();
                    cross_entropy(&logits, &batch.labels).unwrap().to_scalar::<f64>().unwrap()
                };
                let ratio = (loss(1e-6) - loss(-1e-6)) / 2e-6 / square.sqrt();
                assert!((ratio - 1.0).abs() < 1e-4, "{architecture:?}, {}: {ratio}", layer.name);
            }
        }
    }

    /// The plain network of the escapes against candle, in double precision: loss, every entry of the gradient, and the order of the parameters.
    #[test]
    fn the_plain_network_has_candles_gradients() {
        let (hidden, images) = (vec![12, 7], images([1, 8, 8], 30));
        let architecture = Architecture::Mlp { hidden: hidden.clone() };
        let network =
            Network::new(&architecture, images.shape, 10, &mut Stream::new(Seed(1), 0, 0), &Device::Cpu).unwrap();
        let theta: Vec<f64> = network.parameters().unwrap().into_iter().map(f64::from).collect();
        let batch = Loaded::new(&images, &Device::Cpu).unwrap().slice(0..30).unwrap();
        for activation in Activation::ALL {
            let layers = moved(&network, &vec![0.0; network.dim()], 0.0);
            let activate = |x: Tensor, layer: &Layer| match (layer, activation) {
                (Layer::Relu, Activation::Tanh) => x.tanh(),
                _ => layer.forward(&x),
            };
            let logits = layers.iter().try_fold(batch.images.to_dtype(DType::F64).unwrap(), activate).unwrap();
            let expected = cross_entropy(&logits, &batch.labels).unwrap();
            let gradients = expected.backward().unwrap();
            let flat = |p: &Var| gradients.get(p).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
            let by_candle: Vec<f64> = layers.iter().flat_map(Layer::parameters).flat_map(flat).collect();
            let mlp = Mlp::new(&images, &hidden, 10, activation, 0.0);
            let mut gradient = vec![0.0; mlp.dim()];
            let loss = mlp.full(&theta, &mut Buffers::default(), &mut gradient);
            let expected = expected.to_scalar::<f64>().unwrap();
            assert!((loss - expected).abs() < 1e-12, "{activation:?}: {loss} for {expected}");
            assert_eq!(gradient.len(), by_candle.len());
            for (i, (found, expected)) in gradient.iter().zip(&by_candle).enumerate() {
                // Rounding of sums of 30 terms of order 1.
                assert!((found - expected).abs() < 1e-13, "{activation:?}, {i}: {found} for {expected}");
            }
            assert!(by_candle.iter().filter(|g| g.abs() > 1e-6).count() > mlp.dim() / 2);
        }
    }

    /// Needs a GPU: compares loss and gradient of every network with the processor's, and with a second run on the GPU.
    #[cfg(feature = "cuda")]
    #[test]
    fn a_gpu_gives_the_gradients_of_the_processor() {
        let gpu = Device::new_cuda(0).expect("the tests of the feature cuda need a GPU");
        for (architecture, shape) in [
            (Architecture::Mlp { hidden: vec![64, 32] }, [1, 8, 8]),
            (Architecture::LeNet, [1, 28, 28]),
            (Architecture::LeNet, [3, 32, 32]),
            (Architecture::AlexNet { channels: 64 }, [1, 28, 28]),
            (Architecture::AlexNet { channels: 64 }, [3, 32, 32]),
        ] {
            let images = images(shape, 50);
            let on = |device: &Device| {
                let mut stream = Stream::new(Seed(1), 0, 0);
                let network = Network::new(&architecture, shape, 10, &mut stream, device).unwrap();
                let batch = Loaded::new(&images, device).unwrap().pick(&(0..50).rev().collect::<Vec<_>>()).unwrap();
                let mut gradient = vec![0.0; network.dim()];
                let loss = network.gradient(&batch, &mut gradient).unwrap();
                (loss, network.score(&batch).unwrap().right, gradient, network.ranges().to_vec())
            };
            let (expected, found) = (on(&Device::Cpu), on(&gpu));
            assert!((found.0 / expected.0 - 1.0).abs() < 1e-5, "{architecture:?}: {} for {}", found.0, expected.0);
            assert_eq!(found.1, expected.1, "{architecture:?}");
            for layer in &expected.3 {
                let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
                let (here, there) = (&expected.2[layer.range.clone()], &found.2[layer.range.clone()]);
                let off = norm(&mut here.iter().zip(there).map(|(a, b)| f64::from(a - b)));
                let size = norm(&mut here.iter().map(|a| f64::from(*a)));
                assert!(size > 0.0 && off < 1e-5 * size, "{architecture:?}, {}: {off} of {size}", layer.name);
            }
            assert!(on(&gpu).2 == found.2, "{architecture:?}: not the same bits twice");
        }
    }

    #[test]
    fn parameters_go_out_and_come_back() {
        let mut stream = Stream::new(Seed(1), 0, 0);
        let architecture = Architecture::Mlp { hidden: vec![3] };
        let network = Network::new(&architecture, [1, 2, 2], 2, &mut stream, &Device::Cpu).unwrap();
        assert_eq!(network.dim(), 4 * 3 + 3 + 3 * 2 + 2);
        assert_eq!(network.ranges()[1], LayerRange { name: "linear2".to_string(), range: 15..23 });
        let flat: Vec<f32> = (0..network.dim()).map(|i| i as f32).collect();
        network.set_parameters(&flat).unwrap();
        assert_eq!(network.parameters().unwrap(), flat);
    }
}
