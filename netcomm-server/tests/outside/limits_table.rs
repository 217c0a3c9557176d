//! Every row of the table: announced, and settable in every way.

use std::ffi::OsString;
use std::process::Command;

use clap::Parser;
use netcomm_core::limits::{Limit, LimitInfo, TABLE};
use netcomm_core::wire::ServerMessage;
use netcomm_server::config::{Args, Config};

use crate::peers::{Framed, Hall, login};

/// A value that is not the default, and nearly it: nothing else changes.
const fn other(row: &LimitInfo) -> u64 {
    if row.default > row.min { row.default - 1 } else { row.default + 1 }
}

#[test]
fn a_welcome_announces_every_limit_as_it_is_configured() {
    let set: Vec<_> = TABLE.iter().map(|row| (row.name, other(row))).collect();
    let hall = Hall::open(&set);
    let welcome = Framed::connect(hall.address).ask(&login("ann", None));
    let ServerMessage::Welcome { limits, .. } = welcome.message() else { panic!("{welcome:?}") };
    let announced: Vec<_> = limits.iter().map(|limit| (limit.limit, limit.value)).collect();
    let expected: Vec<_> = TABLE.iter().map(|row| (row.limit as u16, other(row))).collect();
    assert_eq!(announced, expected);
}

/// Where it is tested what the limits do.
const TESTS: [&str; 7] = [
    include_str!("limits_connections.rs"),
    include_str!("limits_kept.rs"),
    include_str!("limits_output.rs"),
    include_str!("limits_rates.rs"),
    include_str!("limits_sizes.rs"),
    include_str!("limits_sockets.rs"),
    include_str!("limits_table.rs"),
];

#[test]
fn no_limit_is_without_a_test_of_what_it_does() {
    for row in TABLE {
        let as_limit = format!("(\"{}\", ", row.name);
        let as_variable = format!("\"NETCOMM_LIMIT_{}\"", row.name.to_uppercase());
        let sets = |test: &&str| test.contains(&as_limit) || test.contains(&as_variable);
        assert!(TESTS.iter().any(sets), "{}", row.name);
    }
}

#[test]
fn every_limit_is_set_by_file_environment_and_flag() {
    for row in TABLE {
        let value = other(row);
        let mut expected = Config::default();
        expected.limits.set(row.name, value).unwrap();
        expected.connections_are_set = row.limit == Limit::Connections;
        let file = Config::from_toml(&format!("[limits]\n{} = {value}", row.name));
        assert_eq!(file.unwrap(), expected, "{}", row.name);
        let flag = format!("{}={value}", row.name);
        let args = Args::parse_from(["netcomm-server", "--limit", &flag]);
        assert_eq!(Config::from_args(&args, []).unwrap(), expected);
        let variable = format!("NETCOMM_LIMIT_{}", row.name.to_uppercase());
        let environment = [(OsString::from(variable), OsString::from(value.to_string()))];
        let args = Args::parse_from(["netcomm-server"]);
        assert_eq!(Config::from_args(&args, environment).unwrap(), expected);
    }
}

#[test]
fn every_limit_has_its_range_and_is_named_where_it_is_left() {
    for row in TABLE {
        let beyond = [row.min.checked_sub(1), row.max.checked_add(1)];
        for value in beyond.into_iter().flatten() {
            let flag = format!("{}={value}", row.name);
            let args = Args::parse_from(["netcomm-server", "--limit", &flag]);
            let error = Config::from_args(&args, []).unwrap_err();
            let range = format!("{value} is out of range: {} to {}", row.min, row.max);
            assert!(error.contains(row.name) && error.contains(&range), "{error}");
        }
    }
}

#[test]
fn a_configuration_that_needs_too_much_memory_does_not_start() {
    let output = Command::new(env!("CARGO_BIN_EXE_netcomm-server"))
        .args(["--listen", "127.0.0.1:0", "--log", "error"])
        .env("NETCOMM_LIMIT_MEMORY_BYTES", "1048576")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("the limit memory_bytes is 1048576"), "{error}");
    assert!(output.stdout.is_empty(), "it does not listen");
}
