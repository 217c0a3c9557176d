//! The netcomm chat client: sockets, threads and rendering around `netcomm_core`'s session.

pub mod args;
pub mod driver;
pub mod exit;
pub mod full_screen;
pub mod line;
pub mod script;
pub mod settings;

use std::fmt::Display;
use std::io::{self, IsTerminal};

use anstream::{AutoStream, ColorChoice};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use args::Args;
use line::Look;
use line::page::Page;
use settings::Settings;
use settings::locale;
use settings::setup::{self, Setup};

/// Runs the program; gives its exit code.
#[must_use]
pub fn run(mut args: Args) -> u8 {
    args.flags.server = args.address.take().or(args.flags.server);
    if let Some(code) = args.command.as_ref().and_then(|command| script::offline(command, &args)) {
        return code;
    }
    let keys = match Settings::load(&args.flags) {
        Ok(settings) => settings.keys,
        Err(error) => return failed(&error, exit::USAGE),
    };
    let interactive = args.command.is_none() && io::stdin().is_terminal();
    let plain = keys.plain.unwrap_or_default();
    let done = match (setup::complete(keys, interactive), &args.command) {
        (Err(error), _) => return failed(&error, exit::USAGE),
        (Ok(setup), Some(command)) => script::run(command, setup),
        (Ok(setup), None) if full_screen::wanted(plain) => {
            return full_screen::start(setup);
        }
        (Ok(setup), None) => talk(setup, interactive, plain),
    };
    done.unwrap_or_else(|error| failed(&error, exit::TROUBLE))
}

/// Talks line by line.
fn talk(setup: Setup, interactive: bool, plain: bool) -> io::Result<u8> {
    let colours = !plain && AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    let look = Look {
        page: page(colours),
        interactive,
        kept: !io::stdout().is_terminal(),
        width: screen_width,
    };
    line::run(setup, look, getrandom::u64()?, io::stdout().lock())
}

/// Lines for standard output.
fn page(colours: bool) -> Page {
    let page = Page::new(TimeZone::system(), Timestamp::now(), colours);
    let is_exact = locale::is_utf_8() || !io::stdout().is_terminal();
    if is_exact { page } else { page.in_ascii() }
}

fn failed(error: &dyn Display, code: u8) -> u8 {
    anstream::eprintln!("netcomm-client: {error}");
    code
}

/// The columns of standard output, where it is a terminal.
fn screen_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then(|| usize::from(size.ws_col))
}
