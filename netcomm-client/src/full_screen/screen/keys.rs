//! What each key does.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::completion::Completion;
use super::input_line::InputLine;
use super::{Mode, Screen, Wish};
use crate::exit;

/// The keys, as they are explained.
pub(crate) const KEYS: &[(&str, &str)] = &[
    ("Enter", "send the line"),
    ("Alt-Enter", "a new line in the message"),
    ("Tab, Shift-Tab", "complete a nickname, #room or /command; the next, the one before"),
    ("Alt-a", "to the next unread conversation, mentions and private ones first"),
    ("Alt-1 to 9, Alt-0", "to conversation 1 to 10"),
    ("Ctrl-n, Ctrl-p", "to the next conversation, the one before (also Alt-Down, Alt-Up)"),
    ("Alt-m", "to what mentioned you, wherever it was said"),
    ("PageUp, PageDown", "scroll; at the top, what was said earlier is loaded"),
    ("Shift-Up, Shift-Down", "scroll by one line; the mouse wheel, where the terminal sends it"),
    ("Alt-<, Alt->", "to the top of what is loaded, to the end"),
    ("Ctrl-r", "find: again Ctrl-r or Up for the one before, Ctrl-s or Down for the next"),
    ("Up, Down", "the lines that you typed before"),
    ("Ctrl-a, Ctrl-e", "to the start, to the end of the line (also Home, End)"),
    ("Alt-b, Alt-f", "a word back, a word on (also Ctrl-Left, Ctrl-Right)"),
    ("Ctrl-w, Alt-d", "cut the word before, the word after"),
    ("Ctrl-u, Ctrl-k", "cut to the start, to the end of the line"),
    ("Ctrl-y, Ctrl-t", "put back what was cut; swap two characters"),
    ("a paste", "of more than one line is asked about first, if the terminal brackets pastes"),
    ("Ctrl-l", "draw the screen anew"),
    ("Ctrl-z", "suspend; `fg` in the shell comes back"),
    ("Ctrl-c", "drop the line; on an empty line, twice: end (also Ctrl-d, /quit)"),
    ("F1, Alt-?", "this help"),
];

/// How many arrows at once are no key, but a turn of the mouse wheel: where it is not asked for the
/// mouse, a terminal sends arrows for the wheel, and its own selection goes on working.
const WHEEL: usize = 3;

impl Screen {
    /// Keys that came at the same time.
    pub(crate) fn keys(&mut self, events: &[KeyEvent]) {
        let mut rest = events;
        while let Some(first) = rest.first() {
            let same = rest.iter().take_while(|one| *one == first).count();
            let is_arrow = matches!(first.code, KeyCode::Up | KeyCode::Down);
            if is_arrow && first.modifiers.is_empty() && same >= WHEEL {
                if first.code == KeyCode::Up {
                    self.scroll_up(same);
                } else {
                    self.scroll_down(same);
                }
            } else {
                rest[..same].iter().for_each(|one| self.key(*one));
            }
            rest = &rest[same..];
        }
    }

    /// A key.
    pub fn key(&mut self, event: KeyEvent) {
        if event.kind == KeyEventKind::Release {
            return;
        }
        if event.code == KeyCode::Char('/') && event.modifiers == KeyModifiers::ALT {
            // Escape and a slash that came at the same time: without its slash, a command would be
            // said to all who are here.
            self.key(KeyEvent::from(KeyCode::Esc));
            return self.key(KeyEvent::from(KeyCode::Char('/')));
        }
        self.notice = None;
        let leaving = std::mem::take(&mut self.leaving);
        if !matches!(event.code, KeyCode::Tab | KeyCode::BackTab) {
            self.completion = None;
        }
        match self.mode {
            Mode::Typing => self.typing_key(event, leaving),
            Mode::Search { .. } => self.search_key(event),
            Mode::Paste(_) => self.paste_key(event),
            Mode::Help(_) => self.help_key(event),
        }
    }

