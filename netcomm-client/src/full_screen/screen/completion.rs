//! What Tab makes of the word before the cursor.

use netcomm_core::command::COMMANDS;
use netcomm_core::name::NameKey;

/// What is known, each in the order in which it is offered.
#[derive(Debug, Default)]
pub(crate) struct Known<'a> {
    pub(crate) nicknames: Vec<&'a str>,
    pub(crate) rooms: Vec<&'a str>,
    /// Commands that only the full screen has.
    pub(crate) commands: Vec<&'a str>,
}

/// A word that is being completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Completion {
    /// Where the word begins, in bytes.
    pub(crate) start: usize,
    /// What it may become; not empty.
    candidates: Vec<String>,
    at: Option<usize>,
}

impl Completion {
    /// What the word at the end of `before` may become.
    pub(crate) fn of(before: &str, known: &Known<'_>) -> Option<Self> {
        let start = before.rfind([' ', '\t']).map_or(0, |at| at + 1);
        let word = &before[start..];
        let command = before.strip_prefix('/').filter(|rest| !rest.starts_with('/'));
        let candidates = match command {
            Some(_) if start == 0 => commands(word, known, " "),
            Some(command) => {
                let name = command.split([' ', '\t']).next().unwrap_or_default();
                arguments(&name.to_ascii_lowercase(), word, known)
            }
            None if word.starts_with('#') => rooms(word, known, " "),
            None if word.is_empty() => Vec::new(),
            None => nicknames(word, known, if start == 0 { ": " } else { " " }),
        };
        (!candidates.is_empty()).then_some(Self { start, candidates, at: None })
    }

    /// The next candidate, or the one before.
    pub(crate) fn turn(&mut self, back: bool) -> &str {
        let count = self.candidates.len();
        let at = match (self.at, back) {
            (None, false) => 0,
            (None, true) => count - 1,
            (Some(at), false) => (at + 1) % count,
            (Some(at), true) => (at + count - 1) % count,
        };
        self.at = Some(at);
        &self.candidates[at]
    }

    /// How many candidates there are, and which is shown.
    pub(crate) fn candidates(&self) -> (&[String], Option<usize>) {
        (&self.candidates, self.at)
    }
}

fn arguments(command: &str, word: &str, known: &Known<'_>) -> Vec<String> {
    match command {
        "join" | "leave" | "part" | "room" | "members" | "who" | "rooms" | "list" | "get_rooms" => {
            rooms(word, known, " ")
        }
        "help" => commands(&format!("/{}", word.trim_start_matches('/')), known, ""),
        "history" if word.starts_with('@') => prefixed("@", word, &known.nicknames, " "),
        "history" => rooms(word, known, " "),
        _ if word.starts_with('#') => rooms(word, known, " "),
        _ => nicknames(word, known, " "),
    }
}

fn commands(word: &str, known: &Known<'_>, end: &str) -> Vec<String> {
    let mut names: Vec<&str> = COMMANDS.iter().map(|row| row.name).collect();
    names.extend(&known.commands);
    names.extend(COMMANDS.iter().flat_map(|row| row.aliases));
    let word = word.to_ascii_lowercase();
    let names = names.into_iter().filter(|name| name.starts_with(&word));
    names.map(|name| format!("{name}{end}")).collect()
}

fn rooms(word: &str, known: &Known<'_>, end: &str) -> Vec<String> {
    prefixed("#", word, &known.rooms, end)
}

fn nicknames(word: &str, known: &Known<'_>, end: &str) -> Vec<String> {
    if let Some(name) = word.strip_prefix('@') {
        return prefixed("@", name, &known.nicknames, end);
    }
    prefixed("", word, &known.nicknames, end)
}

fn prefixed(sign: &str, word: &str, names: &[&str], end: &str) -> Vec<String> {
    let word = NameKey::of(word.strip_prefix(sign).unwrap_or(word));
    let mut found: Vec<String> = Vec::new();
    for name in names.iter().filter(|name| NameKey::of(name).as_str().starts_with(word.as_str())) {
        let candidate = format!("{sign}{name}{end}");
        if !found.contains(&candidate) {
            found.push(candidate);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(before: &str) -> Vec<String> {
        let known = Known {
            nicknames: vec!["bob", "Barbara", "ann", "bob"],
            rooms: vec!["tea", "time"],
            commands: vec!["/find"],
        };
        let Some(mut completion) = Completion::of(before, &known) else {
            return Vec::new();
        };
        let count = completion.candidates().0.len();
        (0..count).map(|_| completion.turn(false).to_owned()).collect()
    }

    #[test]
    fn the_place_of_the_word_decides() {
        assert_eq!(turns("b"), ["bob: ", "Barbara: "]);
        assert_eq!(turns("hello B"), ["bob ", "Barbara "]);
        assert_eq!(turns("/dm a"), ["ann "]);
        assert_eq!(turns("/join t"), ["#tea ", "#time "]);
        assert_eq!(turns("/JOIN #ti"), ["#time "]);
        assert_eq!(turns("see #te"), ["#tea "]);
        assert_eq!(turns("/fi"), ["/find "]);
        assert_eq!(turns("/lea"), ["/leave "]);
        assert_eq!(turns("/help jo"), ["/join"]);
        assert_eq!(turns("/history @a"), ["@ann "]);
        assert_eq!(turns("hello @ba"), ["@Barbara "]);
        for nothing in ["", "x", "/zzz", "hello ", "//b"] {
            assert!(turns(nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn it_goes_round_both_ways() {
        let known = Known { nicknames: vec!["ann", "abe"], ..Known::default() };
        let mut one = Completion::of("a", &known).expect("two");
        assert_eq!(one.turn(true), "abe: ");
        assert_eq!(one.turn(false), "ann: ");
        assert_eq!(one.turn(true), "abe: ");
    }
}
