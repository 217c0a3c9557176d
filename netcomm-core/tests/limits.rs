//! The ranges of the limits, in plain numbers: a configuration that was valid stays valid.

use netcomm_core::limits::{Limits, TABLE};

/// Each limit's lowest and highest value.
const RANGES: &[(&str, u64, u64)] = &[
    ("frame_bytes", 8_192, 16_384),
    ("text_bytes", 1, 4_096),
    ("line_bytes", 64, 4_096),
    ("nickname_bytes", 1, 32),
    ("nickname_columns", 1, 64),
    ("room_name_bytes", 1, 64),
    ("rooms_per_user", 1, 1_000),
    ("rooms", 1, 1_000_000),
    ("room_idle_ms", 1_000, 31_536_000_000),
    ("connections", 1, 1_000_000),
    ("connections_per_address", 1, 1_000_000),
    ("pending_logins", 1, 1_000_000),
    ("login_ms", 100, 3_600_000),
    ("silent_login_ms", 100, 3_600_000),
    ("mailbox_bytes", 32_768, 1_073_741_824),
    ("mailbox_frames", 16, 10_000_000),
    ("mailboxes_bytes", 1_048_576, 1_099_511_627_776),
    ("write_stall_ms", 100, 3_600_000),
    ("send_buffer_bytes", 4_096, 67_108_864),
    ("ping_ms", 100, 3_600_000),
    ("pong_ms", 100, 3_600_000),
    ("post_burst", 1, 1_000_000_000),
    ("posts_per_minute", 1, 1_000_000_000),
    ("query_burst", 1, 1_000_000_000),
    ("queries_per_minute", 1, 1_000_000_000),
    ("unanswered", 1, 1_024),
    ("history_messages", 1, 1_000_000_000),
    ("history_bytes", 8_192, 1_099_511_627_776),
    ("histories_bytes", 65_536, 1_099_511_627_776),
    ("page_items", 1, 100),
    ("pairs_per_user", 1, 1_000_000),
    ("pairs", 1, 10_000_000),
    ("detached_sessions", 1, 1_000_000),
    ("detached_per_address", 1, 1_000_000),
    ("resume_ms", 1_000, 604_800_000),
    ("notice_audience", 0, 1_000_000),
    ("drain_ms", 100, 3_600_000),
    ("memory_bytes", 1_048_576, 1_099_511_627_776),
    ("receive_buffer_bytes", 4_096, 67_108_864),
    ("exempt_loopback", 0, 1),
];

#[test]
fn no_range_moves_unnoticed() {
    let ranges: Vec<_> = TABLE.iter().map(|row| (row.name, row.min, row.max)).collect();
    assert_eq!(ranges, RANGES);
}

#[test]
fn a_limit_is_explained_where_it_is_configured() {
    let line = "# payload of one frame (8192 to 16384)\n#frame_bytes = 16384";
    assert_eq!(TABLE[0].to_string(), line);
}

#[test]
fn what_is_set_is_listed_between_its_neighbours() {
    let mut limits = Limits::default();
    for value in [1, 4096] {
        limits.set("text_bytes", value).expect("the ends of its range");
        let first: Vec<_> = limits.iter().map(|(row, value)| (row.name, value)).take(3).collect();
        assert_eq!(first, [("frame_bytes", 16_384), ("text_bytes", value), ("line_bytes", 4096)]);
    }
    assert!(limits.set("text_bytes", 0).is_err() && limits.set("text_bytes", 4097).is_err());
}
