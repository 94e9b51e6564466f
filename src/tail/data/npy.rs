//! # Arrays in NumPy's `.npy` format
//!
//! Arrays of real numbers, floating-point of 2, 4 or 8 bytes, integers or booleans, either byte order, in C or Fortran order, format versions 1 to 3. Everything else is rejected with
//! the reason. The size in the header is compared with the size of the file before memory is allocated. No file makes the reader
//! panic.
//!
//! # References
//! - NumPy Enhancement Proposal 1, *A Simple File Format for NumPy Arrays*; `numpy.lib.format`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::entry_type::EntryType;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Longest header that is read; NumPy writes about a hundred bytes.
const MOST_HEADER: usize = 65_536;
/// Largest number of dimensions, as in NumPy.
const MOST_DIMENSIONS: usize = 64;

/// A real array.
#[derive(Clone, Debug, PartialEq)]
pub struct NpyArray {
    shape: Vec<usize>,
    values: Vec<f64>,
}

/// Reasons why an array could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NpyError {
    /// The file cannot be opened, read or written.
    #[error("{} failed", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The file does not begin like a `.npy` file.
    #[error("this is not a .npy file: it begins with {found:02x?}")]
    Magic {
        /// Its first bytes.
        found: Vec<u8>,
    },
    /// An unknown version of the format.
    #[error("version {major}.{minor} of the .npy format is not known; 1.0, 2.0 and 3.0 are")]
    Version {
        /// Major version.
        major: u8,
        /// Minor version.
        minor: u8,
    },
    /// The file ends in its header.
    #[error("the file ends within its header")]
    Truncated,
    /// The header is longer than the limit.
    #[error("the header has {length} bytes; the limit is {MOST_HEADER}")]
    LongHeader {
        /// Its length in bytes.
        length: u64,
    },
    /// The header is not a dictionary of the three keys.
    #[error("the header cannot be parsed at {at:?}: expected {expected}")]
    Header {
        /// The text at the error.
        at: String,
        /// The expected text.
        expected: &'static str,
    },
    /// Entries that are not real numbers.
    #[error(
        "entries of type {descr:?}; floats of 2, 4 or 8 bytes, integers and booleans are read: convert with astype(float)"
    )]
    Type {
        /// NumPy's name of the type.
        descr: String,
    },
    /// The shape contradicts the size of the file.
    #[error("shape {shape:?} needs {needed} bytes after the header, and the file has {found}")]
    Size {
        /// Shape in the header.
        shape: Vec<usize>,
        /// Bytes that it needs; the largest number on overflow.
        needed: u64,
        /// Bytes in the file.
        found: u64,
    },
    /// A shape that contradicts the number of values.
    #[error("shape {shape:?} does not hold {values} values")]
    Shape {
        /// The shape.
        shape: Vec<usize>,
        /// Number of values.
        values: usize,
    },
}

impl NpyArray {
    /// An array of the given shape; `values` in C order, the last index fastest.
    ///
    /// # Errors
    /// [`NpyError::Shape`] if their number is not that of the shape.
    pub fn new(shape: Vec<usize>, values: Vec<f64>) -> Result<Self, NpyError> {
        match count(&shape) {
            Some(n) if n == values.len() => Ok(NpyArray { shape, values }),
            _ => Err(NpyError::Shape { shape, values: values.len() }),
        }
    }

