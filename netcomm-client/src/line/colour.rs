//! Which colour a nickname has.

use anstyle::{Ansi256Color, Color, Style};
use netcomm_core::name::NameKey;

/// Colours of the 256 that stand out on black and on white alike: contrast at least 4 to 1 with both.
pub(crate) const PALETTE: [u8; 16] =
    [27, 28, 29, 30, 31, 62, 64, 97, 98, 129, 130, 131, 132, 161, 163, 133];

/// The style of `nickname`: the same in every run and client, and for names that look alike.
pub(crate) fn of(nickname: &str) -> Style {
    let colour = Ansi256Color(PALETTE[index_of(nickname)]);
    Style::new().bold().fg_color(Some(Color::Ansi256(colour)))
}

/// Which colour of the palette `nickname` has.
pub(crate) fn index_of(nickname: &str) -> usize {
    let hash = NameKey::of(nickname)
        .as_str()
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 16 ^ hash) as usize % PALETTE.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of a colour of the 6 × 6 × 6 cube, as WCAG defines it.
    fn luminance(colour: u8) -> f64 {
        let cube = colour - 16;
        [(cube / 36, 0.2126), (cube / 6 % 6, 0.7152), (cube % 6, 0.0722)]
            .into_iter()
            .map(|(level, weight)| {
                let value = [0.0, 95.0, 135.0, 175.0, 215.0, 255.0][usize::from(level)] / 255.0;
                let linear = if value <= 0.040_45 {
                    value / 12.92
                } else {
                    f64::powf((value + 0.055) / 1.055, 2.4)
                };
                weight * linear
            })
            .sum()
    }

    #[test]
    fn every_colour_stands_out_on_black_and_on_white() {
        for colour in PALETTE {
            let luminance = luminance(colour);
            assert!((luminance + 0.05) / 0.05 >= 4.0, "{colour} on black");
            assert!(1.05 / (luminance + 0.05) >= 4.0, "{colour} on white");
        }
    }

    #[test]
    fn a_nickname_keeps_its_colour_and_not_all_have_the_same() {
        assert_eq!(of("alice"), of("alice"));
        assert_eq!(of("alice"), of("ALICE"));
        let names = ["alice", "bob", "carol", "dave", "erin", "frank", "grace"];
        assert!(names.iter().any(|name| of(name) != of("alice")));
    }
}
