//! The text face's words (PROTOCOL.md, "Text face").

use alloc::vec::Vec;

use super::deliver::Content;

/// Appends `content` as lines.
pub(super) fn render(content: &Content<'_>, out: &mut Vec<u8>) {
    let _ = (content, out);
}
