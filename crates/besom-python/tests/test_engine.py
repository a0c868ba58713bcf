"""The functions of W&B's engine package, in its call forms; values from its documentation and the conformance vectors."""

import random

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


def test_random_runs_differ_and_repeat_with_the_seed_of_random():
    config = {"method": "random", "parameters": {"a": {"min": 1.0, "max": 2.0}}}
    random.seed(1)
    first = sweeps.random_search_next_runs(config, n=3)
    second = sweeps.random_search_next_runs(config, n=3)
    random.seed(1)
    assert sweeps.random_search_next_runs(config, n=3) == first != second
    assert all(1.0 <= run.config["a"]["value"] <= 2.0 for run in first)


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
