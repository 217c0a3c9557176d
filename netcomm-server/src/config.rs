//! What the server is told: flags over environment over file over defaults.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand, ValueEnum};
use netcomm_core::limits::{Limits, TABLE};
use serde::Deserialize;

use crate::log;

/// Where it listens if nothing else is said.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:44444";

/// No more threads read than this.
pub const MOST_READERS: usize = 64;

/// The command line. Whatever is not given here is looked for in the environment.
#[derive(Debug, Parser)]
#[command(name = "netcomm-server", version, about = "The netcomm chat server")]
pub struct Args {
    /// Listen here, at each address of a name; may be given several times, and port 0 takes any
    /// free port (default: 127.0.0.1:44444; variable: `NETCOMM_LISTEN`, with commas)
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Vec<String>,
    /// Read with so many threads (default: half of the processors; variable: `NETCOMM_READERS`)
    #[arg(long, value_name = "NUMBER")]
    pub readers: Option<String>,
    /// Read the configuration from this file; variables win over it, flags over both (default: none; variable: `NETCOMM_CONFIG`)
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set a limit; `config` lists them with their defaults (variables: `NETCOMM_LIMIT_<NAME>`)
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    pub limits: Vec<String>,
    /// What to log: a level, or `module=level,…` (default: info; variable: `NETCOMM_LOG`)
    #[arg(long, value_name = "FILTER")]
    pub log: Option<String>,
    /// How to log (default: pretty; variable: `NETCOMM_LOG_FORMAT`)
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub log_format: Option<Format>,
    /// Log to this file (default: the standard error stream; variable: `NETCOMM_LOG_FILE`)
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// Log the texts of messages, too, at level debug (default: false; variable:
    /// `NETCOMM_LOG_CONTENT`)
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub log_content: Option<bool>,
    /// Instead of serving
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What else the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the default configuration, with every limit explained
    Config,
    /// Say whether a configuration file is right
    CheckConfig {
        /// The file
        file: PathBuf,
    },
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    #[default]
    Pretty,
    /// One JSON object per line.
    Json,
}

/// What is logged, how and where.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// A level, or `module=level,…`.
    pub filter: String,
    /// How lines look.
    pub format: Format,
    /// Where to; the standard error stream if absent.
    pub file: Option<PathBuf>,
    /// Whether texts of messages are logged.
    pub content: bool,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info".into(), format: Format::Pretty, file: None, content: false }
    }
}

/// The whole configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where to listen.
    pub listen: Vec<SocketAddr>,
    /// How many threads read what connections send: 1 to [`MOST_READERS`].
    pub readers: usize,
    /// The limits in force.
    pub limits: Limits,
    /// Whether somebody asked for as many connections as there are in `limits`. If nobody did, the
    /// server may lower them to what the system's open files allow.
    pub connections_are_set: bool,
    /// The log.
    pub log: LogConfig,
}

