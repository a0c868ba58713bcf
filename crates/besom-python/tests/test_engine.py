"""The functions of W&B's engine package, in its call forms; values from its documentation and the conformance vectors."""

import random
import sys

import pytest

import besom
from besom import sweeps
from besom.sweeps import RunState, SweepConfig, SweepRun, next_run, next_runs, stop_runs

GRID = {"method": "grid", "parameters": {"a": {"values": [1, 2, 3]}, "b": {"value": "x"}}}


def test_a_grid_continues_after_the_runs_and_ends_with_none():
    runs = [SweepRun(config={"a": {"value": 1}, "b": {"value": "x"}})]
    assert next_run(GRID, runs).config == {"a": {"value": 2}, "b": {"value": "x"}}
    found = next_runs(GRID, runs, n=5)
    assert [run and run.config["a"]["value"] for run in found] == [2, 3, None]
    assert sweeps.grid_search_next_runs(runs, GRID, n=5) == found
    shuffled = {tuple(r.config["a"]["value"] for r in sweeps.grid_search_next_runs([], GRID, n=3, randomize_order=True)) for _ in range(50)}
    assert len(shuffled) > 1


def seed_all(seed):
    random.seed(seed)
    # Where a program uses NumPy, W&B's engine draws from it.
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)


def test_random_runs_differ_and_repeat_with_the_seed_of_the_program():
    config = {"method": "random", "parameters": {"a": {"min": 1.0, "max": 2.0}}}
    seed_all(1)
    first = sweeps.random_search_next_runs(config, n=3)
    second = sweeps.random_search_next_runs(config, n=3)
    seed_all(1)
    assert sweeps.random_search_next_runs(config, n=3) == first != second
    assert all(1.0 <= run.config["a"]["value"] <= 2.0 for run in first)


def test_randomness_comes_from_numpy_where_it_is_imported():
    numpy = pytest.importorskip("numpy")
    config = {"method": "random", "parameters": {"a": {"min": 1.0, "max": 2.0}}}
    numpy.random.seed(1)
    first = next_run(config, [])
    random.seed(2)
    numpy.random.seed(1)
    assert next_run(config, []) == first


@pytest.mark.parametrize("seed", [{}, {"seed": 7}])
@pytest.mark.parametrize("method", ["random", "grid", "bayes"])
def test_n_runs_at_once_are_n_runs_one_after_another(method, seed):
    config = {
        "method": method, "metric": {"name": "loss"}, **seed,
        "parameters": {"a": {"min": 1, "max": 4}, "b": {"values": [1, 2]} if method == "grid" else {"min": 1.0, "max": 10.0}},
    }  # fmt: skip
    seed_all(3)
    one_by_one = []
    for _ in range(9):
        one_by_one.append(next_run(config, [run for run in one_by_one if run]))
    seed_all(3)
    at_once = next_runs(config, [], n=9)
    assert at_once == one_by_one[: len(at_once)] and set(one_by_one[len(at_once) :]) <= {None}


def test_the_note_of_a_suggestion_is_its_search_info():
    config = {"method": "bayes", "metric": {"name": "loss"}, "parameters": {"a": {"min": 1.0, "max": 2.0}}}
    runs = [
        SweepRun(state=RunState.finished, config={"a": {"value": 1 + i / 20}}, summary_metrics={"loss": abs(i - 5)})
        for i in range(20)
    ]
    info = next_run(config, runs).search_info
    assert info["kind"] == "model" and 0 <= info["success_probability"] <= 1 and info["expected_improvement"] >= 0
    assert (info["predicted_value"], info["predicted_value_std_dev"]) == (info["predicted_mean"], info["predicted_sd"])
    assert next_run(GRID, []).search_info is None


def test_bayes_suggests_in_the_space():
    config = {"method": "bayes", "metric": {"name": "loss"}, "parameters": {"a": {"min": 1.0, "max": 2.0}}}
    runs = [
        SweepRun(state=RunState.finished, config={"a": {"value": 1 + i / 8}}, summary_metrics={"loss": abs(i - 5)})
        for i in range(8)
    ]
    (run,) = sweeps.bayes_search_next_runs(runs, config, n=1)
    assert 1.4 < run.config["a"]["value"] < 1.9
    with pytest.raises(ValueError, match="method must be 'random', got 'bayes'"):
        sweeps.random_search_next_runs(config)


def test_hyperband_stops_what_its_bands_cut_off():
    config = {
        "method": "grid",
        "metric": {"name": "loss", "goal": "minimize"},
        "early_terminate": {"type": "hyperband", "max_iter": 5, "eta": 2, "s": 2},
        "parameters": {"a": {"values": [1, 2, 3]}},
    }

    def run(name, state, *losses):
        return SweepRun(name=name, state=state, history=[{"loss": loss} for loss in losses])

    runs = [
        run("a", RunState.finished, 10, 9),
        run("b", RunState.running, 10, 10),
        run("c", RunState.running, 10, 8, 8),
        run("d", RunState.running, 10, 7, 7),
        run("e", RunState.finished, 10, 6, 6),
    ]
    assert [r.name for r in stop_runs(config, runs)] == ["b"]
    assert sweeps.hyperband_stop_runs(runs, config) == stop_runs(config, runs)
    assert runs[1].early_terminate_info["thresholds"] == [10, 8]
    with pytest.raises(ValueError, match="early_terminate"):
        stop_runs(GRID | {"metric": {"name": "loss"}}, runs)


