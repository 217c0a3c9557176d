//! What the program is told: flags over environment over file over defaults.

pub mod display;
pub mod file;
pub mod flags;
pub mod locale;
pub mod logs;
pub mod setup;

use std::io::{self, Write};
use std::path::PathBuf;

use file::{File, FileError, Keys};
use flags::Flags;

/// Where a server is looked for when nothing else is said.
pub const DEFAULT_SERVER: &str = "127.0.0.1:44444";

/// A file with every key, explained.
pub const DEFAULT_FILE: &str = include_str!("default.toml");

/// The settings in force; what nobody has said is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The keys, from wherever they came.
    pub keys: Keys,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// The profile that was taken from it.
    pub profile: Option<String>,
}

impl Settings {
    /// Reads the file, and puts `flags` over it. Flags hold what the environment says, too.
    pub fn load(flags: &Flags) -> Result<Self, FileError> {
        let path = flags.config.clone().or_else(|| file::place().filter(|path| path.exists()));
        let file = path.as_deref().map(File::read).transpose()?.unwrap_or_default();
        let (keys, profile) = file.keys(flags.profile.as_deref()).map_err(|why| match &path {
            Some(path) => why.in_file(path),
            None => why,
        })?;
        Ok(Self { keys: flags.keys().over(keys), file: path, profile })
    }

    /// Writes them as a file would have them.
    pub fn write(&self, output: &mut dyn Write) -> io::Result<()> {
        match (&self.file, file::place()) {
            (Some(file), _) => writeln!(output, "# read: {}", file.display())?,
            (None, Some(place)) => writeln!(output, "# there is no {}", place.display())?,
            (None, None) => writeln!(output, "# no file was read")?,
        }
        if let Some(profile) = &self.profile {
            writeln!(output, "# profile: {profile}")?;
        }
        let keys = toml::to_string(&self.keys).map_err(io::Error::other)?;
        write!(output, "{keys}")
    }
}
