"""The sampler against the real Optuna."""

import doctest
import warnings

import besom
import pytest

optuna = pytest.importorskip("optuna")
from besom.integrations import optuna as integration  # noqa: E402
from besom import ConfigError  # noqa: E402
from besom.integrations._optuna_conditions import conditions  # noqa: E402
from besom.integrations._optuna_space import Parameter  # noqa: E402
from besom.integrations.optuna import BesomSampler  # noqa: E402
from optuna.distributions import CategoricalDistribution  # noqa: E402
from optuna.trial import TrialState  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.WARNING)


def objective(trial):
    x = trial.suggest_float("x", -5.0, 5.0)
    rate = trial.suggest_float("rate", 1e-5, 1.0, log=True)
    half = trial.suggest_float("half", 0.25, 3.25, step=0.5)
    layers = trial.suggest_int("layers", 2, 32, log=True)
    even = trial.suggest_int("even", 1, 9, step=2)
    kind = trial.suggest_categorical("kind", ["a", None, 3.5])
    trial.suggest_int("fixed", 4, 4)
    assert half in [0.25 + 0.5 * i for i in range(7)] and even in (1, 3, 5, 7, 9) and 2 <= layers <= 32
    return (x - 1) ** 2 + abs(rate - 0.1) + (kind is not None) + abs(half - 1.25) + abs(even - 5)


def study(sampler, **options):
    study = optuna.create_study(sampler=sampler, **options)
    study.optimize(objective, n_trials=30)
    return study


@pytest.mark.parametrize("method", ["bayes", "random"])
def test_every_distribution_is_sampled_and_a_seed_repeats_it(method):
    first, second = study(BesomSampler(method, seed=3)), study(BesomSampler(method, seed=3))
    assert [t.params for t in first.trials] == [t.params for t in second.trials]
    assert len({str(t.params) for t in first.trials}) == 30
    assert first.trials[0].params != study(BesomSampler(method, seed=4)).trials[0].params


def test_bayes_learns_from_the_trials_and_random_does_not():
    def distance(method):
        made = [study(BesomSampler(method, seed=seed)) for seed in range(3)]
        late = [trial.value for s in made for trial in s.trials[15:]]
        return sum(late) / len(late)

    assert distance("bayes") < 0.5 * distance("random")


def test_it_maximizes_a_study_that_maximizes():
    made = optuna.create_study(sampler=BesomSampler(seed=1), direction="maximize")
    made.optimize(lambda trial: -((trial.suggest_float("x", 0.0, 1.0) - 0.7) ** 2), n_trials=20)
    assert abs(made.best_params["x"] - 0.7) < 0.05


def test_pruned_failed_and_changing_trials_are_accepted():
    def odd(trial):
        x = trial.suggest_float("x", 0.0, 1.0)
        if trial.number % 3 == 0:
            trial.suggest_float("sometimes", 0.0, 1.0)
        if trial.number % 4 == 1:
            trial.report(x, 1)
            raise optuna.TrialPruned
        if trial.number % 4 == 2:
            raise ValueError
        return x

    made = optuna.create_study(sampler=BesomSampler(seed=1))
    made.optimize(odd, n_trials=24, catch=(ValueError,))
    assert len(made.trials) == 24


def test_several_objectives_are_rejected_before_anything_is_evaluated_by_a_method_that_takes_one():
    made = optuna.create_study(sampler=BesomSampler("tpe", seed=1), directions=["minimize", "minimize"])
    evaluated = []
    with pytest.raises(ValueError, match="besom's tpe does not take 2 objectives; bayes takes up to four"):
        made.optimize(evaluated.append, n_trials=2)
    assert not evaluated and [t.state for t in made.trials] == [TrialState.FAIL]


@pytest.mark.parametrize("method", ["bayes", "random", "sobol", "auto", "grid"])
def test_several_objectives_are_taken_by_methods_that_take_several_metrics(method):
    def two(trial):
        x = trial.suggest_float("x", 0.0, 1.0, step=0.125)
        return x, 1 - x

    made = optuna.create_study(sampler=BesomSampler(method, seed=1), directions=["minimize", "maximize"])
    made.optimize(two, n_trials=6)
    assert len(made.trials) == 6 and {t.state for t in made.trials} == {TrialState.COMPLETE}
    assert made.best_trials[0].params == {"x": min(t.params["x"] for t in made.trials)}


