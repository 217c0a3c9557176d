//! Asks on the terminal for what the arguments left out.

use std::env;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use super::display::Display;
use super::file::Keys;
use super::{DEFAULT_SERVER, flags};

/// How often a wrong answer is asked for again.
const ATTEMPTS: u32 = 10;

/// What a session is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The server, as `HOST:PORT`.
    pub address: String,
    /// The nickname to log in with.
    pub nickname: String,
    /// Whether to come hidden.
    pub hidden: bool,
    /// Rooms to enter.
    pub rooms: Vec<String>,
    /// Where to keep what is said.
    pub log_directory: Option<PathBuf>,
    /// How the full screen is to be.
    pub display: Display,
}

/// Why there is nothing to start with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// Nobody can be asked.
    #[error("a nickname is needed: --nick NAME")]
    NoNickname,
    /// The answers ended, or were all wrong.
    #[error("no usable answer")]
    NoAnswer,
    /// The terminal failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Takes everything from `keys`; what is missing is asked for, where there is somebody to ask.
pub fn complete(keys: Keys, interactive: bool) -> Result<Setup, SetupError> {
    if !interactive {
        return from_keys(keys);
    }
    let user = env::var("USER").or_else(|_| env::var("LOGNAME")).ok();
    ask(keys, user.as_deref(), &mut io::stdin().lock(), &mut io::stderr())
}

/// Takes everything from `keys`; what is missing has its default, or is an error.
pub fn from_keys(keys: Keys) -> Result<Setup, SetupError> {
    Ok(Setup {
        display: Display::of(&keys),
        address: keys.server.unwrap_or_else(|| String::from(DEFAULT_SERVER)),
        nickname: keys.nick.ok_or(SetupError::NoNickname)?,
        hidden: keys.hidden.unwrap_or_default(),
        rooms: keys.join.unwrap_or_default(),
        log_directory: keys.log_directory,
    })
}

/// Asks for the address and the nickname where `keys` have none; `user` is the name of whoever
/// runs the program.
pub fn ask(
    mut keys: Keys,
    user: Option<&str>,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<Setup, SetupError> {
    if keys.server.is_none() && keys.nick.is_none() {
        let address = question("server", Some(DEFAULT_SERVER), flags::address, input, output)?;
        keys.server = Some(address);
    }
    if keys.nick.is_none() {
        let user = user.filter(|user| flags::nickname(user).is_ok());
        keys.nick = Some(question("nickname", user, flags::nickname, input, output)?);
    }
    from_keys(keys)
}

fn question(
    what: &str,
    default: Option<&str>,
    check: fn(&str) -> Result<String, String>,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<String, SetupError> {
    for _ in 0..ATTEMPTS {
        match default {
            Some(default) => write!(output, "{what} [{default}]: ")?,
            None => write!(output, "{what}: ")?,
        }
        output.flush()?;
        let mut answer = String::new();
        if input.read_line(&mut answer)? == 0 {
            break;
        }
        let answer = match (answer.trim(), default) {
            ("", Some(default)) => default,
            (answer, _) => answer,
        };
        match check(answer) {
            Ok(answer) => return Ok(answer),
            Err(why) => writeln!(output, "* {why}")?,
        }
    }
    Err(SetupError::NoAnswer)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Args;

    fn asked(arguments: &[&str], user: Option<&str>, typed: &str) -> (Option<Setup>, String) {
        let mut args = Args::parse_from([&["netcomm-client"], arguments].concat());
        args.flags.server = args.address.take();
        let mut output = Vec::new();
        let setup = ask(args.flags.keys(), user, &mut typed.as_bytes(), &mut output).ok();
        (setup, String::from_utf8(output).expect("questions are text"))
    }

    #[test]
    fn defaults_are_shown_and_taken_by_an_empty_answer() {
        let (setup, shown) = asked(&[], Some("ann"), "\n\n");
        let setup = setup.expect("two answers");
        assert_eq!(shown, "server [127.0.0.1:44444]: nickname [ann]: ");
        assert_eq!((&*setup.address, &*setup.nickname), (DEFAULT_SERVER, "ann"));
    }

    #[test]
    fn a_wrong_answer_is_asked_for_again_and_no_answer_is_an_error() {
        let (setup, shown) = asked(&["host:1"], Some("not a name"), "\ntwo words\nbob\n");
        assert_eq!(setup.expect("the third will do").nickname, "bob");
        assert_eq!(shown.matches("nickname: ").count(), 3, "{shown}");
        assert_eq!(asked(&[], None, "host:1\n").0, None);
    }

    #[test]
    fn nothing_is_asked_where_everything_is_given() {
        let (setup, shown) = asked(&["[::1]:7", "--nick", "bob", "--join", "#a"], None, "");
        assert_eq!(shown, "");
        assert_eq!(setup.expect("all is there").rooms, ["a"]);
    }
}
