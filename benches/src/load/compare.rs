//! Measures one server, or several in turn.

use std::io::{ErrorKind, Result, Write};
use std::time::Duration;

use serde_json::json;

use crate::args::{What, Whom, seconds};
use crate::dialects::Language;
use crate::figures::Figures;
use crate::scenarios::{Scenario, scaling as talks};
use crate::servers::{Server, Target};
use crate::table::Table;
use crate::traffic::Traffic;
use crate::{fairness, idle};

/// A server that runs already.
pub(crate) fn run(target: Target, what: &What) -> Result<bool> {
    for scenario in what.scenarios() {
        let figures = measure(target, scenario, what)?;
        let awake = target.awake.as_micros();
        let line =
            json!({ "scenario": scenario.name(), "awake_us": awake, "figures": figures.json() });
        writeln!(std::io::stdout(), "{line}")?;
    }
    Ok(true)
}

/// All in turn, each started anew for each measurement; answers whether all went well.
pub(crate) fn compare(what: &What, whom: &Whom, awake: Duration) -> Result<bool> {
    let mut contest = Contest { awake, ..Contest::default() };
    for _ in 0..whom.runs {
        for scenario in what.scenarios() {
            for server in whom.servers() {
                if suits(server, scenario) {
                    contest.measure(&scenario.name(), server, |target| {
                        measure(target, scenario, what)
                    })?;
                }
            }
        }
    }
    contest.show()
}

/// How the cost grows; answers whether all went well.
pub(crate) fn scaling(time: Duration, whom: &Whom, awake: Duration) -> Result<bool> {
    let mut contest = Contest { awake, ..Contest::default() };
    for _ in 0..whom.runs {
        for (name, talk) in talks() {
            for server in whom.servers() {
                if server != Server::Bare {
                    contest.measure(&name, server, |target| {
                        Traffic::new(target, talk)?.measure(time, target.pid)
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
        Scenario::Idle => !matches!(server, Server::Answering | Server::Keeping),
        _ => server != Server::Bare,
    }
}

fn measure(target: Target, scenario: Scenario, what: &What) -> Result<Figures> {
    let time = seconds(what.seconds);
    if let Some(talk) = scenario.talk() {
        return Traffic::new(target, talk)?.measure(time, target.pid);
    }
    match scenario {
        Scenario::Fairness => fairness::measure(target, time),
        _ => idle::measure(target, what.crowd),
    }
}

/// What was found so far, and who failed.
#[derive(Debug, Default)]
struct Contest {
    table: Table,
    failures: Vec<String>,
    absent: Vec<Server>,
    /// How long the generator looks again before it sleeps.
    awake: Duration,
}

impl Contest {
    fn measure(
        &mut self,
        row: &str,
        server: Server,
        measure: impl FnOnce(Target) -> Result<Figures>,
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
        match measure(running.target(self.awake)) {
            Ok(figures) => {
                let awake = self.awake.as_micros();
                let line = json!({
                    "scenario": row,
                    "server": name,
                    "awake_us": awake,
                    "figures": figures.json(),
                });
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
