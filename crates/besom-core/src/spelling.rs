//! The nearest right spelling of a wrong word, and how it is offered.

use thiserror::Error;

/// The candidate that `word` stands for: spelled nearly so, the only one that begins with it, or one of the same parts
/// in another order.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing spellings takes time in proportion to both lengths, and no known word is long.
    if word.len() > 64 {
        return None;
    }
    let candidates: Vec<&str> = candidates.into_iter().collect();
    spelled_alike(word, &candidates).or_else(|| {
        let short = squashed(word);
        let mut longer = candidates.iter().filter(|c| short.len() >= 2 && squashed(c).starts_with(&short));
        let begun = longer.next().copied().filter(|_| longer.next().is_none());
        begun.or_else(|| candidates.iter().copied().find(|c| sorted_parts(c) == sorted_parts(word)))
    })
}

/// A name that nothing of its kind has.
///
/// ```
/// use besom_core::UnknownName;
///
/// let error = UnknownName::new("goal", "minimise", ["minimize", "maximize"]);
/// assert_eq!(error.to_string(), "unknown goal 'minimise', did you mean 'minimize'?; known: minimize, maximize");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown {kind} '{name}'{}; known: {}", did_you_mean(nearest.as_deref()), listed(known))]
#[non_exhaustive]
pub struct UnknownName {
    /// What it should name, such as `search method`.
    pub kind: &'static str,
    /// The name.
    pub name: String,
    /// All names there are.
    pub known: Vec<String>,
    /// The known name that is spelled most alike, if one is near.
    pub nearest: Option<String>,
}

impl UnknownName {
    /// A name that is none of those that are known.
    pub fn new<'a>(kind: &'static str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        Self { kind, name: name.to_owned(), known, nearest }
    }

    /// The same where more names are near than are listed.
    #[must_use]
    pub fn nearest_of<'a>(mut self, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        self.nearest = nearest(&self.name, candidates).map(str::to_owned);
        self
    }
}

fn listed(known: &[String]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}

/// `, did you mean 'x'?`, or nothing: what to append to a message about a wrong word.
pub fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(", did you mean '{name}'?")).unwrap_or_default()
}

/// The candidate with the fewest typing errors, if they are few for its length.
fn spelled_alike<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .iter()
        .map(|&candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|&(distance, candidate)| {
            distance <= 1 + candidate.chars().count().min(word.chars().count()) / 4
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// A word without case and without what joins its parts.
fn squashed(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

fn sorted_parts(word: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = word.split(['_', '-', ' ']).collect();
    parts.sort_unstable();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["grid", "random", "bayes", "min_iter"];

    #[test]
    fn the_nearest_name_is_near_or_none() {
        assert_eq!(nearest("baeys", NAMES), Some("bayes"));
        assert_eq!(nearest("GRID", NAMES), Some("grid"));
        assert_eq!(nearest("hyperband", NAMES), None);
        assert_eq!(nearest("", NAMES), None);
    }

    #[test]
    fn a_word_stands_for_what_alone_begins_with_it_or_has_its_parts() {
        assert_eq!(nearest("rand", NAMES), Some("random"));
        assert_eq!(nearest("iter_min", NAMES), Some("min_iter"));
    }

    #[test]
    fn a_hint_is_a_question_or_nothing() {
        assert_eq!(did_you_mean(Some("grid")), ", did you mean 'grid'?");
        assert_eq!(did_you_mean(None), "");
    }
}
