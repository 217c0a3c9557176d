//! What the server is told, and the program as its user starts it.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use clap::Parser;
use netcomm_core::limits::{Limit, Limits, TABLE};
use netcomm_server::config::{Args, Config, annotated_default};
use netcomm_server::memory;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_netcomm-server"))
}

#[test]
fn the_printed_default_is_the_default() {
    assert_eq!(Config::from_toml(&annotated_default()).unwrap(), Config::default());
    for row in TABLE {
        assert!(annotated_default().contains(row.help), "{}", row.name);
    }
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let file = std::env::temp_dir().join(format!("netcomm-{}.toml", std::process::id()));
    let text = "listen = [\"127.0.0.1:1\"]\n[limits]\nrooms = 1\npairs = 1\ntext_bytes = 1\n";
    std::fs::write(&file, text).unwrap();
    let env = |name: &str| match name {
        "NETCOMM_LIMIT_ROOMS" | "NETCOMM_LIMIT_PAIRS" => Some(OsString::from("2")),
        _ => None,
    };
    let path = file.to_str().unwrap();
    let args = Args::parse_from(["server", "--config", path, "--limit", "rooms=3"]);
    let config = Config::from_args(&args, env).unwrap();
    std::fs::remove_file(&file).unwrap();
    let limit = |limit| config.limits[limit];
    assert_eq!(limit(Limit::Rooms), 3);
    assert_eq!(limit(Limit::Pairs), 2);
    assert_eq!(limit(Limit::TextBytes), 1);
    assert_eq!(config.listen, ["127.0.0.1:1".parse().unwrap()]);
}

#[test]
fn what_is_unknown_or_out_of_range_is_refused_by_name() {
    for (text, expected) in [
        ("[limits]\nromms = 1", "romms"),
        ("[limits]\ntext_bytes = 5000", "1 to 4096"),
        ("[limits]\ntext_bytes = -1", "text_bytes"),
        ("lisen = []", "lisen"),
        ("[log]\nlevel = \"info\"", "level"),
    ] {
        let error = Config::from_toml(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let output = program().args(["--limit", "rooms=0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("rooms"));
}

#[test]
fn the_default_fits_its_own_memory_limit_and_more_is_refused() {
    let mut limits = Limits::default();
    let sum: u64 = memory::parts(&limits).iter().map(|part| part.bytes).sum();
    assert!(memory::judge(&limits).unwrap().contains(&sum.to_string()));
    limits.set("memory_bytes", sum - 1).unwrap();
    assert!(memory::judge(&limits).unwrap_err().contains("memory_bytes"));
}

#[test]
fn the_program_says_where_it_listens_and_ends_when_asked() {
    let mut server = program()
        .args(["--listen", "127.0.0.1:0", "--log", "error"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(server.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").unwrap();
    let address: std::net::SocketAddr = address.parse().unwrap();
    std::net::TcpStream::connect(address).unwrap();
    let pid = rustix::process::Pid::from_child(&server);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(server.wait().unwrap().code(), Some(0));
    line.clear();
    assert_eq!(out.read_line(&mut line).unwrap(), 0, "{line}");
}
