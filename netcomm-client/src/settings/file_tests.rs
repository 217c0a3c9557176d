use clap::CommandFactory;

use super::*;
use crate::args::Args;
use crate::settings::DEFAULT_FILE;

fn error(text: &str) -> String {
    File::parse(text).expect_err("the file is wrong").to_string()
}

#[test]
fn the_default_file_changes_nothing_and_its_examples_are_right() {
    assert_eq!(File::parse(DEFAULT_FILE).expect("it is right"), File::default());
    let keys =
        |line: &&str| line.starts_with("# ") && (line.contains(" = ") || line.ends_with(']'));
    let examples: Vec<&str> = DEFAULT_FILE.lines().filter(keys).map(|line| &line[2..]).collect();
    let (keys, profile) = File::parse(&examples.join("\n"))
        .expect("the examples are right")
        .keys(None)
        .expect("the profile is there");
    assert_eq!(profile.as_deref(), Some("work"));
    assert_eq!(keys.server.as_deref(), Some("chat.example:44444"), "the profile wins");
    let written = toml::to_string(&keys).expect("keys can be written");
    for key in KEYS {
        assert!(written.contains(&format!("{key} = ")), "{key} has no example: {written}");
    }
}

#[test]
fn every_key_is_a_flag_and_a_variable() {
    let command = Args::command();
    for key in KEYS.into_iter().chain(["profile"]) {
        let flag = command.get_arguments().find(|flag| flag.get_id() == key);
        let flag = flag.expect("a flag of the key's name");
        assert_eq!(flag.get_long(), Some(&*key.replace('_', "-")));
        let variable = flag.get_env().and_then(|variable| variable.to_str());
        assert_eq!(variable, Some(&*format!("NETCOMM_{}", key.to_uppercase())));
    }
}

#[test]
fn an_unknown_key_names_the_nearest() {
    assert_eq!(error("sever = 'a:1'"), "there is no key sever; is server meant?");
    assert_eq!(error("profils.a = 1"), "there is no key profils; is profile meant?");
    let of_profile = error("[profiles.a]\nlog-directory = 'x'");
    assert_eq!(
        of_profile,
        "there is no key profiles.a.log-directory; is profiles.a.log_directory meant?"
    );
}

#[test]
fn a_key_that_is_like_no_other_names_none() {
    assert_eq!(error("colour = 1"), "there is no key colour; `config --print-default` prints all");
    let missing = File::parse("[profiles.two]").expect("it is right").keys(Some("home"));
    assert_eq!(missing.expect_err("there is none").to_string(), "there is no profile \"home\"");
}

#[test]
fn a_wrong_value_names_its_key() {
    for (text, key) in [
        ("server = 'nowhere'", "server: a port is needed"),
        ("nick = 'two words'", "nick: "),
        ("nick = 7", "nick: "),
        ("[profiles.a]\njoin = ['#']", "profiles.a.join: "),
        ("hidden = 'yes'", "hidden: "),
        ("profile = 1", "profile: "),
        ("profiles = 1", "profiles: "),
        ("profiles.a = 1", "profiles.a: "),
    ] {
        let error = error(text);
        assert!(error.starts_with(key), "{text}: {error}");
    }
    assert!(error("nick = ").contains("line 1"));
}

#[test]
fn a_profile_wins_over_the_rest_of_the_file_and_flags_over_both() {
    let text = "nick = 'ann'\nplain = true\nprofile = 'one'\n\
        [profiles.one]\nnick = 'one'\n[profiles.two]\njoin = ['#tea']";
    let of = |profile| File::parse(text).expect("it is right").keys(profile);
    let (one, name) = of(None).expect("the file's own");
    assert_eq!(
        (one.nick.as_deref(), one.plain, name.as_deref()),
        (Some("one"), Some(true), Some("one"))
    );
    let (two, _) = of(Some("two")).expect("it is there");
    assert_eq!(two.nick.as_deref(), Some("ann"));
    assert_eq!(two.join.as_deref(), Some(&[String::from("tea")][..]));
    let flags = Keys { nick: Some("flag".into()), ..Keys::default() };
    assert_eq!(flags.over(one).nick.as_deref(), Some("flag"));
    let missing = of(Some("twp")).expect_err("there is none").to_string();
    assert_eq!(missing, "there is no profile \"twp\"; is \"two\" meant?");
}