    /// Its shape; empty for a single number.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Its entries in C order, for any order in the file.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Its entries in C order, owned.
    pub fn into_values(self) -> Vec<f64> {
        self.values
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`NpyError`]; a file whose size contradicts its header is rejected before it is read.
    pub fn read(path: &Path) -> Result<Self, NpyError> {
        let failed = |source| NpyError::File { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let (header, length) = NpyHeader::read(&mut file).map_err(|error| error.at(path))?;
        let needed = header.size()?;
        let found = size.saturating_sub(length);
        if needed != found {
            return Err(NpyError::Size { shape: header.shape, needed, found });
        }
        let mut bytes = Vec::new();
        // One byte more than expected, so that a file that grows meanwhile is rejected.
        file.take(needed + 1).read_to_end(&mut bytes).map_err(failed)?;
        header.array(&bytes)
    }

    /// Reads an array from memory.
    ///
    /// # Errors
    /// [`NpyError`].
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self, NpyError> {
        let (header, _) = NpyHeader::read(&mut bytes).map_err(|error| error.at(Path::new("the array")))?;
        header.array(bytes)
    }

    /// Writes the file as `<f8` in C order, through a temporary file that is renamed.
    ///
    /// # Errors
    /// [`NpyError::File`].
    pub fn write(&self, path: &Path) -> Result<(), NpyError> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let temporary = path.with_file_name(name);
        let written = File::create(&temporary)
            .and_then(|file| {
                let mut out = BufWriter::new(file);
                self.write_to(&mut out)?;
                out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
            })
            .and_then(|()| fs::rename(&temporary, path));
        written.map_err(|source| {
            // The first error is reported; the temporary file may not exist.
            let _ = fs::remove_file(&temporary);
            NpyError::File { path: path.to_owned(), source }
        })
    }

    /// Writes the bytes of a file.
    ///
    /// # Errors
    /// The error of the writer.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        let sizes: String = self.shape.iter().map(|n| format!("{n}, ")).collect();
        let sizes = if self.shape.len() == 1 { sizes.trim_end() } else { sizes.trim_end_matches(", ") };
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({sizes}), }}");
        // The header ends with a line break, and the entries begin at a multiple of 64 bytes.
        let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
        out.write_all(MAGIC)?;
        out.write_all(&[1, 0])?;
        out.write_all(&(length as u16).to_le_bytes())?;
        writeln!(out, "{header:<width$}", width = length - 1)?;
        self.values.iter().try_for_each(|x| out.write_all(&x.to_le_bytes()))
    }
}

/// Number of entries of a shape; `None` on overflow.
fn count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |n, size| n.checked_mul(*size))
}

/// The content of a header.
#[derive(Debug, PartialEq)]
struct NpyHeader {
    entry: EntryType,
    big_endian: bool,
    fortran: bool,
    shape: Vec<usize>,
}

/// An error before the path is known.
enum HeaderError {
    Read(io::Error),
    Npy(NpyError),
}

impl HeaderError {
    fn at(self, path: &Path) -> NpyError {
        match self {
            HeaderError::Read(source) if source.kind() == io::ErrorKind::UnexpectedEof => NpyError::Truncated,
            HeaderError::Read(source) => NpyError::File { path: path.to_owned(), source },
            HeaderError::Npy(error) => error,
        }
    }
}

impl From<io::Error> for HeaderError {
    fn from(error: io::Error) -> Self {
        HeaderError::Read(error)
    }
}

impl From<NpyError> for HeaderError {
    fn from(error: NpyError) -> Self {
        HeaderError::Npy(error)
    }
}

impl NpyHeader {
    /// The header and its length in bytes.
    fn read(source: &mut impl Read) -> Result<(NpyHeader, u64), HeaderError> {
        let mut magic = Vec::new();
        source.by_ref().take(MAGIC.len() as u64).read_to_end(&mut magic)?;
        if magic != MAGIC {
            return Err(NpyError::Magic { found: magic }.into());
        }
        let mut version = [0; 2];
        source.read_exact(&mut version)?;
        let length = match version {
            [1, 0] => {
                let mut length = [0; 2];
                source.read_exact(&mut length)?;
                u64::from(u16::from_le_bytes(length))
            }
            [2 | 3, 0] => {
                let mut length = [0; 4];
                source.read_exact(&mut length)?;
                u64::from(u32::from_le_bytes(length))
            }
            [major, minor] => return Err(NpyError::Version { major, minor }.into()),
        };
        if length > MOST_HEADER as u64 {
            return Err(NpyError::LongHeader { length }.into());
        }
        let mut text = vec![0; length as usize];
        source.read_exact(&mut text)?;
        let start = if version[0] == 1 { 10 } else { 12 };
        Ok((NpyHeader::parse(&String::from_utf8_lossy(&text))?, start + length))
    }

