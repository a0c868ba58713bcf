"""Several metrics: fronts in memory and in stores."""

import math
import pathlib

import pytest

import besom

CONFIG = {
    "method": "random",
    "run_cap": 8,
    "metrics": [{"name": "loss"}, {"name": "speed", "goal": "maximize", "threshold": 1.0}],
    "parameters": {"x": {"min": 0.0, "max": 1.0}},
}


def told(values: list) -> besom.Sweep:
    sweep = besom.Sweep(CONFIG, seed=1)
    for value in values:
        sweep.tell(sweep.ask(), value)
    return sweep


def test_a_sweep_with_several_metrics_has_a_front_in_place_of_a_best_run():
    sweep = told(
        [
            {"loss": 2.0, "speed": 5.0},
            {"loss": 1.0, "speed": 3.0, "other": 9},
            {"loss": 3.0, "speed": 4.0},
            {"loss": 0.5, "speed": math.nan},
            {"loss": 0.1, "speed": 0.5},
        ]
    )
    assert [run.number for run in sweep.front] == [2, 1]
    assert sweep.front[0].metrics == {"loss": 1.0, "speed": 3.0}
    assert sweep.runs[3].metrics == {"loss": 0.5, "speed": None}
    # From the threshold, speed 1, to the worst loss, 3.
    assert sweep.hypervolume == pytest.approx(2 * (3 - 1) + 1 * (5 - 3))
    assert repr(sweep) == "Sweep(5 runs, front of 2)"
    assert [metric["threshold"] for metric in sweep.problem.metrics] == [None, 1.0]
    with pytest.raises(ValueError, match="the sweep has 2 metrics, and so a front in place of a best run: use front"):
        sweep.best
    assert sweep.best_expected is None
    assert "front of 2 runs, 2 metrics" in sweep._repr_html_()


def test_all_metrics_are_told_of_a_finished_run():
    sweep = besom.Sweep(CONFIG, seed=1)
    run = sweep.ask()
    with pytest.raises(TypeError, match="the sweep has several metrics: give a dict with loss, speed"):
        sweep.tell(run, 0.5)
    with pytest.raises(KeyError, match="missing metric 'speed'"):
        sweep.tell(run, {"loss": 0.5})
    assert not sweep.report(run, {"speed": 2.0})
    sweep.tell(run, {"loss": 0.5, "speed": 3.0})
    assert sweep.runs[0].values("speed") == [2.0, 3.0]


def test_a_data_frame_has_a_column_for_each_metric():
    pytest.importorskip("pandas")
    frame = told([{"loss": 2.0, "speed": 5.0}, {"loss": 3.0, "speed": 4.0}]).to_pandas()
    assert list(frame.columns) == ["run", "state", "front", "loss", "speed", "x"]
    assert list(frame["front"]) == [True, False]


def test_a_stored_sweep_has_a_front(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BESOM_STORE", str(tmp_path / "store"))

    def train() -> None:
        with besom.init() as run:
            besom.log({"loss": run.config["x"], "speed": 2 - run.config["x"]})
            besom.log({"loss": run.config["x"], "speed": 1 + run.config["x"]})

    sweep_id = besom.sweep(CONFIG)
    besom.agent(sweep_id, function=train)
    sweep = besom.Api().sweep(sweep_id)
    assert sweep.metrics == ["loss", "speed"]
    front = sweep.front()
    assert len(front) == 8
    assert [run.best for run in front] == sorted(run.best for run in front)
    assert sweep.hypervolume > 0
    assert "front of 8 runs, 2 metrics, hypervolume" in repr(sweep)
    with pytest.raises(ValueError, match=r"has 2 metrics, and so a front in place of a best run: use front\(\)"):
        sweep.best_run()
    assert sweep.best_run(order="-summary_metrics.speed").config["x"] == max(run.config["x"] for run in front)


def test_one_metric_has_a_best_run_as_ever():
    sweep = besom.Sweep({**CONFIG, "metrics": None, "metric": {"name": "loss"}}, seed=1)
    for value in (2.0, 1.0):
        sweep.tell(sweep.ask(), value)
    assert sweep.best.best == 1.0 and [run.number for run in sweep.front] == [2]


def test_a_controller_takes_several_metrics():
    controller = besom.controller()
    controller.configure_search("grid")
    controller.configure_metrics("loss", {"name": "speed", "goal": "maximize"})
    controller.configure_parameter("x", values=[1, 2, 3])
    controller.configure_stopping("median", metric="speed")
    sweep_id = controller.create()

    def train() -> None:
        with besom.init() as run:
            besom.log({"loss": run.config["x"], "speed": run.config["x"] % 3})

    controller.run(agents=1, function=train, print_status=False)
    assert [run.config["x"] for run in besom.Api().sweep(sweep_id).front()] == [1, 2]
