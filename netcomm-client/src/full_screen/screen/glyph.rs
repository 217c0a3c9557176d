//! Foreign text as the screen can draw it: one cluster of characters after the other, each with
//! its width, and none that does more than stand there.

use std::borrow::Cow;

use netcomm_core::text::disturbs;
use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

/// The most characters of one cluster that are drawn: marks can be heaped up without an end.
const CLUSTER: usize = 16;

/// One or two columns of a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glyph<'a> {
    pub(crate) text: Cow<'a, str>,
    /// 1 or 2.
    pub(crate) width: usize,
}

/// Everything in `text` that is seen. `ascii`: other characters are shown as `?`.
pub(crate) fn glyphs(text: &str, ascii: bool) -> impl Iterator<Item = Glyph<'_>> {
    text.graphemes(true).flat_map(move |cluster| {
        // Nearly all are plain, and there are thousands in a frame: no vector for these.
        let plain = matches!(cluster.as_bytes(), [b' '..=b'~'])
            .then_some(Glyph { text: cluster.into(), width: 1 });
        let others = if plain.is_some() { Vec::new() } else { glyph(cluster, ascii) };
        plain.into_iter().chain(others)
    })
}

/// A cluster that is no plain character.
fn glyph(cluster: &str, ascii: bool) -> Vec<Glyph<'_>> {
    if cluster.chars().any(disturbs) {
        let shown = |c: char| match c {
            '\t' => Some(" "),
            c if !disturbs(c) => None,
            _ if ascii => Some("?"),
            _ => Some("\u{fffd}"),
        };
        let shown = cluster.chars().filter_map(shown);
        return shown.map(|text| Glyph { text: text.into(), width: 1 }).collect();
    }
    let end = cluster.char_indices().nth(CLUSTER).map_or(cluster.len(), |(at, _)| at);
    let cluster = &cluster[..end];
    let width = usize::from(cluster.cell_width());
    match width {
        0 => Vec::new(),
        _ if ascii => vec![Glyph { text: "?".into(), width: 1 }; width.min(2)],
        1 | 2 => vec![Glyph { text: cluster.into(), width }],
        // Wider than any terminal draws one cell: each character by itself.
        _ => cluster
            .char_indices()
            .map(|(at, c)| &cluster[at..at + c.len_utf8()])
            .map(|text| Glyph { text: text.into(), width: usize::from(text.cell_width()) })
            .filter(|glyph| matches!(glyph.width, 1 | 2))
            .collect(),
    }
}

/// The columns that `text` takes.
pub(crate) fn columns(text: &str, ascii: bool) -> usize {
    glyphs(text, ascii).map(|glyph| glyph.width).sum()
}

/// `text` on one line of at most `width` columns; where it is cut, that is shown.
pub(crate) fn fit(text: &str, width: usize, ascii: bool) -> String {
    let mut fitted = String::new();
    let (mut used, mut before_last) = (0, 0);
    for glyph in glyphs(text, ascii) {
        if used + glyph.width > width {
            fitted.truncate(before_last);
            if width > 0 {
                fitted.push(if ascii { '~' } else { '…' });
            }
            return fitted;
        }
        used += glyph.width;
        fitted.push_str(&glyph.text);
        if used < width {
            before_last = fitted.len();
        }
    }
    fitted
}

/// `text` in rows of at most `width` columns, broken between words where that is possible.
pub(crate) fn wrap(text: &str, width: usize, ascii: bool) -> Vec<String> {
    let width = width.max(1);
    let mut rows = Vec::new();
    for line in text.split('\n') {
        let (mut row, mut used) = (String::new(), 0);
        // Where the last word begins: in bytes, in columns.
        let mut word: Option<(usize, usize)> = None;
        for mut glyph in glyphs(line, ascii) {
            if glyph.width > width {
                glyph = Glyph { text: "?".into(), width: 1 };
            }
            let is_space = glyph.text == " ";
            if used + glyph.width > width {
                if is_space {
                    rows.push(std::mem::take(&mut row));
                    (used, word) = (0, None);
                    continue;
                }
                if let Some((at, columns)) = word.take() {
                    let rest = row.split_off(at);
                    row.truncate(row.trim_end_matches(' ').len());
                    rows.push(std::mem::replace(&mut row, rest));
                    used -= columns;
                }
                if used + glyph.width > width {
                    rows.push(std::mem::take(&mut row));
                    used = 0;
                }
            }
            row.push_str(&glyph.text);
            used += glyph.width;
            if is_space {
                word = Some((row.len(), used));
            }
        }
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_stay_whole_where_they_fit() {
        assert_eq!(wrap("one two three", 8, false), ["one two", "three"]);
        assert_eq!(wrap("one two three", 7, false), ["one two", "three"]);
        assert_eq!(wrap("a\n\nb", 8, false), ["a", "", "b"]);
        assert_eq!(wrap("abcdefgh ij", 3, false), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("日本語", 4, false), ["日本", "語"]);
        assert_eq!(wrap("日", 1, false), ["?"]);
    }

    #[test]
    fn nothing_disturbs() {
        let shown = |text| glyphs(text, false).map(|one| one.text).collect::<String>();
        assert_eq!(shown("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
        assert_eq!(shown("\u{202e}x\u{200b}\u{200e}y"), "\u{fffd}xy");
        assert_eq!(shown("e\u{301}"), "e\u{301}");
        assert_eq!(shown(&format!("z{}", "\u{301}".repeat(100))).chars().count(), CLUSTER);
        assert_eq!(columns("👨‍👩‍👧", false), 2);
        assert_eq!(columns("👨‍👩‍👧", true), 2);
    }

    #[test]
    fn what_is_cut_shows_it() {
        assert_eq!(fit("abc", 3, false), "abc");
        assert_eq!(fit("abcd", 3, false), "ab…");
        assert_eq!(fit("日本語", 5, false), "日本…");
        assert_eq!(fit("日本語", 4, true), "???~");
        assert_eq!(fit("abc", 0, false), "");
    }

    proptest! {
        #[test]
        fn no_row_is_wider_than_asked(text in "\\PC{0,200}", any in any::<String>(),
                                      width in 1_usize..40, ascii: bool) {
            for text in [&text, &any] {
                for row in wrap(text, width, ascii) {
                    prop_assert!(columns(&row, ascii) <= width, "{row:?}");
                    prop_assert!(!row.chars().any(disturbs));
                    prop_assert!(!ascii || row.is_ascii());
                }
                prop_assert!(columns(&fit(text, width, ascii), ascii) <= width);
            }
        }

        #[test]
        fn wrapping_loses_nothing_but_spaces(text in "[a-z日é \n]{0,100}", width in 2_usize..40) {
            let bare = |text: &str| text.replace([' ', '\n'], "");
            prop_assert_eq!(bare(&wrap(&text, width, false).concat()), bare(&text));
        }
    }
}
