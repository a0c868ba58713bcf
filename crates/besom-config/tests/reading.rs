//! What a sweep file means: the parts of the configuration that the shared cases do not cover.

#![expect(clippy::unwrap_used, reason = "a file that is refused fails the test")]

mod builtin;

use std::time::Duration;

use besom_config::{Diagnostics, Parsed, Retry};
use besom_core::distribution::{Continuous, Step};
use besom_core::{Distribution, Goal, Impute, ImputeWhileRunning, ParamPath};
use builtin::reader;
use serde_json::{Value, json};

fn parse(text: &str) -> Result<Parsed, Diagnostics> {
    reader().read(text, "sweep.yaml")
}

fn read(text: &str) -> Parsed {
    parse(text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[track_caller]
fn refused(text: &str, path: &str) {
    let problems = parse(text).unwrap_err();
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, [path], "{problems}");
}

#[track_caller]
fn distribution(parameter: &str, expected: Distribution) {
    let parsed = read(&format!("{{method: random, run_cap: 1, parameters: {{x: {parameter}}}}}"));
    assert_eq!(parsed.config.space.parameters()[0].distribution, expected);
    assert_eq!(parsed.warnings, []);
}

#[test]
fn every_key_of_a_whole_file_is_read() {
    let parsed = read(
        "program: train.py\ncommand: [python, 0.10, true, ~, '${args}']\nmethod: bayes\nname: n\ndescription: d\n\
         project: p\nentity: e\nrun_cap: 5.0\nseed: 18446744073709551615\nretry: 2\ncontroller: {type: local}\n\
         metric: {name: acc, goal: maximize, target: 1, impute: best, impute_while_running: latest}\n\
         parameters: {b: {value: 1}, a: {min: 0, max: 2}}\nearly_terminate: {type: hyperband, min_iter: 3.0}\n",
    );
    let config = parsed.config;
    assert_eq!(config.problem().seed, u64::MAX);
    assert_eq!(config.program.as_deref(), Some("train.py"));
    assert_eq!(config.command.unwrap(), ["python", "0.10", "true", "~", "${args}"]);
    assert_eq!(config.method.name, "bayes");
    let texts = [config.name, config.description, config.project, config.entity];
    assert_eq!(texts.map(Option::unwrap), ["n", "d", "p", "e"]);
    assert_eq!((config.run_cap, config.seed), (Some(5), Some(u64::MAX)));
    assert_eq!(config.retry, Retry::new(2, 2));
    assert!(config.controller_local);
    let metric = config.metrics[0].clone();
    assert_eq!((metric.name.as_str(), metric.goal, metric.target), ("acc", Goal::Maximize, Some(1.0)));
    assert_eq!(metric.impute, Impute::Best);
    assert_eq!(metric.impute_while_running, ImputeWhileRunning::Latest);
    let names: Vec<_> = config.space.parameters().iter().map(|p| p.name.to_string()).collect();
    assert_eq!(names, ["b", "a"]);
    let rule = config.early_terminate.unwrap();
    assert_eq!(rule.name, "hyperband");
    assert_eq!(Value::from(rule.options), json!({"min_iter": 3, "eta": 3, "strict": true}));
    assert_eq!(config.filled["run_cap"], json!(5));
    assert_eq!(config.filled["early_terminate"]["min_iter"], json!(3));
    assert_eq!(parsed.warnings, []);
}

#[test]
fn a_file_without_a_seed_is_another_sweep_each_time() {
    let config = read("method: random\nparameters: {x: {min: 0.0, max: 1.0}}").config;
    let seeds: std::collections::BTreeSet<u64> = (0..10).map(|_| config.problem().seed).collect();
    assert!(seeds.len() > 8, "{seeds:?}");
    let config = read("method: random\nseed: 0\nparameters: {x: {min: 0.0, max: 1.0}}").config;
    assert_eq!(config.problem().seed, 0);
}

#[test]
fn what_a_file_leaves_out_has_its_default() {
    let config = read("method: grid\nparameters: {x: {values: [1, 2]}}").config;
    assert_eq!(config.retry, Retry::new(3, 0));
    assert_eq!((config.seed, config.run_cap), (None, None));
    assert_eq!(Value::from(config.method.options), json!({"order": "sorted"}));
    assert_eq!(config.metrics, []);
    assert!(config.early_terminate.is_none() && config.command.is_none() && !config.controller_local);
    assert_eq!(
        config.filled,
        json!({"method": "grid", "parameters": {"x": {"values": [1, 2], "distribution": "categorical"}}})
    );
}

#[test]
fn every_distribution_is_read() {
    use Continuous::{Beta, InvLogUniformValues, LogNormal, LogUniformValues, Normal, Uniform};
    let step = |q, integer| Step { q, integer };
    let quantized = |shape, q, integer| Distribution::Quantized(shape, step(q, integer));
    let plain = Distribution::Continuous;
    distribution("{value: [1, {a: 2.0}]}", Distribution::Constant(json!([1, {"a": 2.0}])));
    distribution(
        "{values: [1, b], probabilities: [0.25, 0.75]}",
        Distribution::Categorical {
            values: vec![json!(1), json!("b")],
            probabilities: Some(vec![0.25, 0.75]),
        },
    );
    distribution("{min: -1, max: 4}", Distribution::IntUniform { min: -1, max: 4 });
    distribution("{min: -1, max: 4.0}", plain(Uniform { min: -1.0, max: 4.0 }));
    distribution(
        "{distribution: q_uniform, min: 0, max: 4}",
        quantized(Uniform { min: 0.0, max: 4.0 }, 1.0, false),
    );
    let range = "min: 1e-3, max: 1";
    let (min, max) = (1e-3, 1.0);
    distribution(
        &format!("{{distribution: log_uniform_values, {range}}}"),
        plain(LogUniformValues { min, max }),
    );
    distribution(
        &format!("{{distribution: inv_log_uniform_values, {range}}}"),
        plain(InvLogUniformValues { min, max }),
    );
    distribution(
        "{distribution: q_log_uniform_values, min: 2, max: 8, q: 2}",
        quantized(LogUniformValues { min: 2.0, max: 8.0 }, 2.0, true),
    );
    let normal = (0.0, 2.5);
    distribution("{distribution: normal, sigma: 2.5}", plain(Normal { mu: normal.0, sigma: normal.1 }));
    distribution(
        "{distribution: log_normal, sigma: 2.5}",
        plain(LogNormal { mu: normal.0, sigma: normal.1 }),
    );
    distribution("{distribution: q_normal, q: 1}", quantized(Normal { mu: 0.0, sigma: 1.0 }, 1.0, true));
    distribution("{distribution: q_log_normal}", quantized(LogNormal { mu: 0.0, sigma: 1.0 }, 1.0, false));
    distribution("{distribution: beta, a: 2}", plain(Beta { a: 2.0, b: 1.0 }));
    distribution("{distribution: q_beta, q: 0.1}", quantized(Beta { a: 1.0, b: 1.0 }, 0.1, false));
}

#[test]
fn nested_parameters_keep_their_nesting_and_their_order() {
    let config = read(
        "method: random\nrun_cap: 1\nparameters:\n  z: {value: 1}\n  opt:\n    parameters:\n      name: {values: [a, b]}\n\
        \x20     lr: {parameters: {start: {min: 0.0, max: 1.0}}}\n  a.b: {value: 2}\n",
    )
    .config;
    let names: Vec<_> = config.space.parameters().iter().map(|p| p.name.clone()).collect();
    assert_eq!(
        names,
        [
            ParamPath::new(["z"]),
            ParamPath::new(["opt", "name"]),
            ParamPath::new(["opt", "lr", "start"]),
            ParamPath::new(["a.b"])
        ]
    );
    let start = &config.filled["parameters"]["opt"]["parameters"]["lr"]["parameters"]["start"];
    assert_eq!(start["distribution"], "uniform");
}

#[test]
fn a_method_may_be_given_with_options() {
    let config = read("method: {name: grid, order: random}\nparameters: {x: {value: 1}}").config;
    assert_eq!(Value::from(config.method.options), json!({"order": "random"}));
    let config = read("method: grid\norder: declared\nparameters: {x: {value: 1}}").config;
    assert_eq!(Value::from(config.method.options), json!({"order": "declared"}));
    let config = read(
        "method: {name: bayes, acquisition: confidence_bound, beta: 2}\nrun_cap: 1\nmetric: {name: l}\n\
         parameters: {x: {min: 0, max: 1}}",
    );
    assert_eq!(
        Value::from(config.config.method.options),
        json!({"acquisition": "confidence_bound", "beta": 2, "replicate": false})
    );
    refused("method: {name: grid, ordr: random}\nparameters: {x: {value: 1}}", "method.ordr");
    refused("method: {name: grid, order: up}\nparameters: {x: {value: 1}}", "method.order");
    refused("method: {name: grid, order: random}\norder: random\nparameters: {x: {value: 1}}", "order");
    refused(
        "method: {name: bayes, bta: 2}\nmetric: {name: l}\nparameters: {x: {min: 0, max: 1}}",
        "method.bta",
    );
    refused("method: {order: random}\nparameters: {x: {value: 1}}", "method.name");
}

#[test]
fn named_algorithms_are_known_and_their_options_untouched() {
    let text = "method: {name: corners, depth: 2.0, how: [yes, 1]}\nparameters: {x: {min: 0, max: 1}}\n\
                early_terminate: {type: quorum, steps: 3.0}\n";
    assert_eq!(parse(text).unwrap_err().len(), 2);
    let config = reader().method("corners").stopper("quorum").read(text, "s").unwrap().config;
    assert_eq!(Value::from(config.method.options), json!({"depth": 2.0, "how": [true, 1]}));
    assert_eq!(Value::from(config.early_terminate.unwrap().options), json!({"steps": 3.0}));
}

#[test]
fn any_algorithm_may_be_named_to_those_who_only_execute_runs() {
    let text = "method: {name: theirs, depth: 2}\nmetric: {name: l}\nparameters: {x: {min: 0, max: 1}}\n\
                early_terminate: {type: quorum, of: 3}\nrun_cap: 3\n";
    let config = reader().any_algorithm().read(text, "s").unwrap().config;
    assert_eq!(config.method.name, "theirs");
    assert_eq!(Value::from(config.early_terminate.unwrap().options), json!({"of": 3}));
    let wrong = text.replace("quorum, of", "hyperband, of");
    assert!(reader().any_algorithm().read(&wrong, "s").is_err(), "ours keep their checks");
}

#[test]
fn naming_a_built_in_algorithm_keeps_its_checks() {
    let reader = reader().method("grid").stopper("hyperband");
    let text = "method: grid\nparameters: {x: {min: 0.0, max: 1.0}}\nmetric: {name: l}\nearly_terminate: {type: hyperband}";
    assert_eq!(reader.read(text, "s").unwrap_err().len(), 2);
}

#[test]
fn an_unknown_algorithm_is_answered_with_the_known_and_the_nearest() {
    let problems =
        reader().method("corners").read("method: corner\nparameters: {x: {value: 1}}", "s").unwrap_err();
    assert_eq!(
        problems.to_string(),
        "s:1:9: method: found \"corner\", expected a search method; known are auto, bayes, cma-es, grid, random, sobol, tpe, corners \
         (did you mean \"corners\"?)"
    );
}

#[test]
fn own_keys_are_checked() {
    let with = |line: &str| format!("method: grid\nparameters: {{x: {{value: 1}}}}\n{line}\n");
    for (line, path) in [
        ("seed: 1.5", "seed"),
        ("seed: -1", "seed"),
        ("order: up", "order"),
        ("retry: -1", "retry"),
        ("retry: {crash: 1}", "retry.crash"),
        ("retry: {failed: x}", "retry.failed"),
        ("retry: [1]", "retry"),
        ("timeout: 0", "timeout"),
        ("timeout: -5", "timeout"),
        ("timeout: 2 apples", "timeout"),
        ("timeout: .inf", "timeout"),
        ("timeout: [1h]", "timeout"),
    ] {
        refused(&with(line), path);
    }
    let retry = read(&with("retry: {failed: 3}")).config.retry;
    assert_eq!(retry, Retry::new(3, 3));
    let seconds = [
        ("30s", 30),
        ("90m", 5400),
        ("2h", 7200),
        ("1h 30m", 5400),
        ("1d", 86_400),
        ("45", 45),
        ("60.0", 60),
    ];
    for (text, seconds) in seconds {
        let timeout = read(&with(&format!("timeout: {text}"))).config.timeout;
        assert_eq!(timeout, Some(Duration::from_secs(seconds)), "{text}");
    }
}

#[test]
fn hyperband_without_a_band_is_refused() {
    let with = |options: &str| {
        format!(
            "method: grid\nparameters: {{x: {{value: 1}}}}\nmetric: {{name: l}}\nearly_terminate: {{type: hyperband, {options}}}"
        )
    };
    refused(&with("max_iter: 27, s: 0"), "early_terminate.s");
    refused(&with("max_iter: 27, s: 1.5"), "early_terminate.s");
    refused(&with("max_iter: 27"), "early_terminate.s");
    refused(&with("max_iter: 2, s: 1"), "early_terminate.max_iter");
    refused(&with("s: 2"), "early_terminate.min_iter");
    refused(&with("min_iter: 1, eta: 1"), "early_terminate.eta");
    refused(&with("min_iter: 1, eta: .inf"), "early_terminate.eta");
    assert_eq!(read(&with("max_iter: 3, s: 1, eta: 3.0")).warnings, []);
    assert_eq!(read(&with("max_iter: 9, s: 1, min_iter: 3")).warnings.len(), 1);
}

#[test]
fn degenerate_distributions_are_refused_at_every_depth() {
    for (parameter, key) in [
        ("{distribution: normal, sigma: 0}", "sigma"),
        ("{distribution: beta, a: 0}", "a"),
        ("{distribution: q_beta, b: -1}", "b"),
        ("{distribution: q_uniform, min: 0, max: 1, q: 0}", "q"),
        ("{min: .nan, max: 1}", "min"),
        ("{min: 0, max: .inf}", "max"),
        ("{min: 0, max: '1'}", "max"),
        ("{min: 2, max: 1}", "min"),
        ("{min: 0, max: 18446744073709551615}", "max"),
        ("{values: []}", "values"),
        ("{values: [1, 2], probabilities: [0.5, 0.4]}", "probabilities"),
        ("{values: [1, 2], probabilities: [.nan, 1]}", "probabilities[0]"),
    ] {
        refused(
            &format!("{{method: random, run_cap: 1, parameters: {{x: {parameter}}}}}"),
            &format!("parameters.x.{key}"),
        );
        refused(
            &format!("{{method: random, run_cap: 1, parameters: {{o: {{parameters: {{x: {parameter}}}}}}}}}"),
            &format!("parameters.o.parameters.x.{key}"),
        );
    }
    refused("{method: random, run_cap: 1, parameters: {x: {min: -1e308, max: 1e308}}}", "parameters.x");
}

#[test]
fn names_that_programs_choke_on_are_refused() {
    for name in ["..", "''", "\"a\\n\"", "1", "1.5", "yes", "~", "a b", "/a", "é"] {
        let problems =
            parse(&format!("method: random\nrun_cap: 1\nparameters: {{{name}: {{value: 1}}}}")).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems}");
    }
}

