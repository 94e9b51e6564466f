//! Layers in the forward direction. candle computes the backward direction; the tests below compare it with finite differences.

use candle_core::{Result, Tensor, Var};

/// One step of a network.
#[derive(Debug)]
pub(super) enum Layer {
    /// `x Wᵀ + b`, `W` of shape outputs × inputs.
    Linear { weight: Var, bias: Var },
    /// Cross-correlation with `W` of shape outputs × inputs × side × side, and one bias per channel.
    Convolution { weight: Var, bias: Var, stride: usize, padding: usize },
    /// Max pooling over windows of `side` × `side`, `stride` apart; windows that do not fit are left out.
    MaxPool { side: usize, stride: usize },
    /// `max(x, 0)`.
    Relu,
    /// Flattens all axes but the first.
    Flatten,
}

impl Layer {
    /// The layer's output for a batch.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Layer::Linear { weight, bias } => x.matmul(&weight.t()?)?.broadcast_add(bias),
            Layer::Convolution { weight, bias, stride, padding } => {
                let bias = bias.reshape((1, bias.elem_count(), 1, 1))?;
                x.conv2d(weight, *padding, *stride, 1, 1)?.broadcast_add(&bias)
            }
            Layer::MaxPool { side, stride } => max_pool(x, *side, *stride),
            Layer::Relu => x.relu(),
            Layer::Flatten => x.flatten_from(1),
        }
    }

    /// The parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &Var> {
        let parameters = match self {
            Layer::Linear { weight, bias } | Layer::Convolution { weight, bias, .. } => vec![weight, bias],
            Layer::MaxPool { .. } | Layer::Relu | Layer::Flatten => Vec::new(),
        };
        parameters.into_iter()
    }
}

/// Windows that fit `side` values, `stride` apart, into `length`.
pub(super) fn windows(length: usize, side: usize, stride: usize) -> usize {
    if length < side { 0 } else { (length - side) / stride + 1 }
}

/// The maximum is taken along rows, then along columns. The gradient of candle's own `max_pool2d` is too small by the factor `side²`.
fn max_pool(x: &Tensor, side: usize, stride: usize) -> Result<Tensor> {
    let mut pooled = x.clone();
    for axis in [2, 3] {
        let count = windows(pooled.dim(axis)?, side, stride) as u32;
        let shifted = |offset: usize| {
            let places: Vec<u32> = (0..count).map(|i| i * stride as u32 + offset as u32).collect();
            pooled.contiguous()?.index_select(&Tensor::new(places, pooled.device())?, axis)
        };
        let mut largest = shifted(0)?;
        for offset in 1..side {
            largest = largest.maximum(&shifted(offset)?)?;
        }
        pooled = largest;
    }
    Ok(pooled)
}

