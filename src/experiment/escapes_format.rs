//! How the outcomes of all paths are exported.

/// The format of the table with one row per path. Without one, the paths are in the store alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EscapesFormat {
    /// `escapes.csv`.
    #[default]
    Csv,
    /// `escapes.parquet`, in builds with the feature `parquet`.
    Parquet,
    /// No table.
    None,
}

impl EscapesFormat {
    /// Every format.
    pub const ALL: [EscapesFormat; 3] = [EscapesFormat::Csv, EscapesFormat::Parquet, EscapesFormat::None];

    /// The formats that this build can write.
    pub const WRITTEN: &[EscapesFormat] =
        if cfg!(feature = "parquet") { &EscapesFormat::ALL } else { &[EscapesFormat::Csv, EscapesFormat::None] };

    /// The name in the experiment file.
    pub fn name(self) -> &'static str {
        match self {
            EscapesFormat::Csv => "csv",
            EscapesFormat::Parquet => "parquet",
            EscapesFormat::None => "none",
        }
    }

    /// Name of the file.
    pub fn file(self) -> Option<&'static str> {
        match self {
            EscapesFormat::Csv => Some("escapes.csv"),
            EscapesFormat::Parquet => Some("escapes.parquet"),
            EscapesFormat::None => None,
        }
    }
}
