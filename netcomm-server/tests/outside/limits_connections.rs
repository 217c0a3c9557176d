//! Limits of who is there, and for how long without a word.

use std::io::{Read, Write};
use std::net::TcpStream;

use netcomm_core::preface::{ClientPreface, LENGTH, PrefaceRefusal, ServerPreface};
use netcomm_core::wire::{ClientMessage, CloseCode, NoticeCode, RefusalCode, ServerMessage};

use crate::peers::{Framed, Hall, NEVER_MS, Person, create, login};

/// What the server says in its preface to a peer that it does not want.
fn refusal_in_preface(hall: &Hall, said: &[u8]) -> PrefaceRefusal {
    let mut socket = TcpStream::connect(hall.address).unwrap();
    socket.write_all(said).unwrap();
    let mut preface = Vec::new();
    socket.read_to_end(&mut preface).unwrap();
    let preface: [u8; LENGTH] = preface.try_into().unwrap();
    match ServerPreface::from_bytes(preface).unwrap() {
        ServerPreface::Refused(why) => why,
        ServerPreface::Accepted(version) => panic!("{version:?}"),
    }
}

#[test]
fn one_connection_too_many_is_told_so_in_its_own_words() {
    let hall = Hall::open(&[("connections", 2)]);
    let ann = Framed::enter(hall.address, "ann");
    let mut ben = Person::enter(hall.address, "ben");
    let preface = ClientPreface::OURS.to_bytes();
    assert_eq!(refusal_in_preface(&hall, &preface), PrefaceRefusal::FULL);
    let full = format!("* closing: {}\n", CloseCode::FULL.reason());
    let mut cleo = Person::connect(hall.address);
    cleo.say("cleo");
    assert_eq!(cleo.rest(), full);
    assert_eq!(Person::connect(hall.address).rest(), full, "who is silent is told, too");
    drop(ann);
    ben.until("ann is offline");
    // The place is free once the reader of the connection is through.
    let mut tries = (0..10_000).map(|_| TcpStream::connect(hall.address).unwrap());
    let entered = tries.any(|mut socket| {
        socket.write_all(&preface).unwrap();
        let mut answer = [0; LENGTH];
        socket.read_exact(&mut answer).unwrap();
        matches!(ServerPreface::from_bytes(answer).unwrap(), ServerPreface::Accepted(_))
    });
    assert!(entered);
}

#[test]
fn one_connection_too_many_from_one_address_is_told_so() {
    let hall = Hall::open(&[("connections_per_address", 2), ("exempt_loopback", 0)]);
    let _ann = Framed::enter(hall.address, "ann");
    let mut ben = Person::enter(hall.address, "ben");
    let preface = ClientPreface::OURS.to_bytes();
    let refusal = refusal_in_preface(&hall, &preface);
    assert_eq!(refusal, PrefaceRefusal::ADDRESS_LIMIT);
    assert!(refusal.to_string().contains("connections_per_address"));
    let reason = CloseCode::ADDRESS_LIMIT.reason();
    assert!(reason.contains("connections_per_address"));
    let told = format!("* closing: {reason}\n");
    let mut cleo = Person::connect(hall.address);
    cleo.say("cleo");
    assert_eq!(cleo.rest(), told);
    assert_eq!(Person::connect(hall.address).rest(), told, "who is silent is told, too");
    ben.sees("/members", "online: ann, ben");
}

#[test]
fn of_too_many_lost_sessions_from_one_address_the_oldest_ends() {
    let set = [("detached_per_address", 2), ("exempt_loopback", 0), ("resume_ms", NEVER_MS)];
    let hall = Hall::open(&set);
    let mut clock = Person::enter(hall.address, "clock");
    let [ann, ben, cleo] = ["ann", "ben", "cleo"].map(|nickname| {
        let peer = Framed::enter(hall.address, nickname);
        clock.until(&format!("{nickname} is online"));
        let token = peer.token;
        drop(peer);
        clock.until(&format!("{nickname} is offline"));
        token
    });
    let back = [("cleo", cleo, true), ("ben", ben, true), ("ann", ann, false)];
    let _here = back.map(|(nickname, token, is_resumed)| {
        let mut peer = Framed::connect(hall.address);
        assert_eq!(peer.log_in(nickname, Some(token)).0, is_resumed, "{nickname}");
        peer
    });
    clock.sees("/members", "online: ann, ben, cleo, clock");
}

