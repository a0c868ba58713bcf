//! Names of algorithms, found and not found.

use besom_core::{
    Answer, Ask, BoxError, History, Metric, Options, Problem, Registry, RegistryError, Search, Space, Stop,
    Stopper, nearest,
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

fn problem() -> Problem {
    Problem::new(Space::default(), Metric::new("loss", besom_core::Goal::Minimize))
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    registry
        .add_search("random", |_, _| Ok(Says(Answer::Wait)))
        .add_search("grid", |_, options: &Options| match options.get("order") {
            Some(order) => Err(format!("no order {order}").into()),
            None => Ok(Says(Answer::Done)),
        })
        .add_stopper("hyperband", |_, _| Ok(Lenient));
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
    let mut search = registry().search("random", &problem, &Options::new())?;
    assert_eq!(search.suggest(&Ask { problem: &problem, history: &history, count: 1 })?, Answer::Wait);
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
        matches!(error, RegistryError::Unknown { nearest: None, known, .. } if known == ["grid", "random"])
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
fn a_name_given_again_is_replaced() -> Result<(), BoxError> {
    let (problem, history) = (problem(), History::new());
    let mut registry = registry();
    registry.add_search("random", |_, _| Ok(Says(Answer::Done)));
    assert_eq!(registry.searches().collect::<Vec<_>>(), ["grid", "random"]);
    let mut search = registry.search("random", &problem, &Options::new())?;
    assert_eq!(search.suggest(&Ask { problem: &problem, history: &history, count: 1 })?, Answer::Done);
    Ok(())
}

#[test]
fn a_refusal_carries_its_reason() {
    let options = Options::from_iter([("order".to_owned(), "upwards".into())]);
    let error = failure("grid", &options);
    assert_eq!(error.to_string(), "search method 'grid': no order \"upwards\"");
    assert!(matches!(error, RegistryError::Refused { name, .. } if name == "grid"));
}

#[test]
fn a_boxed_algorithm_is_an_algorithm() {
    let mut registry = Registry::new();
    registry.add_search("boxed", |_, _| Ok(Box::new(Says(Answer::Wait)) as Box<dyn Search>));
    assert!(registry.search("boxed", &problem(), &Options::new()).is_ok());
}

#[test]
fn the_nearest_name_is_near_or_none() {
    let names = ["grid", "random", "bayes"];
    assert_eq!(nearest("baeys", names), Some("bayes"));
    assert_eq!(nearest("GRID", names), Some("grid"));
    assert_eq!(nearest("hyperband", names), None);
    assert_eq!(nearest("", names), None);
}
