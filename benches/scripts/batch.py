#!/usr/bin/env python3
"""What a batch of eight suggestions of `bayes` costs:  benches/scripts/batch.py [RUNS ...]

Needs Linux and `cargo build --release`. Tells `besom ask-tell` so many random runs (100 and 1,000 unless told otherwise); then 32
more are asked and told one by one, by a second process in four batches of eight. CPU time of the process, means over five sweeps.
"""
import os
import sys
from statistics import mean

from parts import Besom, Floats, Mixed


def cpu(pid):
    """CPU milliseconds of all threads."""
    tasks = f"/proc/{pid}/task"
    return sum(int(open(f"{tasks}/{task}/schedstat").read().split()[0]) for task in os.listdir(tasks)) / 1e6


def costs(space, runs, seed, counts):
    """CPU milliseconds of each ask and tell of so many."""
    besom = Besom(space, runs, seed)
    besom.ask_and_tell(1)
    found = []
    for count in counts:
        before = cpu(besom.process.pid)
        besom.ask_and_tell(count)
        found.append(cpu(besom.process.pid) - before)
    besom.end()
    return found


def main():
    print(f"{'':28}{'one':>8}{'at most':>9}{'eight':>8}{'at most':>9}{'ratio of means':>16}")
    for space in (Mixed, Floats):
        for runs in [int(argument) for argument in sys.argv[1:]] or [100, 1000]:
            one = [ms for seed in range(5) for ms in costs(space, runs, seed, [1] * 32)]
            eight = [ms for seed in range(5) for ms in costs(space, runs, seed, [8] * 4)]
            name = f"{space.__doc__.rstrip('.')}, {runs} runs"
            print(f"{name:28}{mean(one):8.2f}{max(one):9.2f}{mean(eight):8.2f}{max(eight):9.2f}{mean(eight) / mean(one):16.2f}", flush=True)


if __name__ == "__main__":
    main()
