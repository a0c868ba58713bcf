"""The overhead of the package for its callers: `python crates/besom-python/benches/overhead.py`.

CPU time of this process, best of several repetitions, because other work shares the machine. The import is measured in
fresh processes, minus the cost of an empty Python.
"""

import os
import subprocess
import sys
import tempfile
import time


def cpu_of(code: str) -> float:
    before = os.times()
    subprocess.run([sys.executable, "-c", code], check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def best(repetitions: int, work) -> float:
    def timed() -> float:
        began = time.process_time()
        work()
        return time.process_time() - began

    return min(timed() for _ in range(repetitions))


def main() -> None:
    empty = min(cpu_of("pass") for _ in range(7))
    loaded = min(cpu_of("import besom") for _ in range(7))
    used = min(cpu_of("import besom; besom.init, besom.sweep, besom.controller, besom.Api") for _ in range(7))
    print(f"import besom: {(loaded - empty) * 1e3:.1f} ms; with all of its parts: {(used - empty) * 1e3:.1f} ms")

    import besom

    os.chdir(tempfile.mkdtemp())
    besom.init()
    calls = 20_000

    def log() -> None:
        for i in range(calls):
            besom.log({"loss": 0.5, "epoch": i})

    print(f"besom.log: {best(5, log) / calls * 1e6:.1f} µs")
    besom.finish()

    config = {"method": "random", "metric": {"name": "loss"}, "parameters": {f"x{i}": {"min": 0.0, "max": 1.0} for i in range(10)}}

    def ask_and_tell() -> None:
        sweep = besom.Sweep(config, seed=1)
        for _ in range(calls):
            sweep.tell(sweep.ask(), 0.5)

    print(f"ask + tell, random search, 10 parameters: {best(3, ask_and_tell) / calls * 1e6:.1f} µs")


if __name__ == "__main__":
    main()