    /// Text from outside, which nobody typed. More than one line is not sent without asking.
    pub fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = text.trim_end_matches('\n');
        self.completion = None;
        if let Mode::Search { needle, .. } = &mut self.mode {
            needle.push_str(&text.replace('\n', " "));
            return self.find_anew();
        }
        if let Mode::Paste(before) = &mut self.mode {
            // The question stands already, and counts these lines, too.
            before.push('\n');
            before.push_str(text);
        } else if text.contains('\n') {
            self.mode = Mode::Paste(text.into());
        } else {
            self.mode = Mode::Typing;
            self.insert(text);
        }
    }

    fn insert(&mut self, text: &str) {
        if !self.input().insert(text) {
            self.notice = Some(String::from("the line is too long to type on: 16384 bytes"));
        }
    }

    fn input(&mut self) -> &mut InputLine {
        &mut self.current_mut().input
    }

    fn typing_key(&mut self, event: KeyEvent, leaving: bool) {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let alt = event.modifiers.contains(KeyModifiers::ALT);
        match event.code {
            KeyCode::Char(c) if control && !alt => self.control_key(c, leaving),
            KeyCode::Char(c) if alt && !control => self.alt_key(c),
            // Where a keyboard needs both to write a character, it is that character.
            KeyCode::Char(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            KeyCode::Enter if alt => self.insert("\n"),
            KeyCode::Enter => self.enter(),
            KeyCode::Tab => self.complete(false),
            KeyCode::BackTab => self.complete(true),
            KeyCode::Backspace if alt || control => self.input().cut_word_left(),
            KeyCode::Backspace => self.input().backspace(),
            KeyCode::Delete => self.input().delete(),
            KeyCode::Left if alt || control => self.input().word_left(),
            KeyCode::Right if alt || control => self.input().word_right(),
            KeyCode::Left => self.input().left(),
            KeyCode::Right => self.input().right(),
            KeyCode::Home if control => self.scroll_to_top(),
            KeyCode::End if control => self.current_mut().follow(),
            KeyCode::Home => self.input().home(),
            KeyCode::End => self.input().end(),
            KeyCode::Up if alt => self.switch_by(true),
            KeyCode::Down if alt => self.switch_by(false),
            KeyCode::Up if event.modifiers.contains(KeyModifiers::SHIFT) => self.scroll_up(1),
            KeyCode::Down if event.modifiers.contains(KeyModifiers::SHIFT) => self.scroll_down(1),
            KeyCode::Up => self.recall(true),
            KeyCode::Down => self.recall(false),
            KeyCode::PageUp => self.scroll_up(self.page_height()),
            KeyCode::PageDown => self.scroll_down(self.page_height()),
            KeyCode::F(1) => self.mode = Mode::Help(0),
            _ => {}
        }
    }

    pub(super) fn page_height(&self) -> usize {
        self.pane().height.saturating_sub(2).max(1)
    }

    fn recall(&mut self, earlier: bool) {
        let lines = std::mem::take(&mut self.recall);
        if earlier {
            self.input().earlier(&lines);
        } else {
            self.input().later(&lines);
        }
        self.recall = lines;
    }

    fn control_key(&mut self, c: char, leaving: bool) {
        match c.to_ascii_lowercase() {
            'a' => self.input().home(),
            'e' => self.input().end(),
            'b' => self.input().left(),
            'f' => self.input().right(),
            'd' if !self.input().text().is_empty() => self.input().delete(),
            'c' if !self.input().text().is_empty() => {
                self.input().take();
            }
            'c' | 'd' if leaving => self.wishes.push_back(Wish::Quit(match c {
                'c' => exit::INTERRUPTED,
                _ => exit::OK,
            })),
            'c' | 'd' => {
                self.leaving = true;
                self.notice = Some(format!("Ctrl-{c} once more ends netcomm"));
            }
            'h' => self.input().backspace(),
            'k' => self.input().cut_to_end(),
            'u' => self.input().cut_to_start(),
            'w' => self.input().cut_word_left(),
            't' => self.input().swap(),
            'y' => {
                self.input().paste_cut();
            }
            'j' | 'm' => self.enter(),
            'l' => self.wishes.push_back(Wish::Redraw),
            'n' => self.switch_by(false),
            'p' => self.switch_by(true),
            'r' => self.search(""),
            'z' => self.wishes.push_back(Wish::Suspend),
            _ => {}
        }
    }

    fn alt_key(&mut self, c: char) {
        match c {
            'a' => self.switch_to_unread(),
            'b' => self.input().word_left(),
            'f' => self.input().word_right(),
            'd' => self.input().cut_word_right(),
            'm' => self.switch_to_mentions(),
            '<' => self.scroll_to_top(),
            '>' => self.current_mut().follow(),
            '?' => self.mode = Mode::Help(0),
            '0' => self.switch(9),
            '1'..='9' => self.switch(c as usize - '1' as usize),
            _ => {}
        }
    }

    /// Completes the word before the cursor, or shows the next candidate.
    fn complete(&mut self, back: bool) {
        let completion = self
            .completion
            .take()
            .or_else(|| Completion::of(self.current().input.before(), &self.known()));
        let before = self.current().input.before();
        let wants_rooms = before.starts_with("/join ") || before.contains('#');
        match completion {
            None if wants_rooms => {
                // Somebody may have made it since the rooms were listed.
                self.wishes.push_back(Wish::Rooms);
                self.notice = Some(String::from("looking for rooms: Tab again"));
            }
            None => self.notice = Some(String::from("nothing to complete")),
            Some(mut completion) => {
                let word = completion.turn(back).to_owned();
                self.input().replace(completion.start, &word);
                // Where there is no choice, the next Tab is for the next word.
                let is_choice = completion.candidates().0.len() > 1;
                self.completion = is_choice.then_some(completion);
            }
        }
    }

    fn search_key(&mut self, event: KeyEvent) {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        match event.code {
            KeyCode::Esc => self.end_search(false),
            KeyCode::Char('c' | 'g') if control => self.end_search(false),
            KeyCode::Enter => self.end_search(true),
            KeyCode::Char('r') if control => self.find(true),
            KeyCode::Char('s') if control => self.find(false),
            KeyCode::Up => self.find(true),
            KeyCode::Down => self.find(false),
            KeyCode::PageUp => self.scroll_up(self.page_height()),
            KeyCode::PageDown => self.scroll_down(self.page_height()),
            KeyCode::Backspace => self.change_needle(|needle| {
                needle.pop();
            }),
            KeyCode::Char('u') if control => self.change_needle(String::clear),
            KeyCode::Char(c) if !control => self.change_needle(|needle| needle.push(c)),
            _ => {}
        }
    }

    fn change_needle(&mut self, change: impl FnOnce(&mut String)) {
        if let Mode::Search { needle, .. } = &mut self.mode {
            change(needle);
            self.find_anew();
        }
    }

    fn paste_key(&mut self, event: KeyEvent) {
        let Mode::Paste(text) = std::mem::replace(&mut self.mode, Mode::Typing) else {
            return;
        };
        let code = match (event.code, event.modifiers) {
            (KeyCode::Char('c' | 'g'), KeyModifiers::CONTROL) => KeyCode::Char('n'),
            (code, KeyModifiers::NONE | KeyModifiers::SHIFT) => code,
            // A key of the line, Ctrl-y say, is no answer.
            _ => KeyCode::Null,
        };
        match code {
            KeyCode::Char('y') if self.input().text().starts_with('/') => {
                let words = "you have typed a command: o adds what was pasted to it";
                self.notice = Some(String::from(words));
                self.mode = Mode::Paste(text);
            }
            KeyCode::Char('y') if self.is_warned_of(&text) => self.mode = Mode::Paste(text),
            KeyCode::Char('y') => {
                // What was being typed goes on in the first line.
                let text = format!("{}{text}", self.input().take());
                self.say_lines(&text);
            }
            KeyCode::Char('o') => self.insert(&text),
            KeyCode::Char('n') | KeyCode::Esc => {}
            _ => self.mode = Mode::Paste(text),
        }
    }
}
