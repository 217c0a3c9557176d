//! Too few open files.

use std::io::{BufRead, BufReader};
use std::process::Command;

use rustix::process::{Resource, Rlimit, getrlimit, prlimit};

use crate::support::{Person, Program};

fn with_files(files: u32, arguments: &str) -> Command {
    let mut command = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_netcomm-server");
    let script = format!("ulimit -n {files}; exec {program} {arguments} \"$@\"");
    command.args(["-c", &script, "sh"]);
    command
}

#[test]
fn connections_that_are_asked_for_and_do_not_fit_are_refused() {
    // Asking for as many as the default is asking, too.
    for asked in ["150", "4096"] {
        // Nobody has this address: it does not start, whatever else is wrong.
        let arguments = format!("--limit connections={asked} --listen 192.0.2.1:1");
        let output = with_files(200, &arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("connections") && error.contains("200"), "{error}");
    }
}

#[test]
fn the_default_is_lowered_to_what_fits() {
    // All but 16 others, 64 that are refused, a listener, and two that a thread reads with.
    let fit = 200 - 16 - 64 - 1 - 2;
    let program = Program::run(&mut with_files(200, "--log warn --readers 1"));
    Person::enter(program.address, "ann");
    program.terminate();
    let (code, said) = program.outcome();
    assert_eq!(code, Some(0));
    assert!(said.contains("lowered") && said.contains(&format!("connections={fit}")), "{said}");
}

#[test]
fn a_server_without_files_serves_on_and_accepts_again() {
    let mut program = Program::start(&["--log", "warn"]);
    let mut ann = Person::enter(program.address, "ann");
    let limits = getrlimit(Resource::Nofile);
    // Those that are open stay so.
    let none = Rlimit { current: Some(3), ..limits };
    prlimit(Some(program.pid()), Resource::Nofile, none).unwrap();
    // The listener may have a file in hand already, for the next one.
    let [mut ben, mut carl] = ["ben", "carl"].map(|name| {
        let mut person = Person::knock(program.address);
        person.say(name);
        person
    });
    let mut said = String::new();
    let mut errors = BufReader::new(program.child.stderr.take().unwrap());
    errors.read_line(&mut said).unwrap();
    assert!(said.contains("not accepted"), "{said}");
    ann.say("/members");
    ann.until("online: ann");
    prlimit(Some(program.pid()), Resource::Nofile, limits).unwrap();
    ben.until("/help");
    carl.until("/help");
    ann.say("/members");
    ann.until("online: ann, ben, carl");
}
