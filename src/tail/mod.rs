//! The tail index of a sample: five estimators with intervals, the fit of the law, and the Gaussian that must be ruled out.
//!
//! A [`TailSample`] is centred, counts its zeros and allows for rounding; an [`Estimator`] makes a [`TailIndex`] of it. All estimators assume
//! independent entries of one symmetric law: [`Assumptions`] tests that. Whatever an estimator says, [`GaussianSurrogate`] tells what it
//! says of Gaussian data with the same scales. The program reads data from tables of text, NumPy arrays and safetensors (`tail::data`).

mod assumptions;
#[cfg(feature = "program")]
mod data;
mod dependence;
mod error;
mod estimator;
mod estimators;
mod fitted_law;
mod goodness;
mod held_out;
mod lattice;
mod likelihood;
mod log_density;
mod log_grid;
mod optimum;
mod order_statistics;
mod quantile_fit;
mod rounding;
mod sample;
mod serial;
mod student_fit;
mod surrogate;
mod triples;

pub use assumptions::{Assumptions, Rejection};
#[cfg(feature = "program")]
pub use data::{
    BundleError, ColumnError, Decimal, Grid, GridError, Header, Missing, NpyArray, NpyError, Series, Step, Table,
    TableSettings, UnpackError, read_column, read_file, read_from, read_npz, read_safetensors,
};
pub use error::TailError;
pub use estimator::{Estimator, IntervalSettings, Settings, TailIndex};
pub use estimators::{BlockLength, Hill, Koutrouvelis, MaximumLikelihood, McCulloch, Mohammadi, Zeros};
pub use fitted_law::FittedLaw;
pub use goodness::{GoodnessOfFit, goodness_of_fit};
pub use held_out::{HeldOut, held_out};
pub use sample::{Centre, TailSample};
pub use serial::{Pattern, SerialCorrelation, SerialDependence};
pub use student_fit::{StudentFit, student_fit};
pub use surrogate::GaussianSurrogate;
pub use triples::Skewness;
