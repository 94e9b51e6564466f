//! Names of experiments and calibrations, which are folders of results.

/// How to write a name.
pub const FILE_NAME_HELP: &str = "use up to 100 ASCII letters, digits, '-', '_' and '.', not beginning with '.'";

/// Whether a name is a safe component of a path.
pub fn is_file_name(name: &str) -> bool {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (1..=100).contains(&name.len()) && !name.starts_with('.') && name.chars().all(is_safe)
}
