//! Search methods over any problem and history: no panic, and the laws of a search.

#![no_main]

use besom_core::{Answer, Ask, News, RunState};
use besom_fuzz::{Bytes, finite_problem, history, laws, problem, run, search_options};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut bytes = Bytes::new(input);
    let registry = laws::registry();
    let (method, options) = search_options(&mut bytes, &registry);
    let problem = if method == "grid" { finite_problem(&mut bytes) } else { problem(&mut bytes) };
    let make = || registry.search(&method, &problem, &options).ok()?.into_search().ok();
    let Some(mut follower) = make() else { return };
    let mut history = history(&mut bytes, &problem, 12);
    let mut done = false;
    for _ in 0..3 {
        let ask = Ask::new(&problem, &history).count(1 + bytes.below(3));
        let mut fresh = make().expect("it was built before");
        let answer = laws::ask(&ask, &mut *follower, &mut *fresh);
        assert!(!done || answer == Answer::Done, "it is done no more");
        done = answer == Answer::Done;
        if bytes.is_empty() {
            return;
        }
        if bytes.one_in(2) {
            laws::accept(&mut history, &answer);
        }
        // Life goes on: a run logs more and ends, and a new one comes.
        let changed = history.iter().map(|(number, _)| number).nth(bytes.below(16));
        if let Some(number) = changed {
            history.record(number, News::logged(0, vec![bytes.float()]));
            history.record(number, News::State(bytes.pick(&RunState::ALL)));
        }
        if bytes.one_in(2) {
            history.push(run(&mut bytes, &problem));
        }
    }
});
