//! Theoretical predictions: the escape set and its Radon measure, theorems 1 and 2, transitions between wells, and exact exit
//! times from an interval.

mod adam_descent;
mod exact;
mod exact_problem;
mod flatness;
mod hitting;
mod landings;
mod mean_position;
mod planar_transitions;
mod prediction;
mod random_basins;
mod random_problems;
mod second_order;
mod several_jumps;
mod stationary_mean;
mod theorem1;
mod theorem2;
mod transitions;
mod well_chain;

pub use exact::{ExactError, ExactExit};
pub use exact_problem::exact_exit;
pub use flatness::FlatnessMeasure;
pub use hitting::mean_hitting_time;
pub use landings::landing_shares;
pub use mean_position::{MeanAtRest, mean_at_rest};
pub use prediction::{AxisRate, Prediction, TheoryError};
pub use random_basins::{RandomBasin, RandomBasins, RandomDomain};
pub use random_problems::{Ensemble, RandomProblems};
pub use second_order::lambda_mean_second_order;
pub use theorem1::{sandwich, smallest_rho};
pub use theorem2::{Comparison, VolumeClaim};
pub use transitions::transition_rates;
pub use well_chain::WellChain;
