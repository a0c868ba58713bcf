//! YAML text (of which JSON is a part) to a tree with places.
//!
//! The only module that knows the YAML parser. It builds on the parser's events rather than on a serde front end,
//! because reporting everything at once needs what serde drops: whether a word was quoted and how it
//! was spelled, the place of every key, both of two equal keys. Aliases are shared subtrees, so that one that expands
//! into millions of values is refused by counting, before anything is expanded.

use std::collections::HashMap;
use std::rc::Rc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use crate::collector::Collector;
use crate::scalar::{Surprise, resolve};
use crate::tree::{Data, Entry, MAX_DEPTH, Node, Path, Place, quote};
use crate::yaml_error;

/// The most values that aliases and merge keys may add to what is written.
pub(crate) const MAX_EXPANDED: u64 = 100_000;

/// Reads the one document of a text; `None` if the text is not YAML or breaks a limit, which is then a diagnostic.
pub(crate) fn compose(text: &str, diagnostics: &mut Collector) -> Option<Rc<Node>> {
    let options = granit_parser::options! { emit_comments: false };
    let events = Parser::new_from_str_with_options(text, options);
    Composer { text, events, anchors: HashMap::new(), expanded: 0, diagnostics }.document().ok()
}

/// Reading cannot continue; the reason is among the diagnostics.
struct Broken;

struct Composer<'a> {
    text: &'a str,
    events: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Rc<Node>>,
    expanded: u64,
    diagnostics: &'a mut Collector,
}