#[test]
fn merge_keys_give_way_to_own_keys_and_earlier_merges() {
    let config = read(
        "method: random\nrun_cap: 1\nparameters:\n  a: &a {min: 1, max: 4}\n  b: &b {min: 2, max: 5}\n\
        \x20 c: {<<: [*a, *b], max: 9}\n  d: {\"min\": 0, <<: *b}\n",
    )
    .config;
    let of = |name: &str| {
        let mut parameters = config.space.parameters().iter();
        parameters.find(|p| p.name == ParamPath::from(name)).unwrap().distribution.clone()
    };
    assert_eq!(of("c"), Distribution::IntUniform { min: 1, max: 9 });
    assert_eq!(of("d"), Distribution::IntUniform { min: 0, max: 5 });
    refused("method: random\nrun_cap: 1\nparameters: {x: {<<: 3, value: 1}}", "parameters.x.<<");
}

#[test]
fn an_endless_sweep_is_taken_with_a_warning_and_a_bounded_one_without() {
    let with =
        |more: &str| read(&format!("method: random\nparameters: {{x: {{min: 0, max: 1}}}}\n{more}")).warnings;
    let warnings = with("");
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].message.contains("will not end by itself"), "{}", warnings[0]);
    assert_eq!(with("run_cap: 10"), []);
    assert_eq!(with("metric: {name: l, target: 0.1}"), []);
}

