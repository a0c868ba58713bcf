//! What other tools call the words of a sweep file, so that their words are answered with ours.

use besom_core::nearest;

/// Words of other tools without case, `_`, `-` and blanks, each with what a sweep file has for it. A word may stand for several
/// of ours, of which only one is allowed at a place.
const ALIASES: &[(&str, &[&str])] = &[
    // Keys of the top level.
    ("earlystopping", &["early_terminate", "patience"]),
    ("earlystop", &["early_terminate", "patience"]),
    ("earlytermination", &["early_terminate"]),
    ("stopper", &["early_terminate"]),
    ("pruner", &["early_terminate"]),
    ("hyperparameters", &["parameters"]),
    ("hyperparams", &["parameters"]),
    ("params", &["parameters"]),
    ("searchspace", &["parameters"]),
    ("space", &["parameters"]),
    ("paramspace", &["parameters"]),
    ("configspace", &["parameters"]),
    ("maxruns", &["run_cap"]),
    ("maxtrials", &["run_cap"]),
    ("maxevals", &["run_cap"]),
    ("ntrials", &["run_cap"]),
    ("numtrials", &["run_cap"]),
    ("numsamples", &["run_cap"]),
    ("numruns", &["run_cap"]),
    ("objective", &["metric"]),
    ("algorithm", &["method"]),
    ("searchalg", &["method"]),
    ("strategy", &["method"]),
    ("sampler", &["method"]),
    ("script", &["program"]),
    ("entrypoint", &["program"]),
    ("randomseed", &["seed"]),
    ("randomstate", &["seed"]),
    // Keys of a metric.
    ("direction", &["goal"]),
    ("mode", &["goal"]),
    ("max", &["maximize", "max"]),
    ("min", &["minimize", "min"]),
    // Search methods.
    ("gridsearch", &["grid"]),
    ("randomsearch", &["random"]),
    ("bayesian", &["bayes"]),
    ("bayesopt", &["bayes"]),
    ("bayesianoptimization", &["bayes"]),
    ("gp", &["bayes"]),
    ("hyperopt", &["tpe"]),
    ("parzen", &["tpe"]),
    ("evolutionary", &["cma-es"]),
    ("qmc", &["sobol"]),
    // Stopping rules.
    ("successivehalving", &["asha"]),
    ("sha", &["asha"]),
    ("medianstopping", &["median"]),
    ("medianpruner", &["median"]),
    ("hyperbandpruner", &["hyperband"]),
    ("plateau", &["patience"]),
    // Distributions.
    ("loguniform", &["log_uniform_values"]),
    ("uniformlog", &["log_uniform_values"]),
    ("loguniformvalues", &["log_uniform_values"]),
    ("reciprocal", &["log_uniform_values"]),
    ("log", &["log_uniform_values"]),
    ("qloguniform", &["q_log_uniform_values"]),
    ("invloguniform", &["inv_log_uniform_values"]),
    ("randint", &["int_uniform"]),
    ("int", &["int_uniform"]),
    ("integer", &["int_uniform"]),
    ("range", &["int_uniform"]),
    ("uniformint", &["int_uniform"]),
    ("quniformint", &["q_uniform"]),
    ("discreteuniform", &["q_uniform"]),
    ("float", &["uniform"]),
    ("double", &["uniform"]),
    ("real", &["uniform"]),
    ("continuous", &["uniform"]),
    ("choice", &["categorical", "values"]),
    ("choices", &["values", "categorical"]),
    ("category", &["categorical"]),
    ("discrete", &["categorical"]),
    ("ordinal", &["categorical"]),
    ("gaussian", &["normal"]),
    ("randn", &["normal"]),
    ("fixed", &["constant"]),
    // Keys of a parameter.
    ("low", &["min"]),
    ("lower", &["min"]),
    ("lowerbound", &["min"]),
    ("minimum", &["min"]),
    ("high", &["max"]),
    ("upper", &["max"]),
    ("upperbound", &["max"]),
    ("maximum", &["max", "maximize"]),
    ("step", &["q"]),
    ("stepsize", &["q"]),
    ("quantum", &["q"]),
    ("type", &["distribution"]),
    ("dist", &["distribution"]),
    ("vals", &["values"]),
    ("list", &["values", "categorical"]),
    ("options", &["values"]),
    ("categories", &["values"]),
    ("mean", &["mu"]),
    ("loc", &["mu"]),
    ("std", &["sigma"]),
    ("stddev", &["sigma"]),
    ("weights", &["probabilities"]),
    ("probs", &["probabilities"]),
    ("alpha", &["a"]),
    ("beta", &["beta", "b"]),
];

/// The candidate that `word` stands for: what another tool calls so, or what is spelled nearly so.
pub(crate) fn meant<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let squashed = squash(word);
    let ours = ALIASES.iter().filter(|(theirs, _)| *theirs == squashed).flat_map(|(_, ours)| *ours);
    let known = ours.into_iter().find_map(|ours| candidates.iter().copied().find(|known| known == ours));
    known
        .or_else(|| candidates.iter().copied().find(|known| squash(known) == squashed))
        .or_else(|| nearest(word, candidates))
}

/// A word without case and without what joins its parts.
fn squash(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_another_tool_stands_for_ours_where_it_is_allowed() {
        assert_eq!(meant("Early-Stopping", ["metric", "early_terminate"]), Some("early_terminate"));
        assert_eq!(meant("early_stopping", ["asha", "patience"]), Some("patience"));
        assert_eq!(meant("loguniform", ["q_uniform", "log_uniform_values"]), Some("log_uniform_values"));
        assert_eq!(meant("vals", ["value", "values"]), Some("values"));
        assert_eq!(meant("low", ["grid", "random"]), None);
        assert_eq!(meant("quniform", ["uniform", "q_uniform"]), Some("q_uniform"));
        assert_eq!(meant("metod", ["metric", "method"]), Some("method"));
    }
}
