//! All restarts of a configuration at once on a candle device, in double precision. Parameters and averages stay there; a step moves the numbers of
//! the images to the device and a few lengths back.

mod network;
#[cfg(test)]
mod tests;
mod walk;

pub(super) use network::NetworkOnDevice;
pub(super) use walk::RunsTogether;

/// Numbers in double precision that may be on the device at a time, beside the images: 2 GiB. More runs than that holds go in several groups, one
/// after the other. Half of it is for the steps, half for the loss of all images.
const NUMBERS: usize = 1 << 28;
