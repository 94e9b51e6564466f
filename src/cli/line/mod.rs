//! The command line: its definition, its values, and the line that resumes a run.

pub(super) mod arguments;
pub(super) mod command_line;
pub(super) mod options;
pub(super) mod values;
