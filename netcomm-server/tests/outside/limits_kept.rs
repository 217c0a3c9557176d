//! Limits of what is kept: history, private conversations, items of a page.

use netcomm_core::wire::{ClientMessage, Conversation, RefusalCode, ServerMessage};

use crate::peers::{Framed, Hall, Long, Person, create, history, post};

const EVERYONE: Conversation<'static> = Conversation::EVERYONE;

/// The first and last message of a conversation, as a page of its history says, and the numbers of
/// those on the page.
fn kept(peer: &mut Framed, conversation: Conversation<'_>) -> (u64, u64, Vec<u64>) {
    let page = peer.ask(&history(conversation, 1));
    match page.message() {
        ServerMessage::History { first_kept, last, items, .. } => {
            (first_kept, last, items.iter().map(|item| item.seq).collect())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_a_conversation_so_many_messages_are_kept() {
    let hall = Hall::open(&[("history_messages", 3)]);
    let mut ann = Framed::enter(hall.address, "ann");
    assert_eq!(kept(&mut ann, EVERYONE), (1, 0, vec![]));
    for number in 1..=5 {
        ann.say(&format!("number {number}"));
    }
    assert_eq!(kept(&mut ann, EVERYONE), (3, 5, vec![3, 4, 5]));
    let mut ben = Person::enter(hall.address, "ben");
    ben.sees("/history", "* history of everyone");
    for number in 3..=5 {
        assert!(ben.line().unwrap().ends_with(&format!("<ann> number {number}")));
    }
    assert_eq!(ben.line().unwrap(), "* messages 1 to 2 are no longer kept");
}

#[test]
fn of_a_conversation_so_many_bytes_are_kept() {
    let hall = Hall::open(&[("history_bytes", 8192)]);
    let mut ann = Framed::enter(hall.address, "ann");
    for _ in 0..5 {
        ann.say(&Long::of(3000));
    }
    // Two of them and what they cost besides; three would be too much.
    assert_eq!(kept(&mut ann, EVERYONE), (4, 5, vec![4, 5]));
}

#[test]
fn of_all_conversations_the_oldest_messages_go_first() {
    let hall = Hall::open(&[("histories_bytes", 64 * 1024)]);
    let mut ann = Framed::enter(hall.address, "ann");
    for room in ["one", "two"] {
        ann.ask(&create(room)).position();
    }
    let text = Long::of(4000);
    let (one, two) = (Conversation::room("one"), Conversation::room("two"));
    for (room, times) in [(one, 10), (two, 10), (EVERYONE, 1)] {
        for _ in 0..times {
            ann.ask(&post(room, &text)).position();
        }
    }
    let (first, last, _) = kept(&mut ann, one);
    assert!((4..=10).contains(&first) && last == 10, "{first} to {last}");
    assert_eq!(kept(&mut ann, two).0, 1);
    assert_eq!(kept(&mut ann, EVERYONE).0, 1);
    for _ in 0..16 {
        ann.say(&text);
    }
    // Now all of both rooms is gone, and that is said.
    assert_eq!(kept(&mut ann, one), (11, 10, vec![]));
    assert_eq!(kept(&mut ann, two), (11, 10, vec![]));
    let mut ben = Person::enter(hall.address, "ben");
    ben.say("/join one");
    ben.sees("/history", "history of #one: nothing is kept any longer");
}

#[test]
fn a_page_has_so_many_items() {
    let hall = Hall::open(&[("page_items", 2)]);
    let mut ann = Framed::enter(hall.address, "ann");
    for room in ["a", "b", "c", "d", "e"] {
        ann.ask(&create(room)).position();
        ann.say(room);
    }
    assert_eq!(kept(&mut ann, EVERYONE), (1, 5, vec![1, 2]));
    let (mut from, mut sizes) = (String::new(), Vec::new());
    while sizes.len() < 10 {
        let page = ann.ask(&ClientMessage::Rooms { from: &from });
        let ServerMessage::Rooms { rooms, next } = page.message() else { panic!("{page:?}") };
        sizes.push(rooms.len());
        from = next.to_owned();
        if from.is_empty() {
            break;
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
    let page = ann.ask(&ClientMessage::Conversations { from: EVERYONE });
    let ServerMessage::Conversations { conversations, next } = page.message() else {
        panic!("{page:?}")
    };
    assert_eq!((conversations.len(), next), (2, Some(Conversation::room("b"))));
    let mut ben = Person::enter(hall.address, "ben");
    ben.sees("/rooms", "… more: /rooms c");
    let _cleo = Framed::enter(hall.address, "cleo");
    ben.sees("/members", "* online: ann, ben");
    ben.until("… more: /members * cleo");
}

#[test]
fn one_user_has_so_many_private_conversations() {
    let hall = Hall::open(&[("pairs_per_user", 1)]);
    let [mut ann, _ben, mut cleo] =
        ["ann", "ben", "cleo"].map(|nickname| Framed::enter(hall.address, nickname));
    let to = |nickname| post(Conversation::private(nickname), "psst");
    assert_eq!(ann.ask(&to("ben")).position().seq, 1);
    let (code, text) = ann.ask(&to("cleo")).refusal();
    assert_eq!(code, RefusalCode::TOO_MANY_PAIRS);
    let own = "you have private conversations with as many people as you may, the limit is 1";
    assert_eq!(text, own);
    let (code, text) = cleo.ask(&to("ben")).refusal();
    assert_eq!(code, RefusalCode::TOO_MANY_PAIRS);
    assert!(text.starts_with("the other has") && text.ends_with("the limit is 1"), "{text}");
    assert_eq!(ann.ask(&to("ben")).position().seq, 2, "the one that is goes on");
    let mut dan = Person::enter(hall.address, "dan");
    dan.sees("/dm ann psst", "refused: the other has private conversations");
}

#[test]
fn there_are_so_many_private_conversations_in_all() {
    let hall = Hall::open(&[("pairs", 1)]);
    let [mut ann, mut ben, mut cleo] =
        ["ann", "ben", "cleo"].map(|nickname| Framed::enter(hall.address, nickname));
    let to = |nickname| post(Conversation::private(nickname), "psst");
    ann.ask(&to("ben")).position();
    let (code, text) = cleo.ask(&to("ben")).refusal();
    assert_eq!(code, RefusalCode::TOO_MANY_PAIRS);
    let all = "the server has as many private conversations as it may, the limit is 1";
    assert_eq!(text, all);
    // With one of the two its place is free.
    assert!(ann.ask(&ClientMessage::Quit).is_done());
    cleo.ask(&to("ben")).position();
    assert_eq!(ben.ask(&to("cleo")).position().seq, 2);
}
