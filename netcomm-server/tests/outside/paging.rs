//! What is larger than a mailbox comes page by page, to the end, everything exactly once.

use netcomm_core::wire::{self, ClientMessage, Conversation, RequestId, ServerMessage};

use crate::peers::{Framed, Hall, Person, create, history, post};

const EVERYONE: Conversation<'static> = Conversation::EVERYONE;
const ROOMS: usize = 1100;
const MESSAGES: u64 = 150;

/// No list here has more pages.
const PAGES: usize = 1000;

fn hall() -> Hall {
    Hall::open(&[("mailbox_bytes", 32 * 1024), ("rooms_per_user", 1000)])
}

/// More than 200 KiB in all.
fn text(seq: u64) -> String {
    format!("number {seq:03} {}", "abcdefg ".repeat(200))
}

fn fill_history(hall: &Hall) -> Framed {
    let mut ann = Framed::enter(hall.address, "ann");
    for seq in 1..=MESSAGES {
        assert_eq!(ann.say(&text(seq)).seq, seq);
    }
    ann
}

/// More than 64 KiB of names.
fn fill_rooms(hall: &Hall) -> (Vec<String>, [Framed; 2]) {
    let name = |number| format!("room-{number:04}-{}", "x".repeat(50));
    let rooms: Vec<_> = (0..ROOMS).map(name).collect();
    let mut makers = ["maker-1", "maker-2"].map(|nickname| Framed::enter(hall.address, nickname));
    for (number, room) in rooms.iter().enumerate() {
        makers[number % 2].ask(&create(room)).position();
    }
    (rooms, makers)
}

#[test]
fn history_forwards_in_frames() {
    let hall = hall();
    let mut ann = fill_history(&hall);
    let (mut seen, mut pages) = (0, 0);
    while seen < MESSAGES && pages < PAGES {
        let page = ann.ask(&history(EVERYONE, seen + 1));
        let ServerMessage::History { first_kept: 1, last: MESSAGES, items, .. } = page.message()
        else {
            panic!("{page:?}")
        };
        assert!(!items.is_empty());
        for item in items {
            seen += 1;
            assert_eq!((item.seq, item.text), (seen, &*text(seen)));
        }
        pages += 1;
    }
    assert_eq!(seen, MESSAGES);
    assert!(pages > 10, "{pages}");
}

#[test]
fn history_backwards_in_frames() {
    let hall = hall();
    let mut ann = fill_history(&hall);
    let mut next = MESSAGES;
    for _ in 0..PAGES {
        let page = ann.ask(&ClientMessage::History {
            conversation: EVERYONE,
            epoch: None,
            first: 1,
            last: next,
            latest: true,
            most: 0,
        });
        let ServerMessage::History { items, .. } = page.message() else { panic!("{page:?}") };
        assert!(!items.is_empty());
        for item in items.iter().rev() {
            assert_eq!((item.seq, item.text), (next, &*text(next)));
            next -= 1;
        }
        if next == 0 {
            return;
        }
    }
    panic!("no end");
}

/// Follows the hints of the text face from `ask` on; answers all lines but titles and hints, those
/// of a page together. A page's end is told by an answer to something else.
fn follow(person: &mut Person, ask: &str, hint: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut typed = ask.to_owned();
    while pages.len() < PAGES {
        person.say(&typed);
        person.say("/help quit");
        let (mut page, mut next) = (Vec::new(), None);
        loop {
            let line = person.line().unwrap();
            if line.starts_with("* /quit") {
                break;
            }
            assert_eq!(next, None, "the hint comes last");
            match line.strip_prefix(hint) {
                Some(command) => next = Some(command.to_owned()),
                None => page.push(line),
            }
        }
        pages.push(page);
        match next {
            Some(command) => typed = command,
            None => return pages,
        }
    }
    panic!("no end");
}

#[test]
fn history_in_lines() {
    let hall = hall();
    let mut ann = fill_history(&hall);
    let mut ben = Person::enter(hall.address, "ben");
    let mut pages = follow(&mut ben, "/history", "* … earlier: ");
    assert!(pages.len() > 10);
    pages.reverse();
    let mut seq = 0;
    for page in &pages {
        assert_eq!(page[0], "* history of everyone");
        for line in &page[1..] {
            seq += 1;
            assert!(line.ends_with(&format!("<ann> {}", text(seq))), "{line}");
        }
    }
    assert_eq!(seq, MESSAGES);
    // The same in a conversation whose name is in the hint.
    ann.ask(&create("lobby")).position();
    for seq in 1..=30 {
        let text = text(seq);
        ann.ask(&post(Conversation::room("lobby"), &text)).position();
    }
    ben.sees("/join lobby", "you are in #lobby");
    let pages = follow(&mut ben, "/history #lobby 7", "* … earlier: ");
    let lines: usize = pages.iter().map(|page| page.len() - 1).sum();
    assert_eq!((pages[0].len() - 1, lines), (7, 30));
}