#[test]
fn a_search_that_exhausts_its_space_ends_only_where_that_is_finite() {
    let with = |method: &str, x: &str| {
        let text = format!("method: {method}\nmetric: {{name: l}}\nparameters: {{x: {x}}}\n");
        read(&text).warnings.iter().any(|warning| warning.message.contains("will not end by itself"))
    };
    assert!(with("bayes", "{min: 0.0, max: 1.0}"));
    assert!(!with("bayes", "{values: [1, 2]}"));
    assert!(!with("grid", "{values: [1, 2]}"));
    for method in ["random", "sobol", "tpe", "cma-es", "auto"] {
        assert!(with(method, "{values: [1, 2]}"), "{method}");
    }
}

#[test]
fn methods_and_rules_of_besom_are_known_and_not_for_wandb() {
    for (name, is_rule) in [("sobol", false), ("tpe", false), ("cma-es", false), ("auto", false)]
        .into_iter()
        .chain(["asha", "median", "threshold", "patience"].map(|name| (name, true)))
    {
        let (method, rule) = if is_rule { ("random", name) } else { (name, "envelope") };
        let text = format!(
            "method: {method}\nmetric: {{name: loss}}\nparameters: {{x: {{min: 0.0, max: 1.0}}}}\n\
             early_terminate: {{type: {rule}}}\nrun_cap: 9\n"
        );
        let parsed = reader().read(&text, "s").unwrap();
        assert_eq!(parsed.warnings, [], "{name}");
        let problems: Vec<_> =
            reader().wandb_diagnostics(&text, "s").iter().map(ToString::to_string).collect();
        assert!(
            problems.iter().any(|problem| problem.contains("W&B has no") && problem.contains(name)),
            "{problems:?}"
        );
    }
}

