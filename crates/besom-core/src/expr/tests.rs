use proptest::prelude::ProptestConfig;
use proptest::proptest;
use serde_json::{Value, json};

use super::*;

/// What an expression says of a run.
fn check(text: &str, expected: Option<bool>) {
    let run = json!({"lr": 1e-3, "n": 7, "opt": "adam", "deep": true, "opt.lr-max": 2, "nan": null, "list": [1, 2]});
    let lookup = |name: &str| match name {
        "nan" => None,
        name => run.get(name).cloned(),
    };
    let expr = Expr::parse(text).unwrap_or_else(|error| panic!("{error}\n{}", error.excerpt(text)));
    assert_eq!(expr.holds(&lookup), expected, "{text}");
}

#[test]
fn comparisons_and_logic_are_those_of_python() {
    for (text, expected) in [
        ("lr < 1e-2", true),
        ("1e-4 <= lr < 1e-3", false),
        ("1e-4 < lr <= 1e-3 < n", true),
        ("opt == 'adam' and not (n > 7)", true),
        ("opt in ['sgd', \"adam\"] or false", true),
        ("opt not in ['sgd', 'adam',]", false),
        ("deep and n != 8", true),
        ("not deep or n == 7.0", true),
        ("`opt.lr-max` == 2", true),
        ("'da' in opt", true),
        ("2 in list and list == [1, 2]", true),
        ("TRUE and deep == True", true),
    ] {
        check(text, Some(expected));
    }
}

#[test]
fn arithmetic_is_that_of_python() {
    for text in [
        "-2 ** 2 == -4",
        "2 ** 3 ** 2 == 512",
        "2 ** -1 == .5",
        "-7 // 2 == -4 and -7 % 3 == 2 and 7 % -3 == -2",
        "1 + 2 * 3 - 4 / 2 == 5",
        "(1 + 2) * 3 == 9",
        "min(3, n, 2) == 2 and max(n) == 7",
        "abs(-3) + floor(1.5) + ceil(1.5) + round(2.5) == 8",
        "sqrt(4) == 2 and exp(0) == 1 and log(1) == 0 and log2(8) == 3 and log10(1000) == 3",
        "n + + 1 == 8 and 1_000 == 1e3",
    ] {
        check(text, Some(true));
    }
}

#[test]
fn what_is_not_a_number_holds_in_no_comparison() {
    for text in [
        "log(-1) < 1",
        "log(-1) >= 1",
        "log(-1) == log(-1)",
        "log(-1) != 1",
        "n / 0 > 1",
        "opt < 1",
        "n < 'a'",
    ] {
        check(text, Some(false));
    }
}

#[test]
fn what_is_missing_is_unknown_unless_the_rest_decides() {
    check("nan > 1", None);
    check("not (nan > 1)", None);
    check("nan > 1 and n == 8", Some(false));
    check("nan > 1 and n == 7", None);
    check("nan > 1 or n == 7", Some(true));
    check("nan < n < 5", Some(false));
    check("min(nan, 1) > 0", None);
}

#[test]
fn errors_name_the_place_and_the_way_out() {
    let cases = [
        ("lr <", "column 5: expected a name or a value, found the end"),
        ("lr < 1 2", "column 8: expected and, or, or the end, found 2"),
        ("lr = 1", "column 4: unexpected '=' (write: ==)"),
        ("lr < 1 && n > 2", "column 8: unexpected '&' (write: and)"),
        ("(lr < 1", "column 8: expected ')', found the end"),
        ("opt == 'adam", "column 8: this ' is not closed"),
        (
            "sqr(4) == 2",
            "column 1: unknown function 'sqr', did you mean 'sqrt'?; functions: abs, min, max, floor, ceil, round, sqrt, exp, log, log2, log10",
        ),
        ("log(1, 2) == 2", "column 1: log takes one argument, found 2"),
        ("n + 1", "column 1: expected a comparison, such as n + 1 > 0"),
        ("n > 1x", "column 5: expected a number, found '1x'"),
        ("", "column 1: expected a name or a value, found the end"),
        ("n not 3", "column 7: expected in, found 3"),
    ];
    for (text, message) in cases {
        assert_eq!(Expr::parse(text).map_err(|error| error.to_string()), Err(message.to_owned()), "{text}");
    }
    let error = Expr::parse("lr < 1 && n").unwrap_err();
    assert_eq!(error.excerpt("lr < 1 && n"), "  lr < 1 && n\n         ^");
}

#[test]
fn depth_and_length_are_limited() {
    for text in [
        "(".repeat(10_000),
        format!("{}1 == 1", "not ".repeat(900)),
        format!("1 == {}1", "-".repeat(3000)),
        "9".repeat(5000),
    ] {
        assert_eq!(Expr::parse(&text).map_err(|error| error.kind), Err(ExprErrorKind::TooLarge));
    }
}

