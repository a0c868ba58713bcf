#!/usr/bin/env python3
"""Where the time of a suggestion of `bayes` goes, in instructions:  benches/scripts/parts.py [RUNS ...]

Needs valgrind and `cargo build --release`. Tells `besom ask-tell` so many random runs of eight mixed parameters, asks for nine
more one by one, and prints the shares of the parts; 100 runs unless told otherwise, 1,000 take more than a quarter of an hour.
"""
import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile

BINARY = os.path.join(os.path.dirname(__file__), "../../target/release/besom")
LIST = {"optimizer": ["adam", "sgd", "lion"], "activation": ["relu", "tanh", "gelu"]}
PARAMETERS = {
    "rate": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1.0},
    "decay": {"distribution": "log_uniform_values", "min": 1e-6, "max": 0.1},
    "dropout": {"distribution": "uniform", "min": 0.0, "max": 0.8},
    "momentum": {"distribution": "uniform", "min": 0.5, "max": 1.0},
    "layers": {"distribution": "int_uniform", "min": 1, "max": 12},
    "batch": {"values": [16, 32, 64, 128, 256]},
    **{name: {"values": values} for name, values in LIST.items()},
}
# The label, and the functions whose instructions (with all that they call) it sums up.
PARTS = [
    ("fitting hyperparameters", ["besom_gp::fit::fit_until"]),
    ("candidates: drawing and scoring", ["Candidates::new", "View::new"]),
    ("gradient climbs", ["acquire::ascend::{{closure}}"]),
    ("alternatives of the other coordinates", ["acquire::rated"]),
    ("posteriors", ["besom_gp::posterior::Posterior::new", "besom_gp::posterior::Posterior::condition"]),
    ("reading the history", ["bayes::data::Observations::new", "bayes::axis::Axis::encode", "bayes::axis::Axis::key"]),
]


class Mixed:
    """Eight mixed parameters."""
    parameters = PARAMETERS

    def draw(rng):
        return {
            "rate": 10 ** rng.uniform(-5, 0), "decay": 10 ** rng.uniform(-6, -1), "dropout": rng.uniform(0, 0.8),
            "momentum": rng.uniform(0.5, 1), "layers": rng.randint(1, 12), "batch": rng.choice([16, 32, 64, 128, 256]),
            **{name: rng.choice(values) for name, values in LIST.items()},
        }

    def loss(p):
        log = math.log10
        return ((log(p["rate"]) + 3) ** 2 + 0.2 * (log(p["decay"]) + 4) ** 2 + (p["dropout"] - 0.2) ** 2 + (p["momentum"] - 0.9) ** 2
                + 0.05 * (p["layers"] - 5) ** 2 + 0.1 * LIST["optimizer"].index(p["optimizer"]) + 0.1 * LIST["activation"].index(p["activation"]))


class Floats:
    """Ten floats."""
    parameters = {f"x{i}": {"distribution": "uniform", "min": -5.0, "max": 5.0} for i in range(10)}

    def draw(rng):
        return {name: rng.uniform(-5, 5) for name in Floats.parameters}

    def loss(p):
        return sum((i + 1) * (value / 10 + 0.2 - 0.05 * i) ** 2 for i, value in enumerate(p.values())) + 0.1 * math.sin(0.9 * sum(p.values()))


class Besom:
    """`besom ask-tell` that was told so many random runs."""

    def __init__(self, space, runs, seed=0, under=()):
        self.space = space
        command = [*under, BINARY, "ask-tell"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        config = {"method": "bayes", "metric": {"name": "loss", "goal": "minimize"}, "parameters": space.parameters}
        self.request({"config": config, "seed": seed})
        rng = random.Random(seed)
        points = [space.draw(rng) for _ in range(runs)]
        known = [{"id": f"known{i}", "params": p, "value": space.loss(p), "state": "finished"} for i, p in enumerate(points)]
        self.request({"tell": known})

    def request(self, message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def ask_and_tell(self, count):
        """Asks for so many at once, and tells their results."""
        suggestions = self.request({"ask": count})["suggestions"]
        self.request({"tell": [dict(s, value=self.space.loss(s["params"]), state="finished") for s in suggestions]})

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def instructions(runs, asked):
    """The instructions of each function, by name, when so many are asked one by one."""
    with tempfile.NamedTemporaryFile() as out:
        besom = Besom(Mixed, runs, under=["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}"])
        for _ in range(asked):
            besom.ask_and_tell(1)
        besom.end()
        text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", out.name], capture_output=True, text=True).stdout
    found = {}
    for number, name in re.findall(r"^\s*([\d,]+) \([^)]*\)\s+\S*?:(\S.*?) \[", text, re.M):
        found[name] = found.get(name, 0) + int(number.replace(",", ""))
    return found


def total(found, name):
    return sum(count for function, count in found.items() if function.endswith(name) or f"{name}'" in function)


def suggesting(found):
    return next(count for name, count in found.items() if "Bayes as" in name and name.endswith("::suggest"))


def main():
    for runs in [int(argument) for argument in sys.argv[1:]] or [100]:
        found = instructions(runs, 9)
        whole = suggesting(found)
        print(f"{runs} runs: {whole / 9e6:.1f} million instructions for each of nine suggestions")
        left = 1.0
        for label, names in PARTS:
            share = sum(total(found, name) for name in names) / whole
            left -= share
            print(f"  {label:40} {100 * share:5.1f} %")
        print(f"  {'the rest':40} {100 * left:5.1f} %")


if __name__ == "__main__":
    main()
