//! Measures one server, or several in turn.

use std::io::{ErrorKind, Result, Write};
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;

use crate::args::{What, Whom, seconds};
use crate::dialects::Language;
use crate::figures::Figures;
use crate::scenarios::{Scenario, Talk, scaling as talks};
use crate::servers::Server;
use crate::table::Table;
use crate::traffic::Traffic;
use crate::{fairness, idle};

/// A server that runs already.
pub(crate) fn run(
    server: SocketAddr,
    language: Language,
    pid: Option<u32>,
    what: &What,
) -> Result<bool> {
    for scenario in what.scenarios() {
        let figures = measure(server, language, false, pid, scenario, what)?;
        let line = json!({ "scenario": scenario.name(), "figures": figures.json() });
        writeln!(std::io::stdout(), "{line}")?;
    }
    Ok(true)
}

/// All in turn, each started anew for each measurement; answers whether all went well.
pub(crate) fn compare(what: &What, whom: &Whom) -> Result<bool> {
    let mut contest = Contest::default();
    for _ in 0..whom.runs {
        for scenario in what.scenarios() {
            for server in whom.servers() {
                if suits(server, scenario) {
                    contest.measure(&scenario.name(), server, |address, pid| {
                        let (language, answers) = (server.language(), server.answers());
                        measure(address, language, answers, Some(pid), scenario, what)
                    })?;
                }
            }
        }
    }
    contest.show()
}

/// How the cost grows; answers whether all went well.
pub(crate) fn scaling(time: Duration, whom: &Whom) -> Result<bool> {
    let mut contest = Contest::default();
    for _ in 0..whom.runs {
        for (name, talk) in talks() {
            for server in whom.servers() {
                if server != Server::Bare {
                    contest.measure(&name, server, |address, pid| {
                        talked(address, server.language(), server.answers(), talk, time, pid)
                    })?;
                }
            }
        }
    }
    contest.show()
}

/// The fairness of servers that cut nobody is no fairness; a thread that waits talks to nobody.
fn suits(server: Server, scenario: Scenario) -> bool {
    match scenario {
        Scenario::Fairness => matches!(server.language(), Language::Framed | Language::Text),
        Scenario::Idle => server != Server::Answering,
        _ => server != Server::Bare,
    }
}

fn measure(
    server: SocketAddr,
    language: Language,
    answers: bool,
    pid: Option<u32>,
    scenario: Scenario,
    what: &What,
) -> Result<Figures> {
    let time = seconds(what.seconds);
    if let Some(talk) = scenario.talk() {
        return Traffic::new(server, language.dialect(answers), talk)?.measure(time, pid);
    }
    match scenario {
        Scenario::Fairness => fairness::measure(server, language, time),
        _ => idle::measure(server, language.dialect(answers), what.crowd, pid),
    }
}

fn talked(
    server: SocketAddr,
    language: Language,
    answers: bool,
    talk: Talk,
    time: Duration,
    pid: u32,
) -> Result<Figures> {
    Traffic::new(server, language.dialect(answers), talk)?.measure(time, Some(pid))
}

/// What was found so far, and who failed.
#[derive(Debug, Default)]
struct Contest {
    table: Table,
    failures: Vec<String>,
    absent: Vec<Server>,
}

impl Contest {
    fn measure(
        &mut self,
        row: &str,
        server: Server,
        measure: impl FnOnce(SocketAddr, u32) -> Result<Figures>,
    ) -> Result<()> {
        if self.absent.contains(&server) {
            return Ok(());
        }
        let mut errors = std::io::stderr();
        let name = server.name();
        let running = match server.start() {
            Err(error) if server.is_peer() && error.kind() == ErrorKind::NotFound => {
                self.absent.push(server);
                return writeln!(errors, "load: without {name}: {error}");
            }
            running => running?,
        };
        match measure(running.address, running.pid()) {
            Ok(figures) => {
                let line = json!({ "scenario": row, "server": name, "figures": figures.json() });
                writeln!(errors, "{line}")?;
                self.table.add(row, &name, figures);
            }
            Err(error) => {
                let failure = format!("{row}, {name}: {error}");
                writeln!(errors, "load: {failure}")?;
                self.failures.push(failure);
            }
        }
        Ok(())
    }

    fn show(&self) -> Result<bool> {
        let mut out = std::io::stdout();
        out.write_all(self.table.markdown().as_bytes())?;
        for failure in &self.failures {
            writeln!(out, "FAILED: {failure}")?;
        }
        Ok(self.failures.is_empty())
    }
}
