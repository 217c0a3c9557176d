//! What people type: lines of the text face, and commands.

use std::hint::black_box;

use netcomm_benches::{Typist, by_hand, text};
use netcomm_core::command;

use crate::Case;

const SIZE: usize = 64;

/// So many lines are read at once.
const BATCH: u16 = 64;

pub(crate) fn cases() -> Vec<Case> {
    let floor = format!("read a line of the text face, floor, {SIZE} B");
    let netcomm = format!("read a line of the text face, netcomm, {SIZE} B");
    let mut cases = vec![
        Case { name: floor.clone(), floor: None, run: line_by_hand, size: SIZE },
        Case { name: netcomm, floor: Some(floor), run: line, size: SIZE },
    ];
    let mut add = |what: &str, run| {
        let name = format!("parse what was typed, {what}, {SIZE} B");
        cases.push(Case { name, floor: None, run, size: SIZE });
    };
    add("a text", |size, times| parse("", size, times));
    add("/room", |size, times| parse("/room lobby ", size, times));
    add("/dm", |size, times| parse("/dm alice ", size, times));
    cases
}

fn lines(size: usize) -> Vec<u8> {
    (text(size) + "\n").repeat(BATCH.into()).into_bytes()
}

/// Hands `read` so many lines, a batch at a time.
fn batches(size: usize, times: u64, mut read: impl FnMut(&[u8]) -> u64) {
    let lines = lines(size);
    let mut left = times;
    while left > 0 {
        let now = u64::from(BATCH).min(left);
        let part = &lines[..usize::try_from(now).unwrap_or(0) * (size + 1)];
        assert_eq!(read(black_box(part)), now);
        left -= now;
    }
}

fn line(size: usize, times: u64) {
    let mut typist = Typist::default();
    batches(size, times, |lines| typist.read(lines));
}

fn line_by_hand(size: usize, times: u64) {
    batches(size, times, |mut lines| {
        let mut count = 0;
        while let Some(line) = by_hand::line(black_box(&mut lines)) {
            black_box(line);
            count += 1;
        }
        count
    });
}

fn parse(command: &str, size: usize, times: u64) {
    let line = format!("{command}{}", text(size));
    for _ in 0..times {
        black_box(command::parse(black_box(&line)).expect("a command"));
    }
}
