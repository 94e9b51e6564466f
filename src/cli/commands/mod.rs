//! The commands, one file each.

#[cfg(feature = "calibrate")]
pub(super) mod calibrate;
pub(super) mod check;
mod dry_run;
pub(super) mod generate;
pub(super) mod merge;
pub(super) mod new;
pub(super) mod report;
pub(super) mod reproduce;
pub(super) mod run;
pub(super) mod session;
pub(super) mod slurm;
mod slurm_scripts;
pub(super) mod tail_index;
pub(super) mod theory;
