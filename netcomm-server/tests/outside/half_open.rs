//! A peer that is there no more, and does not say so.

use netcomm_core::wire::{ClientMessage, CloseCode, Conversation, RefusalCode, ServerMessage};

use crate::peers::{Framed, Hall, Heard, Long, NEVER_MS, Person, create, history, login};

#[test]
fn who_stops_answering_is_cut_its_name_is_kept_and_it_comes_back() {
    let hall = Hall::open(&[("ping_ms", 100), ("pong_ms", 100)]);
    // Nobody pings a person.
    let mut ann = Person::enter(hall.address, "ann");
    let mut ben = Framed::enter(hall.address, "ben");
    ann.until("ben is online");
    let token = ben.token;
    let created = ben.ask(&create("lobby")).position();
    ann.sees("/join lobby", "you are in #lobby");
    // From here on it says nothing, and its socket stays open.
    ann.until("ben is offline");
    ann.sees("/members #lobby", "* in #lobby: ann");
    ann.say("said meanwhile");
    ann.say("/dm ben this too");
    ann.sees("/rooms", "#lobby (1)");

    let refused = Framed::connect(hall.address).ask(&login("ben", None));
    assert_eq!(refused.refusal().0, RefusalCode::NAME_TAKEN);
    let ending = ben.rest();
    assert_eq!(ending.code(), Some(CloseCode::HEARTBEAT_TIMEOUT));
    assert!(!ending.is_cut_short);

    let mut again = Framed::connect(hall.address);
    // All in one go: it may be cut again as soon as it is silent.
    let asked = [
        login("ben", Some(token)),
        history(Conversation::room("lobby"), 1),
        history(Conversation::private("ann"), 1),
        ClientMessage::Quit,
    ];
    let ids = asked.map(|message| again.send(&message));
    let welcome = again.answer(ids[0]);
    let ServerMessage::Welcome { nickname: "ben", resumed: true, token: fresh, .. } =
        welcome.message()
    else {
        panic!("{welcome:?}")
    };
    assert_ne!(fresh, token);
    for (id, text) in [(ids[1], "said meanwhile"), (ids[2], "this too")] {
        let page = again.answer(id);
        let ServerMessage::History { epoch, items, .. } = page.message() else {
            panic!("{page:?}")
        };
        assert_eq!(items.iter().map(|item| item.text).collect::<Vec<_>>(), [text]);
        assert_eq!(epoch == created.epoch, id == ids[1]);
    }
    assert_eq!(again.closing(), CloseCode::QUIT);
    ann.until("ben is online");
    ann.until("ben is offline");
}

/// How often a page is asked for.
const PAGES: usize = 60;

#[test]
fn who_is_not_read_from_is_not_taken_for_gone() {
    let hall = Hall::open(&[
        ("ping_ms", 100),
        ("pong_ms", 100),
        ("mailbox_bytes", 64 * 1024),
        ("send_buffer_bytes", 4096),
        ("write_stall_ms", NEVER_MS),
    ]);
    let mut ann = Person::enter(hall.address, "ann");
    for _ in 0..10 {
        ann.say(&Long::of(2000));
    }
    ann.sees("/members", "* online: ann");
    let mut slow = Framed::enter_narrow(hall.address, "slow");
    for _ in 0..PAGES {
        slow.send(&history(Conversation::EVERYONE, 1));
    }
    slow.send(&ClientMessage::Quit);
    // The time that cuts who is silent passes, and once more.
    for name in ["first", "second"] {
        let silent = Framed::enter(hall.address, name);
        ann.until(&format!("{name} is offline"));
        drop(silent.rest());
        ann.sees("/members", "* online: ann, slow");
    }
    let ending = slow.rest();
    assert_eq!(ending.code(), Some(CloseCode::QUIT));
    let is_page = |heard: &&Heard| matches!(heard.message(), ServerMessage::History { .. });
    assert_eq!(ending.heard.iter().filter(is_page).count(), PAGES);
}

