//! # Files of several arrays
//!
//! `.npz` archives, which are zip files of `.npy` members, and safetensors. An array is chosen by name.
//!
//! # References
//! - `numpy.savez`, `numpy.savez_compressed`; the safetensors format, <https://github.com/huggingface/safetensors>.

use std::io::{self, Cursor, Read};

use safetensors::{Dtype, SafeTensorError, SafeTensors};
use thiserror::Error;
use zip::ZipArchive;
use zip::result::ZipError;

use super::entry_type::EntryType;
use super::npy::{NpyArray, NpyError};

/// Largest size of an unpacked member, in bytes.
const MOST: u64 = 1 << 33;

/// Reasons why an array could not be read from a file of several.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The archive is damaged, or has another compression than `savez` and `savez_compressed` use.
    #[error("the .npz archive cannot be read")]
    Zip(#[from] ZipError),
    /// A member cannot be unpacked.
    #[error("array {name:?} cannot be unpacked")]
    Unpack {
        /// Name of the array.
        name: String,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// A member is larger than the limit.
    #[error("array {name:?} holds more than {MOST} bytes")]
    TooLarge {
        /// Name of the array.
        name: String,
    },
    /// The file is damaged.
    #[error("the safetensors file cannot be read")]
    SafeTensors(#[from] SafeTensorError),
    /// The entries of an array are not real numbers.
    #[error("array {name:?} cannot be read")]
    Array {
        /// Name of the array.
        name: String,
        /// The reason.
        #[source]
        source: NpyError,
    },
    /// The type of the entries is not supported.
    #[error("array {name:?} has entries of type {dtype}; F16, BF16, F32, F64, integers and booleans are read")]
    Type {
        /// Name of the array.
        name: String,
        /// The type.
        dtype: String,
    },
    /// The file holds several arrays and none was chosen.
    #[error("it holds {} arrays; choose one of {}", names.len(), some(names))]
    Choose {
        /// Their names.
        names: Vec<String>,
    },
    /// No array has the requested name.
    #[error("it holds no array {name:?}; there are {}", some(names))]
    NoArray {
        /// The requested name.
        name: String,
        /// The names of the arrays.
        names: Vec<String>,
    },
    /// The file holds no arrays.
    #[error("it holds no arrays")]
    Empty,
}

/// The first names of many.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let more = names.len().saturating_sub(SHOWN);
    let shown = names[..names.len().min(SHOWN)].join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// The requested name, or the only one.
fn chosen(names: Vec<String>, name: Option<&str>) -> Result<String, BundleError> {
    match (name, names.as_slice()) {
        (_, []) => Err(BundleError::Empty),
        (Some(name), _) if names.iter().any(|one| one == name) => Ok(name.to_owned()),
        (Some(name), _) => Err(BundleError::NoArray { name: name.to_owned(), names }),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(BundleError::Choose { names }),
    }
}

/// An array of an `.npz` archive: the one with the given name, or the only one.
///
/// # Errors
/// [`BundleError`].
pub fn read_npz(bytes: &[u8], name: Option<&str>) -> Result<NpyArray, BundleError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    let files: Vec<String> =
        archive.file_names().map(|file| file.map(|file| file.into_owned())).collect::<Result<_, _>>()?;
    let names = files.iter().filter_map(|file| file.strip_suffix(".npy")).map(str::to_owned).collect();
    let name = chosen(names, name)?;
    let member = archive.by_name(&format!("{name}.npy"))?;
    let mut unpacked = Vec::new();
    let read = member.take(MOST + 1).read_to_end(&mut unpacked);
    read.map_err(|source| BundleError::Unpack { name: name.clone(), source })?;
    if unpacked.len() as u64 > MOST {
        return Err(BundleError::TooLarge { name });
    }
    NpyArray::from_bytes(&unpacked).map_err(|source| BundleError::Array { name, source })
}

/// An array of a safetensors file: the one with the given name, or the only one.
///
/// # Errors
/// [`BundleError`].
pub fn read_safetensors(bytes: &[u8], name: Option<&str>) -> Result<NpyArray, BundleError> {
    let file = SafeTensors::deserialize(bytes)?;
    let mut names: Vec<String> = file.names().into_iter().map(str::to_owned).collect();
    names.sort_unstable();
    let name = chosen(names, name)?;
    let tensor = file.tensor(&name)?;
    let entry = match tensor.dtype() {
        Dtype::F16 => EntryType::Float16,
        Dtype::BF16 => EntryType::BrainFloat16,
        Dtype::F32 => EntryType::Float32,
        Dtype::F64 => EntryType::Float64,
        Dtype::BOOL => EntryType::Boolean,
        Dtype::I8 => EntryType::Signed(1),
        Dtype::I16 => EntryType::Signed(2),
        Dtype::I32 => EntryType::Signed(4),
        Dtype::I64 => EntryType::Signed(8),
        Dtype::U8 => EntryType::Unsigned(1),
        Dtype::U16 => EntryType::Unsigned(2),
        Dtype::U32 => EntryType::Unsigned(4),
        Dtype::U64 => EntryType::Unsigned(8),
        other => return Err(BundleError::Type { name, dtype: format!("{other:?}") }),
    };
    let values = tensor.data().chunks_exact(entry.width()).map(|bytes| entry.value(bytes, false)).collect();
    NpyArray::new(tensor.shape().to_vec(), values).map_err(|source| BundleError::Array { name, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    fn npz(names: &[&str], method: CompressionMethod) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, value) in names.iter().zip(1..) {
            archive.start_file(format!("{name}.npy"), SimpleFileOptions::default().compression_method(method)).unwrap();
            let mut bytes = Vec::new();
            NpyArray::new(vec![2], vec![f64::from(value); 2]).unwrap().write_to(&mut bytes).unwrap();
            archive.write_all(&bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn members_by_name() {
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let bytes = npz(&["a", "b"], method);
            assert_eq!(read_npz(&bytes, Some("b")).unwrap().values(), [2.0, 2.0]);
            assert!(matches!(read_npz(&bytes, None), Err(BundleError::Choose { .. })));
            assert!(matches!(read_npz(&bytes, Some("c")), Err(BundleError::NoArray { .. })));
            assert_eq!(read_npz(&npz(&["a"], method), None).unwrap().values(), [1.0, 1.0]);
            for end in 0..bytes.len() {
                assert!(read_npz(&bytes[..end], Some("a")).is_err());
            }
        }
        assert!(matches!(read_npz(&npz(&[], CompressionMethod::Stored), None), Err(BundleError::Empty)));
    }

    #[test]
    fn tensors_by_name() {
        let header = r#"{"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"v":{"dtype":"I16","shape":[1,2],"data_offsets":[4,8]}}"#;
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.bytes());
        bytes.extend([0x80, 0x3f, 0x00, 0xc0, 0xff, 0xff, 0x05, 0x00]);
        assert_eq!(read_safetensors(&bytes, Some("w")).unwrap().values(), [1.0, -2.0]);
        let array = read_safetensors(&bytes, Some("v")).unwrap();
        assert_eq!((array.shape(), array.values()), (&[1, 2][..], &[-1.0, 5.0][..]));
        assert!(matches!(read_safetensors(&bytes, None), Err(BundleError::Choose { .. })));
        for end in 0..bytes.len() {
            assert!(read_safetensors(&bytes[..end], Some("w")).is_err());
        }
    }
}
