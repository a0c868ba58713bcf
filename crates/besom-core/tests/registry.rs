//! Names of algorithms, found and not found.

use besom_core::{
    Answer, Ask, BoxError, Faults, History, Metric, OptionDefault, OptionKind, OptionSpec, Options, Problem,
    Registry, RegistryError, Search, Space, Spec, Stop, Stopper, error_chain,
};

struct Says(Answer);

impl Search for Says {
    fn suggest(&mut self, _: &Ask<'_>) -> Result<Answer, BoxError> {
        Ok(self.0.clone())
    }
}

struct Lenient;

impl Stopper for Lenient {
    fn stop(&mut self, _: &Problem, _: &History) -> Result<Vec<Stop>, BoxError> {
        Ok(Vec::new())
    }
}

const SPEC: Spec = Spec::new("For tests");

const GRID: Spec = Spec::new("For tests").options(&[
    OptionSpec::new("order", OptionKind::Any, OptionDefault::Chosen("none"), "None is taken."),
    OptionSpec::new("depth", OptionKind::at_least(1), OptionDefault::Count(1), "How deep."),
]);

fn problem() -> Problem {
    Problem::new(Space::default(), Metric::new("loss", besom_core::Goal::Minimize))
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    registry
        .replace_search("random", SPEC, |_, _| Ok(Says(Answer::Wait)))
        .replace_search("grid", GRID, |_, options: &Options| match options.get("order") {
            Some(order) => Err(format!("no order {order}").into()),
            None => Ok(Says(Answer::Done)),
        })
        .replace_stopper("hyperband", SPEC, |_, _| Ok(Lenient));
    registry
}

/// The error of a search method that can't be built.
fn failure(name: &str, options: &Options) -> RegistryError {
    match registry().search(name, &problem(), options) {
        Ok(_) => panic!("{name} was built"),
        Err(error) => error,
    }
}

#[test]
fn a_known_name_is_built() -> Result<(), BoxError> {
    let (problem, history) = (problem(), History::new());
    let mut search = registry().search("grid", &problem, &Options::new())?;
    assert_eq!(search.suggest(&Ask::new(&problem, &history))?, Answer::Done);
    let mut stopper = registry().stopper("hyperband", &problem, &Options::new())?;
    assert_eq!(stopper.stop(&problem, &history)?, []);
    Ok(())
}

#[test]
fn an_unknown_name_lists_the_known_ones_and_the_nearest() {
    let error = failure("Radnom", &Options::new());
    assert_eq!(
        error.to_string(),
        "unknown search method 'Radnom', did you mean 'random'?; known: grid, random"
    );
    let error = failure("bayes", &Options::new());
    assert_eq!(error.to_string(), "unknown search method 'bayes'; known: grid, random");
    assert!(
        matches!(error, RegistryError::Unknown(unknown) if unknown.nearest.is_none() && unknown.known == ["grid", "random"])
    );
}

#[test]
fn an_empty_registry_says_that_nothing_is_known() {
    let Err(error) = Registry::new().stopper("hyperband", &problem(), &Options::new()) else {
        panic!("it was built")
    };
    assert_eq!(error.to_string(), "unknown stopping rule 'hyperband'; known: none");
}

#[test]
fn searches_and_stopping_rules_have_names_of_their_own() {
    assert!(registry().stopper("random", &problem(), &Options::new()).is_err());
    assert!(registry().search("hyperband", &problem(), &Options::new()).is_err());
}

#[test]
fn a_taken_name_is_refused_and_says_how_to_replace_it() {
    let mut registry = registry();
    let taken = registry.add_search("random", SPEC, |_, _| Ok(Says(Answer::Done))).map(|_| ());
    let taken = taken.expect_err("the name is taken");
    assert_eq!(
        taken.to_string(),
        "the name 'random' is taken by another search method; to replace it, call `replace_search`"
    );
    let taken = registry.add_stopper("hyperband", SPEC, |_, _| Ok(Lenient)).map(|_| ());
    assert!(taken.expect_err("the name is taken").to_string().contains("`replace_stopper`"));
    assert!(registry.add_stopper("random", SPEC, |_, _| Ok(Lenient)).is_ok(), "no search is a stopper");
}

#[test]
fn a_name_can_be_replaced() -> Result<(), BoxError> {
    let (problem, history) = (problem(), History::new());
    let mut registry = registry();
    registry.replace_search("random", SPEC, |_, _| Ok(Says(Answer::Done)));
    assert_eq!(registry.searches().collect::<Vec<_>>(), ["grid", "random"]);
    let mut search = registry.search("random", &problem, &Options::new())?;
    assert_eq!(search.suggest(&Ask::new(&problem, &history))?, Answer::Done);
    Ok(())
}

#[test]
fn a_refusal_carries_its_reason() {
    let options = Options::from_iter([("order".to_owned(), "upwards".into())]);
    let error = failure("grid", &options);
    assert_eq!(error_chain(&error), "search method 'grid': no order \"upwards\"");
    assert!(matches!(error, RegistryError::Refused { name, .. } if name == "grid"));
}

#[test]
fn a_boxed_algorithm_is_an_algorithm() {
    let mut registry = Registry::new();
    let make = |_: &Problem, _: &Options| Ok(Box::new(Says(Answer::Wait)) as Box<dyn Search>);
    registry.add_search("boxed", SPEC, make).expect("the name is free");
    assert!(registry.search("boxed", &problem(), &Options::new()).is_ok());
}

#[test]
fn a_replaced_name_replaces_the_spec_too() {
    let mut registry = registry();
    assert_eq!(registry.search_spec("grid").map(|spec| spec.options.len()), Some(2));
    registry.replace_search("grid", Spec::new("Mine"), |_, _| Ok(Says(Answer::Done)));
    let spec = registry.search_spec("grid").expect("it was added");
    assert_eq!((spec.summary, spec.options.len()), ("Mine", 0));
    assert!(registry.stopper_spec("grid").is_none());
}

#[test]
fn options_are_checked_by_the_spec_and_by_the_constructor_at_once() {
    let options = Options::from_iter([("depth".to_owned(), 0.into()), ("order".to_owned(), "up".into())]);
    let mut registry = registry();
    registry.replace_search("grid", GRID, |_, options: &Options| -> Result<Says, BoxError> {
        assert!(!options.contains_key("depth"), "the constructor sees only what the spec allows");
        Err(Faults(vec![besom_core::Fault::of_option("order", "no order goes up")]).into())
    });
    let Err(error) = registry.search("grid", &problem(), &options) else { panic!("it was built") };
    assert_eq!(
        error_chain(&error),
        "search method 'grid': option 'depth' must be a whole number of at least 1, found 0; no order goes up"
    );
}

#[test]
fn an_option_that_is_wrong_or_misspelled_is_not_missing() {
    let mut registry = registry();
    registry.replace_search("grid", GRID, |_, _: &Options| -> Result<Says, BoxError> {
        Err(Faults(vec![besom_core::Fault::of_option("depth", "depth is missing")]).into())
    });
    for (key, expected) in [("depth", "'depth' must be"), ("dpth", "unknown option 'dpth'")] {
        let options = Options::from_iter([(key.to_owned(), 0.into())]);
        let Err(error) = registry.search("grid", &problem(), &options) else { panic!("it was built") };
        let error = error_chain(&error);
        assert!(error.contains(expected) && !error.contains("missing"), "{error}");
    }
}