BAYES = {"method": "bayes", "metric": {"name": "loss"}, "parameters": {"a": {"min": 1.0, "max": 2.0}}}


def ended(*rows, state=RunState.finished):
    return [SweepRun(state=state, config={"a": {"value": 1 + i / 8}}, history=[{"loss": row}]) for i, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([], "Sweep has no valid samples of the metric."),
        (ended(1.0, 2.0, state=RunState.running), "Sweep has no valid samples of the metric."),
        (ended(float("nan"), "NaN", True), "bad fit"),
        (ended(1.0, 2.0), ""),
    ],
)
def test_bayes_says_everything_that_wandbs_engine_says_of_a_suggestion(runs, said):
    for run in next_runs(BAYES, runs, n=2):
        names = {"success_probability", "predicted_value", "predicted_value_std_dev", "expected_improvement", "warnings"}
        assert names <= set(run.search_info)
        assert said in run.search_info["warnings"] and bool(said) == bool(run.search_info["warnings"])


def test_values_come_back_as_they_were_given():
    values = [(2, 3), [3, 4], {"k": (1, 2)}, [(7, 8), ["9", [10, 11]]], True, 1]
    config = {"method": "grid", "parameters": {"a": {"values": values}, "b": {"parameters": {"c": {"value": (5, 6)}}}}}
    found = next_runs(config, [], n=6)
    assert found == next_runs(SweepConfig(config), [], n=6)
    assert [run.config["a"]["value"] for run in found] == values
    assert [type(run.config["a"]["value"]) for run in found] == [type(value) for value in values]
    assert all(run.config["b"]["value"] == {"c": (5, 6)} for run in found)


def test_without_validation_what_does_not_matter_is_not_looked_at():
    config = {**BAYES, "early_terminate": {"type": "unheard of"}, "run_cap": "5", "controller": {"type": "no"}}
    assert next_run(config, []) is not None
    with pytest.raises(besom.ConfigError) as caught:
        next_run(config, [], validate=True)
    assert {problem["path"] for problem in caught.value.problems} == {"early_terminate.type", "run_cap", "controller.type"}


def test_a_stopping_rule_needs_its_own_keys_only():
    config = {"metric": {"name": "loss"}, "early_terminate": {"type": "hyperband", "min_iter": 1, "eta": 2}}
    runs = [
        SweepRun(name=name, state=state, history=[{"loss": loss}])
        for name, state, loss in [("a", RunState.finished, 1), ("b", RunState.finished, 2), ("c", RunState.running, 3)]
    ]
    assert [run.name for run in stop_runs(config, runs)] == ["c"]
    config["early_terminate"]["steps"] = 3
    with pytest.warns(UserWarning, match="early_terminate.steps: unknown key"):
        assert [run.name for run in stop_runs(config, runs)] == ["c"]
    with pytest.raises(besom.ConfigError, match="early_terminate.steps"):
        stop_runs({**BAYES, **config}, runs, validate=True)


@pytest.mark.parametrize(
    "broken",
    [
        {"metric": {"name": "loss", "goal": "lower"}},
        {"parameters": {"a": {"distribution": "log_uniform", "min": 1, "max": 2}}},
        {"unheard": 1},
    ],
)
def test_validation_is_by_the_schema_of_wandb(broken):
    config = {**BAYES, **broken}
    assert next_run(config, []) is not None
    (violation,) = sweeps.schema_violations_from_proposed_config(config)
    for refuse in (lambda: SweepConfig(config), lambda: next_run(config, [], validate=True)):
        with pytest.raises(besom.ConfigError) as caught:
            refuse()
        assert str(caught.value) == violation
    own = {**BAYES, "seed": 7, "method": "tpe", "retry": 2}
    assert not sweeps.schema_violations_from_proposed_config(own), "what besom has beyond W&B is no violation"


def test_who_catches_the_errors_of_jsonschema_catches_ours():
    jsonschema = pytest.importorskip("jsonschema")
    wrong = {"method": "random", "parameters": {"a": {"min": 3, "max": 1}}}
    with pytest.raises(jsonschema.ValidationError) as caught:
        SweepConfig(wrong)
    assert isinstance(caught.value, besom.ConfigError) and isinstance(caught.value, ValueError)
    assert caught.value.message == str(caught.value) and caught.value.problems[0]["path"] == "parameters.a.min"


def test_a_configuration_is_filled_or_rejected():
    assert SweepConfig(GRID)["parameters"]["a"]["distribution"] == "categorical"
    with pytest.raises(besom.ConfigError, match="did you mean"):
        SweepConfig({"method": "gird", "parameters": {"a": {"values": [1]}}})
    with pytest.raises(ValueError):
        next_run({"parameters": {}}, [])


def test_runs_are_plain_data():
    run = SweepRun(name="r", state="running", summaryMetrics={"loss": 50}, history=[{"loss": 1}, {"x": 3}, {"loss": float("nan")}])
    assert run.metric_extremum("loss", "maximum") == 50 and run.metric_extremum("loss", "min") == 1
    assert run.metric_history("loss", filter_invalid=True) == [1] and run.summary_metric("loss") == 50
    with pytest.raises(KeyError):
        run.summary_metric("other")
    with pytest.raises(ValueError):
        SweepRun(state="sleeping")
