//! Asks on the terminal for what the arguments left out.

use std::io::{self, BufRead, Write};

use crate::args::{self, Args, DEFAULT_ADDRESS};

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

/// Takes everything from `args`; what is missing has its default, or is an error.
pub fn from_args(args: Args) -> Result<Setup, SetupError> {
    Ok(Setup {
        address: args.address.unwrap_or_else(|| String::from(DEFAULT_ADDRESS)),
        nickname: args.nick.ok_or(SetupError::NoNickname)?,
        hidden: args.hidden,
        rooms: args.join,
    })
}

/// Asks for the address and the nickname where `args` have none; `user` is the name of whoever
/// runs the program.
pub fn ask(
    mut args: Args,
    user: Option<&str>,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<Setup, SetupError> {
    if args.address.is_none() && args.nick.is_none() {
        let address = question("server", Some(DEFAULT_ADDRESS), args::address, input, output)?;
        args.address = Some(address);
    }
    if args.nick.is_none() {
        let user = user.filter(|user| args::nickname(user).is_ok());
        args.nick = Some(question("nickname", user, args::nickname, input, output)?);
    }
    from_args(args)
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

    fn asked(arguments: &[&str], user: Option<&str>, typed: &str) -> (Option<Setup>, String) {
        let args = Args::parse_from([&["netcomm-client"], arguments].concat());
        let mut output = Vec::new();
        let setup = ask(args, user, &mut typed.as_bytes(), &mut output).ok();
        (setup, String::from_utf8(output).expect("questions are text"))
    }

    #[test]
    fn defaults_are_shown_and_taken_by_an_empty_answer() {
        let (setup, shown) = asked(&[], Some("ann"), "\n\n");
        let setup = setup.expect("two answers");
        assert_eq!(shown, "server [127.0.0.1:44444]: nickname [ann]: ");
        assert_eq!((&*setup.address, &*setup.nickname), (DEFAULT_ADDRESS, "ann"));
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
