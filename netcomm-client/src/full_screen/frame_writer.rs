//! Writes a frame in one piece, in sequences that the terminal knows.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use super::look::Depth;

/// Collects what is written until it is flushed.
///
/// The library that draws writes the sixteen colours as places in the table of 256. A terminal that
/// has only sixteen may take that for something else, to blink, say.
#[derive(Debug)]
pub(super) struct FrameWriter<W> {
    output: W,
    frame: Vec<u8>,
    has_few_colours: bool,
}

impl<W> FrameWriter<W> {
    pub(super) const fn new(output: W, depth: Depth) -> Self {
        let has_few_colours = matches!(depth, Depth::Sixteen | Depth::Mono);
        Self { output, frame: Vec::new(), has_few_colours }
    }
}

impl<W: Write> Write for FrameWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let frame = std::mem::take(&mut self.frame);
        let frame = if self.has_few_colours { in_sixteen(&frame) } else { Cow::from(frame) };
        self.output.write_all(&frame)?;
        self.output.flush()
    }
}

/// The same, where each of the first sixteen colours of the table has its short sequence.
fn in_sixteen(frame: &[u8]) -> Cow<'_, [u8]> {
    static STYLE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\x1b\[[0-9;]*m").expect("it is one"));
    static COLOUR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"([34])8;5;(1[0-5]|[0-9])([;m])").expect("it is one"));
    STYLE.replace_all(frame, |style: &Captures<'_>| {
        let short = |colour: &Captures<'_>| {
            let number = |index: usize| -> u8 {
                let digits = std::str::from_utf8(&colour[index]).unwrap_or_default();
                digits.parse().unwrap_or_default()
            };
            // 30 to 37 and 40 to 47, and for the bright ones 90 to 97 and 100 to 107.
            let (ground, colour_number) = (number(1) * 10, number(2));
            let short = if colour_number < 8 {
                ground + colour_number
            } else {
                ground + 60 + colour_number - 8
            };
            [short.to_string().as_bytes(), &colour[3]].concat()
        };
        COLOUR.replace_all(&style[0], short).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(depth: Depth, frame: &str) -> String {
        let mut writer = FrameWriter::new(Vec::new(), depth);
        // In pieces, as the library writes.
        frame.bytes().for_each(|byte| writer.write_all(&[byte]).expect("a vector takes all"));
        writer.flush().expect("a vector takes all");
        String::from_utf8(writer.output).expect("text")
    }

    #[test]
    fn sixteen_colours_have_sequences_of_their_own() {
        let frame = "\x1b[1m\x1b[38;5;1;49mred \x1b[38;5;9;48;5;15mand\x1b[38;5;10m 38;5;1m\x1b[0m";
        let short = "\x1b[1m\x1b[31;49mred \x1b[91;107mand\x1b[92m 38;5;1m\x1b[0m";
        assert_eq!(written(Depth::Sixteen, frame), short);
        assert_eq!(written(Depth::Indexed, frame), frame);
        let more = "\x1b[38;5;160mindexed";
        assert_eq!(written(Depth::Sixteen, more), more);
    }
}
