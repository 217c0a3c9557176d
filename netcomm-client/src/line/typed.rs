//! Reads lines from standard input, each only when the main loop wants it.

use std::io::{self, BufRead};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use super::Front;
use crate::driver::Input;

/// The longest line that is read whole; the rest of a longer one is dropped, and the line refused.
pub(crate) const MAX_LINE: usize = 64 * 1024;

/// What is said where standard input cannot be read.
pub(crate) const UNREADABLE: &str = "standard input cannot be read";

/// A line of standard input, without its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Typed {
    /// A line.
    Line(String),
    /// A line that is no UTF-8.
    NotUtf8,
    /// A line of so many bytes, which is more than is read whole.
    TooLong(usize),
    /// There are no more lines.
    End,
    /// What follows cannot be read, for this reason.
    Failed(String),
}

/// Asks the reading thread for lines.
#[derive(Debug)]
pub struct Typist {
    wanted: SyncSender<()>,
}

impl Typist {
    /// Starts the thread that reads standard input; lines arrive in `inputs`.
    ///
    /// The thread ends with the process: nothing interrupts a read from a terminal.
    pub fn start(inputs: SyncSender<Input<Front>>) -> io::Result<Self> {
        let (wanted, asked) = sync_channel(1);
        thread::Builder::new().name(String::from("typed")).spawn(move || {
            let mut stdin = io::stdin().lock();
            for () in asked {
                let typed = read(&mut stdin).unwrap_or_else(|why| Typed::Failed(why.to_string()));
                let end = matches!(typed, Typed::End | Typed::Failed(_));
                if inputs.send(Input::Front(Front::Typed(typed))).is_err() || end {
                    return;
                }
            }
        })?;
        Ok(Self { wanted })
    }

    /// Lets one more line be read. At most one may be under way.
    pub fn want(&self) {
        // After the end of input nobody listens, and nothing is missed.
        self.wanted.try_send(()).ok();
    }
}

/// The next line.
fn read(input: &mut impl BufRead) -> io::Result<Typed> {
    let mut line = Vec::new();
    let mut length = 0;
    loop {
        let chunk = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            chunk => chunk?,
        };
        let (part, used, ended) = match chunk.iter().position(|byte| *byte == b'\n') {
            Some(end) => (&chunk[..end], end + 1, true),
            None => (chunk, chunk.len(), chunk.is_empty()),
        };
        length += part.len();
        let room = MAX_LINE - line.len();
        line.extend_from_slice(&part[..part.len().min(room)]);
        input.consume(used);
        if !ended {
            continue;
        }
        if used == 0 && length == 0 {
            return Ok(Typed::End);
        }
        if length > MAX_LINE {
            return Ok(Typed::TooLong(length));
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        return Ok(String::from_utf8(line).map_or(Typed::NotUtf8, Typed::Line));
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn lines(input: &[u8]) -> Vec<Typed> {
        let mut input = BufReader::with_capacity(3, input);
        let mut lines = Vec::new();
        while lines.last() != Some(&Typed::End) {
            lines.push(read(&mut input).expect("memory can be read"));
        }
        lines
    }

    fn line(line: &str) -> Typed {
        Typed::Line(line.into())
    }

    #[test]
    fn lines_end_in_lf_or_crlf_or_with_the_input() {
        assert_eq!(
            lines(b"one\ntwo\r\n\nlast"),
            [line("one"), line("two"), line(""), line("last"), Typed::End]
        );
        assert_eq!(lines(b""), [Typed::End]);
    }

    #[test]
    fn a_bad_line_costs_no_other() {
        let mut input = b"\xff\xfe\nok\n".to_vec();
        input.extend(vec![b'x'; MAX_LINE + 1]);
        input.extend(b"\nstill ok");
        assert_eq!(
            lines(&input),
            [
                Typed::NotUtf8,
                line("ok"),
                Typed::TooLong(MAX_LINE + 1),
                line("still ok"),
                Typed::End
            ]
        );
    }

    #[test]
    fn a_line_of_the_longest_length_is_read_whole() {
        let longest = "x".repeat(MAX_LINE);
        assert_eq!(lines(longest.as_bytes()), [Typed::Line(longest), Typed::End]);
    }
}
