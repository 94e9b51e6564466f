//! # Empirical noise
//!
//! The measured noise vectors themselves. A draw is one whole vector, each with the same probability, so the dependence between the
//! coordinates is kept.

use rand::Rng;

use crate::noise::NoiseError;

/// Measured vectors of `d` coordinates; a draw is one of them.
///
/// # Example
/// ```
/// use levy_escape::noise::{EmpiricalNoise, Seed, Stream};
///
/// let noise = EmpiricalNoise::new(2, vec![1.0, 2.0, -3.0, -6.0])?;
/// let mut xi = [0.0; 2];
/// noise.draw(&mut xi, &mut Stream::new(Seed(1), 0, 0));
/// assert_eq!(xi[1], 2.0 * xi[0]);
/// # Ok::<(), levy_escape::noise::NoiseError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EmpiricalNoise {
    dim: usize,
    values: Vec<f64>,
}

impl EmpiricalNoise {
    /// The vectors `values[..dim]`, `values[dim..2 * dim]` and so on.
    ///
    /// # Errors
    /// [`NoiseError::Empirical`] unless there are two whole vectors or more, of finite numbers that are not all zero.
    pub fn new(dim: usize, values: Vec<f64>) -> Result<Self, NoiseError> {
        let wrong = |what: &str| Err(NoiseError::Empirical { what: what.to_owned() });
        if dim == 0 || !values.len().is_multiple_of(dim) {
            return wrong("the values are not whole vectors");
        }
        if values.len() < 2 * dim {
            return wrong("there are fewer than two vectors");
        }
        if values.iter().any(|value| !value.is_finite()) {
            return wrong("a value is not finite");
        }
        if values.iter().all(|value| *value == 0.0) {
            return wrong("all values are zero");
        }
        Ok(EmpiricalNoise { dim, values })
    }

    /// Coordinates of a vector.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Number of vectors.
    pub fn count(&self) -> usize {
        self.values.len() / self.dim
    }

    /// All vectors, one after the other.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Copies a random vector into `xi`, of length [`dim`](Self::dim). Takes one word of `rng`; the probability of a vector is `1/count`
    /// to within 2^-64.
    ///
    /// # Panics
    /// If the length of `xi` is another.
    pub fn draw<R: Rng + ?Sized>(&self, xi: &mut [f64], rng: &mut R) {
        xi.copy_from_slice(self.pick(rng));
    }

    /// A random vector, as [`draw`](Self::draw) copies it.
    pub(crate) fn pick<R: Rng + ?Sized>(&self, rng: &mut R) -> &[f64] {
        let row = ((u128::from(rng.next_u64()) * self.count() as u128) >> 64) as usize;
        &self.values[row * self.dim..(row + 1) * self.dim]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Seed, Stream};

    /// Each vector's share of 100,000 draws within 4.5 standard errors of 1/5: false-positive rate below 4e-5. A vector that is kept twice
    /// has twice its share and is rejected.
    #[test]
    fn whole_vectors_are_drawn_with_equal_probability() {
        let vectors: Vec<f64> = (0..5).flat_map(|k| [f64::from(k), f64::from(10 * k), 1.0]).collect();
        let shares = |values: Vec<f64>| {
            let noise = EmpiricalNoise::new(3, values).unwrap();
            let (mut rng, mut counts) = (Stream::new(Seed(3), 0, 0), [0u32; 5]);
            for _ in 0..100_000 {
                let mut xi = [0.0; 3];
                noise.draw(&mut xi, &mut rng);
                assert_eq!([xi[1], xi[2]], [10.0 * xi[0], 1.0]);
                counts[xi[0] as usize] += 1;
            }
            counts.map(|n| (f64::from(n) / 1e5 - 0.2).abs() / (0.16f64 / 1e5).sqrt()).into_iter().fold(0.0, f64::max)
        };
        assert!(shares(vectors.clone()) < 4.5);
        let twice = [vectors.clone(), vectors[..3].to_vec()].concat();
        assert!(shares(twice) > 4.5);
    }

    #[test]
    fn impossible_vectors_are_refused() {
        for (dim, values) in
            [(0, vec![]), (2, vec![1.0; 3]), (2, vec![1.0; 2]), (1, vec![1.0, f64::NAN]), (1, vec![0.0; 4])]
        {
            assert!(matches!(EmpiricalNoise::new(dim, values), Err(NoiseError::Empirical { .. })));
        }
    }
}