#[test]
fn the_macro_of_the_slot_is_known_near_names_too_and_not_for_wandb() {
    let read = |word: &str| {
        let text = format!(
            "method: random\nmetric: {{name: loss}}\nparameters: {{x: {{min: 0.0, max: 1.0}}}}\n\
             run_cap: 9\ncommand: [fit, \"{word}\", \"${{args}}\"]\n"
        );
        let warnings = reader().read(&text, "s").unwrap().warnings;
        (warnings.iter().map(ToString::to_string).collect::<String>(), reader().wandb_diagnostics(&text, "s"))
    };
    for word in ["${slot}", "cuda:${slot}"] {
        let (warnings, for_wandb) = read(word);
        assert_eq!(warnings, "");
        assert!(for_wandb.to_string().contains("W&B does not know ${slot}"), "{word}: {for_wandb}");
    }
    let (warnings, _) = read("${slots}");
    assert!(warnings.contains("did you mean ${slot}?"), "{warnings}");
}

/// A file whose parts are all right but the algorithms.
fn with_algorithms(method: &str, rule: &str, more: &str) -> String {
    format!(
        "method: {method}\nmetric: {{name: l}}\nparameters: {{lr: {{min: 0.0, max: 1.0}}}}\nrun_cap: 9\n\
         early_terminate: {rule}\n{more}"
    )
}

