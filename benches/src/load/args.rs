//! What the load generator is told.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args as Group, Parser, Subcommand, ValueEnum};

use crate::dialects::Language;
use crate::scenarios::Scenario;
use crate::servers::Server;

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "load", about = "Loads a chat server, and tells what each delivery costs it")]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// How long the generator looks again before it sleeps, in microseconds
    #[arg(long, global = true, default_value_t = 50, value_name = "MICROSECONDS")]
    awake: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// One server that runs already; a line of JSON for each scenario
    Run {
        #[arg(long, value_name = "ADDR:PORT")]
        server: SocketAddr,
        #[arg(long, value_enum, default_value = "framed")]
        language: Language,
        /// The server's process, for its memory and processor time
        #[arg(long, value_name = "PID")]
        pid: Option<u32>,
        #[command(flatten)]
        what: What,
    },
    /// Starts each server anew for each scenario, and compares them
    Compare {
        #[command(flatten)]
        what: What,
        #[command(flatten)]
        whom: Whom,
    },
    /// The cost of a delivery by size of room, number of rooms and number of connections
    Scaling {
        /// How long to measure each, in seconds
        #[arg(long, default_value_t = 2.0)]
        seconds: f64,
        #[command(flatten)]
        whom: Whom,
    },
}

#[derive(Debug, Group)]
pub(crate) struct What {
    /// What to measure; without it, everything that suits the server
    #[arg(long = "scenario", value_enum)]
    pub(crate) scenarios: Vec<Scenario>,
    /// How long to measure each, in seconds
    #[arg(long, default_value_t = 3.0)]
    pub(crate) seconds: f64,
    /// Connections of the scenario idle
    #[arg(long, default_value_t = 10_000)]
    pub(crate) crowd: usize,
}

#[derive(Debug, Group)]
pub(crate) struct Whom {
    /// Whom to measure; without it, all
    #[arg(long = "with", value_enum)]
    pub(crate) servers: Vec<Server>,
    /// How often; the servers take turns, and the medians are shown
    #[arg(long, default_value_t = 1)]
    pub(crate) runs: u32,
}

impl Args {
    pub(crate) const fn awake(&self) -> Duration {
        Duration::from_micros(self.awake)
    }
}

impl What {
    pub(crate) fn scenarios(&self) -> Vec<Scenario> {
        if self.scenarios.is_empty() {
            return Scenario::value_variants().to_vec();
        }
        self.scenarios.clone()
    }
}

impl Whom {
    pub(crate) fn servers(&self) -> Vec<Server> {
        if self.servers.is_empty() {
            return Server::value_variants().to_vec();
        }
        self.servers.clone()
    }
}

/// So many seconds.
pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
