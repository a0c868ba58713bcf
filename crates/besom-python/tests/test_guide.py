"""The code of the README and of the guide's pages runs as it stands."""

import pathlib
import re

import pytest

import besom

GUIDE = pathlib.Path(__file__).parents[3] / "docs/guide"


def blocks(page="python.md", language="python"):
    return re.findall(rf"```{language}\n(.*?)```", (GUIDE / page).read_text(), re.DOTALL)


def test_the_lines_of_the_readme_run_its_sweep(place):
    (file,) = blocks("../../README.md", "yaml")
    (place / "sweep.yaml").write_text(file)

    _, lines = blocks("../../README.md")
    space = {}
    exec(lines, space)
    sweep = besom.Api().sweep(space["sweep_id"])
    assert sweep.state == "finished" and len(sweep.runs) == 20 and sweep.best_run().config["hidden"] > 16


def test_the_program_for_optuna_runs():
    pytest.importorskip("optuna")
    (block,) = blocks("coming-from-optuna.md")
    space = {"objective": lambda trial: trial.suggest_float("x", -1.0, 1.0) ** 2}
    exec(block, space)
    assert space["study"].best_value < 1e-3


def test_the_first_program_finds_parameters(capsys):
    exec(blocks()[0], {})
    assert "'lr':" in capsys.readouterr().out


def test_the_loop_of_ask_and_tell_ends():
    pytest.importorskip("pandas")
    (block,) = [block for block in blocks() if "sweep.ask()" in block]
    config = {"method": "random", "run_cap": 5, "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}}
    space = {"besom": besom, "config": config, "objective": lambda x: x}
    exec(block, space)
    assert space["sweep"].done


def test_the_algorithms_keep_the_laws():
    (block,) = [block for block in blocks() if "class Middle" in block]
    controller = besom.controller({"method": "random", "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}})
    space = {"besom": besom, "controller": controller}
    exec("import besom.testing\n" + block, space)
    besom.testing.check_stopper(space["above_one"])
