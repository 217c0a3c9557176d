//! The line that is being typed, and the lines that were.

use unicode_segmentation::UnicodeSegmentation;

/// The longest line that can be typed, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// So many lines are remembered.
const LINES: usize = 500;

/// A line with a cursor, which stands between two clusters of characters.
#[derive(Clone, Debug, Default)]
pub(crate) struct InputLine {
    text: String,
    /// In bytes.
    cursor: usize,
    /// What was cut last.
    cut: String,
    /// Which of the earlier lines is shown, counted from the latest, and what was typed before.
    recalled: Option<(usize, String)>,
}

/// Lines that were typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recall(std::collections::VecDeque<String>);

impl Recall {
    pub(crate) fn add(&mut self, line: &str) {
        if line.trim().is_empty() || self.0.front().is_some_and(|last| last == line) {
            return;
        }
        self.0.truncate(LINES - 1);
        self.0.push_front(line.into());
    }
}

impl InputLine {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the cursor.
    pub(crate) fn before(&self) -> &str {
        &self.text[..self.cursor]
    }

    pub(crate) fn take(&mut self) -> String {
        self.cursor = 0;
        self.recalled = None;
        std::mem::take(&mut self.text)
    }

    /// Whether there was room for it.
    pub(crate) fn insert(&mut self, text: &str) -> bool {
        if self.text.len() + text.len() > MAX_BYTES {
            return false;
        }
        self.text.insert_str(self.cursor, text);
        // A mark joins what stands before it.
        self.move_to(self.cursor + text.len());
        true
    }

    /// Puts `text` in the place of what stands from `start` to the cursor.
    pub(crate) fn replace(&mut self, start: usize, text: &str) {
        let start = start.min(self.cursor);
        if self.text.is_char_boundary(start) {
            self.text.replace_range(start..self.cursor, text);
            self.move_to(start + text.len());
        }
    }

    pub(crate) fn home(&mut self) {
        self.cursor = 0;
    }

    pub(crate) fn end(&mut self) {
        self.cursor = self.text.len();
    }

    pub(crate) fn left(&mut self) {
        self.cursor = self.one_left();
    }

    pub(crate) fn right(&mut self) {
        self.cursor = self.one_right();
    }

    pub(crate) fn word_left(&mut self) {
        self.cursor = self.one_word_left();
    }

    pub(crate) fn word_right(&mut self) {
        self.cursor = self.one_word_right();
    }

    pub(crate) fn backspace(&mut self) {
        let start = self.one_left();
        self.remove(start, self.cursor);
    }

    pub(crate) fn delete(&mut self) {
        let end = self.one_right();
        self.remove(self.cursor, end);
    }

    pub(crate) fn cut_to_end(&mut self) {
        self.cut(self.cursor, self.text.len());
    }

    pub(crate) fn cut_to_start(&mut self) {
        self.cut(0, self.cursor);
    }

    pub(crate) fn cut_word_left(&mut self) {
        let start = self.one_word_left();
        self.cut(start, self.cursor);
    }

    pub(crate) fn cut_word_right(&mut self) {
        let end = self.one_word_right();
        self.cut(self.cursor, end);
    }

    pub(crate) fn paste_cut(&mut self) -> bool {
        let cut = self.cut.clone();
        self.insert(&cut)
    }

    /// Swaps the two clusters before the cursor.
    pub(crate) fn swap(&mut self) {
        if self.cursor == self.text.len() {
            self.left();
        }
        let (start, end) = (self.one_left(), self.one_right());
        let (left, right) = (&self.text[start..self.cursor], &self.text[self.cursor..end]);
        if !left.is_empty() && !right.is_empty() {
            let swapped = [right, left].concat();
            self.text.replace_range(start..end, &swapped);
        }
        self.move_to(end);
    }

