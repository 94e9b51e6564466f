//! Writes the files of a figure.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::page::styled;
use super::pdf::pdf;
use super::table::table;
use crate::experiment::{FigureFormat, FigureStyle};
use crate::files::AtomicFile;
use crate::report::plot::Sheet;
use crate::report::plot::backend::{self, BackendFailure, Medium, UNITS_PER_PIXEL, UNITS_PER_POINT};
use crate::report::plot::canvas::Canvas;

const PIXELS_PER_METRE: f64 = 11811.0;

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
    /// The values could not be written as a table.
    #[error("the values of figure {figure} could not be written as a table")]
    Table {
        /// Stem of the figure.
        figure: String,
        /// The writer's reason.
        #[source]
        source: csv::Error,
    },
}

/// Writes `<stem>.csv`, with the values that are drawn, and the figure in the formats of `style` into `dir`, which is created if necessary.
/// A file of the figure in another format is written again if it is there, since it may show earlier results. Returns the paths: first the
/// table, then the formats in the order of [`FigureFormat::ALL`].
///
/// Each file is replaced atomically, so that a reader never sees half a figure.
///
/// # Errors
/// [`FigureError`]; nothing is replaced unless all files could be drawn.
pub fn save(figure: &impl Figure, dir: &Path, style: &FigureStyle) -> Result<Vec<PathBuf>, FigureError> {
    let (stem, sheet) = (figure.stem(), figure.sheet()?);
    let values = table(&sheet).map_err(|source| FigureError::Table { figure: stem.to_owned(), source })?;
    let (sheet, scale) = styled(sheet, style);
    let path = |extension: &str| dir.join(format!("{stem}.{extension}"));
    let is_written = |format: &FigureFormat| style.formats.contains(format) || path(format.name()).exists();
    let mut files = vec![("csv", values)];
    for format in FigureFormat::ALL.into_iter().filter(is_written) {
        files.push((format.name(), drawn(stem, &sheet, scale, format)?));
    }
    let write = |source| FigureError::Write { path: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(write)?;
    files.into_iter().map(|(extension, bytes)| put(path(extension), &bytes)).collect()
}

/// Writes one file, in the given format, and replaces what is there.
///
/// # Errors
/// [`FigureError`].
pub fn save_as(figure: &impl Figure, path: &Path, format: FigureFormat) -> Result<(), FigureError> {
    put(path.to_owned(), &drawn(figure.stem(), &figure.sheet()?, 1.0, format)?).map(|_| ())
}

fn drawn(stem: &str, sheet: &Sheet, scale: f64, format: FigureFormat) -> Result<Vec<u8>, FigureError> {
    match format {
        FigureFormat::Svg => vector(stem, sheet, scale).map(String::into_bytes),
        FigureFormat::Png => raster(stem, sheet, scale),
        FigureFormat::Pdf => {
            pdf(stem, extent(sheet), scale, |backend| sheet.draw(&mut Canvas::new(backend, Medium::Vector)))
                .map_err(|source| failed(stem, source))
        }
    }
}

fn put(path: PathBuf, bytes: &[u8]) -> Result<PathBuf, FigureError> {
    match AtomicFile::replace(&path, bytes) {
        Ok(()) => Ok(path),
        Err(source) => Err(FigureError::Write { path, source }),
    }
}

/// Size in drawing units, a whole number of pixels.
fn extent(sheet: &Sheet) -> [u32; 2] {
    let (width, height) = sheet.size();
    let units =
        |points: f64| (points * UNITS_PER_POINT / UNITS_PER_PIXEL as f64 - 1e-6).ceil() as u32 * UNITS_PER_PIXEL as u32;
    [units(width), units(height)]
}

/// The SVG of a page, with the stem as its title.
pub(super) fn vector(stem: &str, sheet: &Sheet, scale: f64) -> Result<String, FigureError> {
    backend::svg(stem, extent(sheet), scale, |backend| sheet.draw(&mut Canvas::new(backend, Medium::Vector)))
        .map_err(|source| failed(stem, source))
}

/// The PNG of a page.
fn raster(stem: &str, sheet: &Sheet, scale: f64) -> Result<Vec<u8>, FigureError> {
    let [width, height] = extent(sheet);
    let pixels = backend::bitmap([width, height], |backend| sheet.draw(&mut Canvas::new(backend, Medium::Raster)))
        .map_err(|source| failed(stem, source))?;
    let side = UNITS_PER_PIXEL as u32;
    encode(&pixels, [width / side, height / side], scale)
        .map_err(|source| FigureError::Encode { figure: stem.to_owned(), source })
}

fn failed(stem: &str, source: BackendFailure) -> FigureError {
    FigureError::Draw { figure: stem.to_owned(), source }
}

/// Enlarged pixels keep their number: 300 dots per inch at the usual size of text.
fn encode(pixels: &[u8], [width, height]: [u32; 2], scale: f64) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Best);
    encoder.set_filter(png::FilterType::Up);
    let dots = (PIXELS_PER_METRE / scale).round() as u32;
    let (xppu, yppu) = (dots, dots);
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu, yppu, unit: png::Unit::Meter }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
