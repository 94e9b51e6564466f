//! Writes a figure to its two files.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Sheet;
use super::backend::{self, BackendFailure, Medium, UNITS_PER_PIXEL, UNITS_PER_POINT};
use super::canvas::Canvas;
use crate::files::AtomicFile;

const PIXELS_PER_METRE: u32 = 11811;

/// Something that can be drawn.
pub trait Figure {
    /// Name of its files without the extension.
    fn stem(&self) -> &str;

    /// The page.
    ///
    /// # Errors
    /// [`FigureError::Empty`] if no finite value is left to draw.
    fn sheet(&self) -> Result<Sheet, FigureError>;
}

/// The formats of a figure's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Shapes and live text.
    Svg,
    /// 300 dots per inch.
    Png,
}

impl Format {
    /// The format that the extension of `path` names.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "svg" => Some(Format::Svg),
            "png" => Some(Format::Png),
            _ => None,
        }
    }
}

/// Why a figure was not written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FigureError {
    /// There is nothing to draw.
    #[error("figure {figure} has no finite value of {what} to draw")]
    Empty {
        /// Stem of the figure.
        figure: String,
        /// What is missing.
        what: &'static str,
    },
    /// The backend failed.
    #[error("figure {figure} could not be drawn")]
    Draw {
        /// Stem of the figure.
        figure: String,
        /// The backend's reason.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The file could not be written.
    #[error("figure {} could not be written", path.display())]
    Write {
        /// Path of the file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The pixels could not be packed.
    #[error("figure {figure} could not be encoded as PNG")]
    Encode {
        /// Stem of the figure.
        figure: String,
        /// The encoder's reason.
        #[source]
        source: png::EncodingError,
    },
}

/// Writes `<stem>.svg` and `<stem>.png` into `dir`, which is created if necessary, and returns their paths.
///
/// Each file is replaced atomically, so that a reader never sees half a figure.
///
/// # Errors
/// [`FigureError`]; nothing is replaced unless both files could be drawn.
pub fn save(figure: &impl Figure, dir: &Path) -> Result<[PathBuf; 2], FigureError> {
    let sheet = figure.sheet()?;
    let (svg, png) = (vector(figure.stem(), &sheet)?, png(figure.stem(), &sheet)?);
    let write = |source| FigureError::Write { path: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(write)?;
    Ok([replace(dir, figure.stem(), "svg", svg.as_bytes())?, replace(dir, figure.stem(), "png", &png)?])
}

/// Writes one file, in the given format, and replaces what is there.
///
/// # Errors
/// [`FigureError`].
pub fn save_as(figure: &impl Figure, path: &Path, format: Format) -> Result<(), FigureError> {
    let sheet = figure.sheet()?;
    let bytes = match format {
        Format::Svg => vector(figure.stem(), &sheet)?.into_bytes(),
        Format::Png => png(figure.stem(), &sheet)?,
    };
    put(path.to_owned(), &bytes).map(|_| ())
}

fn replace(dir: &Path, stem: &str, extension: &str, bytes: &[u8]) -> Result<PathBuf, FigureError> {
    put(dir.join(format!("{stem}.{extension}")), bytes)
}

fn put(path: PathBuf, bytes: &[u8]) -> Result<PathBuf, FigureError> {
    match AtomicFile::replace(&path, bytes) {
        Ok(()) => Ok(path),
        Err(source) => Err(FigureError::Write { path, source }),
    }
}

/// Size in drawing units, a whole number of pixels.
fn extent(sheet: &Sheet) -> (u32, u32) {
    let (width, height) = sheet.size();
    let units =
        |points: f64| (points * UNITS_PER_POINT / UNITS_PER_PIXEL as f64 - 1e-6).ceil() as u32 * UNITS_PER_PIXEL as u32;
    (units(width), units(height))
}

/// The SVG of a page, with the stem as its title.
pub(super) fn vector(stem: &str, sheet: &Sheet) -> Result<String, FigureError> {
    let (width, height) = extent(sheet);
    backend::svg(stem, width, height, |backend| sheet.draw(&mut Canvas::new(backend, Medium::Vector)))
        .map_err(|source| failed(stem, source))
}

fn png(stem: &str, sheet: &Sheet) -> Result<Vec<u8>, FigureError> {
    let (width, height) = extent(sheet);
    let pixels = backend::bitmap(width, height, |backend| sheet.draw(&mut Canvas::new(backend, Medium::Raster)))
        .map_err(|source| failed(stem, source))?;
    let side = UNITS_PER_PIXEL as u32;
    encode(&pixels, width / side, height / side)
        .map_err(|source| FigureError::Encode { figure: stem.to_owned(), source })
}

fn failed(stem: &str, source: BackendFailure) -> FigureError {
    FigureError::Draw { figure: stem.to_owned(), source }
}

fn encode(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Best);
    encoder.set_filter(png::FilterType::Up);
    let (xppu, yppu) = (PIXELS_PER_METRE, PIXELS_PER_METRE);
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu, yppu, unit: png::Unit::Meter }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
