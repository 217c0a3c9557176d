//! A log that nobody reads.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{GENEROUS, PATIENCE, Person, Program, framed, say_much};

/// More lines than a pipe and the queue hold: each comes and goes.
const VISITORS: usize = 1500;

/// A server that has more to log than anybody reads.
fn unread() -> Program {
    let program = Program::start(&["--log", "info"]);
    visited(&program);
    program
}

/// People come and go until there is no room for more lines, and two talk all the same.
fn visited(program: &Program) {
    let mut ann = Person::enter(program.address, "ann");
    for _ in 0..VISITORS {
        drop(Person::knock(program.address));
    }
    let mut ben = Person::enter(program.address, "ben");
    ben.say("is anybody here?");
    ann.until("anybody");
    ann.say("/quit");
    ann.rest();
}

/// Ends by itself, without what it says being read.
fn ends(mut program: Program) -> Option<i32> {
    let patience = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = program.child.try_wait().unwrap() {
            return status.code();
        }
        assert!(Instant::now() < patience, "it does not end");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn nobody_waits_for_a_log_that_is_not_read_not_even_the_end() {
    let program = unread();
    program.terminate();
    assert_eq!(ends(program), Some(0));
}

#[test]
fn who_takes_nothing_is_cut_though_that_cannot_be_logged() {
    // Nothing else ends it.
    let stall = ["--limit=write_stall_ms=100", "--limit=ping_ms=3600000", "--log=info"];
    let program = Program::start(&[GENEROUS, &stall].concat());
    visited(&program);
    let mut carl = Person::enter(program.address, "carl");
    let slow = framed(program.address, "slow");
    carl.until("slow");
    say_much(&mut carl, "");
    carl.until("slow is offline");
    drop(slow);
}

#[test]
fn how_many_lines_were_dropped_is_said_when_there_is_room_again() {
    let program = unread();
    program.terminate();
    let (code, said) = program.outcome();
    assert_eq!(code, Some(0));
    let number =
        |line: &str| line.rsplit_once("dropped=").map(|(_, number)| number.parse::<usize>());
    let dropped: usize = said.lines().filter_map(number).map(Result::unwrap).sum();
    let written = said.lines().filter(|line| !line.contains("dropped=")).count();
    // Two for each visitor, three for each person, one for the start and one for the end.
    assert_eq!(dropped + written, 2 * VISITORS + 2 * 3 + 2, "{dropped} dropped");
    assert!(dropped > 0);
}

#[test]
fn whoever_should_read_the_log_may_go() {
    let mut program = Program::start(&["--log", "debug"]);
    drop(program.child.stderr.take());
    let mut ann = Person::enter(program.address, "ann");
    ann.say("/members");
    ann.until("online: ann");
    program.terminate();
    assert_eq!(ends(program), Some(0));
}

#[test]
fn a_server_ends_whose_log_was_closed_from_the_start() {
    let mut command = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_netcomm-server");
    command.args(["-c", &format!("exec {program} \"$@\" 2>&-"), "sh"]);
    let program = Program::run(command.stdin(Stdio::null()));
    Person::enter(program.address, "ann");
    program.terminate();
    assert_eq!(ends(program), Some(0));
}
