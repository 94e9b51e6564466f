//! Named columns of numbers, and the samples that are taken from them.

use thiserror::Error;

/// Reasons why there is no sample.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum GridError {
    /// The logarithm of a value that is not positive.
    #[error("row {row} of column {column} is {value}: log returns need positive values")]
    NotPositive {
        /// The row, from 0.
        row: usize,
        /// Name of the column.
        column: String,
        /// The value.
        value: f64,
    },
    /// No entries are left.
    #[error("no entries are left in {column}: {missing} values are missing")]
    Nothing {
        /// Name of the sample.
        column: String,
        /// Missing values.
        missing: usize,
    },
}

/// Transformation of consecutive values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// `x_t - x_(t-1)`.
    Difference,
    /// `log x_t - log x_(t-1)`.
    LogReturn,
}

/// Rows of numbers; NaN marks a missing one.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    names: Vec<String>,
    /// Values, row by row.
    values: Vec<f64>,
}

/// A sample and its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Name of the column, number of the row, or the names of all.
    pub name: String,
    /// Its values; none is NaN.
    pub values: Vec<f64>,
    /// Columns of the rows of a pooled sample; else 1.
    pub columns: usize,
    /// Values that were missing.
    pub missing: usize,
    /// Values left out because another value of their row, or the previous value, is missing.
    pub dropped: usize,
}

impl Grid {
    /// Rows with one value per name, row by row.
    pub fn new(names: Vec<String>, values: Vec<f64>) -> Self {
        Grid { names, values }
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.names.len()
    }

    fn column(&self, column: usize) -> Vec<f64> {
        self.values.iter().skip(column).step_by(self.columns()).copied().collect()
    }

    /// Steps from row to row. A step is missing if either value is.
    ///
    /// # Errors
    /// [`GridError::NotPositive`] for the logarithm of a value that is not positive.
    pub fn stepped(&self, step: Step) -> Result<Grid, GridError> {
        let columns = self.columns();
        if step == Step::LogReturn
            && let Some(at) = self.values.iter().position(|x| *x <= 0.0)
        {
            let column = self.names[at % columns].clone();
            return Err(GridError::NotPositive { row: at / columns, column, value: self.values[at] });
        }
        let steps = self.values.iter().skip(columns).zip(&self.values).map(|(now, before)| match step {
            Step::Difference => now - before,
            Step::LogReturn => (now / before).ln(),
        });
        Ok(Grid { names: self.names.clone(), values: steps.collect() })
    }

    /// The transposed grid, with numbered columns.
    pub fn transposed(&self) -> Grid {
        let rows = self.values.len() / self.columns();
        let values = (0..self.columns()).flat_map(|column| self.column(column)).collect();
        Grid { names: (0..rows).map(|row| row.to_string()).collect(), values }
    }

    /// Every column as a sample.
    pub fn by_column(&self) -> Vec<Series> {
        (0..self.columns()).map(|c| Series::of(self.names[c].clone(), self.column(c))).collect()
    }

    /// Every row as a sample.
    pub fn by_row(&self) -> Vec<Series> {
        self.values.chunks(self.columns()).enumerate().map(|(r, row)| Series::of(r.to_string(), row.to_vec())).collect()
    }

    /// All columns as one sample, row by row; rows with a missing value are left out.
    pub fn pooled(&self) -> Series {
        let columns = self.columns();
        let (mut values, mut missing, mut dropped) = (Vec::with_capacity(self.values.len()), 0, 0);
        for row in self.values.chunks(columns) {
            match row.iter().filter(|x| x.is_nan()).count() {
                0 => values.extend(row),
                gaps => (missing, dropped) = (missing + gaps, dropped + columns - gaps),
            }
        }
        Series { name: self.names.join(", "), values, columns, missing, dropped }
    }
}

impl Series {
    fn of(name: String, mut values: Vec<f64>) -> Self {
        let all = values.len();
        values.retain(|x| !x.is_nan());
        Series { name, missing: all - values.len(), values, columns: 1, dropped: 0 }
    }

    /// The series, unless it is empty.
    ///
    /// # Errors
    /// [`GridError::Nothing`].
    pub fn filled(self) -> Result<Self, GridError> {
        match self.values.len() {
            0 => Err(GridError::Nothing { column: self.name, missing: self.missing }),
            _ => Ok(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let names = ["a", "b"].map(str::to_owned).to_vec();
        Grid::new(names, vec![1.0, 2.0, 2.0, f64::NAN, 4.0, 8.0, 8.0, 16.0])
    }

    #[test]
    fn samples_of_a_grid() {
        let [a, b] = grid().by_column().try_into().unwrap();
        assert_eq!((a.values, a.missing), (vec![1.0, 2.0, 4.0, 8.0], 0));
        assert_eq!((b.name.as_str(), b.values, b.missing), ("b", vec![2.0, 8.0, 16.0], 1));
        let pooled = grid().pooled();
        assert_eq!((pooled.values, pooled.columns), (vec![1.0, 2.0, 4.0, 8.0, 8.0, 16.0], 2));
        assert_eq!((pooled.missing, pooled.dropped), (1, 1));
        assert_eq!(grid().by_row()[1].values, [2.0]);
    }

    #[test]
    fn steps_over_a_gap_are_missing() {
        let [a, b] = grid().stepped(Step::Difference).unwrap().by_column().try_into().unwrap();
        assert_eq!((a.values, b.values, b.missing), (vec![1.0, 2.0, 4.0], vec![8.0], 2));
        let returns = grid().stepped(Step::LogReturn).unwrap().by_column();
        assert!(returns[0].values.iter().all(|x| (x - 2f64.ln()).abs() < 1e-15));
        let negative = Grid::new(vec!["a".to_owned()], vec![1.0, -2.0]);
        assert!(matches!(negative.stepped(Step::LogReturn), Err(GridError::NotPositive { row: 1, .. })));
    }
}
