//! The networks that are trained.

use super::CalibrateError;
use super::layer::windows;

/// Largest number of parameters of a network.
const MOST_PARAMETERS: usize = 100_000_000;

/// A network by its kind.
///
/// - `Mlp`: fully connected layers with ReLU between them.
/// - `LeNet`: LeNet-5 with ReLU and max pooling in place of its sigmoids and averages, for images of 28 × 28 and 32 × 32.
/// - `AlexNet`: the network of the paper, AlexNet for images of 28 × 28 and 32 × 32 with `channels` = 64 in every convolution,
///   without dropout, because dropout adds noise that is not minibatch noise.
///
/// # References
/// - LeCun, Bottou, Bengio, Haffner (1998), *Gradient-based learning applied to document recognition*.
/// - Simsekli, Sagun, Gurbuzbalaban (2019), *A tail-index analysis of stochastic gradient noise in deep neural networks*, whose
///   AlexNet the paper uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Fully connected.
    Mlp {
        /// Width of every hidden layer.
        hidden: Vec<usize>,
    },
    /// LeNet-5.
    LeNet,
    /// AlexNet for small images.
    AlexNet {
        /// Channels of every convolution.
        channels: usize,
    },
}

/// A layer, given by its sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LayerShape {
    Linear { inputs: usize, outputs: usize },
    Convolution { inputs: usize, outputs: usize, side: usize, stride: usize, padding: usize },
    MaxPool { side: usize, stride: usize },
    Relu,
    Flatten,
}

impl LayerShape {
    /// Parameters of the layer.
    pub fn parameters(self) -> usize {
        match self {
            LayerShape::Linear { inputs, outputs } => (inputs + 1).saturating_mul(outputs),
            LayerShape::Convolution { inputs, outputs, side, .. } => (inputs * side * side + 1).saturating_mul(outputs),
            LayerShape::MaxPool { .. } | LayerShape::Relu | LayerShape::Flatten => 0,
        }
    }
}

impl Architecture {
    /// The name used in files.
    pub fn name(&self) -> &'static str {
        match self {
            Architecture::Mlp { .. } => "mlp",
            Architecture::LeNet => "lenet",
            Architecture::AlexNet { .. } => "alexnet",
        }
    }

    /// The layers for images of the given shape (channels, height, width) and number of classes.
    ///
    /// # Errors
    /// [`CalibrateError::ImageSize`] for an image size that the convolutions do not support, [`CalibrateError::Parameters`] for a network
    /// that is too large.
    pub(super) fn layers(&self, shape: [usize; 3], classes: usize) -> Result<Vec<LayerShape>, CalibrateError> {
        let [channels, height, width] = shape;
        if !matches!(self, Architecture::Mlp { .. }) && !matches!((height, width), (28, 28) | (32, 32)) {
            return Err(CalibrateError::ImageSize { network: self.name(), height, width });
        }
        let layers = match self {
            Architecture::Mlp { hidden } => {
                let mut layers = vec![LayerShape::Flatten];
                fully_connected(&mut layers, channels * height * width, hidden, classes);
                layers
            }
            Architecture::LeNet => le_net(channels, height, classes),
            Architecture::AlexNet { channels: wide } => alex_net(channels, height, *wide, classes),
        };
        let parameters = layers.iter().fold(0usize, |n, layer| n.saturating_add(layer.parameters()));
        if parameters > MOST_PARAMETERS {
            return Err(CalibrateError::Parameters { parameters, most: MOST_PARAMETERS });
        }
        Ok(layers)
    }
}

/// Linear layers from `inputs` through the hidden widths to `outputs`, with ReLU between them.
fn fully_connected(layers: &mut Vec<LayerShape>, inputs: usize, hidden: &[usize], outputs: usize) {
    let mut inputs = inputs;
    for &width in hidden {
        layers.extend([LayerShape::Linear { inputs, outputs: width }, LayerShape::Relu]);
        inputs = width;
    }
    layers.push(LayerShape::Linear { inputs, outputs });
}

/// Both convolutions see 32 × 32 pixels: smaller images are padded. Pooling and ReLU commute.
fn le_net(channels: usize, side: usize, classes: usize) -> Vec<LayerShape> {
    let pool = LayerShape::MaxPool { side: 2, stride: 2 };
    let convolution =
        |inputs, outputs, padding| LayerShape::Convolution { inputs, outputs, side: 5, stride: 1, padding };
    let mut layers = vec![convolution(channels, 6, (32 - side) / 2), pool, LayerShape::Relu];
    layers.extend([convolution(6, 16, 0), pool, LayerShape::Relu, LayerShape::Flatten]);
    fully_connected(&mut layers, 16 * 5 * 5, &[120, 84], classes);
    layers
}

fn alex_net(channels: usize, side: usize, wide: usize, classes: usize) -> Vec<LayerShape> {
    let pool = LayerShape::MaxPool { side: 3, stride: 2 };
    let convolution =
        |inputs, side, stride, padding| LayerShape::Convolution { inputs, outputs: wide, side, stride, padding };
    let mut layers = vec![convolution(channels, 4, 2, 2), pool, LayerShape::Relu];
    layers.extend([convolution(wide, 5, 1, 2), pool, LayerShape::Relu]);
    layers.extend([convolution(wide, 3, 1, 1), LayerShape::Relu, convolution(wide, 3, 1, 1), LayerShape::Relu]);
    layers.extend([convolution(wide, 3, 1, 1), pool, LayerShape::Relu, LayerShape::Flatten]);
    let first = windows(side + 4, 4, 2);
    let left = (0..3).fold(first, |length, _| windows(length, 3, 2));
    let features = wide * left * left;
    // The fully connected part is wider than its input by the number of its binary digits.
    let hidden = features * (1 + features.max(1).ilog2() as usize);
    fully_connected(&mut layers, features, &[hidden, hidden], classes);
    layers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(architecture: &Architecture, shape: [usize; 3]) -> usize {
        architecture.layers(shape, 10).unwrap().iter().map(|layer| layer.parameters()).sum()
    }

    #[test]
    fn sizes_are_those_of_the_literature() {
        assert_eq!(parameters(&Architecture::LeNet, [1, 28, 28]), 61_706);
        assert_eq!(parameters(&Architecture::LeNet, [1, 32, 32]), 61_706);
        assert_eq!(parameters(&Architecture::Mlp { hidden: vec![128, 64] }, [1, 28, 28]), 109_386);
        let alexnet = Architecture::AlexNet { channels: 64 };
        let last = alexnet.layers([3, 32, 32], 10).unwrap();
        assert_eq!(last[last.len() - 1], LayerShape::Linear { inputs: 448, outputs: 10 });
        assert_eq!(parameters(&alexnet, [1, 28, 28]) + 2 * 64 * 16, parameters(&alexnet, [3, 32, 32]));
    }

    #[test]
    fn images_of_another_size_and_networks_too_large_are_refused() {
        let error = Architecture::LeNet.layers([1, 8, 8], 10).unwrap_err().to_string();
        assert!(error.contains("lenet takes images of 28 × 28 or 32 × 32 pixels, not of 8 × 8"), "{error}");
        assert!(Architecture::Mlp { hidden: vec![usize::MAX / 2] }.layers([1, 8, 8], 10).is_err());
    }
}
