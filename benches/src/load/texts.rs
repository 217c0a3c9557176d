//! The texts that are posted: each says whose it is, and which.

/// Bytes of each text.
pub(crate) const LENGTH: usize = 64;

/// What each begins with, so that no other line is taken for one.
const MARK: &[u8] = b"=lo=";
/// Digits of the poster, and of the count; each carries six bits.
const POSTER: usize = 3;
const COUNT: usize = 8;

/// The text of a poster's `count`th post.
pub(crate) fn write(poster: usize, count: u64) -> String {
    let mut text = Vec::with_capacity(LENGTH);
    text.extend_from_slice(MARK);
    digits(poster as u64, POSTER, &mut text);
    digits(count, COUNT, &mut text);
    text.resize(LENGTH, b'.');
    String::from_utf8(text).expect("digits below 128")
}

/// Who posted this, and which of its posts it is.
pub(crate) fn read(text: &[u8]) -> Option<(usize, u64)> {
    let digits = text.strip_prefix(MARK).filter(|_| text.len() == LENGTH)?;
    let value = |digits: &[u8]| {
        digits
            .iter()
            .fold(0_u64, |value, digit| value << 6 | u64::from(digit.wrapping_sub(b'0') & 63))
    };
    let (poster, digits) = digits.split_at(POSTER);
    Some((usize::try_from(value(poster)).ok()?, value(&digits[..COUNT])))
}

/// Whether this was posted by the generator.
pub(crate) fn is_one(text: &[u8]) -> bool {
    text.len() == LENGTH && text.starts_with(MARK)
}

fn digits(value: u64, count: usize, text: &mut Vec<u8>) {
    for place in (0..count).rev() {
        text.push(b'0' + u8::try_from(value >> (6 * place) & 63).expect("six bits"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_say_whose_they_are() {
        for (poster, count) in [(0, 0), (5, 63), (199, 64), (4095, 1 << 40)] {
            let text = write(poster, count);
            assert_eq!(text.len(), LENGTH);
            assert_eq!(read(text.as_bytes()), Some((poster, count)));
            assert!(is_one(text.as_bytes()));
        }
        assert_eq!(read(b"=lo=short"), None);
        assert_eq!(read(&[b'x'; LENGTH]), None);
    }
}
