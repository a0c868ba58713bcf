//! Which command lines an agent may execute, as its owner allows it.

/// A pattern of command lines: words that are separated by blanks. `*` within a word stands for any characters, and as a word of its
/// own for any number of words.
///
/// The sweep's file says what agents execute, and with a server it may come from somebody else. A pattern pins it.
///
/// ```
/// use besom_agent::CommandPattern;
///
/// let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<String>>();
/// let pattern = CommandPattern::new("/usr/bin/env python* train.py *");
/// assert!(pattern.allows(&words("/usr/bin/env python3 train.py --lr=0.1 --depth=3")));
/// assert!(!pattern.allows(&words("/usr/bin/env python3 -c import=os train.py")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandPattern {
    text: String,
}

impl CommandPattern {
    /// The pattern with this text. Every text is one; an empty one allows nothing.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it allows this argument vector.
    pub fn allows(&self, argv: &[String]) -> bool {
        let pattern: Vec<&str> = self.text.split_whitespace().collect();
        let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
        matches(&pattern, &argv, "*", |pattern, word| {
            let (pattern, word) = (pattern.as_bytes(), word.as_bytes());
            matches(pattern, word, b'*', |a, b| a == b)
        })
    }
}

/// Whether a sequence matches a pattern in which `any` stands for any sequence. The last place where it stood is tried with one
/// item more each time, so the work is at most the product of the lengths.
fn matches<T: Copy + PartialEq>(pattern: &[T], items: &[T], any: T, is_same: impl Fn(T, T) -> bool) -> bool {
    let (mut p, mut i, mut again) = (0, 0, None);
    while i < items.len() {
        if pattern.get(p) == Some(&any) {
            p += 1;
            again = Some((p, i));
        } else if pattern.get(p).is_some_and(|&part| is_same(part, items[i])) {
            (p, i) = (p + 1, i + 1);
        } else if let Some((after, from)) = again {
            (p, i) = (after, from + 1);
            again = Some((after, from + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|part| *part == any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, allowed: &[&[&str]], refused: &[&[&str]]) {
        let allows = |argv: &&[&str]| {
            let argv: Vec<String> = argv.iter().map(|&word| word.to_owned()).collect();
            CommandPattern::new(pattern).allows(&argv)
        };
        for argv in allowed {
            assert!(allows(argv), "{pattern}: {argv:?}");
        }
        for argv in refused {
            assert!(!allows(argv), "{pattern}: {argv:?}");
        }
    }

    #[test]
    fn a_pattern_pins_all_words_that_it_names() {
        check(
            "python train.py",
            &[&["python", "train.py"]],
            &[&["python"], &["python", "train.py", "-x"], &[]],
        );
        check(
            "python train.py *",
            &[&["python", "train.py"], &["python", "train.py", "--a=1", "--b=2 3"]],
            &[&["python", "-c", "train.py"], &["python", "x", "train.py"], &["bash", "train.py"]],
        );
        check("* train.py", &[&["a", "b", "train.py"], &["train.py"]], &[&["train.py", "x"]]);
        check("py*n --lr=*", &[&["python3n", "--lr="], &["pyn", "--lr=0.1"]], &[&["python", "--lrx=1"]]);
        check("*", &[&[], &["anything", "at all"]], &[]);
        check("", &[&[]], &[&["x"]]);
    }

    #[test]
    fn a_word_is_never_taken_apart() {
        check("python train.py", &[], &[&["python train.py"], &["python", "train.py "]]);
        check("a b*", &[&["a", "b c"]], &[&["a b", "c"]]);
    }

    #[test]
    fn a_pattern_of_many_stars_is_matched_in_little_time() {
        let word = "a".repeat(2000);
        check(&"*a".repeat(500), &[&[&word]], &[]);
        check(&("*a".repeat(500) + "b"), &[], &[&[&word]]);
    }
}
