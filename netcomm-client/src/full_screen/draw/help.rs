//! The keys, explained.

use ratatui::layout::Rect;

use super::Pen;
use crate::full_screen::look::Role;
use crate::full_screen::screen::help::lines;

impl Pen<'_> {
    pub(super) fn help(&mut self, area: Rect, offset: usize) {
        let lines = lines(usize::from(area.width), self.screen.look.ascii);
        for (y, (key, does)) in (0..area.height).zip(lines.into_iter().skip(offset)) {
            let x = self.put(area, 0, y, &key, &Role::Place);
            self.put(area, x, y, &does, &Role::Plain);
        }
    }
}
