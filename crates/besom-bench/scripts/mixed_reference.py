"""Write data/mixed.json, the parameters of the first instances of the suite `mixed`, and tests/data/mixed.json, values to check.

    python crates/besom-bench/scripts/mixed_reference.py FOLDER      (needs numpy)

FOLDER holds the peer benchmark's problems.py, which draws its instances from numpy's generators: with the same numbers here, a
sweep is scored on the same functions there and by `besom bench`.
"""
import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent.parent
INSTANCES = range(1, 6)


def ackley_cat(r):
    return {"shift": r.uniform(-3, 3, 3), "order": [r.permutation(5) for _ in range(2)]}


def branch(r):
    best, middle = int(r.integers(3)), r.uniform(0.2, 0.8, (3, 2))
    return {"middle": middle, "offset": [0.0 if i == best else float(r.uniform(0.15, 0.4)) for i in range(3)]}


def integers(r):
    return {"shift": r.integers(3, 18, 5)}


def branin_noisy(r):
    return {"shift": r.uniform(-1, 1, 2)}


def hartmann6(r):
    return {"order": r.permutation(6)}


def hartmann6_log(r):
    return {"order": r.permutation(6), "top": r.integers(-3, 2, 6)}


def levy_q(r):
    return {"shift": np.round(r.uniform(-4, 4, 6) * 2) / 2}


def cat_only(r):
    return {"single": r.normal(0, 1, (6, 4)), "pair": r.normal(0, 0.7, (5, 4, 4))}


def embedded20(r):
    shift, weight = r.uniform(0.2, 0.8, 20), np.zeros(20)
    weight[r.permutation(20)[:6]] = [4, 3, 2, 0.3, 0.2, 0.1]
    return {"shift": shift, "weight": weight}


def cliff(r):
    return {"lr": r.uniform(-4.5, -1.5), "momentum": r.uniform(0.1, 0.8), "wd": r.uniform(-6, -2)}


KINDS = {"ackley_cat": ackley_cat, "branch": branch, "int": integers, "branin_noisy": branin_noisy, "hartmann6": hartmann6,
         "hartmann6_log": hartmann6_log, "levy_q": levy_q, "cat_only": cat_only, "embedded20": embedded20, "cliff": cliff}


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def main():
    sys.path.insert(0, sys.argv[1])
    import problems
    import space

    drawn = {kind: [plain(draw(problems.rng_of(kind, i))) for i in INSTANCES] for kind, draw in KINDS.items()}
    lines = [f"{json.dumps(k)}: [\n" + ",\n".join(json.dumps(i) for i in v) + "\n]" for k, v in drawn.items()]
    (HERE / "data/mixed.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    rows = []
    for kind in KINDS:
        for i in INSTANCES:
            problem, rng = problems.mixed(kind, i), np.random.default_rng(i)
            params = space.parse(problem.params)
            for _ in range(4):
                point = space.decode(params, space.sample(params, rng))
                rows.append([kind, i, problem.best, point, problem.f(point)])
    (HERE / "tests/data/mixed.json").write_text("[\n" + ",\n".join(json.dumps(plain(r)) for r in rows) + "\n]\n")


if __name__ == "__main__":
    main()
