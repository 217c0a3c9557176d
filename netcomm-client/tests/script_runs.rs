//! Messages of one script reach another: all, once, in order, whatever happens to the connections;
//! where they cannot, both sides say so.

mod cutter;
mod people;
mod scripts;

use std::fmt::Write as _;
use std::thread;

use cutter::Cutter;
use people::House;
use scripts::{Ear, program, run, texts};
use serde_json::Value;

const LINES: usize = 1000;

/// How often each of the two connections is cut.
const CUTS: usize = 5;

/// So that it is not the limits that take time.
const FAST: [(&str, u64); 2] = [("post_burst", 1_000_000), ("query_burst", 1_000_000)];

fn lines() -> Vec<String> {
    (1..=LINES).map(|number| format!("line {number} of \"many\" \\ \u{e4}")).collect()
}

fn input(lines: &[String]) -> String {
    lines.iter().fold(String::new(), |mut input, line| {
        writeln!(input, "{line}").expect("a string takes all");
        input
    })
}

#[test]
fn a_thousand_lines_arrive_in_order() {
    let house = House::open(&FAST);
    let count = LINES.to_string();
    let tail = ["tail", "room:many", "--json", "--count", &count];
    let mut tail = Ear::start(program(house.address(), "ear", &tail));
    tail.reads("room_entered", &[]);
    let lines = lines();
    let send = ["send", "--to", "#many", "--wait", "--json"];
    let done = run(program(house.address(), "mouth", &send), &input(&lines));
    assert_eq!((done.code, &*done.aside), (Some(0), ""));
    assert_eq!(texts(&done.objects(), "posted"), lines);
    let (code, aside, heard) = tail.ends();
    assert_eq!((code, &*aside), (Some(0), ""));
    assert_eq!(texts(&heard, "message"), lines);
}

#[test]
fn a_thousand_lines_arrive_in_order_over_connections_that_are_cut() {
    let house = House::open(&FAST);
    // In the middle of frames, and beyond the login, which has some hundred bytes.
    let moments = |first| (0..CUTS).map(|cut| first + 1009 * cut).collect::<Vec<usize>>();
    let (ear, mouth) = (
        Cutter::before(house.address(), &moments(2500)),
        Cutter::before(house.address(), &moments(1999)),
    );
    let mut tail = Ear::start(program(ear.address(), "ear", &["tail", "everyone", "--json"]));
    tail.reads("logged_in", &[]);
    let lines = lines();
    let send = ["send", "--to", "everyone", "--wait", "--timeout", "5m"];
    let done = run(program(mouth.address(), "mouth", &send), &input(&lines));
    assert_eq!((done.code, &*done.aside), (Some(0), ""));
    tail.reads("message", &[("text", &lines[LINES - 1])]);
    assert_eq!(texts(tail.seen(), "message"), lines);
    assert_eq!((ear.cuts(), mouth.cuts()), (CUTS, CUTS));
    let lost = tail.seen().iter().filter(|object| object["type"] == "lost").count();
    assert_eq!(lost, CUTS, "each cut is told");
    assert!(!tail.seen().iter().any(|object| object["type"] == "gap"));
}

#[test]
fn what_a_restart_leaves_open_is_told_on_both_sides() {
    const END: &str = "the end";
    let house = House::open(&FAST);
    let address = house.address();
    let tail = program(address, "ear", &["tail", "room:many", "--json"]);
    let mut tail = Ear::until(tail, Some(END));
    tail.reads("room_entered", &[]);
    let mut lines = lines();
    lines.push(END.into());
    let send = ["send", "--to", "room:many", "--wait", "--json", "--timeout", "5m"];
    let send = program(address, "mouth", &send);
    let typed = input(&lines);
    let send = thread::spawn(move || run(send, &typed));
    let before = tail.reads("message", &[("text", &lines[300])]);
    drop(house);
    let house = House::open_at(address, &FAST);
    let (code, aside, heard) = tail.ends();
    let done = send.join().expect("no panic");
    let told = done.objects();

    // Each line has one fate, in the order of the lines.
    let fates: Vec<&str> =
        told.iter().map(|object| object["text"].as_str().expect("one")).collect();
    assert_eq!(fates, lines, "{}", done.aside);
    let unknown = texts(&told, "unknown");
    assert!(unknown.len() <= 1, "one message is on its way at a time: {unknown:?}");
    assert_eq!(texts(&told, "posted").len() + unknown.len(), lines.len());
    assert_eq!(done.code, Some(if unknown.is_empty() { 0 } else { 7 }));
    for text in &unknown {
        assert!(done.aside.contains(&format!("not known whether this arrived: {text}\n")));
    }

    // The other side hears all of the new life of the room, of the old one what it was in time
    // for, and knows that it may have missed some.
    assert_eq!((code, &*aside), (Some(7), ""));
    assert_eq!(heard.iter().filter(|object| object["type"] == "restarted").count(), 1);
    let of = |objects: &[Value], type_name, is_old| -> Vec<String> {
        let fits = |object: &&Value| {
            object["type"] == type_name && (object["epoch"] == before["epoch"]) == is_old
        };
        let all = objects.iter().filter(fits);
        all.map(|object| object["text"].as_str().expect("a text").into()).collect()
    };
    assert_eq!(of(&heard, "message", false), of(&told, "posted", false));
    let old = of(&heard, "message", true);
    assert_eq!(old, lines[..old.len()], "without a hole");
    assert!(old.len() > 300);
    drop(house);
}

#[test]
fn what_is_no_longer_kept_is_told_as_a_gap() {
    let house = House::open(&[FAST[0], FAST[1], ("history_messages", 10)]);
    let server = house.address();
    // Somebody stays, so that the room does.
    let mut guard = Ear::start(program(server, "guard", &["tail", "room:many", "--json"]));
    guard.reads("room_entered", &[]);
    let lines = lines();
    let send = ["send", "--to", "room:many", "--wait"];
    assert_eq!(run(program(server, "mouth", &send), &input(&lines[..30])).code, Some(0));
    for arguments in [
        &["history", "room:many", "--from", "3", "--json"][..],
        &["tail", "room:many", "--from", "3", "--json", "--count", "10"],
    ] {
        let done = run(program(server, "ear", arguments), "");
        assert_eq!(done.code, Some(7), "{}", done.aside);
        let objects = done.objects();
        let gap = objects.iter().find(|object| object["type"] == "gap").expect("a gap");
        assert_eq!((&gap["first"], &gap["last"]), (&3.into(), &20.into()));
        assert_eq!(texts(&objects, "message"), lines[20..30]);
    }
    for (arguments, first) in [
        (&["history", "room:many", "--json"][..], 20),
        (&["history", "room:many", "--json", "--last", "4"], 26),
        (&["history", "room:many", "--json", "--from", "25"], 24),
        (&["history", "room:many", "--json", "--from", "31"], 30),
    ] {
        let done = run(program(server, "ear", arguments), "");
        assert_eq!((done.code, &*done.aside), (Some(0), ""));
        assert_eq!(texts(&done.objects(), "message"), lines[first..30], "{arguments:?}");
    }
}
