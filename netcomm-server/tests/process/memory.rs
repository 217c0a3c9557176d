//! What a connection really takes.

use netcomm_core::limits::{Limit, Limits};
use netcomm_server::memory;

use crate::support::{Person, Program};

/// What of the process is in memory, in bytes.
fn resident(program: &Program) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.child.id()));
    let status = status.unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() * 1024
}

#[test]
fn a_connection_takes_no_more_than_is_said() {
    const PEOPLE: u64 = 100;
    let program = Program::start(&["--log", "info"]);
    let mut people = vec![Person::enter(program.address, "first")];
    let before = resident(&program);
    for number in 0..PEOPLE {
        let mut person = Person::enter(program.address, &format!("user{number}"));
        person.say("hello");
        person.say(&format!("/create_room r{number}"));
        for asked in ["/members", "/rooms", "/history", "/nick first", "/help"] {
            person.say(asked);
        }
        person.until("/quit");
        people.push(person);
    }
    let each = (resident(&program) - before) / PEOPLE;
    let limits = Limits::default();
    let name = "connections of the server";
    let said = memory::parts(&limits).into_iter().find(|part| part.name == name).unwrap();
    let said = said.bytes / limits[Limit::Connections];
    // A session with a room, a few answers and nothing half-read.
    assert!(each < said + 8 * 1024, "{each} bytes each, {said} said");
}
