//! The keys and the screen's own commands, explained.

use ratatui::crossterm::event::{KeyCode, KeyEvent};

use super::glyph::wrap;
use super::keys::KEYS;
use super::own_command::OWN_COMMANDS;
use super::{Mode, Screen};

/// The column of keys.
const KEY: usize = 22;

/// Below so many columns, what a key does stands below it.
const BESIDE: usize = 60;

/// Each line of the help: a key, and what it does.
pub(crate) fn lines(width: usize, ascii: bool) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    let keys = KEYS.iter().map(|(key, does)| (String::from(*key), *does));
    let commands = OWN_COMMANDS.iter().map(|row| (row.usage(), row.help));
    let rest =
        [(String::new(), ""), (String::from("/help"), "the commands for the server, and these")];
    for (key, does) in keys.chain(rest).chain(commands) {
        if width < BESIDE {
            lines.push((key, String::new()));
            let does = wrap(does, width.saturating_sub(2), ascii);
            lines.extend(does.into_iter().map(|line| (String::from("  "), line)));
        } else {
            let does = wrap(does, width - KEY - 1, ascii);
            for (number, line) in does.into_iter().enumerate() {
                let key = if number == 0 { &*key } else { "" };
                lines.push((format!(" {key:<KEY$}"), line));
            }
        }
    }
    lines
}

impl Screen {
    pub(super) fn help_key(&mut self, event: KeyEvent) {
        let Mode::Help(offset) = self.mode else {
            return;
        };
        let most = self.help_lines().saturating_sub(self.pane().height);
        let offset = match event.code {
            KeyCode::Up => offset.saturating_sub(1),
            KeyCode::Down => offset + 1,
            KeyCode::PageUp => offset.saturating_sub(self.page_height()),
            KeyCode::PageDown => offset + self.page_height(),
            _ => {
                self.mode = Mode::Typing;
                return;
            }
        };
        self.mode = Mode::Help(offset.min(most));
    }

    /// What to do now, where so many lines are above the pane.
    pub(crate) fn help_prompt(&self, offset: usize) -> String {
        let (all, height) = (self.help_lines(), self.pane().height);
        if all <= height {
            return String::from("any key closes the help");
        }
        let (first, last) = (offset + 1, (offset + height).min(all));
        format!("any key closes the help; arrows and page keys show more ({first}-{last} of {all})")
    }

    fn help_lines(&self) -> usize {
        lines(self.pane().width, self.look.ascii).len()
    }
}
