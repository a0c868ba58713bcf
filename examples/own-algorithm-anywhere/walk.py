"""The same method in Python, without besom: a program that speaks ask-tell."""

import json
import math
import random
import sys

LAST = 1 - 2**-40


KNOWN = ("uniform", "q_uniform", "log_uniform_values", "q_log_uniform_values", "int_uniform", "categorical", "constant")


def is_log(p):
    return p.get("distribution", "").endswith("log_uniform_values")


def decode(p, u):
    """From [0, 1) to a value of the parameter."""
    if "value" in p:
        return p["value"]
    if "values" in p:
        return p["values"][int(u * len(p["values"]))]
    low, high = p["min"], p["max"]
    if p.get("distribution") == "int_uniform":
        return low + int(u * (high - low + 1))
    x = low * (high / low) ** u if is_log(p) else low + u * (high - low)
    return min(max(round(x / p["q"]) * p["q"] if "q" in p else x, low), high)


def encode(p, value):
    """The way back."""
    if "value" in p:
        return 0.0
    if "values" in p:
        return (p["values"].index(value) + 0.5) / len(p["values"])
    low, high = p["min"], p["max"]
    if p.get("distribution") == "int_uniform":
        return (value - low + 0.5) / (high - low + 1)
    return math.log(value / low) / math.log(high / low) if is_log(p) else (value - low) / (high - low)


class Walk:
    def __init__(self, config, seed):
        self.space, self.seed, self.next, self.runs = config["parameters"], seed, 1, {}
        self.sign = -1 if config.get("metric", {}).get("goal") == "maximize" else 1

    def suggest(self):
        """A function of seed, history and number alone: a fresh process answers the same."""
        chance = random.Random(f"{self.seed} {self.next}")
        best = min((run for run in self.runs.values() if run[0] is not None), key=lambda run: run[0], default=None)
        local = best is not None and chance.random() < 0.5
        params = {}
        for name, p in self.space.items():
            u = encode(p, best[1][name]) + 0.1 * chance.triangular(-1, 1, 0) if local else chance.random()
            params[name] = decode(p, min(max(u, 0.0), LAST))
        self.next += 1
        return {"id": str(self.next - 1), "params": params}

    def tell(self, result):
        if not (result["id"].isdigit() and int(result["id"]) < self.next):
            self.next += 1  # a run that another program suggested: its number is used up, too
        value = result.get("value")
        known = value is not None and math.isfinite(value)
        self.runs[result["id"]] = (self.sign * value if known else None, result["params"])


for line in sys.stdin:
    request = json.loads(line)
    match request:
        case {"config": config}:
            foreign = {p.get("distribution", "uniform") for p in config["parameters"].values()} - set(KNOWN)
            walk = Walk(config, request.get("seed", 0))
            reply = {"error": f"cannot serve {foreign}"} if foreign else {"ok": True}
        case {"ask": count}:
            reply = {"suggestions": [walk.suggest() for _ in range(count)]}
        case {"tell": results}:
            for result in results:
                walk.tell(result)
            reply = {"ok": True}
        case {"report": _}:
            reply = {"stop": []}
        case {"quit": True}:
            break
        case _:
            reply = {"error": "a request must hold one of config, ask, tell, report, quit"}
    print(json.dumps(reply), flush=True)
