"""Searcher and scheduler against the real Ray Tune."""

import os
import pathlib
import pickle
import re
import signal
import sys
import types

import pytest

pytest.importorskip("ray.tune")
import ray  # noqa: E402
from ray import tune  # noqa: E402

from besom.integrations.ray import BesomSearch, BesomStopper  # noqa: E402

# Workers cannot import this file.
ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])

#: The longest time in seconds for an experiment: after it the result is missing, and the test fails.
LIMIT = 900
CONFIG = {"method": "bayes", "metric": {"name": "loss"}, "parameters": {"x": {"min": -2.0, "max": 2.0}}}


@pytest.fixture(scope="module", autouse=True)
def cluster():
    os.environ["RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS"] = "0"
    # Ray starts its workers at niceness 15 and gives up on one that is not there after a minute: on a machine whose cores
    # are busy none ever comes. Nor is what other programs do with the memory a reason to kill a trial.
    os.environ["RAY_worker_niceness"] = "0"
    os.environ["RAY_worker_register_timeout_seconds"] = str(LIMIT)
    os.environ["RAY_memory_monitor_refresh_ms"] = "0"
    ray.init(num_cpus=2, object_store_memory=80 << 20, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield
    ray.shutdown()


def train(config):
    for step in range(1, 7):
        tune.report({"loss": config["x"] ** 2 + 1 / step})


def tuner(function, place, search=None, scheduler=None, samples=6, failures=0):
    return tune.Tuner(
        function,
        # A process that has ended a trial takes the next one: to start one costs more than all trials.
        tune_config=tune.TuneConfig(
            search_alg=search, scheduler=scheduler, num_samples=samples, max_concurrent_trials=1, reuse_actors=True,
            time_budget_s=LIMIT,
        ),
        run_config=tune.RunConfig(
            name="sweep", storage_path=str(place), verbose=0, failure_config=tune.FailureConfig(max_failures=failures)
        ),
    )


def test_a_trial_gets_the_parameters_that_exist_in_it():
    parameters = {"optimizer": {"values": ["sgd", "adam"]}, "momentum": {"min": 0.0, "max": 1.0, "when": {"optimizer": "sgd"}}}
    search = BesomSearch({**CONFIG, "method": "random", "parameters": parameters}, seed=1)
    suggested = [search.suggest(str(trial)) for trial in range(12)]
    assert {(params["optimizer"], "momentum" in params) for params in suggested} == {("sgd", True), ("adam", False)}


def test_a_search_suggests_parameters_and_learns_from_trials(place):
    results = tuner(train, place, BesomSearch(CONFIG, seed=1), samples=8).fit()
    assert len(results) == 8 and not results.errors
    assert abs(results.get_best_result("loss", "min").config["x"]) < 0.5


def test_the_program_of_the_guide_runs(place):
    guide = pathlib.Path(__file__).parents[3] / "docs/guide/coming-from-ray.md"
    (block,) = re.findall(r"```python\n(.*?)```", guide.read_text(), re.DOTALL)
    # As it stands, but for fewer trials and a place: where no storage_path is given, Ray writes below the home directory.
    block = block.replace("num_samples=100", f"num_samples=3, time_budget_s={LIMIT}")
    block = block.replace("    tune_config=", "    run_config=tune.RunConfig(storage_path=place), tune_config=")

    def train(config):
        for _ in range(4):
            tune.report({"loss": abs(config["lr"] - 0.1)})

    space = {"train": train, "place": str(place)}
    exec(block, space)
    assert len(space["results"]) == 3 and not space["results"].errors


def test_a_rule_stops_trials(place):
    levels = [1.0, 2.0, 3.0, 4.0]

    def level(config):
        for _ in range(9):
            tune.report({"loss": config["level"]})

    config = {"method": "grid", "metric": {"name": "loss"}, "parameters": {"level": {"values": levels}}}
    scheduler = BesomStopper("loss", "min", {"type": "hyperband", "min_iter": 3})
    results = tuner(level, place, BesomSearch(config), scheduler, samples=9).fit()
    assert not results.errors
    lengths = {r.config["level"]: r.metrics["training_iteration"] for r in results}
    assert lengths[1.0] == 9 and set(lengths) == set(levels), "an exhausted grid ends the experiment"
    assert all(lengths[level] < 9 for level in levels[1:])


def test_a_killed_trial_process_is_a_failure_that_tune_retries(place):
    mark = place / "killed"

    def dies_once(config):
        if not mark.exists():
            mark.write_text("once")
            os.kill(os.getpid(), signal.SIGKILL)
        train(config)

    results = tuner(dies_once, place, BesomSearch(CONFIG, seed=1), BesomStopper("loss", "min"), 3, failures=2).fit()
    assert len(results) == 3 and not results.errors and mark.exists()


def test_a_restored_tuner_continues_where_it_was(place):
    whole = tuner(train, place / "whole", BesomSearch(CONFIG, seed=5), samples=6).fit()
    broken, going, begun = place / "broken", place / "going", place / "begun"
    begun.mkdir()
    going.touch()

    def fails_late(config):
        (begun / str(config["x"])).touch()
        if going.exists() and len(list(begun.iterdir())) > 3:
            raise RuntimeError("the machine goes")
        train(config)

    failed = tuner(fails_late, broken, BesomSearch(CONFIG, seed=5), samples=6).fit()
    assert len(failed.errors) == 3, "all but the first three"
    going.unlink()
    restored = tune.Tuner.restore(str(broken / "sweep"), trainable=fails_late, restart_errored=True).fit()
    assert len(restored) == 6 and not restored.errors
    xs = [result.config["x"] for result in restored]
    assert set(xs[:3]) <= {result.config["x"] for result in whole}, "the same seed suggests the same points"
    assert len(set(xs)) == 6, "nothing is suggested twice after the restoration"


def test_what_is_saved_suggests_the_same_when_it_is_read_again(place):
    search = BesomSearch(CONFIG, seed=2)
    for number in range(5):
        params = search.suggest(f"t{number}")
        search.on_trial_result(f"t{number}", {"loss": params["x"] ** 2})
        search.on_trial_complete(f"t{number}", error=number == 3)
    search.suggest("open")
    search.save(str(place / "search.pickle"))
    again = BesomSearch(CONFIG, seed=99)
    again.restore(str(place / "search.pickle"))
    assert again.suggest("next") == search.suggest("next")
    stopper = BesomStopper("loss", "min")
    assert pickle.loads(pickle.dumps(stopper._journal)).entries == []


def test_names_and_metrics_may_have_slashes_and_equal_values_are_one(place):
    parameters = {"model/lr": {"values": ["a", "a", "b"]}, "model": {"parameters": {"depth": {"values": [2, 2.0]}}}}
    config = {"method": "grid", "metric": {"name": "eval/loss"}, "parameters": parameters}

    def nested(config):
        assert config["model"] == {"depth": 2}
        tune.report({"eval": {"loss": float(config["model/lr"] == "a")}})

    results = tuner(nested, place, BesomSearch(config, seed=1), BesomStopper("eval/loss", "min"), 6).fit()
    assert not results.errors and sorted(r.config["model/lr"] for r in results) == ["a", "b"]


def test_a_step_that_a_trial_repeats_after_a_failure_counts_once(place):
    search, stopper = BesomSearch(CONFIG, seed=1), BesomStopper("loss", "min")
    search.suggest("t")
    trial = types.SimpleNamespace(trial_id="t")
    stopper.on_trial_add(None, trial)
    for step, loss in [(1, 0.9), (2, 0.8), (1, 0.7), (2, 0.6), (3, 0.5)]:
        result = {"loss": loss, "training_iteration": step}
        search.on_trial_result("t", result)
        stopper.on_trial_result(None, trial, result)
    for journal in (search._journal, stopper._journal, pickle.loads(pickle.dumps(search._journal))):
        assert journal._sweep.runs[0].values() == [0.9, 0.8, 0.5]
