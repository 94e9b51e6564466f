//! The tail index of a sample: five estimators with intervals, the fit of the law, and the comparison with Gaussian data.
//!
//! A [`TailSample`] is centred, counts its zeros and corrects for rounding; an [`Estimator`] computes its [`TailIndex`]. All estimators assume
//! independent entries of one symmetric law, which [`Assumptions`] tests. [`GaussianSurrogate`] draws Gaussian data with the same scales, whose
//! estimate any claim of a heavy tail must be compared with. The program reads data from tables of text, NumPy arrays and safetensors (`tail::data`).

mod assumptions;
#[cfg(feature = "program")]
mod data;
mod dependence;
mod distances;
mod error;
mod estimator;
mod estimators;
mod fitted_law;
mod goodness;
mod held_out;
mod interval;
mod law;
mod order_statistics;
mod sample;
mod student_fit;
mod surrogate;
mod tail_index;

pub use assumptions::{Assumptions, Pattern, Rejection, SerialCorrelation, SerialDependence, Skewness};
#[cfg(feature = "program")]
pub use data::{
    BundleError, ColumnError, Decimal, Grid, GridError, Header, Missing, NpyArray, NpyError, Series, Step, Table,
    TableSettings, UnpackError, read_column, read_file, read_from, read_npz, read_safetensors,
};
pub use distances::Distances;
pub use error::TailError;
pub use estimator::Estimator;
pub use estimators::{BlockLength, Hill, Koutrouvelis, MaximumLikelihood, McCulloch, Mohammadi};
pub use fitted_law::FittedLaw;
pub use goodness::{GoodnessOfFit, goodness_of_fit};
pub use held_out::{HeldOut, held_out};
pub use interval::IntervalSettings;
pub use sample::{Centre, TailSample};
pub use student_fit::{StudentFit, student_fit};
pub use surrogate::GaussianSurrogate;
pub use tail_index::{Settings, TailIndex, Zeros};
