//! The screen as cells.

mod bars;
mod help;
mod list;

use ratatui::buffer::{Buffer, CellWidth};
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::look::Role;
use super::screen::rows::Row;
use super::screen::{Mode, Screen};

/// Draws the whole screen; gives where the cursor is.
pub fn draw(screen: &Screen, buffer: &mut Buffer) -> Option<Position> {
    let area = buffer.area;
    let layout = screen.layout();
    buffer.set_style(area, Style::reset());
    if layout.input.bottom() > area.height || layout.input.right() > area.width {
        // The window has become smaller meanwhile, and that is told in a moment.
        return None;
    }
    let pen = Pen { screen, buffer };
    pen.draw(&layout)
}

/// Writes into cells, and nowhere else.
struct Pen<'a> {
    screen: &'a Screen,
    buffer: &'a mut Buffer,
}

impl Pen<'_> {
    fn draw(mut self, layout: &super::screen::layout::Layout) -> Option<Position> {
        self.list(layout.list);
        self.title(layout.title);
        if let Mode::Help(offset) = self.screen.mode {
            self.help(layout.pane, offset);
        } else {
            self.pane(layout.pane);
        }
        self.status(layout.status);
        self.input(layout.input)
    }

    /// The messages: the last ones at the bottom.
    fn pane(&mut self, area: Rect) {
        let screen = self.screen;
        let rows = screen.current().visible(screen.pane(), &screen.look);
        let empty = usize::from(area.height).saturating_sub(rows.len());
        for (number, row) in rows.iter().enumerate() {
            let y = u16::try_from(empty + number).unwrap_or(u16::MAX);
            self.row(area, y, row);
        }
    }

    /// A row at line `y` of `area`.
    fn row(&mut self, area: Rect, y: u16, row: &Row) {
        let mut x = 0;
        for (text, role) in &row.spans {
            x = self.put(area, x, y, text, role);
        }
    }

    /// Writes `text` at column `x` of line `y` of `area`, as far as there is room; gives the column
    /// behind it.
    fn put(&mut self, area: Rect, x: u16, y: u16, text: &str, role: &Role) -> u16 {
        let style = self.screen.look.style(role);
        let mut x = x;
        if y >= area.height {
            return x;
        }
        for glyph in super::screen::glyph::glyphs(text, self.screen.look.ascii) {
            let width = u16::try_from(glyph.width).unwrap_or(1);
            if x.saturating_add(width) > area.width {
                break;
            }
            let at = Position::new(area.x + x, area.y + y);
            if let Some(cell) = self.buffer.cell_mut(at) {
                cell.set_symbol(&glyph.text).set_style(style);
                debug_assert_eq!(cell.symbol().cell_width(), width);
            }
            if width == 2
                && let Some(cell) = self.buffer.cell_mut(Position::new(at.x + 1, at.y))
            {
                cell.reset();
                cell.set_style(style);
            }
            x += width;
        }
        x
    }

    /// Gives a whole line one style.
    fn fill(&mut self, area: Rect, y: u16, role: &Role) {
        if y < area.height {
            let line = Rect::new(area.x, area.y + y, area.width, 1);
            self.buffer.set_style(line, self.screen.look.style(role));
        }
    }
}
