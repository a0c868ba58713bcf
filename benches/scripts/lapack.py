#!/usr/bin/env python3
"""besom's linear algebra beside LAPACK's, on one thread and in one run:  benches/scripts/lapack.py

Needs numpy and scipy. Takes turns with `cargo run --release -p besom-benches --example linear_algebra`, seven times,
and prints the medians of the best times of each turn, and of their ratios. LAPACK's part of value and gradient is
the factor (dpotrf), the solution (dpotrs) and the inverse (dpotri) alone; besom's has distances, kernel and sums in it.
"""
import json
import os
import statistics
import subprocess
import time

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
from scipy.linalg import lapack

SIZES = (100, 200, 300, 500, 1000, 2000)
PARTS = ("factor", "solve", "likelihood")
TURNS = 7


def best(rounds, work):
    """The best of some times in seconds."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def rounds(n):
    return max(3, 200_000 // n**2)


def lapack_times(n):
    rng = np.random.default_rng(7)
    half = np.tril(rng.random((n, n)), -1)
    k = np.asfortranarray(half + half.T + n * np.eye(n))
    y = rng.random(n)
    factor, info = lapack.dpotrf(k, lower=1, clean=0)
    assert info == 0

    def likelihood():
        factor, _ = lapack.dpotrf(k, lower=1, clean=0)
        lapack.dpotrs(factor, y, lower=1)
        lapack.dpotri(factor, lower=1, overwrite_c=1)

    return {
        "factor": best(rounds(n), lambda: lapack.dpotrf(k, lower=1, clean=0)),
        "solve": best(rounds(n), lambda: lapack.dpotrs(factor, y, lower=1)),
        "likelihood": best(rounds(n), likelihood),
    }


def besom_times(n):
    command = ["cargo", "run", "--release", "--quiet", "-p", "besom-benches", "--example", "linear_algebra", "--"]
    out = subprocess.run([*command, str(rounds(n)), str(n)], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    print(f"{'n':>5}  {'part':<12} {'besom':>10} {'LAPACK':>10}  ratio")
    for n in SIZES:
        turns = [(besom_times(n), lapack_times(n)) for _ in range(TURNS)]
        for part in PARTS:
            ours = statistics.median(besom[part] for besom, _ in turns)
            theirs = statistics.median(lapack[part] for _, lapack in turns)
            ratio = statistics.median(besom[part] / lapack[part] for besom, lapack in turns)
            print(f"{n:>5}  {part:<12} {1e3 * ours:>7.3f} ms {1e3 * theirs:>7.3f} ms  {ratio:.2f}")


if __name__ == "__main__":
    main()
