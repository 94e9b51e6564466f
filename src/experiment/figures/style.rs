//! `figure_style`: the width, size of text and file formats of figures.

use std::path::Path;

use crate::experiment::toml::reader::Value;

/// How the figures of an experiment are written.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureStyle {
    /// Width on paper; each figure's own without one.
    pub width: Option<FigureWidth>,
    /// Size of titles and axis labels in points. Tick labels and legends have 7/8 of it.
    pub font_size: f64,
    /// The files that are written, besides the table of the values.
    pub formats: Vec<FigureFormat>,
}

impl Default for FigureStyle {
    fn default() -> Self {
        let formats = vec![FigureFormat::Svg, FigureFormat::Png];
        FigureStyle { width: None, font_size: Self::FONT_SIZE, formats }
    }
}

impl FigureStyle {
    /// The usual size of text.
    pub const FONT_SIZE: f64 = 8.0;
    /// Smallest and largest size of text.
    pub const FONT_SIZES: [f64; 2] = [5.0, 16.0];
}

/// A width on paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureWidth {
    /// 84 mm, a column of a journal.
    Column,
    /// 174 mm, both columns.
    Page,
}

impl FigureWidth {
    /// Every width.
    pub const ALL: [FigureWidth; 2] = [FigureWidth::Column, FigureWidth::Page];

    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            FigureWidth::Column => "column",
            FigureWidth::Page => "page",
        }
    }

    /// The width in points, 1/72 inch.
    pub fn points(self) -> f64 {
        let millimetres = match self {
            FigureWidth::Column => 84.0,
            FigureWidth::Page => 174.0,
        };
        millimetres * 72.0 / 25.4
    }
}

/// The format of a figure's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureFormat {
    /// Shapes and live text.
    Svg,
    /// 300 dots per inch.
    Png,
    /// Shapes and text, with the font embedded.
    Pdf,
}

impl FigureFormat {
    /// Every format.
    pub const ALL: [FigureFormat; 3] = [FigureFormat::Svg, FigureFormat::Png, FigureFormat::Pdf];

    /// Its name, which is the extension of the file.
    pub fn name(self) -> &'static str {
        match self {
            FigureFormat::Svg => "svg",
            FigureFormat::Png => "png",
            FigureFormat::Pdf => "pdf",
        }
    }

    /// The format that the extension of `path` names.
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Self::ALL.into_iter().find(|format| format.name() == extension)
    }
}

pub(in crate::experiment) fn read(value: Value<'_>) -> Option<FigureStyle> {
    let table = value.table()?;
    let usual = FigureStyle::default();
    // Every wrong setting is reported, not only the first.
    let width = table.get("width").map(|width| width.named(&FigureWidth::ALL, FigureWidth::name));
    let font_size = table.get("font_size").map_or(Some(usual.font_size), read_font_size);
    let formats = table.get("format").map_or(Some(usual.formats), read_formats);
    table.finish();
    let width = match width {
        Some(width) => Some(width?),
        None => None,
    };
    Some(FigureStyle { width, font_size: font_size?, formats: formats? })
}

fn read_font_size(value: Value<'_>) -> Option<f64> {
    let size = value.number()?;
    let [least, most] = FigureStyle::FONT_SIZES;
    if !(least..=most).contains(&size) {
        value.report(format!("`{}` must lie between {least} and {most} points, not {size}", value.key));
        return None;
    }
    Some(size)
}

fn read_formats(value: Value<'_>) -> Option<Vec<FigureFormat>> {
    if !value.is_list() {
        return value.named(&FigureFormat::ALL, FigureFormat::name).map(|format| vec![format]);
    }
    let named = value.all_named(&FigureFormat::ALL, FigureFormat::name)?;
    let formats: Vec<FigureFormat> = FigureFormat::ALL.into_iter().filter(|format| named.contains(format)).collect();
    if formats.is_empty() {
        value.report_with_help("`format` is empty", "leave it out for SVG and PNG; `figures = []` draws nothing");
        return None;
    }
    Some(formats)
}
