//! A figure as PDF: the shapes of the SVG, and text in the same type, of which the file holds the glyphs that it needs.
//!
//! # References
//! - ISO 32000-1:2008, *Document management, Portable document format, part 1: PDF 1.7*.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use ab_glyph::{Font, ScaleFont};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, LineJoinStyle, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
    FontTransform,
};
use subsetter::GlyphRemapper;

use crate::files::Fingerprint;
use crate::report::plot::backend::{self, BackendFailure, UNITS_PER_POINT};
use crate::report::plot::text::{self, Weight};

/// The control points of a quarter of a circle lie at this share of its radius from its ends.
const QUARTER: f32 = 0.552_285;
const WEIGHTS: [Weight; 2] = [Weight::Regular, Weight::Bold];
const SYSTEM: SystemInfo<'_> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
/// Thousandths of an em: the unit of widths in the file.
const EM: f32 = 1000.0;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// The PDF of a page of this many units, which is enlarged by `scale`, with its title and keywords.
///
/// # Errors
/// [`BackendFailure`] if the type cannot be reduced to the glyphs in use.
pub fn pdf(
    about: [&str; 2],
    [width, height]: [u32; 2],
    scale: f64,
    draw: impl FnOnce(&mut PdfBackend) -> Drawn,
) -> Result<Vec<u8>, BackendFailure> {
    let unit = (scale / UNITS_PER_POINT) as f32;
    let size = [width, height].map(|units| units as f32 * unit);
    let mut backend = PdfBackend::new((width, height));
    // The backend measures from the top, the file from the bottom.
    backend.content.transform([unit, 0.0, 0.0, -unit, 0.0, size[1]]);
    backend.content.set_line_join(LineJoinStyle::RoundJoin);
    draw(&mut backend)?;
    backend.finish(about, size)
}

/// The glyphs of one weight that are in use.
#[derive(Default)]
struct UsedGlyphs {
    numbers: GlyphRemapper,
    /// The character and the width of every glyph, by its new number.
    characters: BTreeMap<u16, (char, f32)>,
}

/// Draws into the content of a page.
pub struct PdfBackend {
    size: (u32, u32),
    content: Content,
    fonts: [UsedGlyphs; 2],
    /// Opacities in use, in thousandths.
    opacities: Vec<u16>,
    /// The opacity that was set last.
    opacity: u16,
}

impl PdfBackend {
    fn new(size: (u32, u32)) -> Self {
        PdfBackend { size, content: Content::new(), fonts: Default::default(), opacities: Vec::new(), opacity: 1000 }
    }

    fn ink(&mut self, color: BackendColor) {
        let opacity = (1000.0 * color.alpha.clamp(0.0, 1.0)).round() as u16;
        if opacity != self.opacity {
            self.opacity = opacity;
            if !self.opacities.contains(&opacity) {
                self.opacities.push(opacity);
            }
            self.content.set_parameters(Name(opacity_name(opacity).as_bytes()));
        }
        let (r, g, b) = color.rgb;
        let [r, g, b] = [r, g, b].map(|channel| f32::from(channel) / 255.0);
        self.content.set_fill_rgb(r, g, b);
        self.content.set_stroke_rgb(r, g, b);
    }

    fn trace(&mut self, path: impl IntoIterator<Item = BackendCoord>) {
        for (i, (x, y)) in path.into_iter().enumerate() {
            match i {
                0 => self.content.move_to(x as f32, y as f32),
                _ => self.content.line_to(x as f32, y as f32),
            };
        }
    }

    /// Fills the traced path, or draws its outline.
    fn paint(&mut self, style: &impl BackendStyle, fill: bool) {
        if fill {
            self.content.fill_nonzero();
        } else {
            self.content.set_line_width(style.stroke_width() as f32);
            self.content.stroke();
        }
    }

