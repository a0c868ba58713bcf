//! Why a text is not YAML, where its author will look: parsers report the place at which they gave up, which may be lines below
//! the bracket that is not closed or the line that is indented wrongly.

use crate::tree::Place;

/// Where it breaks, why, and what to do, for what the parser says of this place.
pub(crate) fn explain(text: &str, at: Place, info: &str) -> (Place, String, Option<String>) {
    let line = nth_line(text, at.line);
    let indent = line.len() - line.trim_start().len();
    if line[..indent].contains('\t') && !line.trim_start().is_empty() {
        let reason = "this is not YAML: the indentation has a tab";
        return (at, reason.to_owned(), Some("use spaces".to_owned()));
    }
    let here = line
        .chars()
        .nth(at.column.saturating_sub(1) as usize)
        .filter(|_| info.starts_with("unclosed bracket"));
    if let Some((place, bracket)) = here.map(|bracket| (at, bracket)).or_else(|| unclosed(text, at)) {
        let closing = if bracket == '[' { ']' } else { '}' };
        return (
            place,
            format!("this is not YAML: the {bracket} is not closed"),
            Some(format!("add {closing}")),
        );
    }
    if let Some(indents) = misplaced(text, at.line) {
        let place = Place { line: at.line, column: column(indent) };
        let reason =
            format!("this is not YAML: no line above that it could belong to is indented by {indent}");
        return (place, reason, Some(format!("indent it by {indents}")));
    }
    (at, format!("this is not YAML: {info}"), None)
}

/// The line of this number, from 1.
fn nth_line(text: &str, number: u32) -> &str {
    text.lines().nth(number.saturating_sub(1) as usize).unwrap_or_default()
}

fn column(before: usize) -> u32 {
    u32::try_from(before + 1).unwrap_or(u32::MAX)
}

/// The innermost bracket that is open at this place, if it is in a line above or the text ends there.
fn unclosed(text: &str, at: Place) -> Option<(Place, char)> {
    let mut open: Vec<(Place, char)> = Vec::new();
    let mut quote = None;
    for (number, line) in (1..).zip(text.lines()) {
        if number > at.line {
            break;
        }
        let mut before = ' ';
        for (index, c) in line.chars().enumerate() {
            if number == at.line && column(index) > at.column {
                break;
            }
            match (quote, c) {
                (Some(mark), _) if c == mark => quote = None,
                (Some(_), _) => {}
                // A quote or bracket inside a word is a part of it.
                (None, '"' | '\'') if before == ' ' || "[{,:".contains(before) => quote = Some(c),
                (None, '#') if before == ' ' => break,
                (None, '[' | '{') if before == ' ' || "[{,".contains(before) => {
                    open.push((Place { line: number, column: column(index) }, c));
                }
                (None, ']' | '}') => drop(open.pop()),
                _ => {}
            }
            before = if c.is_whitespace() { ' ' } else { c };
        }
    }
    let (place, bracket) = open.pop().filter(|_| quote.is_none())?;
    let is_end = text.lines().count() <= at.line as usize
        && nth_line(text, at.line).trim_end().chars().count() <= at.column as usize;
    (place.line < at.line || is_end).then_some((place, bracket))
}

/// If a line is indented as no line above that it could belong to: by how much it may be, in words.
fn misplaced(text: &str, number: u32) -> Option<String> {
    let indent_of = |line: &str| line.len() - line.trim_start().len();
    let line = nth_line(text, number);
    let indent = indent_of(line);
    // The indentations of the blocks that are open before the line, outermost first.
    let mut open: Vec<usize> = Vec::new();
    let above = text.lines().take(number.saturating_sub(1) as usize);
    for above in above.filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
        let at = indent_of(above);
        open.retain(|&outer| outer < at);
        open.push(at);
    }
    let deepest = *open.last()?;
    if line.trim().is_empty() || open.contains(&indent) || indent > deepest && open.len() == 1 {
        return None;
    }
    let outer = open.iter().rfind(|&&outer| outer < indent).copied();
    let inner = open.iter().find(|&&inner| inner > indent).copied();
    let both: Vec<String> = outer.into_iter().chain(inner).map(|n| n.to_string()).collect();
    Some(both.join(" or "))
}
