//! The published bytes of version 1 (`vectors/v1`), and that PROTOCOL.md says what they are.
//!
//! `NETCOMM_WRITE_VECTORS=1 cargo test --test suite vectors::` writes the files anew. Entries of a
//! released version are only ever added.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use netcomm_core::frame::{FrameDecoder, FrameError, MAX_PAYLOAD};
use netcomm_core::limits;
use netcomm_core::preface::{ClientPreface, LENGTH, PrefaceRefusal, ServerPreface, Version};
use netcomm_core::wire::{self, ClientMessage, CloseCode, Message, RequestId, ServerMessage};
use serde::Serialize;
use serde_json::{Value, json};

use crate::support::examples::{self, Example};
use crate::support::listing;

/// One line of a file. The order of the fields is that of the file.
#[derive(Serialize)]
struct Vector<'a, M> {
    name: &'static str,
    direction: &'static str,
    id: u32,
    hex: String,
    value: &'a M,
}

#[derive(Serialize)]
struct Reject {
    name: &'static str,
    direction: &'static str,
    hex: &'static str,
    close: &'static str,
}

/// The file `name` beside the other vectors, after writing it anew where that was asked for.
fn committed(name: &str, now: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/v1").join(name);
    if env::var_os("NETCOMM_WRITE_VECTORS").is_some_and(|value| value == "1") {
        fs::write(&path, now).expect("the vectors can be written");
    }
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A JSON list with a line for each entry.
fn lines<T: Serialize>(entries: impl IntoIterator<Item = T>) -> String {
    let entries: Vec<String> = (entries.into_iter())
        .map(|entry| serde_json::to_string(&entry).expect("plain values"))
        .collect();
    format!("[\n{}\n]\n", entries.join(",\n"))
}

fn parsed(text: &str) -> Vec<Value> {
    serde_json::from_str(text).expect("a JSON list")
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string grows");
        hex
    })
}

fn from_hex(hex: &str) -> Vec<u8> {
    let hex: String = hex.split_whitespace().collect();
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two hex digits"))
        .collect()
}

fn frame_of<'a, M: Message<'a>>(id: u32, message: &M) -> Vec<u8> {
    let mut frame = Vec::new();
    wire::encode(RequestId(id), message, &mut frame).expect("short enough for a frame");
    frame
}

/// Compares examples with their file, both ways.
fn check<M>(file: &str, direction: &'static str, table: &str, examples: &[Example<M>])
where
    M: Message<'static> + PartialEq + std::fmt::Debug,
{
    let now = lines(examples.iter().map(|(name, id, value)| Vector {
        name,
        direction,
        id: *id,
        hex: to_hex(&frame_of(*id, value)),
        value,
    }));
    let entries = parsed(&committed(file, &now));
    assert_eq!(entries.len(), examples.len(), "{file}");
    let mut covered = BTreeSet::new();
    for (entry, (name, id, message)) in entries.iter().zip(examples) {
        assert_eq!(entry["name"], *name);
        assert_eq!(entry["direction"], direction);
        assert_eq!(entry["id"], *id, "{name}");
        assert_eq!(entry["value"], json!(message), "{name}");
        let hex = entry["hex"].as_str().expect("hex");
        assert_eq!(hex, to_hex(&frame_of(*id, message)), "{name}");
        let (read_id, read) = decoded::<M>(hex).expect("a vector decodes");
        assert_eq!((read_id.0, &read), (*id, message), "{name}");
        covered.insert(variant(&entry["value"]).to_owned());
    }
    let all: BTreeSet<String> = (listing::listing().into_iter())
        .filter(|row| row.0 == table)
        .map(|row| row.2.to_owned())
        .collect();
    assert_eq!(covered, all, "every variant has a vector");
}

/// Reads one frame; the close code that answers it where it cannot be read.
fn decoded<M: Message<'static>>(hex: &str) -> Result<(RequestId, M), CloseCode> {
    let mut input: &'static [u8] = from_hex(hex).leak();
    let decoder: &'static mut FrameDecoder = Box::leak(Box::new(FrameDecoder::new(MAX_PAYLOAD)));
    match decoder.next_frame(&mut input) {
        Ok(payload) => {
            wire::decode(payload.expect("a whole frame")).map_err(|_| CloseCode::MALFORMED)
        }
        Err(FrameError::Empty) => Err(CloseCode::EMPTY_FRAME),
        Err(_) => Err(CloseCode::FRAME_TOO_LARGE),
    }
}

