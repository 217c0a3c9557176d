//! What becomes of a line that was typed.

use netcomm_core::command::{self, Command, Line};
use netcomm_core::wire::Conversation as Address;

use super::conversation::Key;
use super::own_command::{OWN_COMMANDS, OwnCommand};
use super::{Connection, Mode, Screen, Wish};
use crate::exit;

impl Screen {
    /// The line in the input is to be sent.
    pub(crate) fn enter(&mut self) {
        let line = self.current_mut().input.take();
        if self.is_warned_of(&line) {
            self.current_mut().input.insert(&line);
            return;
        }
        self.recall.add(&line);
        self.submit(&line);
    }

    /// Whoever is hidden is told once that a text shows its author, before it is said.
    pub(super) fn is_warned_of(&mut self, line: &str) -> bool {
        let says = line.contains('\n')
            || matches!(
                command::parse(line),
                Ok(Line::Text(_)
                    | Line::Command(
                        Command::Broadcast(_) | Command::Private { .. } | Command::Room { .. }
                    ))
            );
        if !says || !self.hidden || self.warned {
            return false;
        }
        self.warned = true;
        let words = "you are hidden, but this would show your name; the same key again says it";
        self.notice = Some(String::from(words));
        true
    }

    /// A line that is meant.
    pub(crate) fn submit(&mut self, line: &str) {
        if self.connection == Connection::Naming {
            let nickname = match command::parse(line) {
                Ok(Line::Command(Command::Nick(nickname))) => nickname,
                Ok(Line::Command(Command::Quit)) => {
                    self.wishes.push_back(Wish::Quit(exit::OK));
                    return;
                }
                _ => line.trim(),
            };
            self.wishes.push_back(Wish::Nickname(nickname.into()));
            return;
        }
        if line.trim().is_empty() || self.own_command(line) {
            return;
        }
        match command::parse(line) {
            Ok(Line::Text(text)) => self.say_here(text),
            Ok(Line::Command(command)) => self.command(command, line),
            Ok(_) => self.refuse(line, "this version does not know it"),
            Err(why) => self.refuse(line, &why.to_string()),
        }
    }

    /// Says each line as it stands: what was pasted is no command.
    pub(super) fn say_lines(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            if self.connection == Connection::Naming {
                return self.submit(line);
            }
            self.say_here(line);
        }
    }

    /// Says `text` in the conversation that is shown.
    fn say_here(&mut self, text: &str) {
        let place = self.current_place();
        if self.current().key == Key::Mentions {
            self.refuse(text, "this is a list: switch to a conversation to say something");
        } else {
            self.say(place, text);
        }
    }

    fn say(&mut self, place: super::Place, text: &str) {
        let entry = self.write_own(place, text);
        if let Some(conversation) = self.at_mut(place) {
            conversation.follow();
        }
        self.wishes.push_back(Wish::Say { place, entry, text: text.into() });
    }

    fn command(&mut self, command: Command<'_>, line: &str) {
        let address = match command {
            Command::Quit => return self.wishes.push_back(Wish::Quit(exit::OK)),
            Command::Help(topic) => return self.help(topic),
            Command::Broadcast(_) => Some(Address::EVERYONE),
            Command::Private { nickname, .. } => Some(Address::private(nickname)),
            Command::Room { room, .. } => Some(Address::room(room)),
            _ => None,
        };
        let text = match command {
            Command::Broadcast(text)
            | Command::Private { text, .. }
            | Command::Room { text, .. } => text,
            _ => "",
        };
        if let Some(address) = address {
            // Where it is said is shown, so that one sees what comes of it.
            let place = self.open(address);
            self.switch_to(place);
            return self.say(place, text);
        }
        let place = self.current_place();
        self.wishes.push_back(Wish::Command { place, line: line.into() });
    }

    /// Commands that the full screen does by itself; whether it was one.
    fn own_command(&mut self, line: &str) -> bool {
        let (name, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let rest = rest.trim();
        match name.to_ascii_lowercase().as_str() {
            "/query" if rest.is_empty() => self.refuse(line, "usage: /query <nick>"),
            "/query" => match crate::settings::flags::nickname(rest.trim_start_matches('@')) {
                Ok(nickname) => self.query(&nickname),
                Err(why) => self.refuse(line, &why),
            },
            "/close" => self.close_current(),
            "/find" => self.search(rest),
            "/mentions" => self.switch_to_mentions(),
            "/keys" => self.mode = Mode::Help(0),
            "/redraw" => self.wishes.push_back(Wish::Redraw),
            _ => return false,
        }
        true
    }

    fn close_current(&mut self) {
        let place = self.current_place();
        let current = self.current();
        let waiting = current.own_waiting();
        if waiting > 0 && !current.is_everyone() {
            let messages = if waiting == 1 { "a message" } else { "messages" };
            let words = format!("not closed: {messages} of yours here must be sent first");
            self.notice = Some(words);
        } else if current.is_entered() {
            let line = format!("/leave {}", current.name);
            self.wishes.push_back(Wish::Command { place, line });
        } else if current.is_everyone() {
            self.notice = Some(String::from("the conversation of everyone stays open"));
        } else {
            self.close(place);
        }
    }

    fn help(&mut self, topic: Option<&str>) {
        let place = self.current_place();
        self.current_mut().follow();
        let own = topic.and_then(OwnCommand::named);
        let of_server = match (own, command::help(topic)) {
            (Some(_), _) => &[],
            (None, Ok(rows)) => rows,
            (None, Err(why)) => {
                return self.refuse(topic.unwrap_or_default(), &why.to_string());
            }
        };
        for row in of_server {
            let mut words = format!("{} {}", row.name, row.arguments).trim_end().to_owned();
            words.push_str(": ");
            words.push_str(row.help);
            if !row.aliases.is_empty() {
                words.push_str("; also ");
                words.push_str(&row.aliases.join(", "));
            }
            self.say_system(place, &words);
        }
        let all = if topic.is_none() { OWN_COMMANDS } else { &[] };
        for row in own.into_iter().chain(all) {
            self.say_system(place, &row.to_string());
        }
        if topic.is_none() {
            self.say_system(place, "F1 explains the keys");
        }
    }

    /// A line cannot be done.
    pub(crate) fn refuse(&mut self, line: &str, why: &str) {
        const BEGINNING: usize = 32;
        let mut beginning: String = line.chars().take(BEGINNING).collect();
        if beginning.len() < line.len() {
            beginning.push('…');
        }
        self.current_mut().follow();
        let place = self.current_place();
        self.say_trouble(place, &format!("refused: {beginning:?}: {why}"));
    }
}