#[test]
fn rooms_in_frames() {
    let hall = hall();
    let (rooms, mut makers) = fill_rooms(&hall);
    let (mut seen, mut from) = (Vec::new(), String::new());
    for _ in 0..PAGES {
        let page = makers[0].ask(&ClientMessage::Rooms { from: &from });
        let ServerMessage::Rooms { rooms, next } = page.message() else { panic!("{page:?}") };
        assert!((1..=100).contains(&rooms.len()));
        seen.extend(rooms.iter().map(|item| (item.room.to_owned(), item.members)));
        from = next.to_owned();
        if from.is_empty() {
            break;
        }
    }
    let expected: Vec<_> = rooms.into_iter().map(|room| (room, 1)).collect();
    assert_eq!(seen, expected);
}

#[test]
fn rooms_in_lines() {
    let hall = hall();
    let (rooms, _makers) = fill_rooms(&hall);
    let mut ben = Person::enter(hall.address, "ben");
    let pages = follow(&mut ben, "/rooms", "* … more: ");
    assert!(pages.len() > 10);
    let expected = rooms.iter().map(|room| format!("* #{room} (1)"));
    assert!(pages.concat().into_iter().eq(expected));
}

#[test]
fn members_in_lines() {
    let hall = Hall::open(&[("page_items", 4)]);
    let names: Vec<_> = (10..30).map(|number| format!("member-{number}")).collect();
    let _members: Vec<_> = names
        .iter()
        .map(|nickname| {
            let mut member = Framed::enter(hall.address, nickname);
            // The first makes it, the others enter it.
            member.ask(&create("lobby"));
            member.ask(&ClientMessage::Join { room: "lobby" }).position();
            member
        })
        .collect();
    let mut ben = Person::enter(hall.address, "ben");
    for (ask, title, expected) in [
        ("/members #lobby", "* in #lobby:", names.clone()),
        ("/who", "* online:", [vec!["ben".to_owned()], names].concat()),
    ] {
        let pages = follow(&mut ben, ask, "* … more: ");
        let seen: Vec<_> = pages
            .iter()
            .flat_map(|page| page.iter().flat_map(|line| line.split([' ', ','])))
            .filter(|word| word.starts_with("member-") || *word == "ben")
            .collect();
        assert_eq!(seen, expected);
        assert!(pages.iter().all(|page| page[0].starts_with(title)));
    }
}

#[test]
fn history_that_is_mostly_line_feeds_in_lines() {
    let hall = hall();
    let mut ann = Framed::enter(hall.address, "ann");
    for seq in 1..=20 {
        ann.say(&format!("number {seq}{}.", "\n".repeat(4000)));
    }
    let mut ben = Person::enter(hall.address, "ben");
    let mut pages = follow(&mut ben, "/history", "* … earlier: ");
    pages.reverse();
    let lines = pages.concat();
    let numbers = lines.iter().filter_map(|line| line.split("<ann> number ").nth(1));
    assert!(numbers.eq((1..=20).map(|seq| seq.to_string())));
    assert_eq!(lines.iter().filter(|line| **line == "  .").count(), 20);
}

/// All at once, by two who read little at a time: who asks for more than it reads is slowed, not
/// cut.
#[test]
fn more_pages_than_a_mailbox_holds_asked_for_at_once() {
    const ASKED: u16 = 60;
    for mailbox_bytes in [32 * 1024, 256 * 1024] {
        let hall = Hall::open(&[("mailbox_bytes", mailbox_bytes), ("send_buffer_bytes", 4096)]);
        let _ann = fill_history(&hall);
        let mut ben = Framed::enter_narrow(hall.address, "ben");
        let mut asked = Vec::new();
        for id in 100..100 + u32::from(ASKED) {
            wire::encode(RequestId(id), &history(EVERYONE, 1), &mut asked).unwrap();
        }
        ben.write(&asked);
        for id in 100..100 + u32::from(ASKED) {
            let page = ben.answer(id);
            let ServerMessage::History { items, .. } = page.message() else { panic!("{page:?}") };
            assert!(items.len() > 5 && items[0].text == text(1));
        }
        let mut cat = Person::enter_narrow(hall.address, "cat");
        cat.say(&"/history\n".repeat(ASKED.into()));
        for _ in 0..ASKED {
            cat.until("* history of everyone");
            cat.until(&text(MESSAGES));
        }
        cat.sees("/help quit", "* /quit");
    }
}
