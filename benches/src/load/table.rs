//! Measurements side by side.

use std::fmt::Write;

use crate::figures::{COLUMNS, Figures, median};

/// What was found, in the order of what was measured and whom.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<String>,
    servers: Vec<String>,
    found: Vec<(String, String, Figures)>,
}

impl Table {
    pub(crate) fn add(&mut self, row: &str, server: &str, figures: Figures) {
        for (names, name) in [(&mut self.rows, row), (&mut self.servers, server)] {
            if !names.iter().any(|known| known == name) {
                names.push(name.into());
            }
        }
        self.found.push((row.into(), server.into(), figures));
    }

    /// In Markdown: a table for each figure, with the medians of all runs.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        for (title, figure) in COLUMNS {
            let cell = |row: &str, server: &str| {
                let of = |found: &&(String, String, Figures)| found.0 == row && found.1 == server;
                let found = self.found.iter().filter(of);
                median(found.filter_map(|(_, _, figures)| figure(figures)).collect())
            };
            let mut lines = String::new();
            for row in &self.rows {
                let cells: Vec<_> = self.servers.iter().map(|server| cell(row, server)).collect();
                if cells.iter().any(Option::is_some) {
                    let cells: Vec<_> = cells.into_iter().map(shown).collect();
                    // Writing to a string does not fail.
                    writeln!(lines, "| {row} | {} |", cells.join(" | ")).ok();
                }
            }
            if !lines.is_empty() {
                let head = self.servers.join(" | ");
                let rule = "---|".repeat(self.servers.len() + 1);
                writeln!(text, "**{title}**\n\n| | {head} |\n|{rule}\n{lines}").ok();
            }
        }
        text
    }
}

/// Three digits, at least.
fn shown(figure: Option<f64>) -> String {
    match figure {
        None => String::new(),
        Some(figure) if figure >= 1e6 => format!("{:.2}M", figure / 1e6),
        Some(figure) if figure >= 1e4 => format!("{:.0}k", figure / 1e3),
        Some(figure) if figure >= 100.0 => format!("{figure:.0}"),
        Some(figure) if figure >= 10.0 => format!("{figure:.1}"),
        Some(figure) => format!("{figure:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_hold_medians() {
        let mut table = Table::default();
        for deliveries_per_second in [3e6, 1e6, 2e6] {
            let figures = Figures { deliveries_per_second, ..Figures::default() };
            table.add("room", "netcomm", figures);
        }
        let empty = Figures { cpu: Some(0.5), ..Figures::default() };
        table.add("room", "floor", empty);
        let text = table.markdown();
        assert!(text.contains("| | netcomm | floor |\n|---|---|---|\n| room | 2.00M |  |"));
        assert!(text.contains("| room |  | 0.500 |"));
        assert!(!text.contains("latency"));
    }
}
