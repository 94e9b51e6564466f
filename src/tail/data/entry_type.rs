//! Binary representations of real numbers, with their names in `.npy` and safetensors files.

/// A type of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryType {
    Float16,
    BrainFloat16,
    Float32,
    Float64,
    /// Two's complement, with the number of bytes.
    Signed(usize),
    /// With the number of bytes.
    Unsigned(usize),
    /// A byte that is 0 or 1.
    Boolean,
}

impl EntryType {
    /// The type of NumPy's name without the byte order, for instance `f8`.
    pub fn of_numpy(name: &str) -> Option<Self> {
        Some(match name {
            "f2" => EntryType::Float16,
            "f4" => EntryType::Float32,
            "f8" => EntryType::Float64,
            "b1" => EntryType::Boolean,
            "i1" => EntryType::Signed(1),
            "i2" => EntryType::Signed(2),
            "i4" => EntryType::Signed(4),
            "i8" => EntryType::Signed(8),
            "u1" => EntryType::Unsigned(1),
            "u2" => EntryType::Unsigned(2),
            "u4" => EntryType::Unsigned(4),
            "u8" => EntryType::Unsigned(8),
            _ => return None,
        })
    }

    /// Size of an entry in bytes.
    pub fn width(self) -> usize {
        match self {
            EntryType::Boolean => 1,
            EntryType::Float16 | EntryType::BrainFloat16 => 2,
            EntryType::Float32 => 4,
            EntryType::Float64 => 8,
            EntryType::Signed(width) | EntryType::Unsigned(width) => width,
        }
    }

    /// The number in the bytes of an entry; integers beyond 2^53 are rounded.
    pub fn value(self, entry: &[u8], big_endian: bool) -> f64 {
        let word = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        let bits = if big_endian { entry.iter().fold(0, word) } else { entry.iter().rev().fold(0, word) };
        match self {
            EntryType::Float64 => f64::from_bits(bits),
            EntryType::Float32 => f64::from(f32::from_bits(bits as u32)),
            EntryType::BrainFloat16 => f64::from(f32::from_bits((bits as u32) << 16)),
            EntryType::Float16 => half(bits as u16),
            EntryType::Unsigned(_) => bits as f64,
            EntryType::Boolean => f64::from(u8::from(bits != 0)),
            EntryType::Signed(width) => {
                let unused = 64 - 8 * width as u32;
                ((bits << unused) as i64 >> unused) as f64
            }
        }
    }
}

/// IEEE 754 binary16: sign, five bits of exponent, ten of fraction.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_953_125),
            (0x7bff, 65504.0),
            (0x0001, 2f64.powi(-24)),
            (0x0400, 2f64.powi(-14)),
            (0xfc00, f64::NEG_INFINITY),
        ] {
            assert_eq!(half(bits), value, "{bits:x}");
        }
        assert!(half(0x7e00).is_nan() && half(0x8000).is_sign_negative());
    }

    #[test]
    fn integers_of_every_width() {
        for width in [1, 2, 4, 8] {
            let minus_two = [(-2i64).to_le_bytes()[..width].to_vec()].concat();
            assert_eq!(EntryType::Signed(width).value(&minus_two, false), -2.0);
            let big: Vec<u8> = minus_two.iter().rev().copied().collect();
            assert_eq!(EntryType::Signed(width).value(&big, true), -2.0);
            let most = 2f64.powi(8 * width as i32) - 2.0;
            assert_eq!(EntryType::Unsigned(width).value(&minus_two, false), most);
        }
        assert_eq!(EntryType::BrainFloat16.value(&[0x80, 0x3f], false), 1.0);
        assert_eq!(EntryType::Boolean.value(&[1], false), 1.0);
    }
}
