//! Keeps what is said, in a file for each conversation.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use jiff::Timestamp;
use netcomm_core::client::{Answer, ConversationName, Event, Session};
use netcomm_core::name::NameKey;
use netcomm_core::text::Shown;
use netcomm_core::time::UnixMillis;
use netcomm_core::wire::{Conversation, ConversationKind, RequestId};

/// Writes what is said to files that nobody but their owner may read.
///
/// Each line has a time in UTC, the author and the text, without anything that could disturb a
/// screen or pass for another line.
#[derive(Clone, Debug)]
pub struct Logs {
    directory: PathBuf,
    /// What one has said and is not answered.
    posts: BTreeMap<RequestId, (ConversationName, String)>,
}

impl Logs {
    /// Logs in `directory`, which is made where there is none.
    pub fn open(directory: PathBuf) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        Ok(Self { directory, posts: BTreeMap::new() })
    }

    /// Takes note of what `session` was asked to say. To be called after each post, before the
    /// next event.
    pub fn posted(&mut self, session: &Session) {
        for (id, conversation, text) in session.posts() {
            self.posts.entry(id).or_insert_with(|| (conversation.into(), text.into()));
        }
    }

    /// Keeps what `event` says that was said, by others or oneself, and what is missing. Other
    /// events are no part of a conversation. `nickname` is one's own.
    pub fn event(&mut self, nickname: &str, event: &Event) -> io::Result<()> {
        match event {
            Event::Message { conversation, time, author, text, .. } => {
                self.said(conversation.as_ref(), *time, author, text)
            }
            Event::Answered { id, answer } => match (self.posts.remove(id), answer) {
                (Some((conversation, text)), Answer::Posted { time, .. }) => {
                    self.said(conversation.as_ref(), *time, nickname, &text)
                }
                _ => Ok(()),
            },
            Event::Unknown { id, conversation, text } => {
                self.posts.remove(id);
                let words = format!("* not known whether this arrived: {}", Shown::line(text));
                self.line(conversation.as_ref(), Timestamp::now(), &words)
            }
            Event::Gone { conversation, first, last } => {
                let words = format!("* messages {first} to {last} are missing");
                self.line(conversation.as_ref(), Timestamp::now(), &words)
            }
            Event::Restarted { conversation } => {
                self.line(conversation.as_ref(), Timestamp::now(), "* the conversation began anew")
            }
            _ => Ok(()),
        }
    }

    /// Keeps a message.
    fn said(
        &self,
        conversation: Conversation<'_>,
        time: UnixMillis,
        author: &str,
        text: &str,
    ) -> io::Result<()> {
        let time =
            i64::try_from(time.0).ok().and_then(|time| Timestamp::from_millisecond(time).ok());
        let line = format!("<{}> {}", Shown::line(author), Shown::line(text));
        self.line(conversation, time.unwrap_or(Timestamp::MAX), &line)
    }

    fn line(&self, of: Conversation<'_>, time: Timestamp, line: &str) -> io::Result<()> {
        let path = self.directory.join(file_name(of));
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        // In one piece: other programs may write to the same file.
        file.write_all(format!("{time:.0} {line}\n").as_bytes())
    }
}

/// The name of a conversation's file: one for all spellings of a name that mean the same, and for
/// no two that differ.
fn file_name(of: Conversation<'_>) -> String {
    let mut name = String::from(match of.kind {
        ConversationKind::EVERYONE => "everyone",
        ConversationKind::ROOM => "room-",
        ConversationKind::PRIVATE => "user-",
        _ => "other-",
    });
    let key = NameKey::of(of.name);
    for byte in key.as_str().bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            _ => name.extend(['%', hex(byte >> 4), hex(byte & 15)]),
        }
    }
    // A file's name has at most 255 bytes; those of names that are this long are told apart by all
    // of their bytes, in short.
    if name.len() > LONGEST {
        let sum = key.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        name.truncate(LONGEST);
        name = format!("{name}%{sum:016x}");
    }
    name + ".log"
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16).unwrap_or_default()
}

/// The longest beginning of a file's name that says what a conversation is called.
const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let directory = std::env::temp_dir();
        directory.join(format!("netcomm-logs-{}-{name}", std::process::id()))
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    }

    #[test]
    fn what_is_said_is_one_line_in_a_file_of_ones_own() {
        let directory = scratch("said");
        let logs = Logs::open(directory.clone()).expect("a directory");
        let room = Conversation::room("Tea");
        logs.said(room, UnixMillis(0), "ann", "one\n* two\x1b[2J").expect("a file");
        logs.said(Conversation::room("tea"), UnixMillis(999), "bob", "three").expect("a file");
        let path = directory.join("room-tea.log");
        let kept = fs::read_to_string(&path).expect("the file");
        let modes = (mode(&path), mode(&directory));
        fs::remove_dir_all(&directory).expect("it is one's own");
        assert_eq!(modes, (0o600, 0o700));
        assert_eq!(
            kept,
            "1970-01-01T00:00:00Z <ann> one\\u{a}* two\\u{1b}[2J\n\
             1970-01-01T00:00:00Z <bob> three\n"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn file_names_are_safe_and_tell_names_apart(one in "\\PC{0,64}", other in "\\PC{0,64}") {
            let (first, second) = (Conversation::room(&one), Conversation::room(&other));
            let name = file_name(first);
            prop_assert!(name.len() <= 255);
            prop_assert!(name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/'));
            let same = NameKey::of(&one) == NameKey::of(&other);
            prop_assert_eq!(name == file_name(second), same);
            prop_assert_ne!(&name, &file_name(Conversation::private(&one)));
        }
    }
}
