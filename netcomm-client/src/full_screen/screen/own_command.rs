//! Commands that only the full screen has.

use std::fmt;

/// A command that is not for the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnCommand {
    /// With its slash.
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static str,
    pub(crate) help: &'static str,
}

/// All of them.
pub(crate) const OWN_COMMANDS: &[OwnCommand] = &[
    row("/query", "<nick>", "open the private conversation with somebody"),
    row("/close", "", "close this conversation; a room is left"),
    row("/find", "[words]", "find in what was said here, as Ctrl-r"),
    row("/mentions", "", "what mentioned you, as Alt-m"),
    row("/keys", "", "the keys, as F1"),
    row("/redraw", "", "draw the screen anew, as Ctrl-l"),
];

const fn row(name: &'static str, arguments: &'static str, help: &'static str) -> OwnCommand {
    OwnCommand { name, arguments, help }
}

impl OwnCommand {
    /// The command of this name, with or without its slash.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        let name = name.strip_prefix('/').unwrap_or(name);
        OWN_COMMANDS.iter().find(|row| row.name[1..].eq_ignore_ascii_case(name))
    }

    /// How it is typed.
    pub(crate) fn usage(&self) -> String {
        format!("{} {}", self.name, self.arguments).trim_end().into()
    }
}

impl fmt::Display for OwnCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.usage(), self.help)
    }
}
