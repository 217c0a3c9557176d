//! What the server is told, and the program as its user starts it.
#![expect(clippy::unwrap_used, reason = "a test fails where its set-up does")]

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Parser;
use netcomm_core::limits::{Limit, Limits, TABLE};
use netcomm_server::config::{Args, Config, DEFAULT_LISTEN, Format, LogConfig, annotated_default};
use netcomm_server::memory;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_netcomm-server"))
}

/// A file of its own for each test; what is in it is left there.
fn file(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn configured(arguments: &[&str], env: &[(&str, &str)]) -> Result<Config, String> {
    let args = Args::parse_from([&["server"], arguments].concat());
    let env = env.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::from_args(&args, env)
}

#[test]
fn the_printed_default_is_the_default() {
    let printed = annotated_default();
    assert_eq!(Config::from_toml(&printed).unwrap(), Config::default());
    for row in TABLE {
        assert!(printed.contains(row.help), "{}", row.name);
    }
    // Each limit can be set where it stands, and stands there as it is.
    let set: Vec<_> = printed
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .collect();
    let set = set.join("\n");
    assert_eq!(set.matches("\nconnections = ").count(), 1);
    let config = Config::from_toml(&set).unwrap();
    assert_eq!(config, Config { connections_are_set: true, ..Config::default() });
    let halved = set.replace("\nrooms = 10000\n", "\nrooms = 5000\n");
    assert_eq!(Config::from_toml(&halved).unwrap().limits[Limit::Rooms], 5000);
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let text = "listen = [\"127.0.0.1:1\"]\nreaders = 5\n[limits]\nrooms = 1\npairs = 1\ntext_bytes = 1\n\
                [log]\nfilter = \"warn\"\nformat = \"json\"\ncontent = true\nfile = \"a\"\n";
    let path = file("layers.toml", text);
    let env = [
        ("NETCOMM_CONFIG", path.as_str()),
        ("NETCOMM_LIMIT_ROOMS", "2"),
        ("NETCOMM_LIMIT_PAIRS", "2"),
        ("HOME", "/"),
    ];
    let config = configured(&["--limit", "rooms=3"], &env).unwrap();
    let limit = |limit| config.limits[limit];
    assert_eq!(limit(Limit::Rooms), 3);
    assert_eq!(limit(Limit::Pairs), 2);
    assert_eq!(limit(Limit::TextBytes), 1);
    assert_eq!(config.listen, ["127.0.0.1:1".parse().unwrap()]);
    assert_eq!(config.readers, 5);
    let log = |filter: &str, format, file: &str, content| LogConfig {
        filter: filter.into(),
        format,
        file: Some(file.into()),
        content,
    };
    assert_eq!(config.log, log("warn", Format::Json, "a", true));
    let env = [
        ("NETCOMM_CONFIG", "/nowhere"),
        ("NETCOMM_LISTEN", "127.0.0.1:2,[::1]:3"),
        ("NETCOMM_READERS", "6"),
        ("NETCOMM_LOG", "debug"),
        ("NETCOMM_LOG_FORMAT", "pretty"),
        ("NETCOMM_LOG_FILE", "b"),
        ("NETCOMM_LOG_CONTENT", "false"),
    ];
    let config = configured(&["--config", &path], &env).unwrap();
    assert_eq!(config.listen, ["127.0.0.1:2".parse().unwrap(), "[::1]:3".parse().unwrap()]);
    assert_eq!(config.readers, 6);
    assert_eq!(config.log, log("debug", Format::Pretty, "b", false));
    let flags = [
        "--config",
        &path,
        "--listen",
        "127.0.0.1:4",
        "--readers",
        "7",
        "--log",
        "error",
        "--log-format",
        "json",
        "--log-file",
        "c",
        "--log-content",
    ];
    let config = configured(&flags, &env).unwrap();
    assert_eq!(config.listen, ["127.0.0.1:4".parse().unwrap()]);
    assert_eq!(config.readers, 7);
    assert_eq!(config.log, log("error", Format::Json, "c", true));
}

#[test]
fn a_host_is_listened_on_at_each_of_its_addresses() {
    let config = configured(&["--listen", "localhost:7878", "--listen", "127.0.0.2:1"], &[]);
    let listen = config.unwrap().listen;
    let (last, host) = listen.split_last().unwrap();
    assert_eq!(*last, "127.0.0.2:1".parse().unwrap());
    assert!(!host.is_empty());
    assert!(host.iter().all(|it| it.ip().is_loopback() && it.port() == 7878), "{host:?}");
}

#[test]
fn what_is_unknown_or_out_of_range_is_refused_by_name() {
    for (text, expected) in [
        (
            "[limits]\nromms = 1",
            "limit \"romms\": no limit has this name; the nearest is \"rooms\"",
        ),
        ("[limits]\ntext_bytes = 5000", "1 to 4096"),
        ("[limits]\ntext_bytes = -1", "limit \"text_bytes\": not a whole number"),
        ("lisen = []", "lisen"),
        ("listen = [\"127.0.0.1\"]", "127.0.0.1"),
        ("listen = []", "listen: no address"),
        ("readers = 0", "readers: 0 is not from 1 to 64"),
        ("readers = 65", "readers: 65 is not from 1 to 64"),
        ("[log]\nlevel = \"info\"", "level"),
        ("[log]\nfilter = \"inof\"", "log filter \"inof\""),
        ("[log]\nfilter = \"netcomm_server=loud\"", "netcomm_server=loud"),
    ] {
        let error = Config::from_toml(text).unwrap_err();
        assert!(error.contains(expected), "{error}");
        let path = file("wrong.toml", text);
        let named = configured(&["--config", &path], &[]).unwrap_err();
        assert_eq!(named, format!("{path}: {error}"));
    }
    let output = program().args(["--limit", "rooms=0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("rooms"));
}

#[test]
fn what_is_wrong_is_named_as_it_was_given() {
    for (name, value) in [
        ("NETCOMM_LISTEN", "127.0.0.1"),
        ("NETCOMM_READERS", "many"),
        ("NETCOMM_LOG", "inof"),
        ("NETCOMM_LOG_FORMAT", "yaml"),
        ("NETCOMM_LOG_CONTENT", "perhaps"),
        ("NETCOMM_LIMIT_ROOMS", "many"),
        ("NETCOMM_LIMIT_ROOMS", "0"),
        ("NETCOMM_LIMIT_ROMMS", "1"),
    ] {
        let error = configured(&[], &[(name, value)]).unwrap_err();
        assert!(error.starts_with(&format!("{name}: ")), "{error}");
        assert!(!error.contains("NAME=VALUE"), "{error}");
    }
    let error = configured(&[], &[("NETCOMM_LIMIT_ROMMS", "1")]).unwrap_err();
    assert!(error.contains("\"rooms\""), "{error}");
    let wrong =
        [["--listen", "127.0.0.1"], ["--readers", "0"], ["--log", "inof"], ["--limit", "rooms"]];
    for flags in wrong {
        let error = configured(&flags, &[]).unwrap_err();
        assert!(error.starts_with(flags[0]), "{error}");
    }
    // The program hands over the environment that it has.
    let output = program().env("NETCOMM_LIMIT_ROMMS", "1").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("NETCOMM_LIMIT_ROMMS"));
}

#[test]
fn a_file_is_checked_whole() {
    let check = |path: &str| {
        let output = program().args(["check-config", path]).output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), said)
    };
    let path = file("right.toml", "[limits]\nrooms = 1\n[log]\nfilter = \"info,rustls=warn\"");
    let (code, said) = check(&path);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with(&format!("{path} is right\n")), "{said}");
    for part in memory::parts(&Limits::default()) {
        assert!(said.contains(part.name), "{said}");
    }
    let path = file("filter.toml", "[log]\nfilter = \"inof\"");
    let (code, said) = check(&path);
    assert_eq!(code, Some(2));
    assert!(said.contains(&path) && said.contains("inof"), "{said}");
    let path = file("much.toml", "[limits]\nmemory_bytes = 1048576");
    let (code, said) = check(&path);
    assert_eq!(code, Some(2));
    assert!(said.contains(&path) && said.contains("memory_bytes"), "{said}");
}

