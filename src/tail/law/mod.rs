//! The symmetric stable law fitted to a sample: by maximum likelihood and by two quantiles.

mod likelihood;
mod log_density;
mod log_grid;
mod optimum;
mod quantile_fit;

pub(super) use likelihood::{FEWEST, Likelihood, StableFit};
pub(super) use log_density::{LogDensity, LogTail, SMALLEST};
pub(super) use log_grid::LogGrid;
pub(super) use optimum::maximum;
pub(super) use quantile_fit::QuantileFit;
