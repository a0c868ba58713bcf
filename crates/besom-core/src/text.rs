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