/// `{"Join": …}` and `"Hide"` are both ways of naming a variant.
fn variant(value: &Value) -> &str {
    let fields = value.as_object().and_then(|fields| fields.keys().next());
    fields.map_or_else(|| value.as_str().expect("a variant"), String::as_str)
}

#[test]
fn client_messages() {
    check("client.json", "client", "Client messages", &examples::client());
}

#[test]
fn server_messages() {
    check("server.json", "server", "Server messages", &examples::server());
}

/// Written by hand from PROTOCOL.md, so that the files are more than the program's own opinion.
#[test]
fn bytes_written_by_hand() {
    let by_hand = [
        ("login", "0000000c 01 00 03616e6e 00 00 00 00 00 00"),
        ("login_hidden", "0000000c 01 00 03616e6e 01 00 00 00 00 00"),
        ("post_everyone", "0000000c 02 01 00 00 00 01 0568656c6c6f"),
        (
            "post_private",
            "0000001d 8001 01 02 03626f62 00 8001 11d0bfd180d0b8d0b2d0b5d18220f09f918b",
        ),
        ("join", "00000008 03 02 056c6f626279"),
        ("quit", "00000006 ffffffff0f 0e"),
        ("members", "00000004 09 08 00 00"),
        ("members_of_room", "0000000d 0a 08 01 056c6f626279 03626f62"),
        ("pong", "00000005 00 0d 808001"),
        ("done", "00000002 07 01"),
        ("refused_for_now", "00000019 04 02 c801 01 dc0b 11746f6f206d616e79207265717565737473"),
        ("joined", "0000000a 03 04 054c6f626279 01 00"),
        ("rooms", "00000011 0c 06 02 056c6f626279 00 03746561 8001 00"),
        ("history_forgotten", "0000000f 0d 07 01 056c6f626279 01 ad02 ac02 00"),
        ("online", "00000006 00 0d 03626f62"),
        ("closing_for_now", "00000011 00 12 c801 01 8827 096261636b20736f6f6e"),
    ];
    let mut frames = Vec::new();
    frames.extend(examples::client().iter().map(|(name, id, m)| (*name, frame_of(*id, m))));
    frames.extend(examples::server().iter().map(|(name, id, m)| (*name, frame_of(*id, m))));
    for (name, hex) in by_hand {
        let found = frames.contains(&(name, from_hex(hex)));
        assert!(found, "{name}: {hex}");
    }
}

#[test]
fn bytes_that_close_the_connection() {
    let reject = |name, hex, close| Reject { name, direction: "both", hex, close };
    let of_a_client = |name, hex, close| Reject { name, direction: "client", hex, close };
    let too_many_extensions =
        ["0000008e010003616e6e000000000041", &"0000".repeat(65)].concat().leak();
    let rejects = [
        reject("empty_frame", "00000000", "empty_frame"),
        reject("one_byte_too_long", "00004001", "frame_too_large"),
        reject("as_long_as_can_be", "ffffffff", "frame_too_large"),
        reject("unended_request_id", "0000000180", "malformed"),
        reject("request_id_above_32_bits", "00000006ffffffff1f06", "malformed"),
        reject("no_message", "0000000101", "malformed"),
        reject("index_above_32_bits", "0000000601ffffffff1f", "malformed"),
        of_a_client("a_byte_after_hide", "00000003010600", "malformed"),
        of_a_client("bad_utf8", "00000004010201ff", "malformed"),
        of_a_client("surrogate", "00000006010203eda080", "malformed"),
        of_a_client("hidden_is_2", "0000000c010003616e6e020000000000", "malformed"),
        of_a_client("option_is_2", "0000000401080200", "malformed"),
        of_a_client("text_ends_early", "0000000401020561", "malformed"),
        of_a_client("list_of_2_to_the_32", "0000000d0100000000000000ffffffff0f", "malformed"),
        of_a_client("too_many_extensions", too_many_extensions, "malformed"),
        of_a_client("kind_above_16_bits", "000000090101ffff0400000000", "malformed"),
        Reject {
            name: "a_byte_after_done",
            direction: "server",
            hex: "00000003070100",
            close: "malformed",
        },
    ];
    let entries = parsed(&committed("rejects.json", &lines(&rejects)));
    assert_eq!(json!(entries), json!(rejects));
    for Reject { name, direction, hex, close } in rejects {
        let name_of = |code: CloseCode| code.name();
        if direction != "server" {
            let error = decoded::<ClientMessage<'_>>(hex).expect_err(name);
            assert_eq!(name_of(error), Some(close), "{name}");
        }
        if direction != "client" {
            let error = decoded::<ServerMessage<'_>>(hex).expect_err(name);
            assert_eq!(name_of(error), Some(close), "{name}");
        }
    }
}