    /// The dictionary `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`, its keys in any order.
    fn parse(text: &str) -> Result<NpyHeader, NpyError> {
        let mut words = Words(text);
        let (mut kind, mut fortran, mut shape) = (None, None, None);
        words.expect("{", "'{'")?;
        while !words.take("}") {
            let key = words.quoted()?;
            words.expect(":", "':'")?;
            match key {
                "descr" if kind.is_none() => kind = Some(entry_type(&mut words)?),
                "fortran_order" if fortran.is_none() => fortran = Some(words.boolean()?),
                "shape" if shape.is_none() => shape = Some(words.tuple()?),
                _ => return Err(words.error("one each of the keys descr, fortran_order and shape")),
            }
            if !words.take(",") {
                words.expect("}", "',' or '}'")?;
                break;
            }
        }
        if !words.0.trim().is_empty() {
            return Err(words.error("nothing after '}'"));
        }
        let missing = || words.error("the keys descr, fortran_order and shape before the end");
        let (big_endian, entry) = kind.ok_or_else(missing)?;
        Ok(NpyHeader { entry, big_endian, fortran: fortran.ok_or_else(missing)?, shape: shape.ok_or_else(missing)? })
    }

    /// Size of the entries in bytes.
    fn size(&self) -> Result<u64, NpyError> {
        let bytes = count(&self.shape).and_then(|n| n.checked_mul(self.entry.width())).map(|bytes| bytes as u64);
        bytes.filter(|bytes| *bytes < u64::MAX).ok_or_else(|| NpyError::Size {
            shape: self.shape.clone(),
            needed: u64::MAX,
            found: 0,
        })
    }

    /// The array with the entries in `bytes`.
    fn array(self, bytes: &[u8]) -> Result<NpyArray, NpyError> {
        let (needed, found) = (self.size()?, bytes.len() as u64);
        if needed != found {
            return Err(NpyError::Size { shape: self.shape, needed, found });
        }
        let values =
            bytes.chunks_exact(self.entry.width()).map(|entry| self.entry.value(entry, self.big_endian)).collect();
        let values = if self.fortran { from_fortran(&self.shape, values) } else { values };
        Ok(NpyArray { shape: self.shape, values })
    }
}

/// Byte order and type.
fn entry_type(words: &mut Words<'_>) -> Result<(bool, EntryType), NpyError> {
    words.trim();
    if words.0.starts_with('[') {
        return Err(NpyError::Type { descr: "a record".to_string() });
    }
    let descr = words.quoted()?;
    let refused = || NpyError::Type { descr: descr.chars().take(40).collect() };
    let name = descr.strip_prefix(['<', '>', '|', '=']).ok_or_else(refused)?;
    let entry = EntryType::of_numpy(name).ok_or_else(refused)?;
    // A single byte has no order. `=` is the native order of the machine that wrote it, taken as little-endian.
    if descr.starts_with('|') && entry.width() > 1 {
        return Err(refused());
    }
    Ok((descr.starts_with('>'), entry))
}

/// Entries in Fortran order, rearranged to C order.
fn from_fortran(shape: &[usize], values: Vec<f64>) -> Vec<f64> {
    let mut strides = Vec::with_capacity(shape.len());
    let mut stride = 1;
    for size in shape {
        strides.push(stride);
        stride *= size;
    }
    let mut place = vec![0; shape.len()];
    let mut at = 0;
    (0..values.len())
        .map(|_| {
            let value = values[at];
            for axis in (0..shape.len()).rev() {
                place[axis] += 1;
                at += strides[axis];
                if place[axis] < shape[axis] {
                    break;
                }
                at -= place[axis] * strides[axis];
                place[axis] = 0;
            }
            value
        })
        .collect()
}