impl<'a> Composer<'a> {
    fn document(&mut self) -> Result<Rc<Node>, Broken> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(..) if root.is_some() => {
                    let message = "a second document begins here, but a sweep file holds one";
                    self.diagnostics.error(place(&span), &Path::Root, message);
                    return Err(Broken);
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => root = Some(self.node(event, &span, &Path::Root, 0)?),
            }
        }
        root.ok_or_else(|| {
            self.diagnostics.error(Place { line: 1, column: 1 }, &Path::Root, "the file is empty");
            Broken
        })
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Broken> {
        match self.events.next() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                self.not_yaml(&error);
                Err(Broken)
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn not_yaml(&mut self, error: &ScanError) {
        let at = marker(error.marker());
        let (at, reason, suggestion) = match error.kind() {
            ErrorKind::UnknownAnchor => (at, "this alias has no anchor before it".to_owned(), None),
            ErrorKind::RecursionLimitExceeded => {
                (at, format!("this is nested more than {MAX_DEPTH} levels deep"), None)
            }
            _ => yaml_error::explain(self.text, at, &error.info()),
        };
        let diagnostic = self.diagnostics.error(at, &Path::Root, reason);
        if let Some(suggestion) = suggestion {
            diagnostic.suggest(suggestion);
        }
    }

    fn node(
        &mut self,
        event: Event<'a>,
        span: &Span,
        path: &Path<'_>,
        depth: usize,
    ) -> Result<Rc<Node>, Broken> {
        let at = place(span);
        let (mut node, anchor) = match event {
            Event::Alias(id) => return self.alias(id, at, path, depth),
            Event::Scalar(text, style, anchor, tag) => {
                (self.scalar(&text, style, tag.as_deref(), span, path), anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_collection_tag(tag.as_deref(), "seq", at, path);
                (Node::new(at, self.list(at, path, depth + 1)?), anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_collection_tag(tag.as_deref(), "map", at, path);
                (Node::new(at, self.map(at, path, depth + 1)?), anchor)
            }
            _ => (Node::new(at, Data::Null), 0),
        };
        node.is_anchor = anchor > 0;
        let node = Rc::new(node);
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        Ok(node)
    }

    fn alias(&mut self, id: usize, at: Place, path: &Path<'_>, depth: usize) -> Result<Rc<Node>, Broken> {
        let Some(node) = self.anchors.get(&id).cloned() else {
            self.diagnostics.error(at, path, "this alias is inside of what it refers to");
            return Err(Broken);
        };
        self.check_depth(at, path, depth + node.height)?;
        self.expand(node.size, at, path)?;
        Ok(node)
    }

    fn expand(&mut self, size: u64, at: Place, path: &Path<'_>) -> Result<(), Broken> {
        self.expanded = self.expanded.saturating_add(size);
        if self.expanded <= MAX_EXPANDED {
            return Ok(());
        }
        self.diagnostics.error(at, path, format!("aliases expand to more than {MAX_EXPANDED} values here"));
        Err(Broken)
    }

    fn check_depth(&mut self, at: Place, path: &Path<'_>, depth: usize) -> Result<(), Broken> {
        if depth <= MAX_DEPTH {
            return Ok(());
        }
        let top = path.top().map_or(Path::Root, |top| Path::Key(&Path::Root, top));
        self.diagnostics.error(at, &top, format!("this is nested more than {MAX_DEPTH} levels deep"));
        Err(Broken)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: &Span,
        path: &Path<'_>,
    ) -> Node {
        let at = place(span);
        let Some(tag) = tag.filter(|tag| !(tag.handle().is_empty() && tag.suffix() == "!")) else {
            if style != ScalarStyle::Plain || tag.is_some() {
                return Node::new(at, Data::Text(text.to_owned()));
            }
            // The parser calls a value that is not there `~`.
            let text = if span.start.index() == span.end.index() { "" } else { text };
            return self.plain(text, at, path);
        };
        let data = match (tag.core_suffix(), resolve(text).data) {
            (Some("str"), _) => Some(Data::Text(text.to_owned())),
            (Some("float"), Data::Integer(value)) => Some(Data::Float(value as f64)),
            (Some("int"), data @ Data::Integer(_))
            | (Some("float"), data @ Data::Float(_))
            | (Some("bool"), data @ Data::Bool(_))
            | (Some("null"), data @ Data::Null) => Some(data),
            _ => None,
        };
        if data.is_none() {
            let tag = quote(&format!("{}{}", tag.original_handle(), tag.suffix()));
            self.diagnostics.error(at, path, format!("the tag {tag} does not go with {}", quote(text)));
        }
        Node::new(at, data.unwrap_or(Data::Null))
    }

    fn plain(&mut self, text: &str, at: Place, path: &Path<'_>) -> Node {
        let scalar = resolve(text);
        // The words of a command are passed on as they are written.
        if let Some(surprise) = scalar.surprise.filter(|_| path.top() != Some("command")) {
            self.surprise(surprise, text, &scalar.data, at, path);
        }
        let written = (!matches!(scalar.data, Data::Text(_))).then(|| text.into());
        Node { written, ..Node::new(at, scalar.data) }
    }

    fn surprise(&mut self, surprise: Surprise, text: &str, data: &Data, at: Place, path: &Path<'_>) {
        let number = Node::new(at, data.clone()).describe();
        let diagnostics = &mut *self.diagnostics;
        match surprise {
            Surprise::Octal => diagnostics
                .warn(at, path, format!("{text} is octal, the number {number}, as in W&B"))
                .suggest(format!("write {number}, or {text:?} if text is meant")),
            Surprise::Sexagesimal => diagnostics
                .warn(at, path, format!("{text} is the number {number} (base 60), as in W&B"))
                .suggest(format!("write {number}, or {text:?} if text is meant")),
            Surprise::NotANumber => diagnostics
                .warn(at, path, format!("{text} is text, as in W&B"))
                .suggest(format!("write {text:?} to say so, or a number without leading zero")),
            Surprise::TextInPyYaml => {
                let message = format!("W&B reads {text} as text, besom as a number");
                let Some(diagnostic) = diagnostics.not_for_wandb(at, path, message) else { return };
                diagnostic.suggest(format!("write {}", for_pyyaml(text)))
            }
            Surprise::DateInPyYaml => {
                let message = format!("W&B reads {text} as a date, besom as text");
                let Some(diagnostic) = diagnostics.not_for_wandb(at, path, message) else { return };
                diagnostic.suggest(format!("write {text:?}"))
            }
        };
    }

    fn check_collection_tag(&mut self, tag: Option<&Tag>, expected: &str, at: Place, path: &Path<'_>) {
        let Some(tag) = tag else { return };
        if tag.core_suffix() != Some(expected) && tag.suffix() != "!" {
            let tag = quote(&format!("{}{}", tag.original_handle(), tag.suffix()));
            self.diagnostics.error(at, path, format!("the tag {tag} is not known here"));
        }
    }

    fn list(&mut self, at: Place, path: &Path<'_>, depth: usize) -> Result<Data, Broken> {
        self.check_depth(at, path, depth)?;
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(Data::List(items));
            }
            let path = path.index(items.len());
            items.push(self.node(event, &span, &path, depth)?);
        }
    }

    fn map(&mut self, at: Place, path: &Path<'_>, depth: usize) -> Result<Data, Broken> {
        self.check_depth(at, path, depth)?;
        let mut own = Vec::new();
        let mut merged = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let is_merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let (key, odd_key, at) = self.key(event, &span, path, depth)?;
            let (event, span) = self.next()?;
            let node = self.node(event, &span, &path.key(&key), depth)?;
            if is_merge {
                self.merge(&node, &mut merged, &path.key(&key))?;
            } else {
                own.push(Entry { key, odd_key, place: at, node });
            }
        }
        let own = self.without_duplicates(own, path);
        Ok(Data::Map(if merged.is_empty() { own } else { override_with(merged, own) }))
    }

    fn key(
        &mut self,
        event: Event<'a>,
        span: &Span,
        path: &Path<'_>,
        depth: usize,
    ) -> Result<(String, Option<&'static str>, Place), Broken> {
        let at = place(span);
        let written = match &event {
            Event::Scalar(text, ..) => text.to_string(),
            _ => String::new(),
        };
        let is_alias = matches!(event, Event::Alias(_));
        let node = match event {
            Event::Scalar(text, style, anchor, tag) if tag.is_none() => {
                let data =
                    if style == ScalarStyle::Plain { resolve(&text).data } else { Data::Text(text.into()) };
                let node = Rc::new(Node::new(at, data));
                if anchor > 0 {
                    self.anchors.insert(anchor, Rc::clone(&node));
                }
                node
            }
            event => self.node(event, span, path, depth)?,
        };
        let odd = match &node.data {
            Data::Text(text) => return Ok((text.clone(), None, at)),
            Data::Null => "nothing",
            Data::Bool(_) => "a boolean",
            Data::Integer(_) | Data::Float(_) => "a number",
            Data::List(_) | Data::Map(_) => {
                self.diagnostics.error(at, path, "a key must be text").found(&node);
                "no text"
            }
        };
        let written = if is_alias { node.describe() } else { written };
        Ok((written, Some(odd), at))
    }

    fn merge(&mut self, node: &Rc<Node>, merged: &mut Vec<Entry>, path: &Path<'_>) -> Result<(), Broken> {
        let sources: Vec<&Rc<Node>> = match &node.data {
            Data::Map(_) => vec![node],
            Data::List(items) => items.iter().collect(),
            _ => vec![],
        };
        if sources.is_empty() || sources.iter().any(|source| !matches!(source.data, Data::Map(_))) {
            let message = "expected a mapping, or a list of mappings, to merge in";
            self.diagnostics.error(node.place, path, message).found(node);
            return Ok(());
        }
        for source in sources {
            self.expand(source.size, node.place, path)?;
            merged.extend(source.entries().iter().cloned());
        }
        Ok(())
    }

    /// Of equal keys the last counts, as to PyYAML, at the place of the first in the order; a warning names both lines.
    fn without_duplicates(&mut self, entries: Vec<Entry>, path: &Path<'_>) -> Vec<Entry> {
        let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
        let mut index: HashMap<String, usize> = HashMap::new();
        for entry in entries {
            let Some(&at) = index.get(&entry.key) else {
                index.insert(entry.key.clone(), kept.len());
                kept.push(entry);
                continue;
            };
            let (first, second) = (kept[at].place.line, entry.place.line);
            let message =
                format!("this key is in line {first} already; this one, in line {second}, counts, as in W&B");
            let diagnostic = self.diagnostics.warn(entry.place, &path.key(&entry.key), message);
            diagnostic.suggest("remove one of the two");
            kept[at] = entry;
        }
        kept
    }
}

