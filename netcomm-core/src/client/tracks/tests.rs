//! Where conversations stand, seen from inside.

use alloc::format;
use alloc::vec;

use super::*;
use crate::time::UnixMillis;

const BOB: Conversation<'static> = Conversation::private("bob");
const DEN: Conversation<'static> = Conversation::room("den");

/// Somebody says something at this place; answers what the user is told of it.
fn hear(tracks: &mut Tracks, to: Conversation<'_>, epoch: u64, seq: u64) -> Vec<Event> {
    let said = Said { time: UnixMillis(0), author: "bob".into(), text: "hi".into() };
    let mut told = Vec::new();
    tracks.take(to, Position { epoch, seq }, Some(said), &mut |event| told.push(event));
    told
}

/// What the user is told at the end of the list.
fn end_listing(tracks: &mut Tracks) -> Vec<Event> {
    let mut told = Vec::new();
    tracks.end_listing(&mut |event| told.push(event));
    told
}

/// `number` rooms, of which nothing was heard yet but the first message.
fn fill(tracks: &mut Tracks, number: usize) {
    for epoch in 0..number {
        let room = format!("room-{epoch}");
        hear(tracks, Conversation::room(&room), epoch as u64, 1);
    }
}

#[test]
fn what_is_said_while_the_list_is_read_goes_on_though_the_list_has_got_past_it() {
    let mut tracks = Tracks::default();
    tracks.begin_listing();
    hear(&mut tracks, DEN, 7, 1);
    tracks.begin_page();
    tracks.take(BOB, Position { epoch: 8, seq: 1 }, None, &mut |_| {});
    assert_eq!(end_listing(&mut tracks), vec![]);
}

#[test]
fn what_was_in_the_list_already_needs_no_other_when_it_is_renamed() {
    let mut tracks = Tracks::default();
    tracks.begin_listing();
    tracks.begin_page();
    tracks.place(BOB, Position { epoch: 8, seq: 0 }, &mut |_| {});
    tracks.rename("bob", "bobby", &mut |_| {});
    assert!(!tracks.is_moved());
}

#[test]
fn what_ends_was_there_once() {
    let mut tracks = Tracks::default();
    hear(&mut tracks, BOB, 8, 1);
    assert_eq!([tracks.end(BOB), tracks.end(BOB)], [true, false]);
}

#[test]
fn what_is_said_in_a_new_room_is_told_at_once_if_no_list_is_read() {
    let mut tracks = Tracks::default();
    assert_eq!(hear(&mut tracks, DEN, 7, 5).len(), 1);
}

#[test]
fn a_gap_is_of_one_epoch_and_of_a_room_whose_beginning_is_known() {
    for is_listing in [true, false] {
        let mut tracks = Tracks::default();
        hear(&mut tracks, DEN, 7, 1);
        hear(&mut tracks, DEN, 7, 4);
        let gap = tracks.gap().expect("a gap");
        assert!(tracks.of_gap(&gap).is_some());
        tracks.end(DEN);
        if is_listing {
            tracks.begin_listing();
        }
        hear(&mut tracks, DEN, 7, 5);
        // While the list is read, nobody knows yet where one's part of it begins.
        assert_eq!(tracks.of_gap(&gap).is_some(), !is_listing);
        assert!(tracks.of_gap(&Gap { epoch: 8, ..gap }).is_none());
    }
}

#[test]
fn who_loses_a_name_goes_on_under_another_if_the_list_is_being_read() {
    for is_listing in [true, false] {
        let mut tracks = Tracks::default();
        if is_listing {
            tracks.begin_listing();
        }
        for to in [BOB, DEN] {
            hear(&mut tracks, to, 8, 1);
            hear(&mut tracks, to, 9, 1);
        }
        // Rooms are never renamed.
        let (adrift, left) = if is_listing { (1, vec![]) } else { (0, vec![(8, 2)]) };
        assert_eq!((tracks.adrift.len(), Vec::from(tracks.left)), (adrift, left));
    }
}

#[test]
fn many_may_lose_their_names_at_once_and_the_last_of_those_that_are_left_are_remembered() {
    const MANY: u64 = 100;
    let names: Vec<_> = (0..MANY).map(|number| format!("user-{number}")).collect();
    for (is_listing, adrift, left) in [(true, 100, None), (false, 0, Some((36, 2)))] {
        let mut tracks = Tracks::default();
        if is_listing {
            tracks.begin_listing();
        }
        for shift in [0, MANY] {
            for (epoch, name) in (shift..).zip(&names) {
                hear(&mut tracks, Conversation::private(name), epoch, 1);
            }
        }
        assert_eq!((tracks.all.len(), tracks.adrift.len()), (100, adrift));
        assert_eq!(tracks.left.front().copied(), left);
        assert_eq!(tracks.left.len(), left.map_or(0, |_| LEFT));
    }
}

#[test]
fn those_that_lost_their_names_count_as_kept() {
    let mut tracks = Tracks::default();
    fill(&mut tracks, TRACKS - 2);
    tracks.begin_listing();
    // Each is another bob.
    for (epoch, adrift) in [(8000, 0), (8001, 1), (8002, 2), (8003, 2)] {
        hear(&mut tracks, BOB, epoch, 1);
        assert_eq!((tracks.all.len(), tracks.adrift.len()), (TRACKS - 1, adrift));
        if adrift == 1 {
            // There is no place for one more, which is told as it comes.
            assert_eq!(hear(&mut tracks, DEN, 7, 5).len(), 1);
            assert_eq!(tracks.all.len(), TRACKS - 1);
        }
    }
    assert_eq!(tracks.left, [(8002, 2)]);
}

#[test]
fn where_there_is_no_place_what_was_missed_is_declared_if_it_is_anything() {
    let mut tracks = Tracks::default();
    fill(&mut tracks, TRACKS);
    let mut told = Vec::new();
    for seq in [0, 1] {
        tracks.place(BOB, Position { epoch: 8, seq }, &mut |event| told.push(event));
    }
    assert_eq!(told, [Event::Gone { conversation: BOB.into(), first: 1, last: 1 }]);
}