    /// Shows an earlier line.
    pub(crate) fn earlier(&mut self, lines: &Recall) {
        let at = self.recalled.as_ref().map_or(0, |(at, _)| at + 1);
        if let Some(line) = lines.0.get(at) {
            let draft = std::mem::replace(&mut self.text, line.clone());
            let draft = self.recalled.take().map_or(draft, |(_, draft)| draft);
            self.recalled = Some((at, draft));
            self.end();
        }
    }

    /// Shows a later line, and after the last what was typed before.
    pub(crate) fn later(&mut self, lines: &Recall) {
        let Some((at, draft)) = self.recalled.take() else {
            return;
        };
        let later = at.checked_sub(1).and_then(|at| Some((at, lines.0.get(at)?)));
        match later {
            Some((at, line)) => {
                self.text.clone_from(line);
                self.recalled = Some((at, draft));
            }
            None => self.text = draft,
        }
        self.end();
    }

    fn remove(&mut self, start: usize, end: usize) {
        self.text.replace_range(start..end, "");
        self.move_to(start);
    }

    fn cut(&mut self, start: usize, end: usize) {
        if start < end {
            self.cut = self.text[start..end].into();
            self.remove(start, end);
        }
    }

    /// To `at`, or where it would be inside of a cluster, behind that.
    fn move_to(&mut self, at: usize) {
        let mut ends = self.text.grapheme_indices(true).map(|(start, one)| start + one.len());
        self.cursor = if at == 0 { 0 } else { ends.find(|end| *end >= at).unwrap_or(0) };
    }

    fn one_left(&self) -> usize {
        let last = self.before().grapheme_indices(true).next_back();
        last.map_or(0, |(start, _)| start)
    }

    fn one_right(&self) -> usize {
        let next = self.text[self.cursor..].graphemes(true).next();
        self.cursor + next.map_or(0, str::len)
    }

    fn one_word_left(&self) -> usize {
        let words = self.before().trim_end_matches(|c: char| !c.is_alphanumeric());
        words.trim_end_matches(char::is_alphanumeric).len()
    }

    fn one_word_right(&self) -> usize {
        let after = &self.text[self.cursor..];
        let word = after.trim_start_matches(|c: char| !c.is_alphanumeric());
        self.text.len() - word.trim_start_matches(|c: char| c.is_alphanumeric()).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> InputLine {
        let mut line = InputLine::default();
        assert!(line.insert(text));
        line
    }

    #[test]
    fn words_are_cut_and_put_back() {
        let mut one = line("one two, three");
        one.cut_word_left();
        assert_eq!(one.text(), "one two, ");
        one.word_left();
        assert_eq!(one.before(), "one ");
        assert!(one.paste_cut());
        assert_eq!(one.text(), "one threetwo, ");
        one.cut_to_start();
        assert_eq!((one.text(), one.before()), ("two, ", ""));
        one.word_right();
        one.cut_to_end();
        assert_eq!(one.text(), "two");
    }

    #[test]
    fn a_cluster_is_one_step() {
        let mut one = line("ae\u{301}👨‍👩‍👧");
        one.backspace();
        assert_eq!(one.text(), "ae\u{301}");
        one.left();
        one.swap();
        assert_eq!(one.text(), "e\u{301}a");
        one.home();
        one.delete();
        assert_eq!(one.text(), "a");
    }

    #[test]
    fn earlier_lines_come_back_and_the_draft_is_kept() {
        let mut lines = Recall::default();
        for line in ["one", "two", "two", " "] {
            lines.add(line);
        }
        let mut one = line("draft");
        one.later(&lines);
        assert_eq!(one.text(), "draft");
        one.earlier(&lines);
        one.earlier(&lines);
        one.earlier(&lines);
        assert_eq!(one.text(), "one");
        one.later(&lines);
        assert_eq!(one.text(), "two");
        one.later(&lines);
        assert_eq!(one.text(), "draft");
    }

    #[test]
    fn a_line_has_an_end() {
        let mut one = line("x");
        assert!(!one.insert(&"y".repeat(MAX_BYTES)));
        assert_eq!(one.text(), "x");
    }
}
