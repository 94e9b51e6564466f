//! All restarts of a configuration at once on a candle device, in double precision. Parameters and averages stay there; a step moves the numbers of
//! the images to the device and a few lengths back.

mod network;
#[cfg(test)]
mod tests;
mod walk;

pub(super) use network::NetworkOnDevice;
pub(super) use walk::RunsTogether;
