"""Checks a program that speaks ask-tell against the laws of a search: laws.py PROGRAM ARGUMENT..  Needs nothing but Python."""

import json
import random
import subprocess
import sys

PARAMETERS = {
    "x": {"distribution": "uniform", "min": -5.0, "max": 5.0},
    "rate": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1.0},
    "width": {"distribution": "q_log_uniform_values", "q": 1, "min": 8, "max": 1024},
    "layers": {"distribution": "int_uniform", "min": 1, "max": 8},
    "optimizer": {"values": ["adam", "sgd"]},
    "epochs": {"value": 30},
}


class Program:
    """A fresh process with a configuration."""

    def __init__(self, config, seed):
        self.process = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.call({"config": config, "seed": seed}) == {"ok": True}

    def call(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"no reply to {request}"
        reply = json.loads(line)
        assert "error" not in reply, f"{request}: {reply}"
        return reply

    def ask(self, count):
        return self.call({"ask": count})["suggestions"]

    def quit(self):
        self.process.stdin.write('{"quit": true}\n')
        self.process.stdin.close()
        assert self.process.wait(10) == 0, "quit ends with exit code 0"


def check_point(params):
    assert params.keys() == PARAMETERS.keys(), f"other parameters: {params}"
    assert -5 <= params["x"] <= 5 and 1e-5 <= params["rate"] <= 1, f"outside the space: {params}"
    for name, allowed in (("layers", range(1, 9)), ("width", range(8, 1025))):
        assert params[name] in allowed and isinstance(params[name], int), f"outside the space: {params}"
    assert params["optimizer"] in ("adam", "sgd") and params["epochs"] == 30, f"outside the space: {params}"


def loss(params, chance):
    """A value, or a failure by chance."""
    return None if chance.random() < 0.1 else params["x"] ** 2 + params["layers"]


def check(goal, seed):
    config = {"method": "random", "metric": {"name": "loss", "goal": goal}, "parameters": PARAMETERS, "run_cap": 40}
    first, chance, history = Program(config, seed), random.Random(seed), []
    while len(history) < 24:
        count = chance.randint(1, 3)
        # The seed law and the history law: a fresh process that is told the same runs suggests the same.
        fresh = Program(config, seed)
        fresh.call({"tell": history})
        suggestions, again = first.ask(count), fresh.ask(count)
        fresh.quit()
        assert [s["params"] for s in suggestions] == [s["params"] for s in again], (
            f"after {len(history)} runs a fresh process suggests {again}, not {suggestions}: keep nothing that is not in the history, "
            "and draw from a generator of (seed, run number) only"
        )
        assert 1 <= len(suggestions) <= count, f"asked for {count}, got {len(suggestions)}"
        for suggestion in suggestions:
            check_point(suggestion["params"])
            value = loss(suggestion["params"], chance)
            history.append({**suggestion, "value": value, "state": "failed" if value is None else "finished"})
        assert len({run["id"] for run in history}) == len(history), "an id came twice"
        first.call({"tell": history[-len(suggestions) :]})
    first.quit()


for goal in ("minimize", "maximize"):
    for seed in (0, 7):
        check(goal, seed)
print("keeps the laws:", " ".join(sys.argv[1:]))
