//! What a search answers.

use super::*;
use crate::Note;

#[test]
fn more_than_asked() {
    let text = caught(Law::Count, plain(|ask| Answer::Try(vec![at(&ask.problem.space, 0.5).into(); 4])));
    assert!(text.contains("it made 4 suggestions where 1 to 1 were asked for"), "{text}");
}

#[test]
fn an_empty_answer() {
    caught(Law::Count, plain(|_| Answer::Try(Vec::new())));
}

/// The middle of the space with its first value replaced.
fn with_value(ask: &Ask<'_>, value: impl Fn(&serde_json::Value) -> serde_json::Value) -> Answer {
    let point = at(&ask.problem.space, 0.5);
    let entries = point.iter().enumerate();
    let replaced =
        entries.map(|(i, (name, old))| (name.clone(), if i == 0 { value(old) } else { old.clone() }));
    Answer::Try(vec![replaced.collect::<Point>().into()])
}

#[test]
fn a_null_in_a_point() {
    let text = caught(Law::Space, plain(|ask| with_value(ask, |_| json!(null))));
    assert!(text.contains(" is null, allowed is "), "{text}");
}

#[test]
fn a_value_from_elsewhere() {
    caught(Law::Space, plain(|ask| with_value(ask, |_| json!("none of yours"))));
}

#[test]
fn a_value_beyond_the_range() {
    caught(Law::Space, plain(|ask| with_value(ask, |old| json!(old.as_f64().unwrap_or(0.0) + 1e12))));
}

#[test]
fn a_number_as_text() {
    caught(Law::Space, plain(|ask| with_value(ask, |old| json!(format!("{old:?}")))));
}

#[test]
fn a_parameter_that_does_not_exist() {
    let text = caught(
        Law::Space,
        plain(|ask| {
            let point = at(&ask.problem.space, 0.5);
            let entries = point.iter().map(|(name, value)| (name.clone(), value.clone()));
            Answer::Try(vec![entries.chain([("zzz".into(), json!(3))]).collect::<Point>().into()])
        }),
    );
    assert!(text.contains("the space has no parameter zzz"), "{text}");
}

#[test]
fn constants_left_out() {
    caught(
        Law::Space,
        plain(|ask| {
            let point = at(&ask.problem.space, 0.5);
            let varied: Vec<_> = ask.problem.space.searchable().map(|p| &p.name).collect();
            let entries = point.iter().filter(|(name, _)| varied.contains(name));
            Answer::Try(vec![
                entries.map(|(name, value)| (name.clone(), value.clone())).collect::<Point>().into(),
            ])
        }),
    );
}

#[test]
fn the_same_generator_for_each_of_a_batch() {
    let text = caught(
        Law::Distinct,
        plain(|ask| Answer::Try((0..ask.count).map(|_| uniform(ask, ask.rng(0)).into()).collect())),
    );
    assert!(text.contains("its suggestions 1 and 2 are both {\"") && text.contains("`ask.rng(i)`"), "{text}");
    assert!(text.contains("asked for 3 after 0 runs"), "{text}");
}

#[test]
fn a_batch_of_one_point_passes_where_it_is_meant() {
    let repeats = plain(|ask| Answer::Try(vec![at(&ask.problem.space, 0.5).into(); ask.count]));
    let make = |problem: &Problem| Ok(repeats(problem));
    assert_eq!(Suite::default().allow_repeats().try_search(mixed_problem(), make), Ok(()));
}

#[test]
#[should_panic(expected = "its spec says `never_repeats`, but asked for 1 after 1 run, it suggested")]
fn the_same_point_for_ever_against_its_spec() {
    let make = plain(|ask| one(ask, 0.5));
    check_search_spec(Spec::new("Middle").never_repeats(), mixed_problem(), |problem, options| {
        crate::OptionReader::new(Spec::new("Middle"), options).finish(())?;
        Ok(make(problem))
    });
}

#[test]
fn strata_by_the_number_asked_for() {
    let text = caught(
        Law::Prefix,
        plain(|ask| {
            let place = |i: usize| (i as f64 + ask.rng(i).f64()) / ask.count as f64;
            Answer::Try((0..ask.count).map(|i| at(&ask.problem.space, place(i)).into()).collect())
        }),
    );
    assert!(text.contains("asked for 3 after 0 runs"), "{text}");
}

#[test]
fn the_best_last() {
    caught(
        Law::Prefix,
        plain(|ask| Answer::Try((0..ask.count).rev().map(|i| uniform(ask, ask.rng(i)).into()).collect())),
    );
}

#[test]
fn waiting_for_a_whole_batch() {
    caught(
        Law::Prefix,
        plain(|ask| match ask.count {
            1 => Answer::Done,
            _ => Answer::Try((0..ask.count).map(|i| uniform(ask, ask.rng(i)).into()).collect()),
        }),
    );
}

#[test]
fn a_note_of_100_kilobytes() {
    let text = caught(
        Law::Note,
        plain(|ask| {
            let note = Note::from_iter([("state".to_owned(), json!("x".repeat(100_000)))]);
            Answer::Try(vec![crate::Suggestion { note, ..at(&ask.problem.space, 0.5).into() }])
        }),
    );
    assert!(text.len() < 3000, "the note is not shown in full");
}

#[test]
fn a_note_that_grows_with_the_history() {
    let text = caught(
        Law::Note,
        plain(|ask| {
            let note = Note::from_iter([("losses".to_owned(), json!(losses(ask)))]);
            Answer::Try(vec![crate::Suggestion { note, ..at(&ask.problem.space, 0.5).into() }])
        }),
    );
    assert!(text.contains("it would reach the limit"), "{text}");
}

#[test]
fn waiting_for_ever() {
    caught(Law::Wait, plain(|_| Answer::Wait));
}

#[test]
fn waiting_after_a_failure() {
    caught(
        Law::Wait,
        plain(|ask| match ask.history.runs().last().map(|run| run.state) {
            Some(RunState::Failed) => Answer::Wait,
            _ => one(ask, 0.5),
        }),
    );
}

#[test]
fn done_and_again() {
    caught(Law::Done, plain(|ask| if ask.history.len() == 1 { Answer::Done } else { one(ask, 0.5) }));
}

#[test]
fn done_while_everything_fails() {
    caught(
        Law::Done,
        plain(|ask| match ask.history.runs().last().map(|run| run.state) {
            Some(RunState::Failed) => Answer::Done,
            _ => one(ask, 0.5),
        }),
    );
}
