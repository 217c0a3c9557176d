//! The list of conversations.

use ratatui::layout::Rect;

use super::Pen;
use crate::full_screen::look::Role;
use crate::full_screen::screen::Screen;
use crate::full_screen::screen::conversation::Conversation;
use crate::full_screen::screen::glyph::{columns, fit};

impl Pen<'_> {
    pub(super) fn list(&mut self, area: Rect) {
        if area.width < 4 {
            return;
        }
        let look = &self.screen.look;
        let height = usize::from(area.height);
        let current = self.screen.current_index();
        // The current one is always in sight.
        let first = (current + 1).saturating_sub(height);
        let width = usize::from(area.width) - 1;
        let ascii = look.ascii;
        let bar = look.vertical();
        for y in 0..area.height {
            self.put(area, area.width - 1, y, bar, &Role::Dim);
        }
        let lines: Vec<(String, String, Role)> = (self.screen.conversations().enumerate())
            .skip(first)
            .take(height)
            .map(|(index, one)| {
                let (count, role) = news(self.screen, one);
                let role = if index == current { Role::Current } else { role };
                let room = width.saturating_sub(count.len() + 1);
                let name = fit(&format!("{:>2} {}", index + 1, one.title()), room, ascii);
                (name, count, role)
            })
            .collect();
        let inner = Rect { width: area.width - 1, ..area };
        for (y, (name, count, role)) in (0..).zip(lines) {
            if role == Role::Current {
                self.fill(inner, y, &role);
            }
            self.put(inner, 0, y, &name, &role);
            let x = width.saturating_sub(columns(&count, ascii));
            self.put(inner, u16::try_from(x).unwrap_or(u16::MAX), y, &count, &role);
        }
    }
}

/// What is new in a conversation: `@` and the mentions, or how many messages.
pub(super) fn news(screen: &Screen, one: &Conversation) -> (String, Role) {
    let unread = screen.unread(one);
    if one.mentions > 0 {
        (format!("@{}/{unread}", one.mentions), Role::Mention)
    } else if unread > 0 {
        (unread.to_string(), Role::Place)
    } else if one.ended {
        (String::from("ended"), Role::Dim)
    } else {
        (String::new(), Role::Plain)
    }
}
