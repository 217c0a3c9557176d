//! Whether a text mentions somebody.

/// Whether one of the words stands in `text`, whatever its case, and is no part of a longer word.
pub(crate) fn mentions<'a>(text: &str, words: impl IntoIterator<Item = &'a str>) -> bool {
    let text = text.to_lowercase();
    words.into_iter().any(|word| {
        let word = word.to_lowercase();
        let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !word.is_empty()
            && text.match_indices(&word).any(|(at, _)| {
                let after = &text[at + word.len()..];
                !is_part(text[..at].chars().next_back()) && !is_part(after.chars().next())
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_whole_and_in_any_case() {
        for text in ["ann: hi", "hi Ann", "(ANN)", "tell @ann!", "annie and ann"] {
            assert!(mentions(text, ["ann"]), "{text}");
        }
        for text in ["annie", "joann", "an n", "", "ann_a"] {
            assert!(!mentions(text, ["ann"]), "{text}");
        }
        assert!(mentions("deploy now", ["ann", "deploy"]));
        assert!(!mentions("anything", [""]));
    }
}
