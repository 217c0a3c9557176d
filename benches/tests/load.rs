//! The load generator against a server in this process, and against the floors: a few hundred
//! messages, so that neither rots.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use netcomm_server::Server;
use netcomm_server::config::Config;
use serde_json::Value;

/// How long each scenario is measured, in seconds: any time will do.
const TIME: &str = "0.05";

/// What `load run` finds, scenario by scenario. It fails by itself where a delivery is missing.
fn load(address: &str, language: &str, scenarios: &[&str]) -> Vec<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_load"));
    command.args(["run", "--server", address, "--language", language]);
    command.args(["--seconds", TIME, "--crowd", "20"]);
    command.args(["--pid", &std::process::id().to_string()]);
    for scenario in scenarios {
        command.args(["--scenario", scenario]);
    }
    let output = command.output().expect("the generator");
    let (said, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{errors}");
    said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Whatever time the machine had for it meanwhile.
fn assert_some_deliveries(found: &[Value]) {
    for found in found {
        let figures = &found["figures"];
        let some = ["checked", "connects_per_second"]
            .iter()
            .any(|figure| figures[figure].as_f64().is_some_and(|figure| figure > 0.0));
        assert!(some, "{found}");
    }
}

/// A server without bounds on what a user may post, and its address.
fn server() -> (Server, String) {
    let file = include_str!("../peers/netcomm.toml").replace("15000", "500");
    let mut config = Config::from_toml(&file).expect("the committed configuration");
    config.listen = vec!["127.0.0.1:0".parse().expect("an address")];
    let server = Server::start(&config).expect("a server");
    let address = server.addresses()[0].to_string();
    (server, address)
}

/// Rooms and names would meet those of another scenario: each has a server of its own.
fn run(language: &str, scenarios: &[&str]) {
    for scenario in scenarios {
        let (_server, address) = server();
        let found = load(&address, language, &[scenario]);
        assert_eq!(found.len(), 1);
        assert_some_deliveries(&found);
    }
}

#[test]
fn the_framed_face_is_loaded() {
    run("framed", &["hardly-pipelined", "private1", "private64", "idle"]);
}

#[test]
fn the_text_face_is_loaded() {
    run("text", &["saturated100", "private1", "idle"]);
}

struct Floor(Child);

impl Drop for Floor {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn the_floors_are_loaded() {
    for kind in ["threads", "defer"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_floor"));
        command.args(["--kind", kind]).stdout(Stdio::piped());
        let mut floor = Floor(command.spawn().expect("the floor"));
        let mut line = String::new();
        let out = floor.0.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("its address");
        let address = line.trim().strip_prefix("listening on ").expect("its address");
        let found = load(address, "floor", &["hardly-pipelined"]);
        assert_some_deliveries(&found);
    }
}
