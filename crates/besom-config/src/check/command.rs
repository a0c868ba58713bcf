//! The key `command`: its words, and what in them does not do what it looks like.

use besom_core::{Macro, Space};

use super::Checker;
use crate::aliases::meant;
use crate::tree::{Data, Node, Path, quote};

impl Checker<'_> {
    /// Reads the command; `space` is what it should pass to the program.
    pub(super) fn command(&mut self, node: &Node, space: Option<&Space>) -> Option<Vec<String>> {
        let path = Path::Root.key("command");
        if let Data::Text(text) = &node.data {
            let words: Vec<&str> = text.split_whitespace().take(20).collect();
            let diagnostic =
                self.diagnostics.error(node.place, &path, "expected a list of words").found(node);
            diagnostic.suggest(format!("besom does not run a shell; write command: {words:?}"));
            return None;
        }
        let items = self.list(node, &path, "words")?;
        let words = items.iter().enumerate().map(|(index, item)| self.word(item, &path.index(index)));
        let words: Vec<String> = words.collect::<Vec<_>>().into_iter().collect::<Option<_>>()?;
        let in_shell =
            |index: usize| index > 0 && words[index - 1].starts_with('-') && words[index - 1].ends_with('c');
        for (index, (word, item)) in words.iter().zip(items).enumerate() {
            let path = path.index(index);
            self.check_macros(word, item, &path, space);
            if !in_shell(index) {
                self.check_quotes(word, item, &path);
            }
        }
        self.check_passes_parameters(node, &path, &words, space);
        Some(words)
    }

    /// A word of a command: text, or a number or the like as it is written.
    fn word(&mut self, node: &Node, path: &Path<'_>) -> Option<String> {
        match &node.data {
            Data::Text(text) => Some(text.clone()),
            Data::List(_) | Data::Map(_) => {
                self.diagnostics.error(node.place, path, "expected a word").found(node);
                None
            }
            _ => Some(node.written.as_deref().map_or_else(|| node.to_json().to_string(), str::to_owned)),
        }
    }

    /// Warns of words that look like macros and are none.
    fn check_macros(&mut self, word: &str, node: &Node, path: &Path<'_>, space: Option<&Space>) {
        let is_parameter = |name: &str| {
            space.is_some_and(|space| space.parameters().iter().any(|p| p.name.to_string() == name))
        };
        for name in macros(word) {
            let is_whole = word.len() == name.len() + "${}".len();
            let known = Macro::named(name);
            let (message, suggestion) = match known {
                Some(Macro::Slot) => {
                    let message = "W&B does not know ${slot}, a macro of besom's own";
                    self.diagnostics.not_for_wandb(node.place, path, message);
                    continue;
                }
                Some(_) if is_whole => continue,
                None if is_whole && is_parameter(name) => (
                    format!(
                        "besom has no macro for a single parameter, so ${{{name}}} is left out, as in W&B"
                    ),
                    "write ${args}, which passes all parameters as --name=value".to_owned(),
                ),
                None if is_whole => {
                    (format!("unknown macro ${{{name}}}, which is left out, as in W&B"), macro_like(name))
                }
                None if is_parameter(name) => (
                    format!(
                        "besom has no macro for a single parameter, so the program gets ${{{name}}} as it stands, as in W&B"
                    ),
                    "write ${args} as a word of its own, which passes all parameters as --name=value"
                        .to_owned(),
                ),
                Some(_) => (
                    format!("${{{name}}} is replaced only where it is the whole word, as in W&B"),
                    format!("make \"${{{name}}}\" a word of its own"),
                ),
                // Another program, such as a shell, may have a use for it.
                None => continue,
            };
            self.diagnostics.warn(node.place, path, message).suggest(suggestion);
        }
    }

    /// Warns of quotes that a shell would take off.
    fn check_quotes(&mut self, word: &str, node: &Node, path: &Path<'_>) {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) if name.starts_with('-') => (format!("{name}="), value),
            _ => (String::new(), word),
        };
        let inner = ['"', '\''].into_iter().find_map(|mark| value.strip_prefix(mark)?.strip_suffix(mark));
        if let Some(inner) = inner {
            let message = "the program gets the quotes too, because besom does not run a shell";
            let diagnostic = self.diagnostics.warn(node.place, path, message);
            diagnostic.suggest(format!("write {}", quote(&format!("{name}{inner}"))));
        }
    }

    /// Warns of a command that is the same for all runs.
    fn check_passes_parameters(
        &mut self,
        node: &Node,
        path: &Path<'_>,
        words: &[String],
        space: Option<&Space>,
    ) {
        // A variable may hold a macro, and a script may read the file of the parameters.
        let may_pass = |word: &String| {
            word.contains("${envvar:")
                || word.contains("BESOM_PARAMS")
                || macros(word).any(|name| Macro::named(name).is_some_and(Macro::passes_parameters))
        };
        let has_parameters = space.is_some_and(|space| !space.parameters().is_empty());
        if words.is_empty() || !has_parameters || words.iter().any(may_pass) {
            return;
        }
        let message = "no word passes the parameters, so all runs have the same command line";
        let diagnostic = self.diagnostics.warn(node.place, path, message);
        diagnostic.suggest(
            "add ${args}, or read them with besom.init(), wandb.init() or from the file $BESOM_PARAMS",
        );
    }
}

/// The names between `${` and `}` in a word, those of environment variables left out.
fn macros(word: &str) -> impl Iterator<Item = &str> {
    let names = word.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    names.filter(|name| !name.contains(':'))
}

/// What to say of an unknown macro: the nearest one, or all.
fn macro_like(name: &str) -> String {
    let known = Macro::ALL.map(Macro::name);
    match meant(name, known) {
        Some(near) => format!("did you mean ${{{near}}}?"),
        None => format!("known are {}", known.map(|name| format!("${{{name}}}")).join(", ")),
    }
}