/// The rest of a header.
struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    fn trim(&mut self) {
        self.0 = self.0.trim_start();
    }

    fn take(&mut self, word: &str) -> bool {
        self.trim();
        let rest = self.0.strip_prefix(word);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, word: &str, expected: &'static str) -> Result<(), NpyError> {
        if self.take(word) { Ok(()) } else { Err(self.error(expected)) }
    }

    fn quoted(&mut self) -> Result<&'a str, NpyError> {
        self.trim();
        let text = self.0;
        let quote = text.chars().next().filter(|c| *c == '\'' || *c == '"');
        let end = quote.and_then(|quote| Some((quote, text[1..].find(quote)?)));
        let Some((_, end)) = end else { return Err(self.error("a word in quotes")) };
        self.0 = &text[end + 2..];
        Ok(&text[1..=end])
    }

    fn boolean(&mut self) -> Result<bool, NpyError> {
        if self.take("True") { Ok(true) } else { self.expect("False", "True or False").map(|()| false) }
    }

    fn tuple(&mut self) -> Result<Vec<usize>, NpyError> {
        self.expect("(", "'('")?;
        let mut sizes = Vec::new();
        while !self.take(")") {
            self.trim();
            let end = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
            let Ok(size) = self.0[..end].parse() else { return Err(self.error("a size")) };
            if sizes.len() == MOST_DIMENSIONS {
                return Err(self.error("at most 64 dimensions"));
            }
            sizes.push(size);
            self.0 = &self.0[end..];
            if !self.take(",") {
                self.expect(")", "',' or ')'")?;
                break;
            }
        }
        Ok(sizes)
    }

    fn error(&self, expected: &'static str) -> NpyError {
        NpyError::Header { at: self.0.trim().chars().take(40).collect(), expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(descr: &str, fortran: bool, shape: &str, entries: &[u8]) -> Vec<u8> {
        let fortran = if fortran { "True" } else { "False" };
        let header = format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend(entries);
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        for shape in [vec![], vec![6], vec![2, 3], vec![3, 1, 2], vec![0]] {
            let n = count(&shape).unwrap();
            let array = NpyArray::new(shape, (0..n).map(|i| i as f64 - 1.5).collect()).unwrap();
            let mut bytes = Vec::new();
            array.write_to(&mut bytes).unwrap();
            assert_eq!((bytes.len() - 8 * n) % 64, 0);
            assert_eq!(NpyArray::from_bytes(&bytes).unwrap(), array);
        }
        assert!(matches!(NpyArray::new(vec![2, 2], vec![0.0; 3]), Err(NpyError::Shape { .. })));
    }

    #[test]
    fn both_widths_both_byte_orders_both_layouts() {
        let values = [1.0f64, -2.5, 3.25, 4.0, 5.0, 6.0];
        let wide = |f: fn(f64) -> [u8; 8]| values.iter().flat_map(|x| f(*x)).collect::<Vec<u8>>();
        let narrow = |f: fn(f32) -> [u8; 4]| values.iter().flat_map(|x| f(*x as f32)).collect::<Vec<u8>>();
        for (descr, bytes) in [
            ("'<f8'", wide(f64::to_le_bytes)),
            ("'>f8'", wide(f64::to_be_bytes)),
            ("\"<f4\"", narrow(f32::to_le_bytes)),
            ("'>f4'", narrow(f32::to_be_bytes)),
        ] {
            let array = NpyArray::from_bytes(&file(descr, false, "(2, 3)", &bytes)).unwrap();
            assert_eq!((array.shape(), array.values()), (&[2, 3][..], &values[..]), "{descr}");
            let array = NpyArray::from_bytes(&file(descr, true, "(2, 3)", &bytes)).unwrap();
            assert_eq!(array.values(), [1.0, 3.25, 5.0, -2.5, 4.0, 6.0], "{descr}");
        }
    }

    #[test]
    fn floats_of_two_bytes_and_integers() {
        let read =
            |descr: &str, bytes: &[u8]| NpyArray::from_bytes(&file(descr, false, "(2,)", bytes)).unwrap().into_values();
        assert_eq!(read("'<f2'", &[0x00, 0x3c, 0x00, 0xc0]), [1.0, -2.0]);
        assert_eq!(read("'>i2'", &[0xff, 0xfe, 0x01, 0x00]), [-2.0, 256.0]);
        assert_eq!(read("'|u1'", &[7, 255]), [7.0, 255.0]);
        assert_eq!(read("'|b1'", &[0, 1]), [0.0, 1.0]);
        assert_eq!(read("'<i8'", &[(-3i64).to_le_bytes(), 4i64.to_le_bytes()].concat()), [-3.0, 4.0]);
    }

    #[test]
    fn hostile_files_are_refused_with_their_reason() {
        let eight = [0; 8];
        let read = |bytes: Vec<u8>| NpyArray::from_bytes(&bytes).unwrap_err();
        assert!(matches!(read(b"PK\x03\x04 zip".to_vec()), NpyError::Magic { .. }));
        assert!(matches!(read(vec![]), NpyError::Magic { .. }));
        assert!(matches!(read(b"\x93NUMPY\x04\x00aaaa".to_vec()), NpyError::Version { major: 4, .. }));
        assert!(matches!(read(b"\x93NUMPY\x01\x00\xff".to_vec()), NpyError::Truncated));
        assert!(matches!(read(b"\x93NUMPY\x01\x00\xff\x00{".to_vec()), NpyError::Truncated));
        assert!(matches!(read(b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec()), NpyError::LongHeader { .. }));
        for descr in ["'|O'", "'|f8'", "'<c16'", "'<f16'", "'<U2'", "'<M8[ns]'", "'f8'", "[('x', '<f8')]"] {
            assert!(matches!(read(file(descr, false, "(1,)", &eight)), NpyError::Type { .. }), "{descr}");
        }
        for shape in
            ["(1000000000000,)", "(2,)", "(0,)", "(4294967296, 4294967296, 4294967296)", "(2305843009213693952,)"]
        {
            assert!(matches!(read(file("'<f8'", false, shape, &eight)), NpyError::Size { .. }), "{shape}");
        }
        for shape in
            ["(-1,)", "(1.5,)", "1", "(1", "(99999999999999999999999,)", "(1,), 'shape': (1,)", "(1,) (1,)", "()}}"]
        {
            assert!(matches!(read(file("'<f8'", false, shape, &eight)), NpyError::Header { .. }), "{shape}");
        }
    }

    /// Every single-byte change and every truncation of a file is read or refused, never a panic.
    #[test]
    fn broken_files_do_not_panic() {
        let whole = file("'<f8'", true, "(2, 3)", &[1; 48]);
        for end in 0..whole.len() {
            assert!(NpyArray::from_bytes(&whole[..end]).is_err());
        }
        for place in 0..whole.len() {
            for byte in 0..=255 {
                let mut broken = whole.clone();
                broken[place] = byte;
                let _ = NpyArray::from_bytes(&broken);
            }
        }
    }

    #[test]
    fn a_size_is_refused_before_memory_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("huge.npy");
        fs::write(&path, file("'<f8'", false, "(1000000000000,)", &[0; 16])).unwrap();
        assert!(matches!(NpyArray::read(&path), Err(NpyError::Size { needed: 8_000_000_000_000, found: 16, .. })));
        let array = NpyArray::new(vec![2, 2], vec![1.0, 2.0, 3.0, f64::NAN]).unwrap();
        array.write(&path).unwrap();
        assert_eq!(NpyArray::read(&path).unwrap().values()[..3], [1.0, 2.0, 3.0]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