#[test]
fn the_help_tells_each_default_and_each_variable() {
    let help = String::from_utf8(program().arg("--help").output().unwrap().stdout).unwrap();
    let options = help.lines().filter(|line| line.trim_start().starts_with("--"));
    let names = options.map(|line| line.split_whitespace().next().unwrap());
    let names: Vec<_> = names.map(|name| name.trim_start_matches('-')).collect();
    assert!(names.len() >= 7, "{names:?}");
    let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in names {
        let flag = name.split(['=', '[']).next().unwrap();
        let variable = flag.to_uppercase().replace('-', "_");
        assert!(words.contains(&format!("NETCOMM_{variable}")), "{flag} in {words}");
    }
    assert!(words.contains(DEFAULT_LISTEN), "{words}");
    for default in ["info", "pretty", "false", "none", "the standard error stream"] {
        assert!(words.contains(&format!("default: {default}")), "{default} in {words}");
    }
}

#[test]
fn the_default_fits_its_own_memory_limit_and_more_is_refused() {
    let mut limits = Limits::default();
    let sum: u64 = memory::parts(&limits).iter().map(|part| part.bytes).sum();
    assert!(memory::judge(&limits).unwrap().contains(&sum.to_string()));
    let summary = memory::summary(&limits);
    assert!(summary.starts_with(&format!("{} MiB: ", sum.div_ceil(1024 * 1024))), "{summary}");
    for part in memory::parts(&limits) {
        assert!(summary.contains(part.name), "{summary}");
    }
    // A thousand lines with a text each may wait to be logged.
    let log = memory::parts(&limits).into_iter().find(|part| part.name == "log");
    assert!(log.unwrap().bytes > 1000 * limits[Limit::TextBytes]);
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
