//! Images: IDX files, CIFAR-10's binary version, the embedded digits, and the minibatches drawn from them.

pub(super) mod batches;
pub(super) mod cifar;
pub(super) mod data_error;
pub(super) mod idx;
pub(super) mod images;

pub use cifar::read_cifar10_folder;
pub use data_error::DataError;
pub use idx::read_idx_folder;
pub use images::{DataSet, Images};
