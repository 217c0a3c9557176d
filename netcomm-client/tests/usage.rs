//! The program as a script sees it before it ever connects.

use std::process::{Command, Output, Stdio};

use netcomm_client::exit;

fn client(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_netcomm-client"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

#[test]
fn the_help_states_every_exit_code() {
    let output = client(&["--help"]);
    let help = String::from_utf8(output.stdout).expect("help is text");
    assert_eq!(output.status.code(), Some(0));
    for code in exit::ALL {
        assert!(help.contains(&format!("\n{code:>5}  ")), "{code} in {help}");
    }
    assert!(help.contains("--nick <NAME>"), "{help}");
    assert!(help.contains("told on standard error"), "{help}");
}

#[test]
fn wrong_usage_is_refused_with_the_reason() {
    for (arguments, reason) in [
        (&["127.0.0.1:1"][..], "--nick"),
        (&["127.0.0.1", "--nick", "ann"], "port"),
        (&["memebrs"], "is a command meant? --help lists them"),
        (&["127.0.0.1:99999", "--nick", "ann"], "99999"),
        (&[":1", "--nick", "ann"], "host"),
        (&["127.0.0.1:1", "--nick", "two words"], "two words"),
        (&["127.0.0.1:1", "--nick", "ann", "--join", ""], "--join"),
    ] {
        let output = client(arguments);
        let error = String::from_utf8(output.stderr).expect("errors are text");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(reason), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty());
    }
}
