//! Those who do not read, and those who are told no more.

use std::io::Read;

use netcomm_core::limits::Limits;
use netcomm_server::Server;
use netcomm_server::config::Config;

use crate::support::{GENEROUS, Person, Program, framed, say_much};

#[test]
fn who_takes_nothing_for_too_long_is_cut() {
    let stall = ["--limit=write_stall_ms=100", "--log=error"];
    let program = Program::start(&[GENEROUS, &stall].concat());
    let mut ann = Person::enter(program.address, "ann");
    let mut slow = framed(program.address, "slow");
    ann.until("slow");
    say_much(&mut ann, "");
    ann.until("slow is offline");
    // What the kernel took is still there to be read, and then it ends.
    slow.read_to_end(&mut Vec::new()).ok();
}

#[test]
fn the_largest_mailbox_goes_where_all_are_too_large() {
    let all = ["--limit=mailboxes_bytes=1048576", "--log=error"];
    let program = Program::start(&[GENEROUS, &all].concat());
    let mut ann = Person::enter(program.address, "ann");
    let small = framed(program.address, "small");
    ann.until("small");
    let mut slow = Person::enter(program.address, "slow");
    ann.until("slow");
    ann.say("/create_room big");
    ann.until("#big");
    slow.say("/join big");
    slow.until("#big");
    ann.until("slow");
    say_much(&mut ann, "/room big ");
    ann.until("slow is offline");
    // The other is not even hidden from sight.
    ann.say("/members");
    assert!(ann.until("online").contains("small"));
    drop(small);
}

#[test]
fn a_server_that_is_dropped_ends_its_connections_and_frees_its_address() {
    let config = Config {
        listen: vec!["127.0.0.1:0".parse().unwrap()],
        limits: Limits::default(),
        ..Config::default()
    };
    let server = Server::start(&config).unwrap();
    let address = server.addresses()[0];
    let again = Config { listen: vec!["127.0.0.1:0".parse().unwrap(), address], ..config };
    let error = Server::start(&again).unwrap_err().to_string();
    assert!(error.contains(&address.to_string()), "{error}");
    let ann = Person::enter(address, "ann");
    drop(server);
    ann.rest();
    assert!(std::net::TcpStream::connect(address).is_err());
}
