//! Every command, said by people at the text face and by people behind the client, to one real
//! server: the same conversation, word for word.

mod people;

use std::net::SocketAddr;

use people::{House, Person};

type Arrives = fn(SocketAddr, &str) -> Person;

#[test]
fn over_the_text_face() {
    converse(Person::with_socket, Person::with_socket);
}

#[test]
fn with_the_client() {
    converse(Person::with_client, Person::with_client);
}

#[test]
fn between_the_faces() {
    converse(Person::with_client, Person::with_socket);
}

fn converse(one: Arrives, other: Arrives) {
    let house = House::open(&[]);
    let mut alice = one(house.address(), "alice");
    let mut bob = other(house.address(), "bob");
    let mut carol = one(house.address(), "carol");
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