#[track_caller]
fn diagnosed(text: &str, expected: &str) {
    assert_eq!(reader().read(text, "m.yaml").unwrap_err().to_string(), expected);
}

#[test]
fn faults_of_options_are_reported_together_with_their_places() {
    diagnosed(
        &with_algorithms(
            "{name: bayes, initial_points: -5}",
            "{type: asha, eta: 0.5, min_peers: 0}",
            "seed: -1\n",
        ),
        "m.yaml:1:39: method.initial_points: found -5, expected a whole number of at least 1\n\
         m.yaml:5:36: early_terminate.eta: found 0.5, expected a number greater than 1\n\
         m.yaml:5:52: early_terminate.min_peers: found 0, expected a whole number of at least 1\n\
         m.yaml:6:7: seed: found -1, expected a whole number from 0 to 18446744073709551615",
    );
}

#[test]
fn misspelled_options_are_answered_with_the_nearest() {
    diagnosed(
        &with_algorithms("{name: tpe, gama: 0.2, candidates: '64'}", "{type: hyperband, min_itr: 3}", ""),
        "m.yaml:1:21: method.gama: unknown key (did you mean \"gamma\"?)\n\
         m.yaml:1:44: method.candidates: found \"64\", expected a whole number of at least 1 (remove the quotes: 64)\n\
         m.yaml:5:36: early_terminate.min_itr: unknown key (did you mean \"min_iter\"?)",
    );
    diagnosed(
        &with_algorithms("{name: bayes, acquisition: expected_improvment}", "{type: median}", ""),
        "m.yaml:1:36: method.acquisition: found \"expected_improvment\", expected expected_improvement or confidence_bound \
         (did you mean \"expected_improvement\"?)",
    );
}

