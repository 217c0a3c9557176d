//! The kernel's buffers: how much it takes of what nobody reads, in each direction.

use std::io::{ErrorKind, Write};
use std::time::Duration;

use netcomm_core::wire::{self, Conversation, RequestId};
use rustix::net::sockopt;

use crate::limits_output::{LENGTH, MANY, say_until_offline};
use crate::peers::{Framed, Hall, Long, NEVER_MS, post};

const SMALL: u64 = 4096;
/// No kernel is set up to allow less.
const LARGE: u64 = 128 * 1024;

/// The kernel rounds, and counts what it adds; between the two runs there is more than that.
const FACTOR: usize = 3;

/// A server whose own share of what waits is small.
fn hall(limits: &[(&str, u64)]) -> Hall {
    let others = [
        ("connections", 16),
        ("mailbox_bytes", 32 * 1024),
        ("mailbox_frames", 16),
        ("write_stall_ms", NEVER_MS),
    ];
    Hall::open(&[limits, &others].concat())
}

/// How many messages a peer can read after it was cut, which has not read before.
fn readable_after_the_cut(send_buffer_bytes: u64) -> usize {
    let hall = hall(&[("send_buffer_bytes", send_buffer_bytes)]);
    let mut speaker = Framed::enter(hall.address, "speaker");
    let slow = Framed::enter_narrow(hall.address, "slow");
    say_until_offline(&mut speaker, MANY, "slow");
    slow.rest().heard.len()
}

#[test]
fn what_was_sent_before_a_cut_can_still_be_read() {
    let [small, large] = [SMALL, LARGE].map(readable_after_the_cut);
    assert!(large > FACTOR * small.max(1), "{small} and {large} messages of {LENGTH} bytes");
}

/// How many bytes a peer can write to a server that does not read them for now.
fn writable_in_a_pause(receive_buffer_bytes: u64) -> usize {
    let pause = [("post_burst", 1), ("posts_per_minute", 1)];
    let hall = hall(&[&pause[..], &[("receive_buffer_bytes", receive_buffer_bytes)]].concat());
    let mut eager = Framed::enter(hall.address, "eager");
    sockopt::set_socket_send_buffer_size(&eager.socket, 4096).unwrap();
    // Nothing is taken for so long: nothing will be for the minute until the next post is read.
    eager.socket.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut stream = Vec::new();
    for id in 2..MANY {
        let text = Long::of(LENGTH);
        let message = post(Conversation::EVERYONE, &text);
        wire::encode(RequestId(u32::try_from(id).unwrap()), &message, &mut stream).unwrap();
    }
    let mut written = 0;
    loop {
        match eager.socket.write(&stream[written..]) {
            Ok(more) => written += more,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return written,
            Err(error) => panic!("{error}"),
        }
        assert!(written < stream.len(), "somebody reads");
    }
}

#[test]
fn what_is_not_read_yet_waits_with_its_sender() {
    let [small, large] = [SMALL, LARGE].map(writable_in_a_pause);
    assert!(large > FACTOR * small, "{small} and {large} bytes");
}
