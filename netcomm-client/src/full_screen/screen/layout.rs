//! What goes where in a window of any size.

use ratatui::layout::Rect;

/// From so many columns on there is room for the list of conversations.
const WITH_LIST: u16 = 64;

/// The list's columns, with the line beside it.
const LIST: u16 = 20;

/// Areas that do not overlap; those for which there is no room are empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The list of conversations.
    pub(crate) list: Rect,
    /// What conversation it is.
    pub(crate) title: Rect,
    /// Messages.
    pub(crate) pane: Rect,
    pub(crate) status: Rect,
    pub(crate) input: Rect,
}

impl Layout {
    pub(crate) fn new(width: u16, height: u16) -> Self {
        let row = |y: u16| Rect::new(0, y, width, 1);
        let nothing = Rect::new(0, 0, 0, 0);
        if width == 0 || height == 0 {
            let empty = nothing;
            return Self { list: empty, title: empty, pane: empty, status: empty, input: empty };
        }
        let input = row(height - 1);
        let status = if height >= 3 { row(height - 2) } else { nothing };
        let title_height = u16::from(height >= 5);
        let rest = height - 1 - status.height;
        let list_width = if width >= WITH_LIST { LIST } else { 0 };
        let list = Rect::new(0, 0, list_width, rest);
        let title = Rect::new(list_width, 0, width - list_width, title_height);
        let pane = Rect::new(list_width, title_height, width - list_width, rest - title_height);
        Self { list, title, pane, status, input }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_used_once() {
        for width in 0..130 {
            for height in 0..40 {
                let Layout { list, title, pane, status, input } = Layout::new(width, height);
                let areas = [list, title, pane, status, input];
                let cells: u32 = areas.iter().map(|area| area.area()).sum();
                assert_eq!(cells, u32::from(width) * u32::from(height), "{width} × {height}");
                for (n, one) in areas.iter().enumerate() {
                    assert!(one.right() <= width && one.bottom() <= height);
                    assert!(areas[n + 1..].iter().all(|other| !one.intersects(*other)));
                }
                assert!(height == 0 || width == 0 || input.height == 1);
            }
        }
    }
}