#[test]
fn a_misspelled_key_of_the_name_is_answered_with_the_right_one() {
    diagnosed(
        &with_algorithms("{nam: bayes}", "{typ: hyperband, min_iter: 3}", ""),
        "m.yaml:1:10: method.nam: unknown key (did you mean \"name\"?)\n\
         m.yaml:5:19: early_terminate.typ: unknown key (did you mean \"type\"?)",
    );
}

#[test]
fn rules_between_options_have_their_place_even_beside_other_faults() {
    diagnosed(
        &with_algorithms(
            "{name: bayes, beta: 2}",
            "{type: hyperband, max_iter: 2, s: 1, eta: 3}",
            "seed: -1\n",
        ),
        "m.yaml:1:29: method.beta: found 2, expected left out unless acquisition is confidence_bound\n\
         m.yaml:5:46: early_terminate.max_iter: found 2, no band is left: max_iter 2 is smaller than eta 3\n\
         m.yaml:6:7: seed: found -1, expected a whole number from 0 to 18446744073709551615",
    );
    diagnosed(
        &with_algorithms("random", "{type: threshold, upper: 1, lower: 2}", ""),
        "m.yaml:5:53: early_terminate.lower: found 2, no value lies between lower 2 and upper 1",
    );
}

#[test]
fn a_point_to_evaluate_that_is_not_in_the_space_has_its_place() {
    diagnosed(
        &with_algorithms("{name: bayes, points_to_evaluate: [{lrr: 0.1}]}", "{type: median}", ""),
        "m.yaml:1:43: method.points_to_evaluate: found 0.1, expected points of the space, and there is no parameter 'lrr' \
         (did you mean \"lr\"?)",
    );
}

#[test]
fn what_a_method_says_of_the_problem_stands_at_its_name() {
    diagnosed(
        "method: tpe\nmetric: {name: l}\nparameters: {lr: {value: 1}}\nrun_cap: 9\n",
        "m.yaml:1:9: method: there is no parameter to search: all are constant",
    );
}

