//! The file with the settings.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::flags;

/// What can be set, by file, variable or flag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Keys {
    /// The server, as `HOST:PORT`.
    pub server: Option<String>,
    /// The nickname.
    pub nick: Option<String>,
    /// Whether to come hidden.
    pub hidden: Option<bool>,
    /// Rooms to enter.
    pub join: Option<Vec<String>>,
    /// Whether to do without colours.
    pub plain: Option<bool>,
    /// Where to keep what is said.
    pub log_directory: Option<PathBuf>,
    /// How many messages the full screen keeps.
    pub scrollback: Option<usize>,
    /// Words that count as a mention.
    pub mention: Option<Vec<String>>,
    /// Whether to ring.
    pub bell: Option<bool>,
    /// Whether nicknames have no column of their own.
    pub compact: Option<bool>,
}

/// The names of [`Keys`].
pub const KEYS: [&str; 10] = [
    "server",
    "nick",
    "hidden",
    "join",
    "plain",
    "log_directory",
    "scrollback",
    "mention",
    "bell",
    "compact",
];

/// What the top of a file has beside [`KEYS`].
const OF_PROFILES: [&str; 2] = ["profile", "profiles"];

impl Keys {
    /// These, and where they say nothing, `others`.
    #[must_use]
    pub fn over(self, others: Self) -> Self {
        Self {
            server: self.server.or(others.server),
            nick: self.nick.or(others.nick),
            hidden: self.hidden.or(others.hidden),
            join: self.join.or(others.join),
            plain: self.plain.or(others.plain),
            log_directory: self.log_directory.or(others.log_directory),
            scrollback: self.scrollback.or(others.scrollback),
            mention: self.mention.or(others.mention),
            bell: self.bell.or(others.bell),
            compact: self.compact.or(others.compact),
        }
    }

    fn from_table(table: Table, of: &str) -> Result<Self, FileError> {
        let invalid =
            |key: &str, why: String| FileError::Invalid { key: format!("{of}{key}"), why };
        let mut keys = Self::default();
        for (key, value) in table {
            let wrong = |error: toml::de::Error| invalid(&key, error.message().into());
            match &*key {
                "server" => keys.server = Some(value.try_into().map_err(wrong)?),
                "nick" => keys.nick = Some(value.try_into().map_err(wrong)?),
                "hidden" => keys.hidden = Some(value.try_into().map_err(wrong)?),
                "join" => keys.join = Some(value.try_into().map_err(wrong)?),
                "plain" => keys.plain = Some(value.try_into().map_err(wrong)?),
                "log_directory" => keys.log_directory = Some(value.try_into().map_err(wrong)?),
                "scrollback" => keys.scrollback = Some(value.try_into().map_err(wrong)?),
                "mention" => keys.mention = Some(value.try_into().map_err(wrong)?),
                "bell" => keys.bell = Some(value.try_into().map_err(wrong)?),
                "compact" => keys.compact = Some(value.try_into().map_err(wrong)?),
                _ => return Err(FileError::unknown_key(of, &key)),
            }
        }
        let check = |key, value: &Option<String>, check: fn(&str) -> Result<String, String>| {
            value.as_deref().map(check).transpose().map_err(|why| invalid(key, why)).map(drop)
        };
        check("server", &keys.server, flags::address)?;
        check("nick", &keys.nick, flags::nickname)?;
        if let Some(scrollback) = keys.scrollback {
            flags::at_least(scrollback).map_err(|why| invalid("scrollback", why))?;
        }
        for word in keys.mention.iter().flatten() {
            flags::word(word).map_err(|why| invalid("mention", why))?;
        }
        for room in keys.join.iter_mut().flatten() {
            *room = flags::room(room).map_err(|why| invalid("join", why))?;
        }
        Ok(keys)
    }
}

/// A file, read and found right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    keys: Keys,
    profile: Option<String>,
    profiles: BTreeMap<String, Keys>,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Read(std::io::Error),
    /// It is no TOML.
    #[error("{0}")]
    NoToml(toml::de::Error),
    /// There is no such key.
    #[error("there is no key {0}{1}")]
    UnknownKey(String, String),
    /// The value cannot be.
    #[error("{key}: {why}")]
    #[allow(missing_docs, reason = "the fields say it")]
    Invalid { key: String, why: String },
    /// There is no such profile.
    #[error("there is no profile {0:?}{1}")]
    NoProfile(String, String),
    /// One of these, in this file.
    #[error("{}: {}", .0.display(), .1)]
    In(PathBuf, Box<FileError>),
}

impl FileError {
    /// The same, with the file's name.
    #[must_use]
    pub fn in_file(self, path: &Path) -> Self {
        Self::In(path.into(), Box::new(self))
    }

    fn unknown_key(of: &str, key: &str) -> Self {
        let known = OF_PROFILES.iter().filter(|_| of.is_empty()).chain(&KEYS);
        let hint = nearest(key, known.copied()).map_or_else(
            || String::from("; `config --print-default` prints all"),
            |nearest| format!("; is {of}{nearest} meant?"),
        );
        Self::UnknownKey(format!("{of}{key}"), hint)
    }
}

impl File {
    /// Reads `path`.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let text = fs::read_to_string(path).map_err(FileError::Read);
        text.and_then(|text| Self::parse(&text)).map_err(|why| why.in_file(path))
    }

    /// Reads a file's text.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let mut table: Table = text.parse().map_err(FileError::NoToml)?;
        let profile = match table.remove("profile") {
            None => None,
            Some(Value::String(profile)) => Some(profile),
            Some(_) => return Err(invalid("profile", "the name of a profile, in quotes")),
        };
        let mut profiles = BTreeMap::new();
        match table.remove("profiles") {
            None => {}
            Some(Value::Table(all)) => {
                for (name, keys) in all {
                    let of = format!("profiles.{name}.");
                    let Value::Table(keys) = keys else {
                        return Err(invalid(&format!("profiles.{name}"), "a table"));
                    };
                    profiles.insert(name, Keys::from_table(keys, &of)?);
                }
            }
            Some(_) => return Err(invalid("profiles", "a table for each profile")),
        }
        Ok(Self { keys: Keys::from_table(table, "")?, profile, profiles })
    }

    /// The keys of `wanted`, or of the profile that the file itself names, over those of all; and
    /// the profile's name.
    pub fn keys(self, wanted: Option<&str>) -> Result<(Keys, Option<String>), FileError> {
        let Self { keys, profile, mut profiles } = self;
        let Some(name) = wanted.map(Into::into).or(profile) else {
            return Ok((keys, None));
        };
        if let Some(of_profile) = profiles.remove(&name) {
            return Ok((of_profile.over(keys), Some(name)));
        }
        let nearest = nearest(&name, profiles.keys().map(String::as_str));
        let hint = nearest.map(|nearest| format!("; is {nearest:?} meant?"));
        Err(FileError::NoProfile(name, hint.unwrap_or_default()))
    }
}

/// Where the file is looked for, on this platform.
#[must_use]
pub fn place() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.config_dir().join("netcomm").join("client.toml"))
}

/// The one that may be meant, if any is as near as that.
fn nearest<'a>(to: &str, among: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = (to.chars().count() / 3).max(1);
    let near = among.map(|one| (strsim::damerau_levenshtein(one, to), one));
    near.filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, one)| one)
}

fn invalid(key: &str, expected: &str) -> FileError {
    FileError::Invalid { key: key.into(), why: format!("{expected} is expected") }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