    /// Glyphs with their kerning, from `start`; `along` is the direction of reading, `up` that of ascenders.
    fn show(&mut self, run: &str, weight: Weight, size: f32, start: [f32; 2], [along, up]: [[f32; 2]; 2]) {
        let Some(font) = text::scaled(weight, f64::from(EM)) else { return };
        let used = &mut self.fonts[weight as usize];
        self.content.begin_text().set_font(Name(font_name(weight)), size);
        self.content.set_text_matrix([along[0], along[1], up[0], up[1], start[0], start[1]]);
        let mut shown = self.content.show_positioned();
        let mut items = shown.items();
        let mut previous = None;
        for character in run.chars() {
            let glyph = font.glyph_id(character);
            let kern = previous.map_or(0.0, |before| font.kern(before, glyph));
            if kern != 0.0 {
                items.adjust(-kern);
            }
            previous = Some(glyph);
            let number = used.numbers.remap(glyph.0);
            used.characters.entry(number).or_insert((character, font.h_advance(glyph)));
            items.show(Str(&number.to_be_bytes()));
        }
        items.finish();
        shown.finish();
        self.content.end_text();
    }

    fn finish(self, [title, keywords]: [&str; 2], [width, height]: [f32; 2]) -> Result<Vec<u8>, BackendFailure> {
        let mut next = 0;
        let mut id = || {
            next += 1;
            Ref::new(next)
        };
        let [catalog, pages, page, content, info] = std::array::from_fn(|_| id());
        let used = || WEIGHTS.into_iter().filter(|weight| !self.fonts[*weight as usize].characters.is_empty());
        let fonts: Vec<(Weight, [Ref; 5])> = used().map(|weight| (weight, std::array::from_fn(|_| id()))).collect();
        let mut pdf = Pdf::new();
        pdf.set_version(1, 4);
        pdf.catalog(catalog).pages(pages);
        pdf.pages(pages).kids([page]).count(1);
        let mut sheet = pdf.page(page);
        sheet.media_box(Rect::new(0.0, 0.0, width, height)).parent(pages).contents(content);
        let mut resources = sheet.resources();
        let mut names = resources.fonts();
        for (weight, [font, ..]) in &fonts {
            names.pair(Name(font_name(*weight)), *font);
        }
        names.finish();
        let mut states = resources.ext_g_states();
        for opacity in &self.opacities {
            let share = f32::from(*opacity) / 1000.0;
            let mut state =
                states.insert(Name(opacity_name(*opacity).as_bytes())).start::<pdf_writer::writers::ExtGraphicsState>();
            state.non_stroking_alpha(share).stroking_alpha(share);
        }
        states.finish();
        resources.finish();
        sheet.finish();
        let mut about = pdf.document_info(info);
        about.title(TextStr(title)).creator(TextStr("levy-escape"));
        if !keywords.is_empty() {
            about.keywords(TextStr(keywords));
        }
        about.finish();
        pdf.stream(content, &packed(self.content.finish().as_slice())?).filter(Filter::FlateDecode);
        for (weight, ids) in fonts {
            self.fonts[weight as usize].embed(weight, ids, &mut pdf)?;
        }
        Ok(pdf.finish())
    }
}

impl UsedGlyphs {
    /// Writes the font: ISO 32000-1, 9.7.
    fn embed(&self, weight: Weight, ids: [Ref; 5], pdf: &mut Pdf) -> Result<(), BackendFailure> {
        let [font, descendant, descriptor, file, unicode] = ids;
        let (Some(face), bytes) = (text::face(weight), text::bytes(weight)) else { return Ok(()) };
        let em = EM / face.units_per_em().unwrap_or(EM);
        let name = format!("{}+DejaVuSans{}", self.tag(), if weight == Weight::Bold { "-Bold" } else { "" });
        let name = Name(name.as_bytes());
        pdf.type0_font(font)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(descendant)
            .to_unicode(unicode);
        let mut cid = pdf.cid_font(descendant);
        cid.subtype(CidFontType::Type2).base_font(name).system_info(SYSTEM).font_descriptor(descriptor);
        cid.default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
        let mut widths = cid.widths();
        for (number, (_, width)) in &self.characters {
            widths.consecutive(*number, [*width]);
        }
        widths.finish();
        cid.finish();
        let (ascent, descent) = (em * face.ascent_unscaled(), em * face.descent_unscaled());
        pdf.font_descriptor(descriptor)
            .name(name)
            .flags(FontFlags::SYMBOLIC)
            .bbox(Rect::new(-EM, descent, 2.0 * EM, ascent))
            .italic_angle(0.0)
            .ascent(ascent)
            .descent(descent)
            .cap_height(0.73 * EM)
            .stem_v(if weight == Weight::Bold { 165.0 } else { 90.0 })
            .font_file2(file);
        let subset = subsetter::subset(bytes, 0, &self.numbers)?;
        let mut stream = packed(&subset)?;
        pdf.stream(file, &stream).filter(Filter::FlateDecode).pair(Name(b"Length1"), subset.len() as i32);
        let mut map = UnicodeCmap::new(Name(b"Unicode"), SYSTEM);
        for (number, (character, _)) in &self.characters {
            map.pair(*number, *character);
        }
        stream = packed(map.finish().as_slice())?;
        pdf.cmap(unicode, &stream).filter(Filter::FlateDecode);
        Ok(())
    }

