//! The netcomm chat client: sockets, threads and rendering around `netcomm_core`'s session.

pub mod args;
pub mod driver;
pub mod exit;
pub mod full_screen;
pub mod line;
pub mod setup;

use std::env;
use std::io::{self, IsTerminal};

use anstream::{AutoStream, ColorChoice};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use args::Args;
use line::Look;
use line::page::Page;
use setup::SetupError;

/// Runs the program; gives its exit code.
pub fn run(args: Args) -> u8 {
    let interactive = io::stdin().is_terminal();
    let plain = args.plain;
    let full_screen = full_screen::wanted(&args);
    let setup = if interactive {
        let user = env::var("USER").or_else(|_| env::var("LOGNAME")).ok();
        setup::ask(args, user.as_deref(), &mut io::stdin().lock(), &mut io::stderr())
    } else {
        setup::from_args(args)
    };
    let setup = match setup {
        Ok(setup) => setup,
        Err(error @ (SetupError::NoNickname | SetupError::NoAnswer | SetupError::Io(_))) => {
            anstream::eprintln!("netcomm-client: {error}");
            return exit::USAGE;
        }
    };
    if let Some(options) = full_screen {
        return full_screen::start(setup, options);
    }
    let colours = !plain && AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    let look = Look {
        page: Page::new(TimeZone::system(), Timestamp::now(), colours),
        interactive,
        kept: !io::stdout().is_terminal(),
        width: screen_width,
    };
    let done = getrandom::u64()
        .map_err(io::Error::from)
        .and_then(|seed| line::run(setup, look, seed, io::stdout().lock()));
    done.unwrap_or_else(|error| {
        anstream::eprintln!("netcomm-client: {error}");
        exit::TROUBLE
    })
}

/// The columns of standard output, where it is a terminal.
fn screen_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then(|| usize::from(size.ws_col))
}
