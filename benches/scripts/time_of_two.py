#!/usr/bin/env python3
"""CPU time of a suggestion of `bayes`, two builds of besom beside each other:  benches/scripts/time_of_two.py OLD NEW

Both get the same histories of random runs, whatever they suggest, in turns. Prints for each space and length of the history the
medians of five seeds and of their ratios. One by one they differ by a fifth, because another last bit makes a fit take another number of steps.
"""
import json
import random
import resource
import statistics
import subprocess
import sys

FLOATS = {f"x{i}": {"min": -5.0, "max": 5.0} for i in range(10)}
MIXED = {
    "rate": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1.0},
    "decay": {"distribution": "log_uniform_values", "min": 1e-7, "max": 0.1},
    "dropout": {"min": 0.0, "max": 0.9},
    "momentum": {"min": 0.0, "max": 0.99},
    "layers": {"min": 1, "max": 8},
    "width": {"distribution": "q_log_uniform_values", "q": 1, "min": 8, "max": 1024},
    "optimizer": {"values": ["sgd", "adam", "rmsprop"]},
    "activation": {"values": ["relu", "tanh"]},
}
CASES = [("ten floats", FLOATS, 60, 80), ("eight mixed", MIXED, 60, 80), ("ten floats", FLOATS, 950, 100), ("eight mixed", MIXED, 950, 100)]


def floats(draw):
    values = {name: draw.uniform(-5.0, 5.0) for name in FLOATS}
    return values, sum((i + 1) * (v / 10 + 0.2 - 0.05 * i) ** 2 for i, v in enumerate(values.values()))


def mixed(draw):
    u = [draw.random() for _ in range(6)]
    optimizer, activation = draw.randrange(3), draw.randrange(2)
    values = {
        "rate": 10 ** (5 * u[0] - 5),
        "decay": 10 ** (6 * u[1] - 7),
        "dropout": 0.9 * u[2],
        "momentum": 0.99 * u[3],
        "layers": 1 + int(8 * u[4]),
        "width": round(8 * 128 ** u[5]),
        "optimizer": MIXED["optimizer"]["values"][optimizer],
        "activation": MIXED["activation"]["values"][activation],
    }
    return values, sum((i + 1) * (v - 0.3 - 0.05 * i) ** 2 for i, v in enumerate(u)) + 0.3 * optimizer + 0.2 * activation


def requests(space, known, asks, seed):
    draw = random.Random(seed)
    objective = floats if space is FLOATS else mixed

    def run(number):
        values, loss = objective(draw)
        return {"id": f"r{number}", "params": values, "value": loss, "state": "finished"}

    config = {"method": "bayes", "metric": {"name": "loss", "goal": "minimize"}, "parameters": space, "run_cap": 2000}
    yield {"config": config, "seed": seed}
    yield {"tell": [run(number) for number in range(known)]}
    for number in range(known, known + asks):
        yield {"ask": 1}
        yield {"tell": [run(number)]}


def cpu_time(binary, text):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run([binary, "ask-tell"], input=text, capture_output=True, text=True, check=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def main():
    binaries = sys.argv[1:3]
    print("| space | runs known | old, ms | new, ms | ratio |\n|---|---|---|---|---|")
    for name, space, known, asks in CASES:
        times = []
        for seed in range(5):
            text = "".join(json.dumps(request) + "\n" for request in requests(space, known, asks, seed))
            times.append([1e3 * cpu_time(binary, text) / asks for binary in binaries])
        old, new = (statistics.median(column) for column in zip(*times))
        ratio = statistics.median(new / old for old, new in times)
        print(f"| {name} | {known} to {known + asks} | {old:.1f} | {new:.1f} | {ratio:.2f} |")


main()