#[test]
fn several_metrics_go_with_a_method_that_supports_them() {
    let text = "method: front\nmetrics: [{name: a}, {name: b}]\nparameters: {x: {value: 1}}\nrun_cap: 1\n";
    let mut registry = besom_core::Registry::new();
    let spec = besom_core::Spec::new("Follows a front");
    registry.replace_search("front", spec, |_, _| Ok(besom_search::Random));
    let refusal = besom_config::Reader::new(&registry).read(text, "s").unwrap_err();
    assert_eq!(refusal.iter().map(|d| d.path.as_str()).collect::<Vec<_>>(), ["metrics"]);
    let several = besom_core::Supports::ONE_METRIC.metrics(2);
    registry.replace_search("front", spec.supports(several), |_, _| Ok(besom_search::Random));
    let parsed = besom_config::Reader::new(&registry).read(text, "s").unwrap();
    assert_eq!((parsed.config.metrics.len(), parsed.warnings.len()), (2, 0));
}

#[test]
fn metrics_are_read_in_their_order_and_kept_in_what_is_filled_in() {
    let text = "method: random\nrun_cap: 3\nparameters: {x: {min: 0.0, max: 1.0}}\n\
                metrics:\n  - {name: loss, target: 0.1}\n  - {name: acc, goal: maximize, threshold: 0.5}\n";
    let config = reader().read(text, "sweep.yaml").unwrap().config;
    let expected = [
        besom_core::Metric::minimize("loss").target(0.1),
        besom_core::Metric::maximize("acc").threshold(0.5),
    ];
    assert_eq!(config.metrics, expected);
    assert_eq!(config.filled["metrics"][1]["impute"], "worst");
    assert_eq!(config.problem().metrics, expected);
    // What is stored is read again.
    assert_eq!(reader().read_json(&config.filled).unwrap().config.metrics, config.metrics);
}

#[test]
fn conditions_are_read_with_parents_by_full_and_by_short_name() {
    let text = "method: random\nrun_cap: 1\nparameters:\n  \
                m: {min: 0.0, max: 1.0, when: [{opt: sgd}, {net.layers: {min: 2}, opt: [adam]}]}\n  \
                opt: {values: [sgd, adam]}\n  \
                net:\n    when: {opt: adam}\n    \
                parameters: {layers: {min: 1, max: 4}, width: {value: 8, when: {layers: {max: 3}}}}\n";
    let config = reader().read(text, "sweep.yaml").unwrap().config;
    let when = |name: &str| {
        let parameter = config.space.parameters().iter().find(|p| p.name.to_string() == name);
        parameter.unwrap().when.as_ref().map(ToString::to_string)
    };
    assert_eq!(when("m").unwrap(), "opt is sgd or (net.layers is at least 2 and opt is adam)");
    assert_eq!(when("opt"), None);
    assert_eq!(when("net.layers").unwrap(), "opt is adam");
    assert_eq!(when("net.width").unwrap(), "opt is adam and net.layers is at most 3");
    assert_eq!(config.filled["parameters"]["net"]["when"], serde_json::json!({"opt": "adam"}));
    // What is stored is read again.
    let again = reader().read_json(&config.filled).unwrap().config;
    assert_eq!(again.space, config.space);
}

#[test]
fn constraints_are_read_in_their_order_and_kept_in_what_is_filled_in() {
    let text = "method: random\nrun_cap: 3\nparameters: {a: {min: 1, max: 9}, g: {parameters: {b: {min: 0.0, max: 1.0}}}}\n\
                parameter_constraints: [a > 2, 'g.b <= 0.5 or `g.b` > 0.9']";
    let config = reader().read(text, "sweep.yaml").unwrap().config;
    let constraints: Vec<&str> =
        config.space.constraints().iter().map(besom_core::Constraint::as_str).collect();
    assert_eq!(constraints, ["a > 2", "g.b <= 0.5 or `g.b` > 0.9"]);
    assert_eq!(config.filled["parameter_constraints"], serde_json::json!(constraints));
}