#[test]
fn loopback_is_exempt_from_what_is_counted_by_address() {
    let set = [("connections_per_address", 1), ("detached_per_address", 1)];
    let hall = Hall::open(&set);
    let mut ann = Person::enter(hall.address, "ann");
    let lost = ["ben", "cleo"].map(|nickname| {
        let peer = Framed::enter(hall.address, nickname);
        ann.until("is online");
        let token = peer.token;
        drop(peer);
        ann.until("is offline");
        (nickname, token)
    });
    for (nickname, token) in lost {
        let mut peer = Framed::connect(hall.address);
        assert!(peer.log_in(nickname, Some(token)).0, "{nickname}");
    }
}

#[test]
fn the_oldest_that_has_not_logged_in_makes_room() {
    let set = [("pending_logins", 2), ("login_ms", NEVER_MS), ("silent_login_ms", NEVER_MS)];
    let hall = Hall::open(&set);
    let mut ann = Person::enter(hall.address, "ann");
    let (silent, framed) = (Person::connect(hall.address), Framed::connect(hall.address));
    // Somebody who has logged in does not count, however old.
    ann.sees("/members", "online: ann");
    let mut third = Framed::connect(hall.address);
    let told = format!("* closing: {}\n", CloseCode::LOGIN_TIMEOUT.reason());
    assert!(told.contains("pending_logins"));
    assert_eq!(silent.rest(), told);
    let mut fourth = Framed::connect(hall.address);
    assert_eq!(framed.closing(), CloseCode::LOGIN_TIMEOUT);
    third.log_in("third", None);
    fourth.log_in("fourth", None);
    ann.sees("/members", "online: ann, fourth, third");
}

#[test]
fn who_has_begun_must_log_in_soon() {
    let hall = Hall::open(&[("login_ms", 100), ("silent_login_ms", NEVER_MS)]);
    let mut silent = Person::connect(hall.address);
    assert_eq!(Framed::connect(hall.address).closing(), CloseCode::LOGIN_TIMEOUT);
    // Half a preface: there is no frame yet to say more in.
    let part = &ClientPreface::OURS.to_bytes()[..5];
    assert_eq!(refusal_in_preface(&hall, part), PrefaceRefusal::TOO_LATE);
    silent.sees("ann", "welcome, ann");
}

#[test]
fn who_is_silent_or_types_has_longer_but_not_for_ever() {
    let hall = Hall::open(&[("login_ms", NEVER_MS), ("silent_login_ms", 100)]);
    let told = format!("* closing: {}\n", CloseCode::LOGIN_TIMEOUT.reason());
    assert!(told.contains("login_ms") && told.contains("silent_login_ms"));
    assert_eq!(Person::connect(hall.address).rest(), told);
    let mut typing = Person::connect(hall.address);
    typing.write(b"an");
    assert_eq!(typing.rest(), told);
}

#[test]
fn messages_before_the_login_are_counted() {
    let hall = Hall::open(&[]);
    let mut ann = Framed::connect(hall.address);
    for _ in 0..16 {
        let refused = ann.ask(&ClientMessage::Ping { nonce: 1 });
        assert_eq!(refused.refusal().0, RefusalCode::NOT_LOGGED_IN);
    }
    ann.send(&login("ann", None));
    assert_eq!(ann.closing(), CloseCode::LOGIN_TIMEOUT);
    let mut ben = Person::connect(hall.address);
    for _ in 0..16 {
        ben.sees("/members", "refused: log in first");
    }
    ben.say("ben");
    assert!(ben.rest().contains(CloseCode::LOGIN_TIMEOUT.reason()));
}