    /// Six letters that depend on the glyphs: programs that join files take fonts of one name for the same font.
    fn tag(&self) -> String {
        let mut hash = Fingerprint::new();
        // Writing into a hash cannot fail.
        self.numbers.remapped_gids().for_each(|glyph| _ = write!(hash, "{glyph},"));
        let letters = hash.to_string().into_bytes().into_iter().take(6);
        letters
            .map(|digit| char::from(if digit.is_ascii_digit() { digit - b'0' + b'A' } else { digit - b'a' + b'K' }))
            .collect()
    }
}

impl DrawingBackend for PdfBackend {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.ink(color);
        self.content.rect(x as f32, y as f32, 1.0, 1.0).fill_nonzero();
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Drawn {
        self.ink(style.color());
        self.content.rect(from.0 as f32, from.1 as f32, (to.0 - from.0) as f32, (to.1 - from.1) as f32);
        self.paint(style, fill);
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.ink(style.color());
        self.trace(path);
        self.paint(style, false);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        self.ink(style.color());
        let (x, y, r) = (at.0 as f32, at.1 as f32, radius as f32);
        let q = QUARTER * r;
        self.content.move_to(x + r, y);
        self.content.cubic_to(x + r, y + q, x + q, y + r, x, y + r);
        self.content.cubic_to(x - q, y + r, x - r, y + q, x - r, y);
        self.content.cubic_to(x - r, y - q, x - q, y - r, x, y - r);
        self.content.cubic_to(x + q, y - r, x + r, y - q, x + r, y);
        self.content.close_path();
        self.paint(style, fill);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.ink(style.color());
        self.trace(path);
        self.content.close_path().fill_nonzero();
        Ok(())
    }

    /// Text as [`backend::live_text`] places it.
    fn draw_text<T: BackendTextStyle>(&mut self, run: &str, style: &T, (x, y): BackendCoord) -> Drawn {
        self.ink(style.color());
        let size = style.size() / backend::SVG_DIVISOR;
        let weight = if matches!(style.style(), FontStyle::Bold) { Weight::Bold } else { Weight::Regular };
        let shift = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => -0.5,
            HPos::Right => -1.0,
        };
        let shift = (shift * text::run_width(run, size, weight)) as f32;
        let (x, y, hang) = (x as f32, y as f32, (backend::SVG_ASCENT * size) as f32);
        let (start, directions) = match style.transform() {
            FontTransform::Rotate270 => ([x + hang, y - shift], [[0.0, -1.0], [-1.0, 0.0]]),
            _ => ([x + shift, y + hang], [[1.0, 0.0], [0.0, -1.0]]),
        };
        self.show(run, weight, size as f32, start, directions);
        Ok(())
    }
}

fn font_name(weight: Weight) -> &'static [u8] {
    match weight {
        Weight::Regular => b"F0",
        Weight::Bold => b"F1",
    }
}

fn opacity_name(opacity: u16) -> String {
    format!("G{opacity}")
}

fn packed(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes)?;
    packer.finish()
}