def test_an_unknown_method_is_rejected_by_the_constructor_with_the_nearest_name():
    with pytest.raises(ConfigError, match='did you mean "bayes"'):
        BesomSampler("bays")


def test_a_registered_method_samples_and_sees_plain_names_as_they_are():
    seen = set()

    class Center:
        def __init__(self, problem, options):
            pass

        def suggest(self, ask):
            seen.update(ask.problem.parameters)
            return ask.problem.decode([0.5] * ask.problem.dimensions)

    besom.register_search("center", Center, replace=True)
    made = optuna.create_study(sampler=BesomSampler("center", seed=1))
    made.optimize(lambda trial: trial.suggest_float("lr", 0.0, 1.0) + trial.suggest_float("a/b", 0.0, 4.0), n_trials=3)
    assert made.trials[2].params == {"lr": 0.5, "a/b": 2.0} and seen == {"lr", "parameter_0"}


NAMES = ["model/lr", "hidden size", "n[0]", "lr (log)", "", "x" * 3000, "Größe", "学習率", "\n", "\ud800", "a.b", "~", "1", "'\"",
         "parameter_0", "parameter_1", "Parameter_0"]  # fmt: skip


@pytest.mark.parametrize("method", ["bayes", "tpe", "sobol", "random", "auto", "grid"])
def test_any_text_is_the_name_of_a_parameter(method):
    def total(trial):
        return sum(trial.suggest_int(name, 0, 3) for name in NAMES)

    made = optuna.create_study(sampler=BesomSampler(method, seed=1))
    made.optimize(total, n_trials=12)
    assert all(list(t.params) == NAMES for t in made.trials)
    assert len({str(t.params) for t in made.trials}) == 12


def test_names_do_not_change_what_is_suggested():
    def values(*names):
        made = optuna.create_study(sampler=BesomSampler(seed=1))
        made.enqueue_trial(dict(zip(names, [0.2, 0.9])))
        made.optimize(lambda trial: sum(trial.suggest_float(name, 0.0, 1.0) for name in names), n_trials=12)
        return [list(t.params.values()) for t in made.trials]

    assert values("a", "b") == values("a/1", "b (log)")


def test_errors_name_a_parameter_as_the_study_does():
    made = optuna.create_study(sampler=BesomSampler(seed=1))
    with pytest.raises(ConfigError, match="parameters.'model/lr'.max: found \"Infinity\"") as caught:
        made.optimize(lambda trial: trial.suggest_float("model/lr", 0.0, float("inf")), n_trials=1)
    assert caught.value.problems[0]["path"] == "parameters.'model/lr'.max"


@pytest.mark.parametrize(
    ("choices", "different"),
    [(["a", "a", "b", "c"], ["a", "b", "c"]), ([1, True, "c"], [1, "c"]), ([True, 1, 1.0, 0, False], [True, 0]),
     ([float("nan"), "a", float("nan")], [float("nan"), "a"]), ([None, "a", None], [None, "a"]), (["a", "a"], ["a"])],
)  # fmt: skip
def test_equal_choices_are_one_category_and_the_first_of_them_is_given_back(choices, different):
    made = optuna.create_study(sampler=BesomSampler("grid"))
    made.optimize(lambda trial: float(trial.suggest_categorical("x", choices) == choices[-1]), n_trials=30)
    assert sorted(repr(t.params["x"]) for t in made.trials) == sorted(map(repr, different)), "each once"


@pytest.mark.parametrize("method", ["bayes", "tpe"])
def test_a_method_learns_which_choice_is_best_though_others_are_there_twice(method):
    made = optuna.create_study(sampler=BesomSampler(method, seed=1))

    def loss(trial):
        return (trial.suggest_categorical("x", ["a", "a", "b", "c"]) != "c") + trial.suggest_float("y", 0.0, 1.0)

    made.optimize(loss, n_trials=30)
    assert [t.params["x"] for t in made.trials[15:]].count("c") > 8


