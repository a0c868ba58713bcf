//! A sweep file and `besom_core` agree on what a distribution is: what one accepts, the other accepts, and it is the same.

mod builtin;

use besom_core::distribution::{Continuous, Step};
use besom_core::{Distribution, Parameter, Space};
use builtin::reader;
use proptest::prelude::*;
use proptest::sample::select;

/// A parameter as YAML, and the same by hand.
type Attempt = (String, Distribution);

fn number() -> impl Strategy<Value = f64> {
    let odd = [
        0.0,
        -0.0,
        -1.0,
        1.0,
        1e300,
        -1e300,
        1e6,
        1e7,
        f64::MAX,
        5e-324,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ];
    prop_oneof![3 => -10.0..10.0, 1 => any::<f64>(), 3 => select(odd.to_vec())]
}

/// A float as YAML has it.
fn yaml(x: f64) -> String {
    if x.is_nan() {
        ".nan".to_owned()
    } else if x.is_infinite() {
        if x > 0.0 { ".inf" } else { "-.inf" }.to_owned()
    } else {
        format!("{x:?}")
    }
}

fn list<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", "))
}

/// A shape with its name in a file without the `q_`, and its keys.
fn shape() -> impl Strategy<Value = (&'static str, String, Continuous)> {
    (0..6, number(), number()).prop_map(|(kind, a, b)| {
        let (name, keys, shape) = match kind {
            0 => ("uniform", ["min", "max"], Continuous::Uniform { min: a, max: b }),
            1 => ("log_uniform_values", ["min", "max"], Continuous::LogUniformValues { min: a, max: b }),
            2 => {
                ("inv_log_uniform_values", ["min", "max"], Continuous::InvLogUniformValues { min: a, max: b })
            }
            3 => ("normal", ["mu", "sigma"], Continuous::Normal { mu: a, sigma: b }),
            4 => ("log_normal", ["mu", "sigma"], Continuous::LogNormal { mu: a, sigma: b }),
            _ => ("beta", ["a", "b"], Continuous::Beta { a, b }),
        };
        (name, format!("{}: {}, {}: {}", keys[0], yaml(a), keys[1], yaml(b)), shape)
    })
}

fn continuous() -> impl Strategy<Value = Attempt> {
    shape().prop_map(|(name, keys, shape)| {
        (format!("{{distribution: {name}, {keys}}}"), Distribution::Continuous(shape))
    })
}

fn quantized() -> impl Strategy<Value = Attempt> {
    let step = prop_oneof![
        number().prop_map(|q| (yaml(q), Step { q, integer: false })),
        (-2_i32..20).prop_map(|q| (q.to_string(), Step { q: q.into(), integer: true })),
    ];
    let known = shape().prop_filter("W&B has it in steps", |(name, ..)| *name != "inv_log_uniform_values");
    (known, step).prop_map(|((name, keys, shape), (q, step))| {
        (format!("{{distribution: q_{name}, {keys}, q: {q}}}"), Distribution::Quantized(shape, step))
    })
}

fn whole() -> impl Strategy<Value = Attempt> {
    let bound = || prop_oneof![-3_i64..3, any::<i64>()];
    (bound(), bound()).prop_map(|(min, max)| {
        (
            format!("{{distribution: int_uniform, min: {min}, max: {max}}}"),
            Distribution::IntUniform { min, max },
        )
    })
}

fn listed() -> impl Strategy<Value = Attempt> {
    let values = prop::collection::vec(0_i64..5, 0..4);
    let probability = prop_oneof![4 => select(vec![0.0, 0.25, 0.5, 1.0]), 1 => number()];
    let probabilities = prop::option::of(prop::collection::vec(probability, 0..4));
    (values, probabilities).prop_map(|(values, probabilities)| {
        let text = list(&values, ToString::to_string);
        let weights = probabilities.as_deref().map(|p| list(p, |&p| yaml(p)));
        let weights = weights.map(|list| format!(", probabilities: {list}")).unwrap_or_default();
        let values = values.into_iter().map(Into::into).collect();
        (format!("{{values: {text}{weights}}}"), Distribution::Categorical { values, probabilities })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

    #[test]
    fn a_file_is_refused_for_a_distribution_exactly_where_a_space_is(
        (text, distribution) in prop_oneof![2 => continuous(), 2 => quantized(), 1 => whole(), 2 => listed()],
    ) {
        let file = format!("method: random\nparameters:\n  x: {text}\n");
        let by_hand = Space::new(vec![Parameter::new("x", distribution)]);
        match (reader().read(&file, "sweep.yaml"), by_hand) {
            (Ok(read), Ok(space)) => prop_assert_eq!(read.config.space, space),
            (Err(_), Err(_)) => {}
            (Ok(_), Err(error)) => prop_assert!(false, "{text} is refused by hand only: {error}"),
            (Err(diagnostics), Ok(_)) => prop_assert!(false, "{text} is refused in a file only: {diagnostics}"),
        }
    }
}
