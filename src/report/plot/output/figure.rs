//! Writes the files of a figure.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use thiserror::Error;

use super::page::styled;
use super::pdf::pdf;
use super::table::table;
use crate::experiment::{FigureFormat, FigureStyle, FigureWidth};
use crate::files::AtomicFile;
use crate::report::plot::Sheet;
use crate::report::plot::backend::{self, BackendFailure, Medium, UNITS_PER_PIXEL, UNITS_PER_POINT};
use crate::report::plot::canvas::Canvas;

const PIXELS_PER_METRE: f64 = 11811.0;
/// Before the width and size of text of a file, in the file.
const STYLE_MARK: &str = "levy-escape figure_style: ";

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
    /// A file of the figure that is there could not be read.
    #[error("figure {} could not be read", path.display())]
    Read {
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
/// A file of the figure in another format that is there already is written again, since it may show earlier results, and keeps its width
/// and size of text. Returns the paths: first the table, then the formats in the order of [`FigureFormat::ALL`].
///
/// Each file is replaced atomically, so that a reader never sees half a figure.
///
/// # Errors
/// [`FigureError`]; nothing is replaced unless all files could be drawn.
pub fn save(figure: &impl Figure, dir: &Path, style: &FigureStyle) -> Result<Vec<PathBuf>, FigureError> {
    let (stem, sheet) = (figure.stem(), figure.sheet()?);
    let values = table(&sheet).map_err(|source| FigureError::Table { figure: stem.to_owned(), source })?;
    let path = |extension: &str| dir.join(format!("{stem}.{extension}"));
    let mut styles = Vec::new();
    for format in FigureFormat::ALL {
        let style = match fs::read(path(format.name())) {
            _ if style.formats.contains(&format) => style.clone(),
            Ok(bytes) => style_in(&bytes),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => continue,
            Err(source) => return Err(FigureError::Read { path: path(format.name()), source }),
        };
        styles.push((format, style));
    }
    let draw = |(format, style): &(FigureFormat, FigureStyle)| {
        drawn(stem, sheet.clone(), style, *format).map(|bytes| (format.name(), bytes))
    };
    let mut files = vec![("csv", values)];
    files.extend(styles.par_iter().map(draw).collect::<Result<Vec<_>, _>>()?);
    let write = |source| FigureError::Write { path: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(write)?;
    files.into_iter().map(|(extension, bytes)| put(path(extension), &bytes)).collect()
}

/// Writes one file, in the given format, and replaces what is there.
///
/// # Errors
/// [`FigureError`].
pub fn save_as(figure: &impl Figure, path: &Path, format: FigureFormat) -> Result<(), FigureError> {
    put(path.to_owned(), &drawn(figure.stem(), figure.sheet()?, &FigureStyle::default(), format)?).map(|_| ())
}

/// The files of a figure that are there.
pub fn files_of(stem: &str, dir: &Path) -> Vec<PathBuf> {
    let formats = FigureFormat::ALL.map(FigureFormat::name);
    let files = ["csv"].into_iter().chain(formats).map(|extension| dir.join(format!("{stem}.{extension}")));
    files.filter(|path| path.is_file()).collect()
}

fn drawn(stem: &str, sheet: Sheet, style: &FigureStyle, format: FigureFormat) -> Result<Vec<u8>, FigureError> {
    let mark = style_mark(style);
    let (sheet, scale) = styled(sheet, style);
    match format {
        FigureFormat::Svg => {
            let svg = vector(stem, &sheet, scale)?;
            let marked = mark.map(|mark| svg.replacen(" xmlns=", &format!(" data-style=\"{mark}\" xmlns="), 1));
            Ok(marked.unwrap_or(svg).into_bytes())
        }
        FigureFormat::Png => raster(stem, &sheet, scale, mark),
        FigureFormat::Pdf => {
            let page = extent(&sheet);
            pdf([stem, &mark.unwrap_or_default()], page, scale, |backend| {
                sheet.draw(&mut Canvas::new(backend, Medium::Vector))
            })
            .map_err(|source| failed(stem, source))
        }
    }
}

/// What a file says about its style, unless it is the usual one: its width and its size of text.
fn style_mark(style: &FigureStyle) -> Option<String> {
    let is_usual = style.width.is_none() && style.font_size == FigureStyle::FONT_SIZE;
    let width = style.width.map_or("own", FigureWidth::name);
    (!is_usual).then(|| format!("{STYLE_MARK}{width} {};", style.font_size))
}

/// The style in which a file was written.
fn style_in(file: &[u8]) -> FigureStyle {
    let usual = FigureStyle::default();
    let mark = STYLE_MARK.as_bytes();
    let Some(at) = file.windows(mark.len()).position(|part| part == mark) else { return usual };
    let rest = &file[at + mark.len()..];
    let rest = String::from_utf8_lossy(&rest[..rest.len().min(40)]);
    let Some((width, size)) = rest.split_once(';').and_then(|(style, _)| style.split_once(' ')) else { return usual };
    let width = FigureWidth::ALL.into_iter().find(|known| known.name() == width);
    let [least, most] = FigureStyle::FONT_SIZES;
    let font_size = size.parse().ok().filter(|size| (least..=most).contains(size)).unwrap_or(usual.font_size);
    FigureStyle { width, font_size, ..usual }
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
fn raster(stem: &str, sheet: &Sheet, scale: f64, comment: Option<String>) -> Result<Vec<u8>, FigureError> {
    let [width, height] = extent(sheet);
    let pixels = backend::bitmap([width, height], |backend| sheet.draw(&mut Canvas::new(backend, Medium::Raster)))
        .map_err(|source| failed(stem, source))?;
    let side = UNITS_PER_PIXEL as u32;
    encode(&pixels, [width / side, height / side], scale, comment)
        .map_err(|source| FigureError::Encode { figure: stem.to_owned(), source })
}

fn failed(stem: &str, source: BackendFailure) -> FigureError {
    FigureError::Draw { figure: stem.to_owned(), source }
}

/// Enlarged pixels keep their number: 300 dots per inch at the usual size of text.
fn encode(
    pixels: &[u8],
    [width, height]: [u32; 2],
    scale: f64,
    comment: Option<String>,
) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Default);
    encoder.set_filter(png::FilterType::Up);
    let dots = (PIXELS_PER_METRE / scale).round() as u32;
    let (xppu, yppu) = (dots, dots);
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu, yppu, unit: png::Unit::Meter }));
    if let Some(comment) = comment {
        encoder.add_text_chunk("Comment".to_owned(), comment)?;
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
