//! What the server is told: flags over environment over file over defaults.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand, ValueEnum};
use netcomm_core::limits::{LimitError, Limits, TABLE};
use serde::Deserialize;

/// Where it listens if nothing else is said.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:44444";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "netcomm-server", version, about = "The netcomm chat server")]
pub struct Args {
    /// Listen here; may be given several times. Port 0 takes any free port
    #[arg(long, value_name = "ADDR:PORT", env = "NETCOMM_LISTEN", value_delimiter = ',')]
    pub listen: Vec<SocketAddr>,
    /// Read the configuration from this file
    #[arg(long, value_name = "FILE", env = "NETCOMM_CONFIG")]
    pub config: Option<PathBuf>,
    /// Set a limit; `config` lists them. `NETCOMM_LIMIT_<NAME>` does the same
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    pub limits: Vec<String>,
    /// What to log: a level, or `module=level,…`
    #[arg(long, value_name = "FILTER", env = "NETCOMM_LOG")]
    pub log: Option<String>,
    /// How to log
    #[arg(long, value_enum, env = "NETCOMM_LOG_FORMAT")]
    pub log_format: Option<Format>,
    /// Log to this file instead of the standard error stream
    #[arg(long, value_name = "FILE", env = "NETCOMM_LOG_FILE")]
    pub log_file: Option<PathBuf>,
    /// Log the texts of messages, too (at level debug)
    #[arg(long)]
    pub log_content: bool,
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
    /// The limits in force.
    pub limits: Limits,
    /// The log.
    pub log: LogConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN.parse().into_iter().collect(),
            limits: Limits::default(),
            log: LogConfig::default(),
        }
    }
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML, or has keys or values that nothing knows.
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
    /// A limit is not to be set so.
    #[error("limit {name:?}: {why}")]
    Limit {
        /// What it is called.
        name: String,
        /// Why.
        why: LimitError,
    },
    /// A limit's value is not a number.
    #[error("limit {0:?}: give it as NAME=VALUE with a whole number")]
    NotANumber(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileConfig {
    listen: Option<Vec<SocketAddr>>,
    #[serde(default)]
    limits: toml::Table,
    #[serde(default)]
    log: LogConfig,
}

impl Config {
    /// Puts the layers together. `env` looks a variable up.
    pub fn from_args(
        args: &Args,
        env: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, ConfigError> {
        let mut config = match &args.config {
            Some(path) => Self::from_file(path)?,
            None => Self::default(),
        };
        let variables = TABLE.iter().filter_map(|row| {
            let value = env(&format!("NETCOMM_LIMIT_{}", row.name.to_uppercase()))?;
            Some(format!("{}={}", row.name, value.to_string_lossy()))
        });
        for limit in variables.chain(args.limits.iter().cloned()) {
            let (name, value) = limit
                .split_once('=')
                .and_then(|(name, value)| Some((name, value.parse().ok()?)))
                .ok_or_else(|| ConfigError::NotANumber(limit.clone()))?;
            config.set(name, value)?;
        }
        if !args.listen.is_empty() {
            config.listen.clone_from(&args.listen);
        }
        if let Some(filter) = &args.log {
            config.log.filter.clone_from(filter);
        }
        config.log.format = args.log_format.unwrap_or(config.log.format);
        if args.log_file.is_some() {
            config.log.file.clone_from(&args.log_file);
        }
        config.log.content |= args.log_content;
        Ok(config)
    }

    /// Reads a configuration file.
    pub fn from_file(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.into(), source })?;
        Self::from_toml(&text)
    }

    /// Reads the text of a configuration file.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let file: FileConfig = toml::from_str(text)?;
        let mut config = Self { log: file.log, ..Self::default() };
        if let Some(listen) = file.listen {
            config.listen = listen;
        }
        for (name, value) in &file.limits {
            let value = value.as_integer().and_then(|value| value.try_into().ok());
            let value = value.ok_or_else(|| ConfigError::NotANumber(name.clone()))?;
            config.set(name, value)?;
        }
        Ok(config)
    }

    fn set(&mut self, name: &str, value: u64) -> Result<(), ConfigError> {
        self.limits.set(name, value).map_err(|why| ConfigError::Limit { name: name.into(), why })
    }
}

/// The default configuration as a file, with every limit explained.
#[must_use]
pub fn annotated_default() -> String {
    let mut text = format!(
        "# Where to listen. Port 0 takes any free port.\nlisten = [\"{DEFAULT_LISTEN}\"]\n\n\
         [log]\n# A level, or module=level,...\nfilter = \"info\"\n# pretty or json\n\
         format = \"pretty\"\n# Instead of the standard error stream:\n\
         # file = \"/var/log/netcomm.log\"\n# Whether texts of messages are logged, at level debug\n\
         content = false\n\n[limits]\n"
    );
    for row in TABLE {
        // Writing to a string does not fail.
        writeln!(
            text,
            "# {} ({} to {})\n{} = {}",
            row.help, row.min, row.max, row.name, row.default
        )
        .ok();
    }
    text
}
