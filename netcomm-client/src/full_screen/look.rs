//! How things are shown: colours, characters, times.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ratatui::style::{Color, Modifier, Style};

use crate::line::colour;
use crate::settings::locale::says_utf_8;

/// How many colours there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// None, but bold, dim and reversed.
    Mono,
    /// The sixteen whose shades the terminal chooses.
    Sixteen,
    /// The table of 256.
    Indexed,
    /// All of them.
    True,
}

/// What the terminal can show, and how it is to be.
#[derive(Clone, Debug)]
pub struct Look {
    /// How many colours.
    pub depth: Depth,
    /// Whether nothing but ASCII can be shown.
    pub ascii: bool,
    /// Where times are.
    pub zone: TimeZone,
    /// Whether nicknames have no column of their own.
    pub compact: bool,
}

/// What a piece of a row is, and so how it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Plain,
    /// Times, lines between things.
    Dim,
    /// The name of somebody.
    Name(Box<str>),
    /// Where something was said.
    Place,
    /// A message in which one is mentioned.
    Mention,
    /// An own message that is not accepted yet.
    Pending,
    /// What the program says.
    System,
    /// What did not work.
    Trouble,
    /// The line above what is new.
    Unread,
    /// What the search has found.
    Found,
    /// Bars at the top and above the input.
    Bar,
    /// A part of a bar that calls for attention.
    Alert,
    /// The conversation that is shown.
    Current,
}

impl Look {
    /// Reads it off the environment, which `variable` gives.
    #[must_use]
    pub fn of(variable: impl Fn(&str) -> Option<String>, zone: TimeZone) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or_default();
        let is_true = set("COLORTERM").is_some_and(|it| it == "truecolor" || it == "24bit");
        let depth = if set("NO_COLOR").is_some() || term.starts_with("vt1") || term.ends_with("-m")
        {
            Depth::Mono
        } else if is_true || term.ends_with("-direct") {
            Depth::True
        } else if term.contains("256color") {
            Depth::Indexed
        } else {
            Depth::Sixteen
        };
        let ascii = !says_utf_8(variable);
        Self { depth, ascii, zone, compact: false }
    }

    /// How a role is drawn.
    pub(crate) fn style(&self, role: &Role) -> Style {
        let plain = Style::new();
        let coloured = |colour: Color| {
            if self.depth == Depth::Mono { plain } else { plain.fg(colour) }
        };
        match role {
            Role::Plain => plain,
            Role::Dim => plain.add_modifier(Modifier::DIM),
            Role::Name(name) => self.name(name),
            Role::Place => plain.add_modifier(Modifier::BOLD),
            Role::Mention => coloured(Color::Magenta).add_modifier(Modifier::BOLD),
            Role::Pending => plain.add_modifier(Modifier::DIM | Modifier::ITALIC),
            Role::System => coloured(Color::Cyan),
            Role::Trouble | Role::Unread => coloured(Color::Red).add_modifier(Modifier::BOLD),
            Role::Found | Role::Current | Role::Bar => plain.add_modifier(Modifier::REVERSED),
            Role::Alert => plain.add_modifier(Modifier::REVERSED | Modifier::BOLD),
        }
    }

    fn name(&self, name: &str) -> Style {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let index = colour::index_of(name);
        match self.depth {
            Depth::Mono => bold,
            Depth::Sixteen => bold.fg(SIXTEEN[index % SIXTEEN.len()]),
            Depth::Indexed => bold.fg(Color::Indexed(colour::PALETTE[index])),
            Depth::True => {
                let [red, green, blue] = rgb(colour::PALETTE[index]);
                bold.fg(Color::Rgb(red, green, blue))
            }
        }
    }

    /// `09:05`, where the time is one.
    pub(crate) fn minute(&self, millis: u64) -> String {
        self.zoned(millis)
            .map_or_else(|| String::from("--:--"), |time| time.strftime("%H:%M").to_string())
    }

    /// The day of a time.
    pub(crate) fn day(&self, millis: u64) -> Option<Date> {
        self.zoned(millis).map(|time| time.date())
    }

    fn zoned(&self, millis: u64) -> Option<jiff::Zoned> {
        let millis = i64::try_from(millis).ok()?;
        let time = Timestamp::from_millisecond(millis).ok()?;
        Some(time.to_zoned(self.zone.clone()))
    }

    /// A line across.
    pub(crate) const fn horizontal(&self) -> char {
        if self.ascii { '-' } else { '─' }
    }

    /// A line down.
    pub(crate) const fn vertical(&self) -> &'static str {
        if self.ascii { "|" } else { "│" }
    }
}

/// Those of the sixteen that can be read on black and on white.
const SIXTEEN: [Color; 6] =
    [Color::Red, Color::Green, Color::Blue, Color::Magenta, Color::Cyan, Color::LightRed];

/// A colour of the 6 × 6 × 6 cube in red, green and blue.
fn rgb(colour: u8) -> [u8; 3] {
    let cube = colour.saturating_sub(16);
    let levels = [0, 95, 135, 175, 215, 255];
    [cube / 36, cube / 6 % 6, cube % 6].map(|level| levels[usize::from(level.min(5))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(variables: &[(&str, &str)]) -> Look {
        let variable = |name: &str| {
            let found = variables.iter().find(|(one, _)| *one == name);
            found.map(|(_, value)| String::from(*value))
        };
        Look::of(variable, TimeZone::UTC)
    }

    #[test]
    fn the_environment_says_what_can_be_shown() {
        for (variables, depth) in [
            (&[("TERM", "xterm")][..], Depth::Sixteen),
            (&[("TERM", "xterm-256color")], Depth::Indexed),
            (&[("TERM", "xterm"), ("COLORTERM", "truecolor")], Depth::True),
            (&[("TERM", "xterm"), ("COLORTERM", "truecolor"), ("NO_COLOR", "1")], Depth::Mono),
            (&[("TERM", "xterm"), ("NO_COLOR", "")], Depth::Sixteen),
            (&[("TERM", "vt100")], Depth::Mono),
        ] {
            assert_eq!(look(variables).depth, depth, "{variables:?}");
        }
        assert!(look(&[]).ascii && look(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]).ascii);
        assert!(!look(&[("LC_ALL", ""), ("LANG", "C.UTF-8")]).ascii);
        assert!(!look(&[("LC_CTYPE", "en_GB.utf8")]).ascii);
    }

    #[test]
    fn without_colours_there_are_none() {
        let look = look(&[("NO_COLOR", "1")]);
        for role in [Role::Name("ann".into()), Role::Mention, Role::Trouble, Role::System] {
            assert_eq!((look.style(&role).fg, look.style(&role).bg), (None, None), "{role:?}");
        }
    }
}
