#!/usr/bin/env python3
"""Medians of regret, for the pictures of the guide:  benches/scripts/regret.py FOLDER METHOD[=FILE].. >benches/data/regret.csv

FOLDER has a file METHOD.jsonl (or FILE.jsonl) for each method, one line a sweep, as the peer benchmark writes them: "problem", "seed", "key"
(the problem's instance), and "curve", the true loss of the best observed run after each run; lines with an "error" are left
out. Its `reference.json` gives for each instance "rand", the same curve of median random search, "best", the smallest loss
known, and "exact", whether that is the optimum; where it is not, the smallest loss of any line in the folder counts if it is
smaller.

Regret is (loss - best) / (rand - best) with random search's last loss: 1 is where random search ends, 0 the optimum. Only
seeds that every method finished are compared.
"""
import csv
import json
import pathlib
import statistics
import sys

# Two of each family, chosen before their curves were looked at.
PROBLEMS = ("bbob_f15_d2", "bbob_f8_d5", "mix_hartmann6_log", "mix_cliff", "lcbench_167168", "rbv2_xgboost_12")


def sweeps(path):
    """The sweeps in a file, by problem and seed; the later one where there are two."""
    with open(path, encoding="utf-8") as lines:
        found = (json.loads(line) for line in lines)
        return {(sweep["problem"], sweep["seed"]): sweep for sweep in found if "curve" in sweep}


def best_known(folder, reference):
    """The smallest loss known, by instance."""
    best = {key: instance["best"] for key, instance in reference.items()}
    for path in folder.glob("*.jsonl"):
        for sweep in sweeps_with_keys(path):
            key = sweep["key"]
            if key in best and not reference[key]["exact"]:
                best[key] = min(best[key], sweep["curve"][-1])
    return best


def sweeps_with_keys(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            sweep = json.loads(line)
            if "curve" in sweep and "key" in sweep:
                yield sweep


def drawn(run):
    """Whether a number of runs is a point of the curve: all at first, where they change most."""
    return run <= 20 or run % 2 == 0


def quartiles(values):
    """First quartile, median, third quartile; values between two are interpolated."""
    return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    names = dict(name.partition("=")[::2] for name in sys.argv[2:])
    reference = json.loads((folder / "reference.json").read_text(encoding="utf-8"))
    best = best_known(folder, reference)
    methods = {label: sweeps(folder / f"{file or label}.jsonl") for label, file in names.items()}
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["problem", "method", "seeds", "runs", "lower", "median", "upper"])
    for problem in PROBLEMS:
        common = set.intersection(*({seed for p, seed in found if p == problem} for found in methods.values()))
        if not common:
            sys.exit(f"no seed of {problem} was finished by every method")
        for method, found in methods.items():
            curves = []
            for seed in sorted(common):
                sweep = found[problem, seed]
                least = best[sweep["key"]]
                most = reference[sweep["key"]]["rand"][-1]
                curves.append([(loss - least) / (most - least) for loss in sweep["curve"]])
            for run, regrets in enumerate(zip(*curves), start=1):
                if drawn(run):
                    row = [f"{max(value, 0.0):.4g}" for value in quartiles(regrets)]
                    out.writerow([problem, method, len(common), run, *row])


if __name__ == "__main__":
    main()