/// Somebody hidden is told when its name is free: that is when what was lost before it is, too.
fn hide_until_the_name_is_free(peer: &mut Framed) {
    assert!(peer.ask(&ClientMessage::Hide).is_done());
    peer.event(|event| {
        matches!(event, ServerMessage::Notice { code: NoticeCode::NAME_RELEASED, .. })
    });
}

#[test]
fn a_lost_session_is_kept_for_its_window() {
    for (resume_ms, is_kept) in [(NEVER_MS, true), (1000, false)] {
        let hall = Hall::open(&[("resume_ms", resume_ms)]);
        let mut clock = Framed::enter(hall.address, "clock");
        let peer = Framed::enter(hall.address, "ann");
        let token = peer.token;
        drop(peer);
        clock.event(|event| matches!(event, ServerMessage::Offline { nickname: "ann" }));
        let mut other = Framed::connect(hall.address);
        if is_kept {
            let (code, _) = other.ask(&login("ann", None)).refusal();
            assert_eq!(code, RefusalCode::NAME_TAKEN);
            assert!(other.log_in("whoever", Some(token)).0);
        } else {
            hide_until_the_name_is_free(&mut clock);
            assert!(!other.log_in("ann", Some(token)).0);
        }
    }
}

#[test]
fn of_too_many_lost_sessions_the_oldest_ends() {
    let hall = Hall::open(&[("detached_sessions", 1), ("resume_ms", NEVER_MS)]);
    let mut clock = Person::enter(hall.address, "clock");
    let [ann, ben] = ["ann", "ben"].map(|nickname| {
        let peer = Framed::enter(hall.address, nickname);
        clock.until(&format!("{nickname} is online"));
        let token = peer.token;
        drop(peer);
        clock.until(&format!("{nickname} is offline"));
        token
    });
    let mut other = Framed::connect(hall.address);
    assert!(other.log_in("ben-after", Some(ben)).0);
    let mut other = Framed::connect(hall.address);
    assert!(!other.log_in("ann", Some(ann)).0);
    clock.sees("/members", "online: ann, ben, clock");
}

#[test]
fn an_idle_room_ends_and_its_members_are_told() {
    let hall = Hall::open(&[("room_idle_ms", 1000)]);
    let mut owner = Framed::enter(hall.address, "owner");
    owner.ask(&create("lobby")).position();
    let mut ann = Framed::enter(hall.address, "ann");
    let join = ClientMessage::Join { room: "lobby" };
    let epoch = ann.ask(&join).position().epoch;
    let mut ben = Person::enter(hall.address, "ben");
    ben.sees("/join lobby", "you are in #lobby");
    assert!(owner.ask(&ClientMessage::Quit).is_done());
    ann.event(|event| {
        let code = NoticeCode::ROOM_CLOSED;
        matches!(event, ServerMessage::Notice { code: it, subject: "lobby", .. } if *it == code)
    });
    ben.until("* #lobby: the room has ended");
    assert_eq!(ann.ask(&join).refusal().0, RefusalCode::UNKNOWN_ROOM);
    assert_ne!(ann.ask(&create("lobby")).position().epoch, epoch);
}

#[test]
fn above_the_audience_only_acquaintances_hear_who_comes_and_goes() {
    for (audience, all_hear) in [(3, true), (2, false)] {
        let hall = Hall::open(&[("notice_audience", audience)]);
        let mut ann = Framed::enter(hall.address, "ann");
        ann.ask(&create("lobby")).position();
        let mut stranger = Framed::enter(hall.address, "stranger");
        let mut ben = Framed::enter(hall.address, "ben");
        ben.ask(&ClientMessage::Join { room: "lobby" }).position();
        assert!(ben.ask(&ClientMessage::Quit).is_done());
        let gone = ServerMessage::Offline { nickname: "ben" };
        for (peer, hears) in [(&mut ann, true), (&mut stranger, all_hear)] {
            let heard = peer.events().iter().any(|event| event.message() == gone);
            assert_eq!(heard, hears);
        }
    }
}
