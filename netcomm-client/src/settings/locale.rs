//! Which characters a terminal can show.

use std::env;

/// Whether the environment says that the terminal takes UTF-8. In another encoding a part of a
/// character may be a command.
#[must_use]
pub fn is_utf_8() -> bool {
    says_utf_8(|name| env::var(name).ok())
}

/// The same of an environment that `variable` gives.
pub(crate) fn says_utf_8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}
