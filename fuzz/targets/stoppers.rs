//! Stopping rules with any options over any history: no panic, and the laws of a rule.

#![no_main]

use besom_core::{News, RunState};
use besom_fuzz::{Bytes, history, laws, problem, run, stopper_options};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut bytes = Bytes::new(input);
    let registry = laws::registry();
    let (name, options) = stopper_options(&mut bytes, &registry);
    let problem = problem(&mut bytes);
    let make = || registry.stopper(&name, &problem, &options).ok()?.into_stopper().ok();
    let Some(mut follower) = make() else { return };
    let mut history = history(&mut bytes, &problem, 30);
    for _ in 0..4 {
        let mut fresh = make().expect("it was built before");
        let (stops, _) = laws::stops(&problem, &history, &mut *follower, &mut *fresh);
        for stop in stops {
            history.record(stop.run, News::Stopped(Some(stop.reason))).expect("it exists");
            history.record(stop.run, News::State(RunState::Finished)).expect("it exists");
        }
        if bytes.is_empty() {
            return;
        }
        // Life goes on: runs log more, and new ones come.
        let longer = history.iter().map(|(number, _)| number).nth(bytes.below(32));
        if let Some(number) = longer {
            let more = (0..bytes.below(8)).map(|_| bytes.float()).collect();
            history.record(number, News::logged(0, more));
        }
        history.push(run(&mut bytes, &problem));
    }
});
