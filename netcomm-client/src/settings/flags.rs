//! The settings as flags and as variables of the environment.

use std::path::PathBuf;

use clap::Args;
use netcomm_core::name::{Nickname, RoomName};

use super::display::LEAST_SCROLLBACK;
use super::file::Keys;

/// Settings that were given as flags, or as variables.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Settings")]
pub struct Flags {
    /// The server: a host name or address, and a port [default: 127.0.0.1:44444]
    #[arg(long, global = true, value_name = "ADDR:PORT", env = "NETCOMM_SERVER", value_parser = address)]
    pub server: Option<String>,

    /// The nickname to log in with; asked for on a terminal
    #[arg(long, global = true, value_name = "NAME", env = "NETCOMM_NICK", value_parser = nickname)]
    pub nick: Option<String>,

    /// Come hidden: nobody sees you until /reveal, but what you say shows your name
    #[arg(long, global = true, env = "NETCOMM_HIDDEN", value_name = "BOOL",
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub hidden: Option<bool>,

    /// A room to enter after the login, made if there is none; may be given more than once
    #[arg(long, global = true, value_name = "ROOM", env = "NETCOMM_JOIN", value_delimiter = ' ',
        value_parser = room)]
    pub join: Vec<String>,

    /// Plain lines, without colours and without a full screen, even on a terminal
    #[arg(long, global = true, env = "NETCOMM_PLAIN", value_name = "BOOL",
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub plain: Option<bool>,

    /// Keep what is said in this directory, a file for each conversation (not with a command)
    #[arg(long, global = true, value_name = "DIRECTORY", env = "NETCOMM_LOG_DIRECTORY")]
    pub log_directory: Option<PathBuf>,

    /// Read the settings from this file; `config` says where it is looked for else
    #[arg(long, global = true, value_name = "FILE", env = "NETCOMM_CLIENT_CONFIG")]
    pub config: Option<PathBuf>,

    /// Take the settings of this profile in the file
    #[arg(long, global = true, value_name = "NAME", env = "NETCOMM_PROFILE")]
    pub profile: Option<String>,

    /// How many messages the full screen keeps, in all conversations together; at least 100
    /// [default: 100000]
    #[arg(long, value_name = "N", env = "NETCOMM_SCROLLBACK", help_heading = FULL_SCREEN,
        value_parser = scrollback)]
    pub scrollback: Option<usize>,

    /// A word that counts as a mention, as your nickname does; may be given more than once
    #[arg(long, value_name = "WORD", env = "NETCOMM_MENTION", help_heading = FULL_SCREEN,
        value_delimiter = ' ', value_parser = word)]
    pub mention: Vec<String>,

    /// Whether to ring for mentions and private messages [default: true]
    #[arg(long, env = "NETCOMM_BELL", value_name = "BOOL", help_heading = FULL_SCREEN,
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub bell: Option<bool>,

    /// No column for nicknames, however wide the window is
    #[arg(long, env = "NETCOMM_COMPACT", value_name = "BOOL", help_heading = FULL_SCREEN,
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub compact: Option<bool>,
}

const FULL_SCREEN: &str = "Settings of the full screen";

impl Flags {
    /// The keys that were given.
    #[must_use]
    pub fn keys(&self) -> Keys {
        Keys {
            server: self.server.clone(),
            nick: self.nick.clone(),
            hidden: self.hidden,
            join: Some(self.join.clone()).filter(|join| !join.is_empty()),
            plain: self.plain,
            log_directory: self.log_directory.clone(),
            scrollback: self.scrollback,
            mention: Some(self.mention.clone()).filter(|mention| !mention.is_empty()),
            bell: self.bell,
            compact: self.compact,
        }
    }
}

/// Checks a server.
pub fn address(typed: &str) -> Result<String, String> {
    let (host, port) = typed.rsplit_once(':').ok_or("a port is needed: ADDR:PORT")?;
    if host.is_empty() {
        return Err(String::from("a host is needed: ADDR:PORT"));
    }
    port.parse::<u16>().map_err(|error| format!("the port {port:?}: {error}"))?;
    Ok(String::from(typed))
}

/// Checks a nickname.
pub fn nickname(typed: &str) -> Result<String, String> {
    Nickname::new(typed).map(|name| name.to_string()).map_err(|error| error.to_string())
}

/// Checks a room's name, with or without its `#`.
pub fn room(typed: &str) -> Result<String, String> {
    RoomName::new(typed.strip_prefix('#').unwrap_or(typed))
        .map(|name| name.to_string())
        .map_err(|error| error.to_string())
}

/// Checks a word that is to be found in texts.
pub fn word(typed: &str) -> Result<String, String> {
    if typed.trim().is_empty() {
        return Err(String::from("a word is needed"));
    }
    Ok(String::from(typed))
}

/// Checks how many messages are to be kept.
pub fn at_least(scrollback: usize) -> Result<usize, String> {
    if scrollback < LEAST_SCROLLBACK {
        return Err(format!("at least {LEAST_SCROLLBACK} messages are kept"));
    }
    Ok(scrollback)
}

fn scrollback(typed: &str) -> Result<usize, String> {
    typed.parse().map_err(|error| format!("{error}")).and_then(at_least)
}
