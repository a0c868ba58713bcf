//! Sweep files of any text, and configurations with mistakes: a verdict within a second, and what is found right can be
//! run and is found right again with its defaults filled in.

#![no_main]

use std::hint::black_box;
use std::time::{Duration, Instant};

use besom_config::{Diagnostics, Parsed, Reader, SweepConfig};
use besom_core::{Ask, History};
use besom_fuzz::config::config;
use besom_fuzz::{Bytes, laws};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // Text begins with anything but a zero.
    let Some((0, rest)) = input.split_first() else {
        let _verdict = check_text(&String::from_utf8_lossy(input));
        return;
    };
    let config = config(&mut Bytes::new(rest));
    let registry = laws::registry();
    let read = Reader::new(&registry).read_json(&config);
    let again = check_text(&config.to_string());
    assert_eq!(read.is_ok(), again.is_ok(), "as JSON and as text: {config}");
});

fn check_text(text: &str) -> Result<Parsed, Diagnostics> {
    let registry = laws::registry();
    let reader = Reader::new(&registry);
    let read = within_a_second(|| reader.read(text, "sweep.yaml"));
    black_box(reader.wandb_diagnostics(text, "sweep.yaml"));
    match &read {
        Ok(parsed) => check_right(&reader, &parsed.config),
        Err(problems) => check_wrong(text, problems),
    }
    read
}

fn check_right(reader: &Reader<'_>, config: &SweepConfig) {
    let filled = &config.filled;
    let again = reader.read_json(filled).expect("a right configuration is right with its defaults");
    assert_eq!(again.config, *config, "with defaults filled in");
    let again = reader.read(&filled.to_string(), "filled").expect("and as text");
    assert_eq!(again.config, *config, "with defaults filled in, as text");
    check_runs(config);
}

/// What is found right can be run.
fn check_runs(config: &SweepConfig) {
    let registry = laws::registry();
    let problem = &config.problem().seed(0);
    if let Some(rule) = &config.early_terminate {
        let mut rule = registry.stopper(&rule.name, problem, &rule.options).expect("its rule can be built");
        assert!(rule.stop(problem, &History::new()).expect("an answer").is_empty());
    }
    // Building and asking a method takes time in proportion to the space.
    if problem.space.parameters().len() > 100 {
        return;
    }
    let build = || {
        let method = registry.search(&config.method.name, problem, &config.method.options);
        method.map(|method| method.into_search().expect("it was just built"))
    };
    let (mut one, mut other) = match (build(), build()) {
        (Ok(one), Ok(other)) => (one, other),
        // Whether its cells can be counted is only known when it is laid out.
        (Err(_), Err(_)) if config.method.name == "grid" => return,
        (one, other) => panic!("its method cannot be built: {:?}", one.and(other).err()),
    };
    let history = History::new();
    let ask = Ask::new(problem, &history).count(2);
    drop(laws::ask(&ask, &mut *one, &mut *other));
}

/// Every problem has its place in the text.
fn check_wrong(text: &str, problems: &Diagnostics) {
    assert!(!problems.is_empty(), "refused without a reason");
    // YAML ends lines by either, and a problem may lie at the end of the text.
    let lines = text.matches(['\n', '\r']).count() + 1;
    for problem in problems {
        assert!(!problem.message.is_empty());
        let line = problem.line.map_or(1, |line| line as usize);
        assert!((1..=lines).contains(&line), "line {line} of {lines}: {problem}");
        assert!(problem.column != Some(0), "{problem}");
    }
    black_box(problems.to_string());
}

/// The answer, which must come within a second; a machine that is busy with something else gets two more chances.
fn within_a_second<T>(answer: impl Fn() -> T) -> T {
    let mut tries = 0;
    loop {
        let started = Instant::now();
        let given = answer();
        let elapsed = started.elapsed();
        if elapsed < Duration::from_secs(1) {
            return given;
        }
        tries += 1;
        assert!(tries < 3, "it took {elapsed:?}");
    }
}
