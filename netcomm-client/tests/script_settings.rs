//! Where settings come from, and what the program prints about itself.

mod people;
mod scripts;

use std::fs;
use std::path::PathBuf;

use netcomm_client::settings::file::KEYS;
use people::{House, Person};
use scripts::{bare, run};

/// A directory of this test's own, which is gone when it ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("netcomm-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(path.join("netcomm")).expect("a directory");
        Self(path)
    }

    fn file(&self, text: &str) {
        fs::write(self.0.join("netcomm/client.toml"), text).expect("a file");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left behind does no harm.
        drop(fs::remove_dir_all(&self.0));
    }
}

#[test]
fn flags_win_over_variables_and_variables_over_the_file() {
    let scratch = Scratch::new("settings");
    scratch.file("nick = 'file'\nserver = 'file:1'\nplain = true\n[profiles.p]\nserver = 'p:2'");
    let config = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = bare(arguments);
        command.arg("config").env("XDG_CONFIG_HOME", &scratch.0).envs(variables.iter().copied());
        let done = run(command, "");
        assert_eq!((done.code, &*done.aside), (Some(0), ""));
        let lines = done.shown.lines().filter(|line| !line.starts_with('#'));
        lines.collect::<Vec<_>>().join("; ")
    };
    let file = r#"server = "file:1"; nick = "file"; plain = true"#;
    assert_eq!(config(&[], &[]), file);
    let variable = [("NETCOMM_NICK", "variable"), ("NETCOMM_JOIN", "a #b")];
    let all = r#"server = "file:1"; nick = "variable"; join = ["a", "b"]; plain = true"#;
    assert_eq!(config(&[], &variable), all);
    let flags = ["--nick", "flag", "--join", "c", "--plain=false", "--profile", "p"];
    let all = r#"server = "p:2"; nick = "flag"; join = ["c"]; plain = false"#;
    assert_eq!(config(&flags, &variable), all);
    assert_eq!(config(&["here:3"], &[]), file.replace("file:1", "here:3"));
}

#[test]
fn a_variable_that_is_empty_is_as_one_that_is_not_set() {
    let scratch = Scratch::new("empty");
    scratch.file("nick = 'file'\njoin = ['tea']");
    let mut command = bare(&["config"]);
    command.env("XDG_CONFIG_HOME", &scratch.0);
    for key in KEYS.into_iter().chain(["profile", "client_config", "timeout"]) {
        command.env(format!("NETCOMM_{}", key.to_uppercase()), "");
    }
    let done = run(command, "");
    assert_eq!((done.code, &*done.aside), (Some(0), ""));
    assert!(done.shown.ends_with("nick = \"file\"\njoin = [\"tea\"]\n"), "{}", done.shown);
    let mut command = bare(&["rooms"]);
    command.env("NETCOMM_TIMEOUT", "");
    let done = run(command, "");
    assert!(done.aside.contains("--nick"), "only that is missing: {}", done.aside);
}

#[test]
fn a_file_that_is_wrong_is_named_with_what_is_wrong() {
    let scratch = Scratch::new("wrong");
    scratch.file("nikc = 'ann'");
    let mut command = bare(&["--nick", "ann", "rooms"]);
    command.env("XDG_CONFIG_HOME", &scratch.0);
    let done = run(command, "");
    assert_eq!(done.code, Some(2));
    let file = scratch.0.join("netcomm/client.toml");
    let why = "there is no key nikc; is nick meant?";
    assert_eq!(done.aside, format!("netcomm-client: {}: {why}\n", file.display()));
}

#[test]
fn a_file_with_every_key_is_written_once() {
    let scratch = Scratch::new("written");
    let config = |arguments: &[&str]| {
        let mut command = bare(&[&["config"], arguments].concat());
        command.env("XDG_CONFIG_HOME", &scratch.0);
        run(command, "")
    };
    let file = scratch.0.join("netcomm/client.toml");
    let written = config(&["--write"]);
    assert_eq!((written.code, &*written.aside), (Some(0), ""));
    assert_eq!(written.shown, format!("{}\n", file.display()));
    assert_eq!(config(&["--path"]).shown, written.shown);
    let text = fs::read_to_string(&file).expect("a file");
    assert_eq!(text, config(&["--print-default"]).shown);
    scratch.file("nick = 'ann'");
    let again = config(&["--write"]);
    assert_eq!((again.code, &*again.shown), (Some(2), ""));
    assert!(again.aside.contains("File exists"), "{}", again.aside);
    assert_eq!(fs::read_to_string(&file).expect("a file"), "nick = 'ann'");
}

#[test]
fn the_manual_and_the_completions_know_every_command() {
    let shown = |arguments: &[&str]| {
        let done = run(bare(arguments), "");
        assert_eq!((done.code, &*done.aside), (Some(0), ""), "{arguments:?}");
        done.shown
    };
    let manual = shown(&["man"]);
    assert!(manual.contains(".TH netcomm-client"), "{manual}");
    for command in ["send", "tail", "wait", "members", "rooms", "history", "config"] {
        assert!(manual.contains(&format!(".SH \"COMMAND {}\"", command.to_uppercase())));
        for shell in ["bash", "zsh", "fish"] {
            assert!(shown(&["completions", shell]).contains(command), "{shell}: {command}");
        }
    }
    assert!(manual.contains("Exit codes:"));
    let default = shown(&["config", "--print-default"]);
    assert!(default.contains("# nick = "), "{default}");
}

#[test]
fn what_is_said_is_kept_where_that_is_wanted() {
    let scratch = Scratch::new("kept");
    let house = House::open(&[]);
    let directory = scratch.0.join("logs");
    let more = ["--log-directory", directory.to_str().expect("a path in UTF-8")];
    let mut ann = Person::with_client_and(house.address(), "ann", &more);
    let mut bob = Person::with_socket(house.address(), "bob");
    ann.types("hello from ann");
    bob.reads(&["hello from ann"]);
    bob.types("hello from bob");
    bob.types("/msg ann psst");
    ann.reads(&["psst"]);
    assert_eq!(ann.ends(), Some(0));
    let kept = |name: &str| {
        let kept = fs::read_to_string(directory.join(name)).expect("a log");
        let lines = kept.lines().map(|line| line.split_once(' ').expect("a time").1.to_owned());
        lines.collect::<Vec<_>>()
    };
    assert_eq!(kept("everyone.log"), ["<ann> hello from ann", "<bob> hello from bob"]);
    assert_eq!(kept("user-bob.log"), ["<bob> psst"]);
}