def test_any_object_is_a_choice():
    class Thing:
        pass

    choices = [None, (1, 2), Thing(), Thing(), {"a": 1}, [3], "text", 0]
    made = optuna.create_study(sampler=BesomSampler("grid"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.optimize(lambda trial: float(choices.index(trial.suggest_categorical("x", choices))), n_trials=30)
    assert sorted(t.value for t in made.trials) == list(range(8))


def test_numbers_are_ordered_choices_and_others_are_not():
    values = [Parameter(CategoricalDistribution(choices)).spec()["values"] for choices in ([64, 16, 32], ["a", None, 3.5], [False, True, 7])]
    assert values == [[0, 1, 2], ["0", "1", "2"], ["0", "1", "2"]]
    numbers = Parameter(CategoricalDistribution([64, 16, 32]))
    assert [numbers.from_sweep(place) for place in range(3)] == [16, 32, 64]
    assert [numbers.to_sweep(value) for value in (16, 32, 64)] == [0, 1, 2]


def two_models(trial):
    if trial.suggest_categorical("algo", ["svm", "net"]) == "svm":
        return 0.1 + (trial.suggest_float("c", -3.0, 3.0) - 1) ** 2 + (trial.suggest_float("g", -3.0, 3.0) + 2) ** 2
    return sum((trial.suggest_float(f"layer/{k}", -3.0, 3.0) - k) ** 2 for k in range(3))


@pytest.mark.parametrize(("method", "most"), [("bayes", 0.05), ("tpe", 0.5)])
def test_parameters_that_depend_on_others_are_learned(method, most):
    bests = []
    for seed in range(3):
        made = optuna.create_study(sampler=BesomSampler(method, seed=seed))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            made.optimize(two_models, n_trials=50)
        bests.append(made.best_value)
    assert sorted(bests)[1] < most


def seen_conditions(objective, trials=12):
    made = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=2))
    made.optimize(objective, n_trials=trials)
    distributions = {name: d for trial in made.trials for name, d in trial.distributions.items()}
    return conditions({name: Parameter(d) for name, d in distributions.items()}, made.trials)


def test_conditions_are_read_off_the_trials():
    def tree(trial):
        optimizer = trial.suggest_categorical("optimizer", ["sgd", "adam", None])
        layers = trial.suggest_int("layers", 1, 3)
        if optimizer == "adam" and trial.suggest_categorical("amsgrad", [False, True]):
            trial.suggest_float("beta", 0.0, 1.0)
        return sum(trial.suggest_float(f"width {k}", 0.0, 1.0) for k in range(layers))

    assert seen_conditions(tree, 60) == {
        "amsgrad": ("optimizer", ["adam"]), "beta": ("amsgrad", [True]), "width 1": ("layers", {"min": 2}), "width 2": ("layers", {"min": 3}),
    }  # fmt: skip
    assert seen_conditions(lambda trial: trial.suggest_float(f"of {trial.number % 2}", 0.0, 1.0)) == {}
    assert seen_conditions(lambda trial: trial.suggest_int("a", 0, 1) + (trial.suggest_int("b", 0, 1) if trial.number % 3 else 0)) == {}


def test_what_trials_contradict_is_no_condition():
    def mostly(trial):
        algo = trial.suggest_categorical("algo", ["svm", "net"])
        return trial.suggest_float("c", 0.0, 1.0) if algo == "svm" or trial.number == 11 else 0.0

    assert seen_conditions(mostly, 10) == {"c": ("algo", ["svm"])} and seen_conditions(mostly, 12) == {}


@pytest.mark.parametrize("method", ["bayes", "random"])
def test_a_method_suggests_what_a_trial_will_ask_for(method):
    made = optuna.create_study(sampler=BesomSampler(method, seed=3))
    made.optimize(two_models, n_trials=20)
    space = made.sampler.infer_relative_search_space(made, made.trials[-1])
    suggested = made.sampler.sample_relative(made, made.ask()._cached_frozen_trial, space)
    of_net = {"layer/0", "layer/1", "layer/2"}
    assert set(suggested) == {"algo"} | ({"c", "g"} if suggested["algo"] == "svm" else of_net)


def test_parameters_of_some_trials_are_suggested_and_those_that_change_are_drawn():
    made = optuna.create_study(sampler=BesomSampler("random", seed=1))

    def changing(trial):
        trial.suggest_float("changes", 0.0, 1.0 + trial.number)
        return two_models(trial)

    made.optimize(changing, n_trials=12)
    space = made.sampler.infer_relative_search_space(made, made.trials[0])
    assert list(space) == ["algo", "c", "g", "layer/0", "layer/1", "layer/2"]


