//! How it ends when it is told to.

use std::io::{Read, Write};
use std::net::TcpStream;

use netcomm_core::preface::{ClientPreface, LENGTH, PrefaceRefusal, ServerPreface};
use netcomm_core::wire::CloseCode;

use crate::support::{GENEROUS, Person, Program, framed, say_much};

/// A server, somebody who reads nothing, so that a drain lasts, and somebody who reads.
fn lasting(drain_ms: &str) -> (Program, TcpStream, Person) {
    let drain = format!("--limit=drain_ms={drain_ms}");
    let program = Program::start(&[GENEROUS, &[&drain, "--log", "error"]].concat());
    let mut ann = Person::enter(program.address, "ann");
    let slow = framed(program.address, "slow");
    ann.until("slow");
    say_much(&mut ann, "");
    ann.say("/help help");
    ann.until("/help [");
    (program, slow, ann)
}

#[test]
fn who_comes_while_it_drains_is_told_so_on_every_face() {
    let (program, slow, mut ann) = lasting("600000");
    program.terminate();
    ann.until(CloseCode::SHUTTING_DOWN.reason());
    let mut socket = TcpStream::connect(program.address).unwrap();
    socket.write_all(&ClientPreface::OURS.to_bytes()).unwrap();
    let mut answer = [0; LENGTH];
    socket.read_exact(&mut answer).unwrap();
    let refused = ServerPreface::Refused(PrefaceRefusal::SHUTTING_DOWN);
    assert_eq!(answer, refused.to_bytes());
    let mut ben = Person::knock(program.address);
    ben.say("ben");
    assert!(ben.rest().contains(CloseCode::SHUTTING_DOWN.reason()));
    // Nobody else is waited for.
    drop(slow);
    assert_eq!(program.outcome().0, Some(0));
}

#[test]
fn who_takes_nothing_is_ended_when_the_time_is_over() {
    let (program, slow, _ann) = lasting("300");
    program.terminate();
    assert_eq!(program.outcome().0, Some(0));
    drop(slow);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (program, slow, mut ann) = lasting("600000");
    program.terminate();
    ann.until(CloseCode::SHUTTING_DOWN.reason());
    program.terminate();
    assert_eq!(program.outcome().0, Some(1));
    drop(slow);
}
