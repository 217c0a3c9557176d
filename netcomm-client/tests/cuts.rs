//! Two people talk while both their connections are cut again and again, in the middle of frames
//! and of logins: each hears all that the other said, once, in order.
//!
//! Four cuts, for each waits longer than the one before; `NETCOMM_TEST_EFFORT` multiplies them.

mod cutter;
mod people;

use cutter::Cutter;
use people::{House, Person};

/// How often each of the two connections is cut.
const CUTS: u64 = 2;

#[test]
fn nothing_is_missing_doubled_or_out_of_order() {
    let house = House::open(&[("post_burst", 1_000_000), ("query_burst", 1_000_000)]);
    let effort = std::env::var("NETCOMM_TEST_EFFORT").ok().and_then(|effort| effort.parse().ok());
    let cuts = CUTS * effort.unwrap_or(1);
    let one = Cutter::before(house.address(), &moments(1, cuts));
    let other = Cutter::before(house.address(), &moments(2, cuts));
    let mut alice = Person::with_client(one.address(), "alice");
    let mut bob = Person::with_client(other.address(), "bob");
    let mut said = 0;
    while one.cuts() + other.cuts() < 2 * usize::try_from(cuts).expect("a count") {
        said += 1;
        alice.types(&format!("from alice {said} over"));
        bob.types(&format!("from bob {said} over"));
        bob.reads(&[&format!("from alice {said} over")]);
        alice.reads(&[&format!("from bob {said} over")]);
    }
    let numbers: Vec<u64> = (1..=said).collect();
    for (person, other) in [(&alice, "bob"), (&bob, "alice")] {
        assert_eq!(heard(person, other), numbers);
        person.has_not_read(&["not known whether"]);
        person.has_not_read(&["no longer kept"]);
    }
    assert_eq!(alice.ends(), Some(0));
    assert_eq!(bob.ends(), Some(0));
}

/// After how many bytes of the server's each connection is cut: often within the login.
fn moments(seed: u64, cuts: u64) -> Vec<usize> {
    let mut state = seed;
    let mut next = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits")
    };
    (0..cuts).map(|_| 20 + next() % 1500).collect()
}

fn heard(person: &Person, other: &str) -> Vec<u64> {
    let said = format!("from {other} ");
    let number = |line: &String| {
        let (_, rest) = line.split_once(&said)?;
        rest.strip_suffix(" over")?.parse().ok()
    };
    person.seen().iter().filter_map(number).collect()
}
