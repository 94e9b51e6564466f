//! The diagonal matrix `Q` that Adam divides by.

/// `Q = diag(√(ω_t v) + ϵ)` for Adam, `Q = I` for SGD.
#[derive(Clone, Debug, PartialEq)]
pub struct Preconditioner {
    /// Entries of `Q`; `None` for the identity.
    diagonal: Option<Vec<f64>>,
}

impl Preconditioner {
    /// `Q = I`.
    pub fn identity() -> Self {
        Preconditioner { diagonal: None }
    }

    /// `Q = diag(q)`.
    pub fn diagonal(q: Vec<f64>) -> Self {
        Preconditioner { diagonal: Some(q) }
    }

    /// Entry `i` of the diagonal.
    pub fn entry(&self, i: usize) -> f64 {
        self.diagonal.as_ref().map_or(1.0, |q| q[i])
    }

    /// Whether `Q` is the identity of a dynamics without a preconditioner.
    pub fn is_identity(&self) -> bool {
        self.diagonal.is_none()
    }

    /// `Q⁻¹ x`, in place.
    pub fn divide(&self, x: &mut [f64]) {
        if let Some(q) = &self.diagonal {
            x.iter_mut().zip(q).for_each(|(x, q)| *x /= q);
        }
    }

    /// `log det Q`, which neither overflows nor underflows in high dimension.
    pub fn log_determinant(&self) -> f64 {
        self.diagonal.as_ref().map_or(0.0, |q| q.iter().map(|q| q.ln()).sum())
    }

    /// Anisotropy of `Q`: largest entry divided by the smallest.
    pub fn anisotropy(&self) -> f64 {
        self.diagonal.as_ref().map_or(1.0, |q| {
            let largest = q.iter().copied().fold(f64::MIN, f64::max);
            largest / q.iter().copied().fold(f64::MAX, f64::min)
        })
    }
}
