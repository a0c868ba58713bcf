"""Command lines of runs, as `besom plan` shows them, beside those that W&B's agent makes of the same parameters by its own code."""

import json
import os
import random
import shlex
import subprocess
import sys

import pytest

pytest.importorskip("wandb", reason="wandb is missing")
from wandb import wandb_agent  # noqa: E402

BESOM = shlex.split(os.environ.get("BESOM", f"{sys.executable} -m besom"))

#: Files and runs of each.
FILES, RUNS = 40, 25

MACROS = ["${args}", "${args_no_boolean_flags}", "${args_no_hyphens}", "${args_no_equals}", "${args_json}"]
MACROS += ["${program}", "${interpreter}", "${env}", "${envvar:COLOR}"]
HYDRA = ["${args_append_hydra}", "${args_override_hydra}"]
WORDS = ["python3", "--flag", "a b", "x=${args}", "${envvar:COLOR}-${envvar:COLOR}", "--seed=1", "$HOME", "é"]
NAMES = ["lr", "Batch", "optimizer.name", "a-b", "_x", "n", "drop_out", "B2", "Z9", "data/path"]
VALUES = [0, 1, -3, 2**40, 0.1, 1e-7, 1.5e22, -2.5, 1.0, True, False, None, "", "adam", "two words", 'quo"te', "it's"]
VALUES += ["é\n", "1e-3", "--x", [1, 2.5, "a"], [], [True, None], [[1], ["b c"]], {"b": 1, "a": [None, 0.5]}, {}]
#: What Hydra reads as it stands. Others are quoted, which W&B's agent leaves out.
PLAIN = [0, 1, -3, 2**40, 0.1, 1e-7, 1.5e22, -2.5, 1.0, True, False, "adam"]


def parameters(rng, values, depth=0):
    found = {}
    for name in rng.sample(NAMES, rng.randint(1, 5)):
        if values is VALUES and depth < 2 and rng.random() < 0.15:
            found[name] = {"parameters": parameters(rng, values, depth + 1)}
        elif rng.random() < 0.2:
            found[name] = {"value": rng.choice(values)}
        elif rng.random() < 0.2:
            low = rng.choice([-1, 0, 1, 0.0, 1e-9])
            found[name] = {"min": low, "max": low + rng.choice([1, 7, 1000])}
        else:
            found[name] = {"values": rng.sample(values, rng.randint(2, 6))}
    return found


def sweep(rng):
    values, words = rng.choice([(VALUES, MACROS + WORDS), (PLAIN, MACROS + WORDS + HYDRA)])
    config = {"program": "train.py", "method": "random", "metric": {"name": "loss"}}
    config["parameters"] = parameters(rng, values)
    if rng.random() < 0.8:
        config["command"] = [rng.choice(words) for _ in range(rng.randint(1, 7))]
    return config


def planned(config, seed, place):
    (place / "sweep.yaml").write_text(json.dumps(config))
    command = [*BESOM, "plan", "sweep.yaml", "-n", str(RUNS), "--seed", str(seed), "--json"]
    plan = subprocess.run(command, cwd=place, capture_output=True, text=True, env={**os.environ, "COLOR": "red"})
    assert plan.returncode == 0, f"{plan.stderr}\n{json.dumps(config)}"
    return [(run["params"], run["argv"]) for run in json.loads(plan.stdout)["runs"]]


class Process:
    """What the agent would start."""

    def __init__(self, command=None, **_):
        self.command = command


def of_the_client(config, params, monkeypatch):
    monkeypatch.setattr(wandb_agent, "AgentProcess", Process)
    agent = wandb_agent.Agent.__new__(wandb_agent.Agent)
    agent._in_jupyter, agent._function, agent._forward_signals = False, None, False
    agent._run_processes, agent._sweep_command = {}, list(config.get("command", [])) or None
    args = {name: {"value": value} for name, value in params.items()}
    agent._command_run({"run_id": "r", "program": config["program"], "args": args})
    return agent._run_processes["r"].command


def test_command_lines_are_those_of_the_client(tmp_path, monkeypatch):
    (tmp_path / "train.py").write_text("")
    monkeypatch.chdir(tmp_path)
    for name, value in {"COLOR": "red", "WANDB_SWEEP_ID": "s", "WANDB_DIR": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    for name in ["WANDB_RUN_ID", "WANDB_SWEEP_PARAM_PATH"]:  # which it sets for itself
        monkeypatch.setenv(name, "")
    for seed in range(FILES):
        config = sweep(random.Random(seed))
        runs = planned(config, seed, tmp_path)
        assert len(runs) == RUNS
        for params, argv in runs:
            assert argv == of_the_client(config, params, monkeypatch), json.dumps([config, params])
