//! A sheet on paper of a given width: with as many columns as stay legible.

use crate::experiment::{FigureStyle, FigureWidth};
use crate::report::plot::style::{LABEL_SIZE, SMALL_SIZE};
use crate::report::plot::text::{self, Weight};
use crate::report::plot::{Aspect, Numbers, Panel, Rect, Sheet};

/// Narrowest frame beside another one.
const NARROWEST: f64 = 80.0;
/// Largest height on paper in points: 230 mm, with room for a caption on a page.
const TALLEST: f64 = 652.0;
/// Frames are made flatter by at most this factor to that end.
const FLATTEST: f64 = 0.6;
/// Height of the titles and notes over that of the frames before panels are put below each other.
const MOST_ABOVE: f64 = 0.8;
/// Lines over which a title and a note may be broken to that end.
const TITLE_LINES: f64 = 1.8;
const NOTE_LINES: f64 = 2.7;

/// The sheet for a style, and the factor by which it is enlarged so that text has the size that the style asks for.
pub fn styled(sheet: Sheet, style: &FigureStyle) -> (Sheet, f64) {
    let scale = style.font_size / LABEL_SIZE;
    let width = style.width.map_or(sheet.width, FigureWidth::points) / scale;
    (if width == sheet.width { sheet } else { fitted(&sheet, width, TALLEST / scale) }, scale)
}

/// The sheet with the most columns that are legible; with more if it is too tall even with flat frames.
fn fitted(sheet: &Sheet, width: f64, tallest: f64) -> Sheet {
    let most = (1..=sheet.columns).rev();
    let candidates: Vec<Sheet> = most.map(|columns| shortened(arranged(sheet, width, columns), tallest)).collect();
    let fits = |sheet: &&Sheet| sheet.size().1 <= tallest + 0.1;
    let legible = || candidates.iter().filter(|sheet| sheet.columns == 1 || is_legible(sheet));
    // Fewer columns make larger frames.
    let found = legible().find(fits).or_else(|| candidates.iter().rev().find(fits)).or_else(|| legible().next());
    found.cloned().unwrap_or_else(|| arranged(sheet, width, 1))
}

/// The sheet with flatter frames if it is too tall.
fn shortened(mut sheet: Sheet, tallest: f64) -> Sheet {
    let frames: f64 = sheet.rows.iter().sum();
    let room = tallest - (sheet.size().1 - frames);
    let factor = (room / frames).clamp(FLATTEST, 1.0);
    sheet.rows.iter_mut().for_each(|height| *height *= factor);
    sheet
}

/// Whether every text of a panel fits its frame, in a few lines.
fn is_legible(sheet: &Sheet) -> bool {
    let frames = sheet.frames();
    let corner = sheet.corner(frames.first().map_or(0.0, Rect::width));
    let mut rows = frames.chunks(sheet.columns).enumerate();
    if rows.any(|(row, frames)| sheet.above(row, &frames[0], corner) > MOST_ABOVE * frames[0].height()) {
        return false;
    }
    let placed = frames.into_iter().zip(&sheet.panels);
    placed.filter_map(|(frame, panel)| Some((frame.width(), panel.as_ref()?))).all(|(room, panel)| {
        let notes = panel.notes.iter().chain(&panel.corner).map(|note| text::width(&note.text, SMALL_SIZE));
        let title = text::width_in(&panel.title, LABEL_SIZE, Weight::Bold);
        let label = if panel.numbers.below() { text::width(&panel.x.label, LABEL_SIZE) } else { 0.0 };
        room >= NARROWEST
            && title <= TITLE_LINES * room
            && notes.fold(0.0, f64::max) <= NOTE_LINES * room
            && label <= TITLE_LINES * room
    })
}

/// Panels that share a horizontal axis, from top to bottom.
#[derive(Clone)]
struct Stack {
    heights: Vec<f64>,
    panels: Vec<Option<Panel>>,
}

/// The panels in so many columns.
fn arranged(sheet: &Sheet, width: f64, columns: usize) -> Sheet {
    let mut new = Sheet { title: sheet.title.clone(), legend: sheet.legend.clone(), ..Sheet::new(width, columns) };
    let all = stacks(sheet);
    for alike in all.chunk_by(|a, b| a.heights == b.heights) {
        for line in alike.chunks(columns) {
            for (row, height) in line[0].heights.iter().enumerate() {
                let panels: Vec<Option<Panel>> = line.iter().map(|stack| stack.panels[row].clone()).collect();
                new.row(*height, numbered(panels));
            }
        }
    }
    let frame = |sheet: &Sheet| sheet.frames().first().map_or(1.0, Rect::width);
    let growth = frame(&new) / frame(sheet);
    // A map keeps its shape; other panels may be flatter.
    let is_map = sheet.panels.iter().flatten().any(|panel| panel.aspect == Aspect::Equal);
    let growth = if is_map { growth.clamp(0.6, 2.0) } else { growth.clamp(0.85, 1.25) };
    new.rows.iter_mut().for_each(|height| *height *= growth);
    new
}

