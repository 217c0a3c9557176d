//! What stands in a conversation.

use std::fmt::Write as _;

/// One thing that was said or happened.
#[derive(Debug)]
pub(crate) struct Entry {
    /// When, in milliseconds since the Unix epoch.
    pub(crate) time: u64,
    /// Its place in the conversation; 0: none, or not known yet.
    pub(crate) seq: u64,
    pub(crate) body: Body,
}

#[derive(Debug)]
pub(crate) enum Body {
    Said(Said),
    /// The program speaks; `trouble` where something did not work.
    System {
        text: Box<str>,
        trouble: bool,
    },
    /// People came and went.
    Moves(Moves),
}

/// A message.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) author: Box<str>,
    pub(crate) text: Box<str>,
    /// Where it was said, where that is not where it stands.
    pub(crate) place: Option<Box<str>>,
    pub(crate) mention: bool,
    /// One's own: how far it has got.
    pub(crate) own: Option<Delivery>,
}

/// How far an own message has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It waits for a connection.
    Waiting,
    Sent,
    Accepted,
    Failed(Box<str>),
    /// Nobody knows whether it arrived.
    Unknown,
}

/// Who came and went, one after the other, without anything said in between.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    people: Vec<(Box<str>, Move)>,
    /// How many more are not named.
    more: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Came,
    Went,
    CameAndWent,
    WentAndCame,
}

/// So many are named at most.
const NAMED: usize = 16;

impl Moves {
    pub(crate) fn add(&mut self, nickname: &str, came: bool) {
        let person = self.people.iter_mut().find(|(name, _)| **name == *nickname);
        if let Some((_, one)) = person {
            *one = match (*one, came) {
                (Move::Came | Move::CameAndWent, false) => Move::CameAndWent,
                (Move::Went | Move::WentAndCame, true) => Move::WentAndCame,
                (Move::WentAndCame, false) => Move::Went,
                (Move::CameAndWent, true) => Move::Came,
                (same, _) => same,
            };
        } else if self.people.len() < NAMED {
            let one = if came { Move::Came } else { Move::Went };
            self.people.push((nickname.into(), one));
        } else {
            self.more += 1;
        }
    }

    /// In words.
    pub(crate) fn words(&self) -> String {
        let mut words = String::new();
        for (which, verb) in [
            (Move::Came, "came"),
            (Move::Went, "went"),
            (Move::CameAndWent, "came and went"),
            (Move::WentAndCame, "went and came back"),
        ] {
            let mut people =
                self.people.iter().filter(|(_, one)| *one == which).map(|(name, _)| &**name);
            let Some(first) = people.next() else {
                continue;
            };
            if !words.is_empty() {
                words.push_str("; ");
            }
            words.push_str(first);
            people.for_each(|name| {
                words.push_str(", ");
                words.push_str(name);
            });
            words.push(' ');
            words.push_str(verb);
        }
        if self.more > 0 {
            // Writing to a string does not fail.
            write!(words, "; and {} more", self.more).ok();
        }
        words
    }
}

impl Entry {
    pub(crate) fn system(time: u64, text: &str, trouble: bool) -> Self {
        Self { time, seq: 0, body: Body::System { text: text.into(), trouble } }
    }

    /// The bytes that it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + match &self.body {
                Body::Said(said) => said.author.len() + said.text.len(),
                Body::System { text, .. } => text.len(),
                Body::Moves(moves) => moves.people.len() * 64,
            }
    }

    /// Whether `needle`, in lower case, stands in it.
    pub(crate) fn has(&self, needle: &str) -> bool {
        let has = |text: &str| text.to_lowercase().contains(needle);
        match &self.body {
            Body::Said(said) => has(&said.text) || has(&said.author),
            Body::System { text, .. } => has(text),
            Body::Moves(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_and_goes_is_told_once() {
        let mut moves = Moves::default();
        for (name, came) in
            [("ann", true), ("bob", false), ("cat", true), ("bob", true), ("cat", false)]
        {
            moves.add(name, came);
        }
        assert_eq!(moves.words(), "ann came; cat came and went; bob went and came back");
        (0..20).for_each(|n| moves.add(&format!("n{n}"), true));
        assert!(moves.words().ends_with("; and 7 more"), "{}", moves.words());
    }
}