/// Mean cross-entropy of logits (batch × classes) against classes, without regularisation.
pub(super) fn cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    let largest = logits.max_keepdim(1)?.detach();
    let shifted = logits.broadcast_sub(&largest)?;
    let log_sum = shifted.exp()?.sum_keepdim(1)?.log()?;
    let picked = shifted.gather(&labels.unsqueeze(1)?, 1)?;
    (log_sum - picked)?.mean_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Seed, Stream};
    use candle_core::{Device, Shape};

    fn random(shape: impl Into<Shape>, path: u64) -> Var {
        let shape = shape.into();
        let mut stream = Stream::new(Seed(5), 0, path);
        let values: Vec<f64> = (0..shape.elem_count()).map(|_| 2.0 * stream.open01() - 1.0).collect();
        Var::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    /// Largest difference between candle's gradient of `loss` and central differences, over all entries of all variables, in units
    /// of the largest entry.
    fn worst(loss: &dyn Fn() -> Result<Tensor>, variables: &[&Var]) -> f64 {
        let gradients = loss().unwrap().backward().unwrap();
        let value = || loss().unwrap().to_scalar::<f64>().unwrap();
        let (mut worst, mut largest) = (0.0f64, 0.0f64);
        for variable in variables {
            let gradient = gradients.get(variable).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
            let at = variable.flatten_all().unwrap().to_vec1::<f64>().unwrap();
            let shape = variable.shape().clone();
            let set = |values: Vec<f64>| {
                variable.set(&Tensor::from_vec(values, shape.clone(), &Device::Cpu).unwrap()).unwrap();
            };
            for (i, analytic) in gradient.iter().enumerate() {
                let shifted = |step: f64| {
                    let mut values = at.clone();
                    values[i] += step;
                    set(values);
                    value()
                };
                const STEP: f64 = 1e-6;
                let numeric = (shifted(STEP) - shifted(-STEP)) / (2.0 * STEP);
                worst = worst.max((numeric - analytic).abs());
                largest = largest.max(analytic.abs());
            }
            set(at);
        }
        assert!(largest > 0.0);
        worst / largest
    }

    /// The gradient of a layer against finite differences, through a random linear functional of its output.
    fn check(layer: &Layer, input: &Var) {
        let output = layer.forward(input).unwrap();
        let weights = random(output.shape().clone(), 99);
        let loss = || (layer.forward(input)? * weights.as_tensor())?.sum_all();
        let variables: Vec<&Var> = layer.parameters().chain([input]).collect();
        let found = worst(&loss, &variables);
        assert!(found < 1e-7, "{layer:?}: {found}");
    }

    #[test]
    fn gradients_of_linear_layers() {
        check(&Layer::Linear { weight: random((3, 5), 1), bias: random(3, 2) }, &random((4, 5), 3));
    }

    /// The layers of LeNet and AlexNet. The stride of AlexNet's first layer leaves pixels over.
    #[test]
    fn gradients_of_convolutions() {
        for (side, stride, padding, length) in [(5, 1, 2, 6), (5, 1, 0, 7), (3, 1, 1, 5), (4, 2, 2, 6), (4, 2, 2, 7)] {
            let weight = random((3, 2, side, side), 1);
            let layer = Layer::Convolution { weight, bias: random(3, 2), stride, padding };
            check(&layer, &random((2, 2, length, length), 3));
        }
    }

    #[test]
    fn gradients_of_pooling() {
        for (side, stride, length) in [(2, 2, 6), (2, 2, 7), (3, 2, 7), (3, 2, 8), (3, 2, 3)] {
            check(&Layer::MaxPool { side, stride }, &random((2, 3, length, length), 4));
        }
    }

    #[test]
    fn gradients_of_the_rest() {
        check(&Layer::Relu, &random((4, 6), 5));
        check(&Layer::Flatten, &random((2, 3, 2, 2), 6));
        let logits = random((4, 3), 7);
        let labels = Tensor::new(&[0u32, 2, 1, 2], &Device::Cpu).unwrap();
        assert!(worst(&|| cross_entropy(&logits, &labels), &[&logits]) < 1e-7);
    }

    /// Power: candle's pooling fails the check by a factor of 4.
    #[test]
    fn finite_differences_reject_a_wrong_gradient() {
        let input = random((1, 1, 4, 4), 8);
        let weights = random((1, 1, 2, 2), 99);
        let loss = || (input.max_pool2d(2)? * weights.as_tensor())?.sum_all();
        assert!(worst(&loss, &[&input]) > 0.1, "candle's max_pool2d is now correct: use it");
    }

    #[test]
    fn the_largest_value_of_each_window() {
        let values: Vec<f64> = [1, 2, 9, 4, 5, 6, 7, 8, 3].map(f64::from).to_vec();
        let x = Tensor::from_vec(values, (1, 1, 3, 3), &Device::Cpu).unwrap();
        let pooled =
            |side, stride| max_pool(&x, side, stride).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
        assert_eq!(pooled(2, 1), [5.0, 9.0, 8.0, 8.0]);
        assert_eq!(pooled(2, 2), [5.0]);
        assert_eq!(pooled(3, 2), [9.0]);
    }

    #[test]
    fn cross_entropy_of_large_logits_is_finite() {
        let logits = Tensor::new(&[[1000.0f64, 0.0], [0.0, 0.0]], &Device::Cpu).unwrap();
        let labels = Tensor::new(&[1u32, 0], &Device::Cpu).unwrap();
        let loss = cross_entropy(&logits, &labels).unwrap().to_scalar::<f64>().unwrap();
        assert!((loss - (1000.0 + 2f64.ln()) / 2.0).abs() < 1e-9);
    }
}
