//! Every command, said by people at the text face and by people behind the client: the same
//! conversation, word for word, over both faces, with servers that share nothing but the core.

mod hosts;
mod people;

use std::io::{Error, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;

use hosts::Opens;
use people::{House, PATIENCE, Person};

type Arrives = fn(SocketAddr, &str) -> Person;

#[test]
fn over_the_text_face() {
    converse(hosts::server, Person::with_socket, Person::with_socket);
}

#[test]
fn with_the_client() {
    converse(hosts::server, Person::with_client, Person::with_client);
}

#[test]
fn between_the_faces() {
    converse(hosts::server, Person::with_client, Person::with_socket);
}

#[test]
fn over_the_text_face_of_a_single_thread() {
    converse(hosts::poll_loop, Person::with_socket, Person::with_socket);
}

#[test]
fn with_the_client_and_a_single_thread() {
    converse(hosts::poll_loop, Person::with_client, Person::with_client);
}

#[test]
fn between_the_faces_of_a_single_thread() {
    converse(hosts::poll_loop, Person::with_client, Person::with_socket);
}

#[test]
fn over_the_text_face_under_tokio() {
    converse(hosts::tokio_server, Person::with_socket, Person::with_socket);
}

#[test]
fn with_the_client_under_tokio() {
    converse(hosts::tokio_server, Person::with_client, Person::with_client);
}

#[test]
fn between_the_faces_under_tokio() {
    converse(hosts::tokio_server, Person::with_client, Person::with_socket);
}

fn converse(opens: Opens, one: Arrives, other: Arrives) {
    let host = opens(&[]);
    let mut alice = one(host.address, "alice");
    let mut bob = other(host.address, "bob");
    let mut carol = one(host.address, "carol");
    help(&mut alice);
    rooms(&mut alice, &mut bob, &mut carol);
    private(&mut alice, &mut bob, &mut carol);
    broadcast(&mut alice, &mut bob, &mut carol);
    lists(&mut alice, &mut bob, &mut carol);
    visibility(&mut alice, &mut bob);
    names(&mut alice, &mut bob);
    refusals(&mut alice, &mut carol);
    goodbye(alice, bob, carol);
}

fn help(alice: &mut Person) {
    alice.types("/help");
    for command in ["/members", "/broadcast", "/dm", "/create_room", "/get_rooms", "/join"] {
        alice.reads(&[command]);
    }
    for command in ["/leave", "/room", "/hide", "/reveal", "/nick", "/history", "/help", "/quit"] {
        alice.reads(&[command]);
    }
    alice.types("/help dm");
    alice.reads(&["/dm", "<nick", "<text>"]);
}

fn rooms(alice: &mut Person, bob: &mut Person, carol: &mut Person) {
    alice.types("/create_room tea");
    alice.reads(&["* you are in #tea"]);
    bob.types("/join tea");
    bob.reads(&["* you are in #tea"]);
    alice.reads(&["* bob joined #tea"]);
    bob.types("to the room I am in");
    alice.reads(&["#tea", "bob", "to the room I am in"]);
    alice.types("/room tea to a room by name");
    bob.reads(&["#tea", "alice", "to a room by name"]);
    alice.types("//not a command");
    bob.reads(&["#tea", "alice", "/not a command"]);
    carol.types("/create coffee");
    carol.reads(&["* you are in #coffee"]);
    carol.types("/part #coffee");
    carol.reads(&["* you left #coffee"]);
    carol.has_not_read(&["#tea"]);
}

fn private(alice: &mut Person, bob: &mut Person, carol: &mut Person) {
    for command in ["/dm", "/msg", "/w"] {
        alice.types(&format!("{command} bob psst {command}"));
        bob.reads(&["alice", &format!("psst {command}")]);
    }
    bob.types("/dm alice yes?");
    alice.reads(&["bob", "yes?"]);
    carol.has_not_read(&["psst"]);
}

fn broadcast(alice: &mut Person, bob: &mut Person, carol: &mut Person) {
    alice.types("/broadcast all of you");
    bob.reads(&["alice", "all of you"]);
    carol.reads(&["alice", "all of you"]);
    carol.types("/all me too");
    alice.reads(&["carol", "me too"]);
}

fn lists(alice: &mut Person, bob: &mut Person, carol: &mut Person) {
    carol.types("/members");
    carol.reads(&["* online: alice, bob, carol"]);
    carol.types("/who tea");
    carol.reads(&["* in #tea: alice, bob"]);
    for command in ["/get_rooms", "/rooms", "/list"] {
        bob.types(command);
        bob.reads(&["* #tea (2)"]);
    }
    alice.types("/history #tea");
    alice.reads(&["* history of #tea"]);
    for said in ["to the room I am in", "to a room by name", "/not a command"] {
        alice.reads(&["#tea", said]);
    }
    bob.types("/history @alice 1");
    bob.reads(&["* history of @alice"]);
    bob.reads(&["bob", "yes?"]);
    carol.types("/history *");
    carol.reads(&["alice", "all of you"]);
    carol.reads(&["carol", "me too"]);
}

fn visibility(alice: &mut Person, bob: &mut Person) {
    bob.types("/hide");
    bob.reads(&["* you are hidden"]);
    alice.reads(&["* bob is offline"]);
    alice.types("/members");
    let online = alice.reads(&["* online: "]);
    assert!(!online.contains("bob"), "{online}");
    alice.types("/members tea");
    let members = alice.reads(&["* in #tea: "]);
    assert!(!members.contains("bob"), "{members}");
    alice.types("still there?");
    bob.reads(&["#tea", "alice", "still there?"]);
    bob.types("nobody saw me");
    alice.reads(&["#tea", "bob", "nobody saw me"]);
    bob.types("/reveal");
    bob.reads(&["* you are visible again"]);
    alice.reads(&["* bob is online"]);
}

fn names(alice: &mut Person, bob: &mut Person) {
    bob.types("/nick rob");
    bob.reads(&["* you are now rob"]);
    alice.reads(&["* bob is now rob"]);
    bob.types("under a new name");
    alice.reads(&["#tea", "rob", "under a new name"]);
}

fn refusals(alice: &mut Person, carol: &mut Person) {
    carol.types("/room tea let me in");
    carol.reads(&["join the room first"]);
    carol.types("/dm zoe hello");
    carol.reads(&["nobody of this name"]);
    carol.types("/nick alice");
    carol.reads(&["refused", "taken"]);
    carol.types("/nick 12345");
    carol.reads(&["refused"]);
    carol.types("/dance");
    carol.reads(&["no such command"]);
    carol.types("/dm alice");
    carol.reads(&["usage: /dm"]);
    carol.types("bell \u{7} and colour \u{1b}[31m");
    carol.reads(&["may not contain"]);
    carol.types(&"x".repeat(4097));
    carol.reads(&["4096"]);
    carol.types("/join nowhere");
    carol.reads(&["refused", "no such room"]);
    carol.types("/create tea");
    carol.reads(&["refused", "exists"]);
    carol.types("/broadcast nothing is lost by all that");
    alice.reads(&["carol", "nothing is lost by all that"]);
    alice.has_not_read(&["let me in"]);
}

fn goodbye(mut alice: Person, mut bob: Person, carol: Person) {
    bob.types("/leave tea");
    bob.reads(&["* you left #tea"]);
    alice.reads(&["* rob left #tea"]);
    bob.types("/quit");
    alice.reads(&["* rob is offline"]);
    bob.ends();
    carol.ends();
    alice.reads(&["* carol is offline"]);
    alice.types("/exit");
    alice.ends();
}

#[test]
fn what_was_meant_for_a_room_is_not_said_elsewhere() {
    let house = House::open(&[]);
    let mut alice = Person::with_socket(house.address(), "alice");
    let mut bob = Person::with_client(house.address(), "bob");
    bob.types("/join nowhere");
    bob.types("only for that room");
    bob.types("/create_room tea");
    bob.reads(&["* you are in #tea"]);
    bob.types("/broadcast for everyone");
    alice.reads(&["bob", "for everyone"]);
    alice.has_not_read(&["only for that room"]);
    assert_eq!(bob.ends(), Some(1), "something was refused");
}

#[test]
fn a_single_thread_keeps_time() {
    deadlines(hosts::poll_loop);
}

#[test]
fn tokio_keeps_time() {
    deadlines(hosts::tokio_server);
}

/// A connection's deadline, and one of the router's.
fn deadlines(opens: Opens) {
    let host = opens(&[("silent_login_ms", 100), ("room_idle_ms", 1000)]);
    let mut silent = Person::at_socket(host.address, "silent");
    silent.reads(&["no login in time"]);
    silent.ends();
    let mut alice = Person::with_socket(host.address, "alice");
    alice.types("/create tea");
    alice.reads(&["* you are in #tea"]);
    let mut bob = Person::with_client(host.address, "bob");
    bob.types("/join tea");
    bob.reads(&["* you are in #tea"]);
    alice.types("/quit");
    alice.ends();
    bob.reads(&["* ", "tea", "ended"]);
}

#[test]
fn a_single_thread_cuts_who_does_not_read() {
    slow_readers(hosts::poll_loop);
}

#[test]
fn tokio_cuts_who_does_not_read() {
    slow_readers(hosts::tokio_server);
}

fn slow_readers(opens: Opens) {
    // For too much waits, or it takes nothing for too long.
    for (limit, value) in [("mailbox_bytes", 64 * 1024), ("write_stall_ms", 100)] {
        let roomy = ("mailbox_bytes", 1024 * 1024 * 1024);
        let [posts, queries] = ["post_burst", "query_burst"].map(|name| (name, 1_000_000));
        let host = opens(&[posts, queries, roomy, (limit, value)]);
        let mut alice = Person::with_socket(host.address, "alice");
        let mut slow = TcpStream::connect(host.address).expect("a connection");
        slow.write_all(b"slow\n").expect("a name is taken");
        alice.reads(&["* slow is online"]);
        let text = "x".repeat(4000);
        let is_cut = (0..1000).any(|_| {
            (0..100).for_each(|_| alice.types(&text));
            alice.types("/members");
            !alice.reads(&["* online: "]).contains("slow")
        });
        assert!(is_cut, "whoever does not read is cut: {limit}");
        // What the system holds can still be read; then the connection has ended.
        slow.set_read_timeout(Some(PATIENCE)).expect("a socket has a time-out");
        let ended = slow.read_to_end(&mut Vec::new());
        let is_late =
            |error: &Error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        assert!(!ended.is_err_and(|error| is_late(&error)), "the connection is closed: {limit}");
    }
}

#[test]
fn a_single_thread_says_that_it_ends() {
    shutdown(hosts::poll_loop);
}

#[test]
fn tokio_says_that_it_ends() {
    shutdown(hosts::tokio_server);
}

fn shutdown(opens: Opens) {
    let host = opens(&[]);
    let mut alice = Person::with_socket(host.address, "alice");
    let end = thread::spawn(move || drop(host));
    alice.reads(&["* closing", "shuts down"]);
    alice.ends();
    end.join().expect("it ends without a panic");
}