/// The merged entries, of which the first of equal ones counts, with a mapping's own entries over them.
fn override_with(merged: Vec<Entry>, own: Vec<Entry>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::with_capacity(merged.len() + own.len());
    let mut index = HashMap::new();
    for entry in merged {
        if !index.contains_key(&entry.key) {
            index.insert(entry.key.clone(), entries.len());
            entries.push(entry);
        }
    }
    for entry in own {
        match index.get(&entry.key) {
            Some(&at) => entries[at] = entry,
            None => entries.push(entry),
        }
    }
    entries
}

fn place(span: &Span) -> Place {
    marker(&span.start)
}

fn marker(marker: &granit_parser::Marker) -> Place {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place { line: number(marker.line()), column: number(marker.col()).saturating_add(1) }
}

/// The number as PyYAML wants it: digits before and after the dot, and a sign in the exponent.
fn for_pyyaml(number: &str) -> String {
    let (mantissa, exponent) = number.split_once(['e', 'E']).map_or((number, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let whole =
        if whole.ends_with(|c: char| c.is_ascii_digit()) { whole.to_owned() } else { format!("{whole}0") };
    let exponent =
        exponent.map(|e| if e.starts_with(['-', '+']) { format!("e{e}") } else { format!("e+{e}") });
    format!("{whole}.{fraction}{}", exponent.unwrap_or_default())
}
