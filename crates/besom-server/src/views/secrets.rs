//! What must not be shown: values in a sweep file under names such as `api_key`, and what programs log under them.
//!
//! A page is shown to colleagues and an export is sent to them. Only texts count as secrets, and only those that a sweep does not
//! vary: `max_tokens: 512` and a parameter `key` over `[c, d, e]` are what the page is for.

use std::collections::BTreeSet;

use besom_config::SweepConfig;
use serde_json::{Map, Value};

/// What stands in place of a secret.
pub(crate) const MASK: &str = "***";

/// Below so many bytes, a secret is masked as a whole word only.
const SHORT: usize = 6;

/// The words in a name that make its value a secret.
const WORDS: [&str; 12] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "key",
    "apikey",
    "credential",
    "credentials",
    "auth",
    "pwd",
    "authorization",
];

/// The secrets of a sweep file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets {
    /// Texts to be masked wherever they stand in the file.
    texts: BTreeSet<String>,
    /// Names of parameters that vary.
    varied: BTreeSet<String>,
}

impl Secrets {
    /// Those of a sweep; without a configuration, those of a text that nobody can read.
    pub(crate) fn new(config: Option<&SweepConfig>, text: &str) -> Self {
        let mut secrets = Self::default();
        let Some(config) = config else {
            secrets.collect_lines(text);
            return secrets;
        };
        secrets.varied = config.space.searchable().map(|parameter| parameter.name.to_string()).collect();
        secrets.collect(&config.filled, false, "");
        for word in config.command.iter().flatten() {
            secrets.collect_word(word);
        }
        let pairs = config.command.iter().flat_map(|words| words.windows(2));
        for pair in pairs.filter(|pair| pair[0].starts_with('-') && is_secret(&pair[0])) {
            secrets.add(&pair[1]);
        }
        secrets
    }

    /// A text without them.
    pub(crate) fn mask_text(&self, text: &str) -> String {
        // The longest first: one may be a part of another.
        let mut texts: Vec<&String> = self.texts.iter().collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.into_iter().fold(text.to_owned(), |text, secret| hide(&text, secret))
    }

    /// An object without them: what stands under a secret name, and texts that contain one.
    pub(crate) fn mask(&self, object: &Map<String, Value>) -> Map<String, Value> {
        self.masked(object, "")
    }

    fn masked(&self, object: &Map<String, Value>, path: &str) -> Map<String, Value> {
        let value = |(name, value): (&String, &Value)| {
            let full = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let shown = match value {
                Value::String(_) if is_secret(name) && !self.varied.contains(&full) => MASK.into(),
                other => self.masked_value(other, &full),
            };
            (name.clone(), shown)
        };
        object.iter().map(value).collect()
    }

    fn masked_value(&self, value: &Value, path: &str) -> Value {
        match value {
            Value::Object(object) => self.masked(object, path).into(),
            Value::Array(items) => items.iter().map(|item| self.masked_value(item, path)).collect(),
            Value::String(text) if !self.varied.contains(path) => self.mask_text(text).into(),
            other => other.clone(),
        }
    }

    /// Takes in what stands in a configuration; `is_inside` if it does so below a secret name.
    fn collect(&mut self, value: &Value, is_inside: bool, path: &str) {
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    let full = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    let full = full.strip_prefix("parameters.").map_or(full.clone(), str::to_owned);
                    let is_inside = match name.as_str() {
                        // What a parameter is made of; of these only its value is anybody's text.
                        "distribution" | "goal" => false,
                        name => is_inside || (is_secret(name) && !self.varied.contains(&full)),
                    };
                    self.collect(value, is_inside, &full);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, is_inside, path)),
            Value::String(text) if is_inside => self.add(text),
            _ => {}
        }
    }

    /// `--api-key=abc`, `TOKEN=abc`.
    fn collect_word(&mut self, word: &str) {
        if let Some((name, value)) = word.split_once('=')
            && is_secret(name)
        {
            self.add(value);
        }
    }

    fn collect_lines(&mut self, text: &str) {
        for line in text.lines() {
            if let Some((name, value)) = line.split_once(':')
                && is_secret(name.trim().trim_start_matches("- "))
            {
                self.add(value.trim().trim_matches(['"', '\'']));
            }
        }
    }

    /// Macros of a command line stand for secrets and are none.
    fn add(&mut self, text: &str) {
        if !text.trim().is_empty() && !text.contains("${") {
            self.texts.insert(text.to_owned());
        }
    }
}

/// The text with the mask in place of a secret; of a short one where it stands as a word, as `ab` may stand within any word.
fn hide(text: &str, secret: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(secret) {
        let (before, after) = (&rest[..at], &rest[at + secret.len()..]);
        let borders = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
        let last = before.chars().next_back().or(out.chars().next_back());
        let is_whole = borders(last) && borders(after.chars().next());
        out.push_str(before);
        out.push_str(if is_whole || secret.len() >= SHORT { MASK } else { secret });
        rest = after;
    }
    out + rest
}

/// Whether a name is that of a secret: one of its words is, as in `wandb_api_key`, `--auth-token`, `dbPassword`.
fn is_secret(name: &str) -> bool {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let begins = c.is_uppercase() && before.is_lowercase();
        if !c.is_alphanumeric() || begins {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut().expect("there is one").extend(c.to_lowercase());
        }
        before = c;
    }
    words.iter().any(|word| WORDS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secrets(text: &str) -> Secrets {
        let registry = besom_engine::registry();
        let parsed = besom_config::Reader::new(&registry).read(text, "sweep.yaml");
        Secrets::new(Some(&parsed.expect("a right file").config), text)
    }

    #[test]
    fn a_name_is_secret_by_its_words() {
        for name in
            ["api_key", "token", "dbPassword", "--auth-token", "WANDB_API_KEY", "client-secret", "key"]
        {
            assert!(is_secret(name), "{name}");
        }
        for name in ["tokenizer", "keyframe", "monkey", "num_keys", "tokens", "secretary", ""] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn secrets_of_a_file_are_masked_in_whatever_style_they_are_written() {
        let text = "method: random\nmetric: {name: loss}\ncommand: [python, train.py, --hf-token, hf_123, '--api-key=sk-9', \"${args}\"]\n\
            parameters:\n  lr: {min: 0.1, max: 1.0}\n  key: {values: [c, d]}\n  max_token: {value: 512}\n  db: {parameters: {password: {value: 'hunter2'}}}\n";
        let secrets = secrets(text);
        let shown = secrets.mask_text(text);
        for hidden in ["hf_123", "sk-9", "hunter2"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        for kept in ["values: [c, d]", "value: 512", "--hf-token", "${args}", "name: loss", "method: random"]
        {
            assert!(shown.contains(kept), "{kept} in {shown}");
        }
        let point = json!({"lr": 0.5, "key": "c", "max_token": 512, "db": {"password": "hunter2"}, "cmd": "x hunter2"});
        let masked = secrets.mask(point.as_object().expect("an object"));
        let expected =
            json!({"lr": 0.5, "key": "c", "max_token": 512, "db": {"password": MASK}, "cmd": "x ***"});
        assert_eq!(Value::from(masked), expected);
    }

    #[test]
    fn of_a_file_that_cannot_be_read_the_lines_are_masked() {
        let text = "method: [\napi_key: 'sk-1'\nlr: 1\n";
        assert_eq!(Secrets::new(None, text).mask_text(text), "method: [\napi_key: '***'\nlr: 1\n");
    }
}