#[test]
fn who_cannot_have_read_a_ping_is_not_cut_for_not_answering_it() {
    const SAID: usize = 150;
    let hall = Hall::open(&[
        ("ping_ms", 1000),
        ("pong_ms", 1000),
        // What is said fits, and is more than a quarter of it, whatever the kernel takes.
        ("mailbox_bytes", 1536 * 1024),
        ("send_buffer_bytes", 4096),
        ("write_stall_ms", NEVER_MS),
    ]);
    let mut ann = Person::enter(hall.address, "ann");
    let mut slow = Framed::enter_narrow(hall.address, "slow");
    for _ in 0..SAID {
        ann.say(&Long::of(4000));
        // It is there, until so much waits for it.
        slow.send_as(0, &ClientMessage::Pong { nonce: 0 });
    }
    ann.sees("/members", "* online: ann, slow");
    for name in ["first", "second"] {
        let silent = Framed::enter(hall.address, name);
        ann.until(&format!("{name} is offline"));
        drop(silent.rest());
        ann.sees("/members", "* online: ann, slow");
    }
    for _ in 0..SAID {
        slow.event(|event| matches!(event, ServerMessage::Message { .. }));
    }
    assert!(slow.ask(&ClientMessage::Quit).is_done());
}

/// The timer that the kernel runs for the server's end of a person's connection: its kind, and when
/// it is due, in hundredths of a second.
#[cfg(target_os = "linux")]
fn timer(hall: &Hall, person: &Person) -> (u8, u64) {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let port = |address: &str| u16::from_str_radix(address.rsplit_once(':')?.1, 16).ok();
    let ports = [Some(hall.address.port()), Some(person.address().port())];
    let row = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let row = row.into_iter().find(|row| [port(row[1]), port(row[2])] == ports);
    let row = row.unwrap();
    let (kind, due) = row[5].split_once(':').unwrap();
    (kind.parse().unwrap(), u64::from_str_radix(due, 16).unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn a_person_who_is_silent_is_asked_for_by_the_kernel_as_soon_as_others_are_pinged() {
    const KEEP_ALIVE: u8 = 2;
    for ping_s in [1000, 20] {
        let hall = Hall::open(&[("ping_ms", 1000 * ping_s)]);
        let mut ann = Person::enter(hall.address, "ann");
        ann.sees("/members", "* online: ann");
        // Another timer runs until what was said last is acknowledged.
        let due = loop {
            let (kind, due) = timer(&hall, &ann);
            if kind == KEEP_ALIVE {
                break due;
            }
            std::thread::yield_now();
        };
        assert!(due <= 100 * ping_s, "{due}");
        assert!(ping_s == 20 || due > 100 * 20, "{due}");
    }
}

#[test]
fn an_old_token_works_until_the_new_one_has_surely_arrived() {
    let hall = Hall::open(&[]);
    let first = Framed::enter(hall.address, "ben");
    let mut second = Framed::connect(hall.address);
    assert!(second.log_in("ben", Some(first.token)).0);
    assert_eq!(first.closing(), CloseCode::SUPERSEDED);
    // The answer to the second might never have come: the first token still holds.
    let mut third = Framed::connect(hall.address);
    assert!(third.log_in("ben", Some(second.token)).0);
    let used = second.token;
    assert_eq!(second.closing(), CloseCode::SUPERSEDED);
    third.say("the third has its token");
    let mut fourth = Framed::connect(hall.address);
    let refused = fourth.ask(&login("ben", Some(used)));
    assert_eq!(refused.refusal().0, RefusalCode::NAME_TAKEN, "a token that is retired is none");
    assert!(fourth.log_in("ben", Some(third.token)).0);
    assert!(fourth.ask(&ClientMessage::Quit).is_done());
    let mut fifth = Framed::connect(hall.address);
    assert!(!fifth.log_in("ben", Some(fourth.token)).0, "void after a quit");
}
