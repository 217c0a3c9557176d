//! What the screen promises, without a terminal and without a session.

mod any;
mod behaviour;
mod hostile;
mod snapshots;

use jiff::tz::TimeZone;
use netcomm_core::client::{ConversationName, Event};
use netcomm_core::time::UnixMillis;
use netcomm_core::wire::{Conversation as Address, Position};
use ratatui::buffer::{Buffer, CellWidth};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

use super::draw::draw;
use super::look::{Depth, Look};
use super::screen::{Connection, Screen, Wish};
use crate::settings::display::Display;

/// Ten past nine on some Monday.
pub(super) const NINE: u64 = 1_700_471_400_000;

pub(super) fn look(depth: Depth, ascii: bool) -> Look {
    Look { depth, ascii, zone: TimeZone::UTC, compact: false }
}

/// A screen of somebody who is logged in as `ann`.
pub(super) fn screen(width: u16, height: u16) -> Screen {
    let look = look(Depth::Indexed, false);
    let mut screen = Screen::new(look, Display::default(), "ann", "host:1");
    screen.resize(width, height);
    screen.set_clock(NINE);
    screen.logged_in(true, false);
    screen
}

/// Presses a key, named as in the help.
pub(super) fn press(screen: &mut Screen, key: &str) {
    let (modifiers, key) = match key.split_once('-') {
        Some(("Ctrl", key)) => (KeyModifiers::CONTROL, key),
        Some(("Alt", key)) => (KeyModifiers::ALT, key),
        Some(("Shift", key)) => (KeyModifiers::SHIFT, key),
        _ => (KeyModifiers::NONE, key),
    };
    let code = match key {
        "Enter" => KeyCode::Enter,
        "Tab" => KeyCode::Tab,
        "BackTab" => KeyCode::BackTab,
        "Esc" => KeyCode::Esc,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "PageUp" => KeyCode::PageUp,
        "PageDown" => KeyCode::PageDown,
        "Backspace" => KeyCode::Backspace,
        "F1" => KeyCode::F(1),
        one => KeyCode::Char(one.chars().next().expect("a key")),
    };
    screen.key(KeyEvent::new(code, modifiers));
}

pub(super) fn types(screen: &mut Screen, text: &str) {
    for c in text.chars() {
        screen.key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
    }
}

/// Types a line and sends it.
pub(super) fn sends(screen: &mut Screen, line: &str) {
    types(screen, line);
    press(screen, "Enter");
}

pub(super) fn wishes(screen: &mut Screen) -> Vec<Wish> {
    std::iter::from_fn(|| screen.wish()).collect()
}

pub(super) fn message(address: Address<'_>, seq: u64, author: &str, text: &str) -> Event {
    Event::Message {
        conversation: ConversationName::from(address),
        position: Position { epoch: 7, seq },
        time: UnixMillis(NINE + seq * 10_000),
        author: author.into(),
        text: text.into(),
        replayed: false,
    }
}

pub(super) fn enters(screen: &mut Screen, room: &str, seq: u64) {
    let position = Position { epoch: 7, seq };
    screen.event(&Event::RoomEntered { room: room.into(), position });
}

/// The screen as cells.
pub(super) fn cells(screen: &Screen, width: u16, height: u16) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let cursor = draw(screen, &mut buffer);
    assert!(cursor.is_none_or(|at| at.x < width && at.y < height), "{cursor:?}");
    buffer
}

/// The screen as lines, each as wide as the window.
pub(super) fn lines(screen: &Screen, width: u16, height: u16) -> Vec<String> {
    let pane = screen.pane();
    let rows = screen.current().visible(pane, &screen.look);
    assert!(rows.len() <= pane.height);
    for row in rows {
        assert!(row.columns(screen.look.ascii) <= pane.width, "{row:?} in {pane:?}");
    }
    let buffer = cells(screen, width, height);
    let line = |y: u16| {
        let (mut line, mut x) = (String::new(), 0);
        while x < width {
            let cell = &buffer[(x, y)];
            line.push_str(cell.symbol());
            x += cell.cell_width().max(1);
        }
        assert_eq!(x, width, "line {y} is as wide as the window: {line:?}");
        line
    };
    (0..height).map(line).collect()
}

/// The same, as one text.
pub(super) fn shown(screen: &Screen, width: u16, height: u16) -> String {
    let lines = lines(screen, width, height);
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join("\n")
}

/// Nobody is connected any more.
pub(super) fn is_lost(screen: &Screen) -> bool {
    matches!(screen.connection, Connection::Lost { .. })
}
