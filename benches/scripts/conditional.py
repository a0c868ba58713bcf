#!/usr/bin/env python3
"""Samplers of Optuna where parameters depend on others:  benches/scripts/conditional.py [SEEDS]

Needs optuna and the package besom. The kind of model decides which other parameters there are, as where people write their space while
the objective runs. Prints the median, over 15 seeds unless given otherwise, of the best loss of 40 and of 80 trials; the optimum is 0.
"""
import math
import sys
import warnings
from statistics import median

import optuna

from besom.integrations.optuna import BesomSampler

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore")
TRIALS = 80


def log(x):
    return math.log10(x)


def two_models(trial):
    """svm (2 parameters of its own) or net (3), which is better"""
    if trial.suggest_categorical("algo", ["svm", "net"]) == "svm":
        c, g = trial.suggest_float("c", 1e-3, 1e3, log=True), trial.suggest_float("g", 1e-4, 10, log=True)
        return 0.05 + 0.1 * (log(c) - 1) ** 2 + 0.1 * (log(g) + 2) ** 2
    lr, drop = trial.suggest_float("lr", 1e-5, 1, log=True), trial.suggest_float("drop", 0, 0.9)
    return 0.2 * (log(lr) + 3) ** 2 + (drop - 0.3) ** 2 + 0.1 * (log(trial.suggest_float("wd", 1e-6, 0.1, log=True)) + 4) ** 2


def three_models(trial):
    """three models beside two parameters that all have"""
    epochs, augment = trial.suggest_int("epochs", 5, 50), trial.suggest_float("augment", 0, 1)
    common = 0.3 * (epochs / 50 - 0.8) ** 2 + 0.3 * (augment - 0.4) ** 2
    model = trial.suggest_categorical("model", ["linear", "forest", "net"])
    if model == "linear":
        return 0.3 + common + 0.05 * log(trial.suggest_float("l2", 1e-6, 10, log=True) / 0.01) ** 2
    if model == "forest":
        depth, trees = trial.suggest_int("depth", 1, 20), trial.suggest_int("trees", 10, 1000, log=True)
        return 0.1 + common + 0.01 * (depth - 12) ** 2 + 0.05 * (3 - log(trees))
    lr, width = trial.suggest_float("lr", 1e-5, 1, log=True), trial.suggest_int("width", 8, 512, log=True)
    return common + 0.15 * (log(lr) + 2) ** 2 + 0.05 * (math.log2(width) - 7.5) ** 2


def number_of_layers(trial):
    """one to four layers, each with a width of its own"""
    layers, lr = trial.suggest_int("layers", 1, 4), trial.suggest_float("lr", 1e-5, 1, log=True)
    widths = [trial.suggest_int(f"width{i}", 8, 512, log=True) for i in range(layers)]
    return 0.1 * (log(lr) + 3) ** 2 + 0.05 * (layers - 3) ** 2 + 0.1 * sum((math.log2(w) - 7 + i) ** 2 for i, w in enumerate(widths)) / layers


SAMPLERS = {
    "besom `bayes`": lambda seed: BesomSampler("bayes", seed=seed),
    "besom `tpe`": lambda seed: BesomSampler("tpe", seed=seed),
    "Optuna TPE": lambda seed: optuna.samplers.TPESampler(seed=seed),
    "Optuna TPE, multivariate, group": lambda seed: optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True),
    "Optuna random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
}
PROBLEMS = [two_models, three_models, number_of_layers]


def bests(problem, sampler, seed):
    """The best loss of half of the trials and of all."""
    study = optuna.create_study(sampler=sampler(seed))
    study.optimize(problem, n_trials=TRIALS)
    values = [trial.value for trial in study.trials]
    return min(values[: TRIALS // 2]), min(values)


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    print("| sampler | " + " | ".join(problem.__name__ for problem in PROBLEMS) + " |")
    print("|---|" + "---|" * len(PROBLEMS))
    for name, sampler in SAMPLERS.items():
        cells = []
        for problem in PROBLEMS:
            half, whole = zip(*(bests(problem, sampler, seed) for seed in range(seeds)))
            cells.append(f"{median(half):.2g}, {median(whole):.2g}")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
