//! The identity of an experiment: the canonical text by which runs are compared.

mod dynamics;
mod lines;
mod text;
