"""The code of the guide's page runs as it stands."""

import pathlib
import re

import pytest

import besom

GUIDE = pathlib.Path(__file__).parents[3] / "docs/guide"


def blocks():
    return re.findall(r"```python\n(.*?)```", (GUIDE / "python.md").read_text(), re.DOTALL)


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
    besom.testing.check_stopping(space["above_one"])