#[test]
fn bytes_that_are_read_but_never_written() {
    let now = lines([
        json!({"name": "unknown_index", "direction": "client", "id": 5, "hex": "00000004050fdead", "value": "Unknown"}),
        json!({"name": "largest_index", "direction": "client", "id": 5, "hex": "0000000605ffffffff0f", "value": "Unknown"}),
        json!({"name": "longer_varint_than_needed", "direction": "client", "id": 1, "hex": "00000003810006", "value": "Hide"}),
        json!({"name": "unknown_event", "direction": "server", "id": 0, "hex": "00000003001300", "value": "Unknown"}),
        json!({"name": "unknown_answer", "direction": "server", "id": 300, "hex": "00000004ac027f01", "value": "Unknown"}),
    ]);
    let entries = parsed(&committed("tolerated.json", &now));
    assert_eq!(entries, parsed(&now));
    for entry in &entries {
        let hex = entry["hex"].as_str().expect("hex");
        let (id, value) = if entry["direction"] == "client" {
            let (id, message) = decoded::<ClientMessage<'_>>(hex).expect("tolerated");
            (id, serde_json::to_value(message))
        } else {
            let (id, message) = decoded::<ServerMessage<'_>>(hex).expect("tolerated");
            (id, serde_json::to_value(message))
        };
        // `Unknown` cannot be written, as JSON neither.
        let value = value.unwrap_or_else(|_| json!("Unknown"));
        assert_eq!((json!(id.0), &value), (entry["id"].clone(), &entry["value"]), "{hex}");
    }
}

#[test]
fn prefaces() {
    let client = |lowest, highest| {
        let preface = ClientPreface { lowest, highest };
        assert_eq!(ClientPreface::from_bytes(preface.to_bytes()), Ok(preface));
        let version = preface.negotiate().map(Version::number);
        let value = json!({"lowest": lowest, "highest": highest, "chosen": version});
        json!({"direction": "client", "hex": to_hex(&preface.to_bytes()), "value": value})
    };
    let server = |preface: ServerPreface, version, reason| {
        assert_eq!(ServerPreface::from_bytes(preface.to_bytes()), Ok(preface));
        let value: Value = json!({"version": version, "reason": reason});
        json!({"direction": "server", "hex": to_hex(&preface.to_bytes()), "value": value})
    };
    let refused = |reason: u16| server(ServerPreface::Refused(PrefaceRefusal(reason)), 0, reason);
    let mut all = vec![server(ServerPreface::Accepted(Version::V1), 1, 0)];
    all.extend((1..=7).map(refused));
    all.extend(
        [(1, 1), (0, u16::MAX), (1, 258), (2, 3), (0, 0), (2, 1)].map(|(l, h)| client(l, h)),
    );
    let entries = parsed(&committed("prefaces.json", &lines(&all)));
    assert_eq!(entries, all);
    assert_eq!(ClientPreface::OURS.to_bytes(), *b"\x9eNET\0\x01\0\x01");
    for entry in &entries {
        assert_eq!(from_hex(entry["hex"].as_str().expect("hex")).len(), LENGTH);
    }
}

#[test]
fn no_number_changes_its_meaning() {
    let now = listing::listing().iter().fold(String::new(), |mut text, (table, number, name)| {
        writeln!(text, "{table}: {number} {name}").expect("a string grows");
        text
    });
    assert_eq!(committed("index.txt", &now), now);
}

#[test]
fn the_document_names_every_number() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../PROTOCOL.md");
    let document = fs::read_to_string(path).expect("PROTOCOL.md at the root");
    let tables: BTreeSet<&str> = listing::listing().iter().map(|row| row.0).collect();
    let (mut heading, mut rows, mut defaults) = ("", BTreeSet::new(), Vec::new());
    for line in document.lines() {
        if line.starts_with('#') {
            heading = line.trim_start_matches('#').trim();
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, number, name, rest @ ..] = &cells[..] else {
            continue;
        };
        let (Ok(number), Some(name)) = (number.parse::<usize>(), name.strip_prefix('`')) else {
            continue;
        };
        if tables.contains(heading) {
            let fresh = rows.insert((heading, number, name.trim_end_matches('`')));
            assert!(fresh, "{line}");
            if heading == "Limits" {
                defaults.push(rest[1].replace(',', "").parse::<u64>().expect("a default"));
            }
        }
    }
    assert_eq!(rows, listing::listing().into_iter().collect());
    let expected: Vec<u64> = limits::TABLE.iter().map(|row| row.default).collect();
    assert_eq!(defaults, expected);
}
