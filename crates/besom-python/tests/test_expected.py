"""The run that is expected to be the best, where values are noisy."""

import random

import pytest

import besom

CONFIG = {
    "method": "random",
    "metric": {"name": "loss"},
    "parameters": {"x": {"min": -1.0, "max": 1.0}, "y": {"min": -1.0, "max": 1.0}},
    "run_cap": 80,
}


def loss(params, noise):
    chance = random.Random(str(params["x"]))
    return params["x"] ** 2 + params["y"] ** 2 + chance.gauss(0, noise)


def told(noise):
    sweep = besom.Sweep(CONFIG, seed=1)
    while (run := sweep.ask()) is not None:
        sweep.tell(run, loss(run, noise))
    return sweep


def test_a_sweep_in_memory_names_it():
    sweep = told(0.3)
    best = sweep.best_expected
    assert isinstance(best, besom.BestExpected)
    assert abs(sweep.runs[best.run - 1]["x"]) < 0.6
    assert best.value > sweep.best.best
    assert 0 < best.sd < best.noise_sd == pytest.approx(0.3, abs=0.1)
    again = sweep.runs.best_expected
    assert (again.run, again.value, again.sd, again.noise_sd) == (best.run, best.value, best.sd, best.noise_sd)
    assert repr(best).startswith(f"BestExpected(run={best.run}, value=")
    assert "best observed loss " in sweep._repr_html_() and "best expected loss " in sweep._repr_html_()


def test_without_noise_there_is_none():
    sweep = told(0.0)
    assert sweep.best_expected is None
    assert "best loss " in sweep._repr_html_() and "expected" not in sweep._repr_html_()


def test_a_stored_sweep_and_its_controller_name_it(capsys):
    def train():
        with besom.init() as run:
            run.log({"loss": loss(run.config, 0.3)})

    sweep_id = besom.sweep(CONFIG, seed=1)
    besom.agent(sweep_id, function=train, quiet=True)
    sweep = besom.Api().sweep(sweep_id)
    best = sweep.best_expected()
    assert best is not None and 1 <= best.run <= 80
    assert best.value > sweep.best_run().best
    capsys.readouterr()
    besom.controller(sweep_id).print_status()
    printed = capsys.readouterr().out
    assert "best observed loss " in printed and f"(run {best.run})" in printed
