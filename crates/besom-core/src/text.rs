//! Texts that come from files and programs, on their way to people.

/// Whether a terminal would obey a character, or a reader not see it where it stands: control characters, and the marks that
/// reorder or hide text. Whoever prints a name, a value or a message escapes these.
///
/// ```
/// use besom_core::text::is_hostile;
///
/// assert!(is_hostile('\u{1b}') && is_hostile('\u{202e}') && is_hostile('\n'));
/// assert!(!is_hostile('ü') && !is_hostile(' '));
/// ```
pub fn is_hostile(c: char) -> bool {
    let is_bidi =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_unseen =
        matches!(c, '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || is_bidi || is_unseen
}

/// How many of these bytes stand before a character of UTF-8 that has only begun at their end: what can be shown of a text that is
/// still being written. Bytes that belong to no character are counted, wherever they are.
///
/// ```
/// use besom_core::text::whole_characters;
///
/// assert_eq!(whole_characters("añ".as_bytes()), 3);
/// assert_eq!(whole_characters(b"a\xc3"), 1); // half of an ñ
/// assert_eq!(whole_characters(b"\xffa\xc3"), 2);
/// ```
pub fn whole_characters(bytes: &[u8]) -> usize {
    // A character has at most four bytes, of which the first is the only one above 0xBF.
    let last = bytes.iter().rev().take(3).position(|&byte| byte >= 0xC0);
    let begin = last.map_or(bytes.len(), |back| bytes.len() - back - 1);
    let is_begun = std::str::from_utf8(&bytes[begin..]).is_err_and(|error| error.error_len().is_none());
    if is_begun { begin } else { bytes.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_character_that_has_begun_at_the_end_is_left_out() {
        for (bytes, whole) in [
            (&b""[..], 0),
            (b"ab", 2),
            ("a\u{1F9F9}".as_bytes(), 5),
            (&"a\u{1F9F9}".as_bytes()[..4], 1),
            (&"a\u{1F9F9}".as_bytes()[..2], 1),
            (b"a\xff", 2),
            (b"\xff\xfea\xc3", 3),
            (b"\x80\x80\x80\x80", 4),
        ] {
            assert_eq!(whole_characters(bytes), whole, "{bytes:?}");
        }
    }
}
