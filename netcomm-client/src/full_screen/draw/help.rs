//! The keys, explained.

use ratatui::layout::Rect;

use super::Pen;
use crate::full_screen::look::Role;
use crate::full_screen::screen::glyph::wrap;
use crate::full_screen::screen::keys::KEYS;

/// The column of keys.
const KEY: usize = 22;

/// Below so many columns, what a key does stands below it.
const BESIDE: usize = 60;

impl Pen<'_> {
    pub(super) fn help(&mut self, area: Rect, offset: usize) {
        let width = usize::from(area.width);
        let ascii = self.screen.look.ascii;
        let mut lines: Vec<(String, String)> = Vec::new();
        for (key, does) in KEYS {
            if width < BESIDE {
                lines.push(((*key).into(), String::new()));
                let does = wrap(does, width.saturating_sub(2), ascii);
                lines.extend(does.into_iter().map(|line| (String::from("  "), line)));
            } else {
                let does = wrap(does, width - KEY - 1, ascii);
                for (number, line) in does.into_iter().enumerate() {
                    let key = if number == 0 { *key } else { "" };
                    lines.push((format!(" {key:<KEY$}"), line));
                }
            }
        }
        for (y, (key, does)) in (0..area.height).zip(lines.into_iter().skip(offset)) {
            let x = self.put(area, 0, y, &key, &Role::Place);
            self.put(area, x, y, &does, &Role::Plain);
        }
    }
}
