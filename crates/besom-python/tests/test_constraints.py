"""Constraints between parameters, from the configuration to the function and to searches of one's own."""

import pytest
from conftest import runs

import besom

CONFIG = {
    "method": "random",
    "metric": {"name": "loss"},
    "run_cap": 12,
    "parameters": {"warmup": {"min": 0, "max": 9}, "epochs": {"min": 1, "max": 10}},
    "parameter_constraints": ["warmup < epochs", "warmup * epochs <= 20"],
}


def legal(params):
    return params["warmup"] < params["epochs"] and params["warmup"] * params["epochs"] <= 20


@pytest.mark.parametrize("method", ["random", "sobol", "bayes", "tpe", "auto"])
def test_ask_and_tell_keep_constraints(method):
    sweep = besom.Sweep({**CONFIG, "method": method}, seed=1)
    asked = []
    while (run := sweep.ask()) is not None:
        asked.append(run.params)
        sweep.tell(run, -run["warmup"])
    assert len(asked) == 12 and all(map(legal, asked)), asked


def test_a_controller_takes_constraints():
    controller = besom.controller()
    controller.configure_search("grid")
    controller.configure_metric("loss", goal="minimize")
    controller.configure_parameter("a", min=1, max=3)
    controller.configure_parameter("b", min=1, max=3)
    controller.configure_parameter_constraints("a == b")
    controller.configure_parameter_constraints("a < b", "b - a < 2")
    sweep_id = controller.create()
    controller.run(agents=1, function=lambda: besom.log({"loss": 1}), print_status=False)
    assert sorted((run.config["a"], run.config["b"]) for run in runs(sweep_id)) == [(1, 2), (2, 3)]


def test_an_own_search_asks_what_is_allowed_and_draws_from_it():
    def drawn(ask):
        assert ask.problem.constraints == CONFIG["parameter_constraints"]
        assert not ask.problem.allows({"warmup": 9, "epochs": 9})
        params = ask.problem.draw(ask.seed())
        assert params == ask.problem.draw(ask.seed()) and ask.problem.allows(params)
        return params

    besom.register_search("drawn", drawn, replace=True)
    sweep = besom.Sweep({**CONFIG, "method": "drawn"}, seed=1)
    asked = [sweep.ask().params for _ in range(5)]
    assert all(map(legal, asked)), asked


def test_an_own_search_that_breaks_a_constraint_is_told_which():
    besom.register_search("careless", lambda ask: {"warmup": 9, "epochs": 9}, replace=True)
    with pytest.raises(besom.BesomError, match="breaks `warmup < epochs`, `warmup \\* epochs <= 20`"):
        besom.Sweep({**CONFIG, "method": "careless"}, seed=1).ask()


def test_a_constraint_that_is_none_says_where():
    with pytest.raises(besom.ConfigError, match="unknown name 'warmpu', did you mean 'warmup'") as error:
        besom.sweep({**CONFIG, "parameter_constraints": ["warmpu < epochs"]})
    assert error.value.problems[0]["path"] == "parameter_constraints[0]"
