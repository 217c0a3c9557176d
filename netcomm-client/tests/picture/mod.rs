//! What a terminal shows, as a picture.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

/// A cell, in pixels.
const WIDTH: usize = 9;
const HEIGHT: usize = 20;

/// Around all cells.
const MARGIN: usize = 10;

const INK: &str = "#d6d6d6";
const PAPER: &str = "#16181d";

/// Cells beside each other that look the same.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    column: u16,
    columns: u16,
    text: String,
    look: Look,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    ink: String,
    paper: String,
    bold: bool,
    italic: bool,
    dim: bool,
}

/// The screen as an SVG.
pub(crate) fn svg(screen: &Screen) -> String {
    let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
    let (width, height) = (at(columns) + MARGIN, usize::from(rows) * HEIGHT + 2 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"'DejaVu Sans Mono', Menlo, Consolas, \
         monospace\" font-size=\"15\">\n<rect width=\"100%\" height=\"100%\" rx=\"6\" \
         fill=\"{PAPER}\"/>\n"
    );
    for row in 0..rows {
        let top = MARGIN + usize::from(row) * HEIGHT;
        for run in runs(screen, row, columns) {
            draw(&mut svg, &run, top);
        }
    }
    if !screen.hide_cursor() {
        let (row, column) = screen.cursor_position();
        let (x, top) = (at(column), MARGIN + usize::from(row) * HEIGHT);
        let bar = format!("<rect x=\"{x}\" y=\"{top}\" width=\"2\" height=\"{HEIGHT}\"");
        writeln!(svg, "{bar} fill=\"{INK}\"/>").expect("a string takes all");
    }
    svg + "</svg>\n"
}

fn draw(svg: &mut String, run: &Run, top: usize) {
    let Run { column, columns, text, look } = run;
    let (x, width) = (at(*column), usize::from(*columns) * WIDTH);
    if look.paper != PAPER {
        let place = format!("x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{HEIGHT}\"");
        writeln!(svg, "<rect {place} fill=\"{}\"/>", look.paper).expect("a string takes all");
    }
    if text.trim().is_empty() {
        return;
    }
    let mut more = String::new();
    for (is_so, attribute) in [
        (look.bold, " font-weight=\"bold\""),
        (look.italic, " font-style=\"italic\""),
        (look.dim, " opacity=\"0.6\""),
    ] {
        more.push_str(if is_so { attribute } else { "" });
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let (ink, y) = (&look.ink, top + HEIGHT - 5);
    let place = format!("x=\"{x}\" y=\"{y}\" textLength=\"{width}\" xml:space=\"preserve\"");
    writeln!(svg, "<text {place} fill=\"{ink}\"{more}>{text}</text>").expect("a string takes all");
}

fn at(column: u16) -> usize {
    MARGIN + usize::from(column) * WIDTH
}

fn runs(screen: &Screen, row: u16, columns: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column).filter(|cell| !cell.is_wide_continuation())
        else {
            continue;
        };
        let look = look(cell);
        let width = if cell.is_wide() { 2 } else { 1 };
        let text = if cell.has_contents() { cell.contents() } else { " " };
        match runs.last_mut().filter(|run| run.look == look) {
            Some(run) => {
                run.text.push_str(text);
                run.columns += width;
            }
            None => runs.push(Run { column, columns: width, text: text.into(), look }),
        }
    }
    runs
}

fn look(cell: &Cell) -> Look {
    let (mut ink, mut paper) = (colour(cell.fgcolor(), INK), colour(cell.bgcolor(), PAPER));
    if cell.inverse() {
        std::mem::swap(&mut ink, &mut paper);
    }
    Look { ink, paper, bold: cell.bold(), italic: cell.italic(), dim: cell.dim() }
}

fn colour(colour: Color, default: &str) -> String {
    /// The first sixteen, as many terminals show them.
    const FIRST: [&str; 16] = [
        "#000000", "#cc5555", "#55aa55", "#aa8844", "#5577cc", "#aa66bb", "#44a3a3", "#cccccc",
        "#777777", "#ff6e6e", "#70d470", "#e0c060", "#7f9fff", "#d787ff", "#70d7d7", "#ffffff",
    ];
    let level = |level: u8| if level == 0 { 0 } else { 55 + 40 * level };
    let (red, green, blue) = match colour {
        Color::Default => return default.into(),
        Color::Rgb(red, green, blue) => (red, green, blue),
        Color::Idx(index @ ..16) => return FIRST[usize::from(index)].into(),
        Color::Idx(index @ 16..232) => {
            let cube = index - 16;
            (level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
        Color::Idx(index) => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    };
    format!("#{red:02x}{green:02x}{blue:02x}")
}
