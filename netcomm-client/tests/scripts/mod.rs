//! The program with a command, as a script runs it.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// Far above what anything takes; only a test that fails waits for it.
const PATIENCE: Duration = Duration::from_mins(2);

/// The program with `arguments`, which nothing but them decides.
pub fn program(server: SocketAddr, name: &str, arguments: &[&str]) -> Command {
    let mut command = bare(arguments);
    command.args(["--server", &server.to_string(), "--nick", name]);
    command
}

/// The same without a server.
pub fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netcomm-client"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NETCOMM_")) {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// How a run ended.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub shown: String,
    pub aside: String,
}

impl Done {
    pub fn objects(&self) -> Vec<Value> {
        self.shown.lines().map(object).collect()
    }
}

/// Runs it to its end, with `input`.
pub fn run(mut command: Command, input: &str) -> Done {
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("input is piped");
    let input = input.to_owned();
    // It may end before it has read all.
    let typist = thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().expect("the program ends");
    typist.join().expect("no panic");
    let text = |bytes| String::from_utf8(bytes).expect("output is text");
    Done { code: output.status.code(), shown: text(output.stdout), aside: text(output.stderr) }
}

/// A run whose output is read while it goes on.
pub struct Ear {
    child: Child,
    lines: Option<Receiver<String>>,
    seen: Vec<Value>,
}

impl Ear {
    /// Starts it; its output are objects.
    pub fn start(command: Command) -> Self {
        Self::until(command, None)
    }

    /// The same, and hangs up after a line in which this stands.
    pub fn until(mut command: Command, last: Option<&'static str>) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let (sender, lines) = mpsc::channel();
        let output: ChildStdout = child.stdout.take().expect("output is piped");
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let is_last = last.is_some_and(|last| line.contains(last));
                if sender.send(line).is_err() || is_last {
                    return;
                }
            }
        });
        Self { child, lines: Some(lines), seen: Vec::new() }
    }

    /// Reads until an object of this type, whose fields are so.
    pub fn reads(&mut self, type_name: &str, fields: &[(&str, &str)]) -> Value {
        let lines = self.lines.as_ref().expect("it is read");
        loop {
            let line = lines.recv_timeout(PATIENCE).unwrap_or_else(|why| {
                panic!("no {type_name} {fields:?} ({why}) after {:#?}", self.seen)
            });
            let object = object(&line);
            self.seen.push(object.clone());
            let fits = fields.iter().all(|(name, value)| object[*name] == *value);
            if object["type"] == type_name && fits {
                return object;
            }
        }
    }

    /// Everything that was read.
    pub fn seen(&self) -> &[Value] {
        &self.seen
    }

    /// The process.
    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// Waits for its end; gives the exit code and what it told beside its output.
    pub fn ends(mut self) -> (Option<i32>, String, Vec<Value>) {
        let lines = self.lines.take().expect("it is read");
        while let Ok(line) = lines.recv_timeout(PATIENCE) {
            self.seen.push(object(&line));
        }
        let (code, aside) = self.end();
        (code, aside, std::mem::take(&mut self.seen))
    }

    fn end(&mut self) -> (Option<i32>, String) {
        let mut aside = String::new();
        let mut stderr = self.child.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut aside).expect("troubles are text");
        (self.child.wait().expect("its end").code(), aside)
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        // Both fail where it has ended already, which is as well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub fn object(line: &str) -> Value {
    let object: Value =
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    assert_eq!(object["v"], 1, "{line}");
    object
}

/// The texts of all objects of this type.
pub fn texts<'a>(objects: &'a [Value], type_name: &str) -> Vec<&'a str> {
    let of_type = objects.iter().filter(|object| object["type"] == type_name);
    of_type.map(|object| object["text"].as_str().expect("a text")).collect()
}