impl Default for Config {
    fn default() -> Self {
        let listen = DEFAULT_LISTEN.parse().into_iter().collect();
        let (limits, log) = Default::default();
        Self { listen, readers: default_readers(), limits, connections_are_set: false, log }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileConfig {
    listen: Option<Vec<String>>,
    readers: Option<usize>,
    #[serde(default)]
    limits: toml::Table,
    #[serde(default)]
    log: LogConfig,
}

impl Config {
    /// Puts the layers together. `env` is all variables; those of other programs are no matter. An
    /// error names the file, the variable or the flag that is wrong.
    pub fn from_args(
        args: &Args,
        env: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, String> {
        let ours = env.into_iter().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            Some((name.strip_prefix("NETCOMM_")?.to_lowercase(), name, value))
        });
        let env: Vec<_> = ours.collect();
        let named = env.iter().find(|(key, ..)| key == "config").map(|(.., file)| file.into());
        let mut config = match args.config.clone().or(named) {
            Some(path) => Self::from_file(&path)?,
            None => Self::default(),
        };
        for (key, name, value) in &env {
            config.set(key, value).map_err(at(name))?;
        }
        if !args.listen.is_empty() {
            config.set("listen", args.listen.join(",").as_ref()).map_err(at("--listen"))?;
        }
        if let Some(readers) = &args.readers {
            config.set("readers", readers.as_ref()).map_err(at("--readers"))?;
        }
        if let Some(filter) = &args.log {
            config.set("log", filter.as_ref()).map_err(at("--log"))?;
        }
        config.log.format = args.log_format.unwrap_or(config.log.format);
        config.log.file = args.log_file.clone().or(config.log.file);
        config.log.content = args.log_content.unwrap_or(config.log.content);
        for limit in &args.limits {
            let halves = limit.split_once('=').ok_or_else(|| "give it as NAME=VALUE".into());
            let set = halves.and_then(|(name, value)| config.limit(name, value));
            set.map_err(at(&format!("--limit {limit}")))?;
        }
        Ok(config)
    }

    /// Reads a configuration file.
    pub fn from_file(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
        text.and_then(|text| Self::from_toml(&text)).map_err(at(&path.to_string_lossy()))
    }

    /// Reads the text of a configuration file; an error says in words what is wrong with it.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let file: FileConfig =
            toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        log::filter(&file.log.filter)?;
        let mut config = Self { log: file.log, ..Self::default() };
        if let Some(listen) = file.listen {
            config.listen = resolve(listen.iter().map(String::as_str))?;
        }
        if let Some(readers) = file.readers {
            config.set_readers(readers)?;
        }
        for (name, value) in &file.limits {
            config.limit(name, &value.to_string())?;
        }
        Ok(config)
    }

    /// Sets what a variable is for.
    fn set(&mut self, key: &str, value: &OsStr) -> Result<(), String> {
        let text = value.to_string_lossy();
        match key {
            "listen" => self.listen = resolve(text.split(','))?,
            "readers" => self.set_readers(text.parse().map_err(|_| "not a whole number")?)?,
            "log" => self.log.filter = log::filter(&text).map(|_| text.into())?,
            "log_format" => self.log.format = Format::from_str(&text, true)?,
            "log_file" => self.log.file = Some(value.into()),
            "log_content" => self.log.content = text.parse().map_err(|_| "not true or false")?,
            _ => {
                let name = key.strip_prefix("limit_");
                return name.map_or(Ok(()), |name| self.limit(name, &text));
            }
        }
        Ok(())
    }

    fn set_readers(&mut self, readers: usize) -> Result<(), String> {
        if !(1..=MOST_READERS).contains(&readers) {
            return Err(format!("readers: {readers} is not from 1 to {MOST_READERS}"));
        }
        self.readers = readers;
        Ok(())
    }

    fn limit(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.connections_are_set |= name == "connections";
        let value = value.parse().map_err(|_| format!("limit {name:?}: not a whole number"))?;
        self.limits.set(name, value).map_err(|why| format!("limit {name:?}: {why}"))
    }
}

/// What they read is routed one after the other; what is sent is not. And others need processors,
/// too.
fn default_readers() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (processors / 2).clamp(1, MOST_READERS)
}

fn at(at: &str) -> impl Fn(String) -> String {
    move |why| format!("{at}: {why}")
}

/// All addresses of all hosts.
fn resolve<'a>(hosts: impl Iterator<Item = &'a str>) -> Result<Vec<SocketAddr>, String> {
    let found = hosts.map(|host| host.to_socket_addrs().map_err(|why| format!("{host:?}: {why}")));
    let mut addresses: Vec<_> =
        found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    // Some systems name an address of a host twice.
    addresses.dedup();
    if addresses.is_empty() { Err("listen: no address".into()) } else { Ok(addresses) }
}

/// The default configuration as a file, with every limit explained.
#[must_use]
pub fn annotated_default() -> String {
    let mut text = String::from(include_str!("default.toml"));
    for row in TABLE {
        // Writing to a string does not fail.
        writeln!(text, "{row}").ok();
    }
    text
}