/// Columns of the grid, each cut where its horizontal axis has numbers, in reading order.
fn stacks(sheet: &Sheet) -> Vec<Stack> {
    let rows: Vec<&[Option<Panel>]> = sheet.panels.chunks(sheet.columns).collect();
    let mut stacks = Vec::new();
    let mut first = 0;
    for (last, row) in rows.iter().enumerate() {
        let goes_on = row.iter().flatten().any(|panel| !panel.numbers.below());
        if goes_on && last + 1 < rows.len() {
            continue;
        }
        for column in 0..sheet.columns {
            let panel = |row: &&[Option<Panel>]| {
                let mut panel = row[column].clone()?;
                if panel.y.label.is_empty() {
                    // The leftmost panel has the label for all.
                    panel.y.label =
                        row.iter().flatten().map(|p| p.y.label.clone()).find(|l| !l.is_empty()).unwrap_or_default();
                }
                Some(panel)
            };
            let panels: Vec<Option<Panel>> = rows[first..=last].iter().map(panel).collect();
            if panels.iter().any(Option::is_some) {
                stacks.push(Stack { heights: sheet.rows[first..=last].to_vec(), panels });
            }
        }
        first = last + 1;
    }
    stacks
}

/// A row of panels, with numbers on the vertical axes that differ from the first.
fn numbered(mut panels: Vec<Option<Panel>>) -> Vec<Option<Panel>> {
    let first = panels.iter().flatten().next().map(|panel| panel.y.clone());
    let mut is_first = true;
    for panel in panels.iter_mut().flatten() {
        let differs = first.as_ref().is_some_and(|y| (y.lo, y.hi, y.scale) != (panel.y.lo, panel.y.hi, panel.y.scale));
        let relabelled = first.as_ref().is_some_and(|y| y.label != panel.y.label);
        panel.numbers = Numbers::new(panel.numbers.below(), is_first || differs || relabelled);
        if !is_first && !relabelled {
            panel.y.label.clear();
        }
        is_first = false;
    }
    panels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::{Axis, Note, Scale};

    fn sheet(panels: usize, columns: usize, note: &str) -> Sheet {
        let axis = |label| Axis::between(label, Scale::Linear, 0.0, 1.0);
        let panel = |i: usize, below: bool| {
            let mut panel = Panel { title: format!("panel {i}"), ..Panel::new(axis("x"), axis("y")) };
            panel.numbers = Numbers::new(below, i.is_multiple_of(columns));
            panel.notes.push(Note::new(note, crate::report::plot::style::GREY));
            panel
        };
        let mut sheet = Sheet::new(396.0, columns);
        for first in (0..panels).step_by(columns) {
            let row = first..(first + columns).min(panels);
            sheet.row(105.0, row.clone().map(|i| panel(i, false)));
            sheet.row(50.0, row.map(|i| Panel { title: String::new(), ..panel(i, true) }));
        }
        sheet
    }

    fn titles(sheet: &Sheet) -> Vec<String> {
        sheet.panels.iter().flatten().map(|panel| panel.title.clone()).collect()
    }

    #[test]
    fn a_column_of_a_journal_has_fewer_columns_and_the_same_panels() {
        let style = FigureStyle { width: Some(FigureWidth::Column), ..FigureStyle::default() };
        let (narrow, scale) = styled(sheet(5, 3, "short"), &style);
        assert_eq!((narrow.columns, scale), (2, 1.0));
        assert_eq!(titles(&narrow), ["panel 0", "panel 1", "", "", "panel 2", "panel 3", "", "", "panel 4", ""]);
        assert!((narrow.width - 238.11).abs() < 0.01);
        let left: Vec<bool> = narrow.panels.iter().flatten().map(|panel| panel.numbers.left()).collect();
        assert_eq!(left, [true, false, true, false, true, false, true, false, true, true]);
        let note =
            "a note that would take more than three lines if two panels shared the width of a column of a journal";
        let (long, _) = styled(sheet(2, 2, note), &style);
        assert_eq!(long.columns, 1);
        assert_eq!(titles(&long), ["panel 0", "", "panel 1", ""]);
        // Below each other, five of them would be taller than a page.
        let (many, _) = styled(sheet(5, 3, note), &style);
        assert!(many.columns > 1 && many.size().1 <= TALLEST + 0.1, "{:?}", many.size());
    }

    #[test]
    fn the_size_of_text_scales_the_page_and_the_usual_style_changes_nothing() {
        let original = sheet(5, 3, "short");
        assert_eq!(styled(original.clone(), &FigureStyle::default()), (original.clone(), 1.0));
        let style = FigureStyle { width: Some(FigureWidth::Page), font_size: 10.0, ..FigureStyle::default() };
        let (page, scale) = styled(original, &style);
        assert_eq!((page.columns, scale), (3, 1.25));
        assert!((page.width * scale - FigureWidth::Page.points()).abs() < 1e-9);
    }
}