def test_a_parameter_that_a_single_trial_has_is_no_dimension():
    made = optuna.create_study(sampler=BesomSampler("random", seed=1))
    made.optimize(lambda trial: trial.suggest_float("x", 0.0, 1.0) + trial.suggest_float(f"of {trial.number}", 0.0, 1.0), n_trials=1)
    assert list(made.sampler.infer_relative_search_space(made, made.trials[0])) == ["of 0", "x"]
    made.optimize(lambda trial: trial.suggest_float("x", 0.0, 1.0) + trial.suggest_float(f"of {trial.number}", 0.0, 1.0), n_trials=4)
    assert list(made.sampler.infer_relative_search_space(made, made.trials[0])) == ["x"]


def test_a_method_that_has_tried_every_point_says_so_once():
    made = optuna.create_study(sampler=BesomSampler("bayes", seed=1))
    with pytest.warns(UserWarning, match="every point") as caught:
        made.optimize(lambda trial: trial.suggest_int("n", 0, 3), n_trials=8)
    assert len(caught) == 1 and sorted(t.params["n"] for t in made.trials[:4]) == [0, 1, 2, 3]


def grid_point(trial):
    return trial.suggest_categorical("a", ["x", "y", "z"]), trial.suggest_int("b", 2, 8, step=2), trial.suggest_float("c", 0, 1, step=0.5)


GRID = {(a, b, c) for a in "xyz" for b in (2, 4, 6, 8) for c in (0.0, 0.5, 1.0)}


@pytest.mark.parametrize("threads", [1, 4])
def test_a_grid_tries_each_point_once_and_stops_the_study(threads):
    made = optuna.create_study(sampler=BesomSampler("grid"))
    points = []

    def evaluate(trial):
        points.append(grid_point(trial))
        return 0.0

    made.optimize(evaluate, n_trials=100, n_jobs=threads)
    assert len(points) == 36 and set(points) == GRID


def test_a_grid_fills_in_what_other_trials_left():
    made = optuna.create_study(sampler=BesomSampler("random", seed=1))
    points = []

    def evaluate(trial):
        points.append(grid_point(trial))
        return 0.0

    made.optimize(evaluate, n_trials=7)
    made.sampler = BesomSampler("grid")
    made.enqueue_trial({"a": "z", "b": 8, "c": 1.0})
    made.enqueue_trial({"a": "z"})
    made.optimize(evaluate, n_trials=100)
    assert set(points) == GRID and len(points) < 60
    evaluated = len(points)
    made.optimize(evaluate, n_trials=5)
    assert len(points) == evaluated and made.trials[-1].state == TrialState.PRUNED, "it has nothing left"


def test_a_trial_that_fails_before_it_has_a_point_uses_none_up():
    made = optuna.create_study(sampler=BesomSampler("grid"))

    def fails_early(trial):
        if trial.number in (1, 36):
            raise RuntimeError
        return float(len(grid_point(trial)))

    made.optimize(fails_early, n_trials=100, catch=(RuntimeError,))
    assert {tuple(t.params.values()) for t in made.trials if t.state == TrialState.COMPLETE} == GRID
    assert len(made.trials) == 38


def test_a_grid_over_parameters_that_depend_on_others_visits_all_of_them():
    made = optuna.create_study(sampler=BesomSampler("grid"))

    def branches(trial):
        if trial.suggest_categorical("algo", ["svm", "net"]) == "svm":
            return trial.suggest_int("c", 0, 4)
        return trial.suggest_int("lr", 0, 2) + trial.suggest_int("wd", 0, 1)

    made.optimize(branches, n_trials=100)
    points = {tuple(sorted(t.params.items())) for t in made.trials}
    assert len(points) == 5 + 6 and len(made.trials) == 12


def test_a_grid_of_what_cannot_be_counted_is_refused_with_the_first_parameter():
    made = optuna.create_study(sampler=BesomSampler("grid"))
    with pytest.raises(ValueError, match="'model/lr' a step"):
        made.optimize(lambda trial: trial.suggest_int("n", 0, 3) * trial.suggest_float("model/lr", 0.0, 1.0), n_trials=2)
    assert len(made.trials) == 1


def test_a_grid_can_be_asked_and_told():
    made = optuna.create_study(sampler=BesomSampler("grid"))
    found = []
    for _ in range(4):
        trial = made.ask()
        found.append(trial.suggest_int("n", 0, 3))
        made.tell(trial, 0.0)
    assert found == [0, 1, 2, 3]


def test_its_example_runs():
    assert doctest.testmod(integration).failed == 0
