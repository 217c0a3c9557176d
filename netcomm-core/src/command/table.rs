//! Every command, and the help made from it.

use core::fmt;

use super::arguments::{Arguments, Malformed};
use super::{Command, CommandError, MAX_COUNT};

/// A row of the table. Displays as one line of help, aligned with the others.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CommandInfo {
    /// The name, with its slash.
    pub name: &'static str,
    /// Other names, with their slashes.
    pub aliases: &'static [&'static str],
    /// What to write after the name.
    pub arguments: &'static str,
    /// What it does, in a line.
    pub help: &'static str,
    pub(super) read: for<'a> fn(&mut Arguments<'a>) -> Result<Command<'a>, Malformed>,
}

/// Every command.
pub const COMMANDS: &[CommandInfo] = &[
    CommandInfo {
        name: "/members",
        aliases: &["/who"],
        arguments: "[room] [from]",
        help: "who is here, or in a room",
        read: |arguments| {
            Ok(Command::Members {
                room: arguments.room_or_any()?,
                from: if arguments.is_empty() { "" } else { arguments.nickname()? },
            })
        },
    },
    CommandInfo {
        name: "/broadcast",
        aliases: &["/all"],
        arguments: "<text>",
        help: "say something to everyone",
        read: |arguments| arguments.text().map(Command::Broadcast),
    },
    CommandInfo {
        name: "/dm",
        aliases: &["/msg", "/w"],
        arguments: "<nick> <text>",
        help: "say something to one user",
        read: |arguments| {
            Ok(Command::Private { nickname: arguments.nickname()?, text: arguments.text()? })
        },
    },
    CommandInfo {
        name: "/create_room",
        aliases: &["/create"],
        arguments: "<room>",
        help: "make a room, own it and enter it",
        read: |arguments| arguments.room().map(Command::CreateRoom),
    },
    CommandInfo {
        name: "/get_rooms",
        aliases: &["/rooms", "/list"],
        arguments: "[from]",
        help: "the rooms, from a name on",
        read: |arguments| {
            Ok(Command::Rooms(if arguments.is_empty() { "" } else { arguments.room()? }))
        },
    },
    CommandInfo {
        name: "/join",
        aliases: &[],
        arguments: "<room>",
        help: "enter a room, and talk there from now on",
        read: |arguments| arguments.room().map(Command::Join),
    },
    CommandInfo {
        name: "/leave",
        aliases: &["/part"],
        arguments: "<room>",
        help: "leave a room",
        read: |arguments| arguments.room().map(Command::Leave),
    },
    CommandInfo {
        name: "/room",
        aliases: &[],
        arguments: "<room> <text>",
        help: "say something in one room",
        read: |arguments| Ok(Command::Room { room: arguments.room()?, text: arguments.text()? }),
    },
    CommandInfo {
        name: "/hide",
        aliases: &[],
        arguments: "",
        help: "become absent to others",
        read: |_| Ok(Command::Hide),
    },
    CommandInfo {
        name: "/reveal",
        aliases: &[],
        arguments: "",
        help: "come back to others",
        read: |_| Ok(Command::Reveal),
    },
    CommandInfo {
        name: "/nick",
        aliases: &[],
        arguments: "<nickname>",
        help: "take another nickname",
        read: |arguments| arguments.nickname().map(Command::Nick),
    },
    CommandInfo {
        name: "/history",
        aliases: &[],
        arguments: "[conversation] [1-100] [before]",
        help: "the last so many messages, or those before a number",
        read: |arguments| {
            let conversation = arguments.conversation()?;
            let count = arguments.number(1..=u64::from(MAX_COUNT))?;
            Ok(Command::History {
                conversation,
                count: count.and_then(|count| u32::try_from(count).ok()),
                before: arguments.number(2..=u64::MAX)?,
            })
        },
    },
    CommandInfo {
        name: "/help",
        aliases: &[],
        arguments: "[command]",
        help: "the commands, or one of them",
        read: |arguments| Ok(Command::Help(arguments.word())),
    },
    CommandInfo {
        name: "/quit",
        aliases: &["/exit"],
        arguments: "",
        help: "end the session",
        read: |_| Ok(Command::Quit),
    },
];

/// The rows that `/help` shows: all of them, or the one that is called `name`, with or without
/// the slash. Each displays as one line.
///
/// ```
/// use netcomm_core::command;
///
/// for row in command::help(Some("dm"))? {
///     assert!(row.to_string().starts_with("/dm <nick> <text>"));
/// }
/// # Ok::<(), command::CommandError>(())
/// ```
pub fn help(name: Option<&str>) -> Result<&'static [CommandInfo], CommandError> {
    let Some(name) = name else {
        return Ok(COMMANDS);
    };
    find(name.strip_prefix('/').unwrap_or(name))
        .map(core::slice::from_ref)
        .ok_or(CommandError::Unknown)
}

/// The row of the command called `name`, without the slash.
pub(super) fn find(name: &str) -> Option<&'static CommandInfo> {
    let is_name =
        |full: &&str| full.strip_prefix('/').is_some_and(|full| full.eq_ignore_ascii_case(name));
    COMMANDS.iter().find(|row| is_name(&row.name) || row.aliases.iter().any(is_name))
}

/// A command as it is to be typed.
pub(super) const fn usage(name: &'static str, arguments: &'static str) -> Usage {
    Usage { name, arguments }
}

pub(super) struct Usage {
    name: &'static str,
    arguments: &'static str,
}

impl Usage {
    const fn len(&self) -> usize {
        match self.arguments.len() {
            0 => self.name.len(),
            length => self.name.len() + 1 + length,
        }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if self.arguments.is_empty() {
            return Ok(());
        }
        write!(f, " {}", self.arguments)
    }
}

impl fmt::Display for CommandInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usage = usage(self.name, self.arguments);
        let padding = HELP_COLUMN.saturating_sub(usage.len());
        write!(f, "{usage}{:padding$}{}", "", self.help)?;
        for (position, alias) in self.aliases.iter().enumerate() {
            f.write_str(if position == 0 { "; also " } else { ", " })?;
            f.write_str(alias)?;
        }
        Ok(())
    }
}

/// Where the words begin in a line of help: two columns after the longest usage.
const HELP_COLUMN: usize = {
    let mut column = 0;
    let mut row = 0;
    while row < COMMANDS.len() {
        let length = usage(COMMANDS[row].name, COMMANDS[row].arguments).len();
        if length > column {
            column = length;
        }
        row += 1;
    }
    column + 2
};
