//! What a person at the text face hears: every line once, in the order of all.

use std::collections::BTreeMap;

use netcomm_core::time::Instant;
use netcomm_core::wire::ConversationKind;

use super::Checker;

/// The messages in the order they were read.
#[derive(Default)]
pub(super) struct Heard(Vec<usize>);

impl Checker {
    pub fn line(&mut self, now: Instant, number: usize, line: &str) {
        self.note_down(now, &format!("{number} reads {line}"));
        let Some((_, said)) = line.split_once('<').filter(|_| !line.starts_with('*')) else {
            return;
        };
        let (author, text) = said.split_once("> ").expect("an author");
        let index = self.post(author, text);
        assert_ne!(self.posts[index].author, number, "no echo of {text}");
        let user = &mut self.users[number];
        assert!(user.heard.insert(index), "{number} reads {text} twice");
        user.lines.as_mut().expect("a reader").0.push(index);
    }

    /// The person has no connection any more, and will not come back.
    pub fn goes(&mut self, now: Instant, number: usize) {
        self.note_down(now, &format!("{number} is gone"));
        self.users[number].over = true;
    }

    pub(super) fn is_for_everyone(&self, index: usize) -> bool {
        self.posts[index].conversation.kind == ConversationKind::EVERYONE
    }
}

impl Heard {
    /// In each conversation nothing came late, and of what everyone was told nothing was left out.
    pub(super) fn check(
        &self,
        number: usize,
        places: &BTreeMap<usize, (u64, u64)>,
        said: &BTreeMap<(u64, u64), usize>,
        is_own: impl Fn(&usize) -> bool,
        is_for_everyone: impl Fn(&usize) -> bool,
    ) {
        let mut last: BTreeMap<u64, u64> = BTreeMap::new();
        for index in &self.0 {
            // Where no session heard it too, nobody knows its place.
            let Some((epoch, seq)) = places.get(index) else { continue };
            if let Some(before) = last.insert(*epoch, *seq) {
                assert!(before < *seq, "{number} reads {seq} after {before}");
                let between = said.range((*epoch, before + 1)..(*epoch, *seq));
                let mut others = between.filter(|(_, index)| !is_own(index));
                let missed = others.find(|(_, index)| is_for_everyone(index));
                assert_eq!(missed.filter(|(_, one)| !self.0.contains(one)), None, "{number}");
            }
        }
    }
}