#[test]
fn a_filter_takes_words_for_texts_and_one_equals_sign() {
    let known = ["state", "lr", "optimizer"];
    let failed = |name: &str| (name == "state").then(|| Value::from("failed"));
    for (text, expected) in [
        ("state = failed", Some(true)),
        ("state != failed", Some(false)),
        ("state in [failed, killed]", Some(true)),
        ("state == 'failed' and lr < 1", None),
    ] {
        assert_eq!(Expr::parse_filter(text, &known).unwrap().holds(&failed), expected, "{text}");
    }
    let error = |text: &str| Expr::parse_filter(text, &known).unwrap_err().to_string();
    assert_eq!(error("stat = failed"), "column 1: unknown name 'stat', did you mean 'state'?");
    assert_eq!(
        error("lr < 1 and optimzer = adam"),
        "column 12: unknown name 'optimzer', did you mean 'optimizer'?"
    );
    assert_eq!(error("lr < loss"), "column 6: unknown name 'loss'");
}

#[test]
fn names_are_listed_once_in_order() {
    let expr = Expr::parse("b < a + b and `c d` in [a, 1]").unwrap();
    assert_eq!(expr.names(), ["b", "a", "c d"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused_at_a_place_within_it(text in "[a-c0-2 .'`()\\[\\],<>=!+*/%-]{0,24}|(a|not |in |or |and |1|\\(|\\)|<|=){0,12}|\\PC{0,24}") {
        match Expr::parse(&text) {
            Ok(expr) => drop(expr.holds(&|name| (name == "a").then(|| Value::from(1)))),
            Err(error) => assert!(error.at <= text.chars().count()),
        }
    }
}

#[test]
fn a_violation_is_the_distance_to_the_border() {
    let run = json!({"a": 0.5, "b": 2, "opt": "adam"});
    for (text, expected) in [
        ("a <= 1", -0.5),
        ("a >= 1", 0.5),
        ("a == b", 1.5),
        ("a <= 1 and b <= 1", 1.0),
        ("a <= 1 or b <= 1", -0.5),
        ("not (a <= 1)", 0.5),
        ("0 < a < 0.25", 0.25),
        ("a < 0.5", f64::MIN_POSITIVE),
        ("not (a <= 0.5)", f64::MIN_POSITIVE),
        ("a <= 0.5", 0.0),
        ("opt == 'sgd'", 1.0),
        ("opt in ['adam'] and a <= 1", -0.5),
        ("log(-1) < a", 1.0),
        ("missing < 1", 0.0),
        ("missing < 1 and b < 1", 1.0),
        ("missing < 1 or b < 1", 0.0),
    ] {
        let expr = Expr::parse(text).unwrap();
        let violation = expr.violation(&|name| run.get(name).cloned());
        assert!((violation - expected).abs() <= 0.0, "{text}: {violation}");
    }
}

/// What is wrong with a constraint over `lr`, `n`, `opt` and `deep`.
fn faults(text: &str) -> Vec<String> {
    let space = crate::Space::builder()
        .uniform("lr", 0.0, 1.0)
        .int("n", 1, 9)
        .choice("opt", ["sgd", "adam"])
        .choice("deep", [true, false])
        .choice("mixed", [json!(1), json!("auto")]);
    let space = space.build().unwrap();
    Expr::parse(text).unwrap().faults(space.parameters()).iter().map(ToString::to_string).collect()
}

#[test]
fn what_can_never_be_compared_is_found_before_it_is_evaluated() {
    for text in [
        "lr < n and opt == 'sgd'",
        "opt in ['sgd', 'adam'] or deep",
        "mixed == 'auto' or mixed < 3",
        "not deep and 'ad' in opt",
        "min(lr, n) ** 2 <= 1",
        "opt < 'b'",
    ] {
        assert!(faults(text).is_empty(), "{text}: {:?}", faults(text));
    }
    for (text, expected) in [
        ("opt < 3", "column 1: 'opt' (a text) is compared with 3"),
        ("lr + opt < 1", "column 6: expected a number, found 'opt' (a text)"),
        ("1 < lr < opt", "column 5: 'lr' (a number) is compared with 'opt' (a text)"),
        ("deep and n", "column 10: expected a comparison, found 'n' (a number)"),
        ("opt == 'adm'", "column 1: 'opt' never has the value \"adm\", did you mean 'adam'?"),
        ("opt in ['sgd', 'lion']", "column 1: 'opt' never has the value \"lion\""),
        ("lr in n", "column 7: expected a list, found 'n' (a number)"),
        ("rl < 1", "column 1: unknown name 'rl', did you mean 'lr'?"),
        ("deep < 1", "column 1: 'deep' (true or false) is compared with 1"),
    ] {
        assert_eq!(faults(text), [expected], "{text}");
    }
    assert_eq!(faults("rl < 1 and opt == 1").len(), 2);
}

proptest! {
    #[test]
    fn a_violation_and_what_holds_agree(
        text in "(not )?(a|b|2) (<|<=|==|!=) (a|b|c|1)( (and|or) (not )?(a|c) (<|>=) (b|0\\.5))?",
        a in -2.0..2.0_f64, b in 0_i32..3,
    ) {
        let expr = Expr::parse(&text).unwrap();
        let value = |name: &str| match name {
            "a" => Some(json!(a)),
            "b" => Some(json!(b)),
            _ => None,
        };
        let violation = expr.violation(&value);
        match expr.holds(&value) {
            Some(true) => assert!(violation <= 0.0),
            Some(false) => assert!(violation > 0.0),
            None => assert!(violation == 0.0),
        }
    }
}
