"""What W&B's client costs a program under `besom run`: time to the end of the first run, and rows per second.

    python benches/scripts/wandb_programs.py BESOM PYTHON [REPEATS]

BESOM is the command, PYTHON an interpreter with wandb. Each program is a sweep of one run; they take turns, so that what else the
machine does hits all of them. Prints medians of wall time and of CPU time, that of all processes of the run included.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

BARE = """
import json, os
with open(os.environ["BESOM_METRICS"], "a") as metrics:
    for step in range(10):
        metrics.write(json.dumps({"loss": step}) + "\\n")
"""
CLIENT = """
import wandb
with wandb.init() as run:
    for step in range(10):
        run.log({"loss": step})
"""
ROWS = """
import time, wandb
run = wandb.init()
begun = time.perf_counter()
for step in range(50000):
    run.log({"loss": 1 / (step + 1), "accuracy": step, "epoch": step // 100})
logged = time.perf_counter()
run.finish()
print("RATE", 50000 / (logged - begun), 50000 / (time.perf_counter() - begun))
"""
IMPORT = "import wandb\n" + BARE
PROGRAMS = {
    "bare": (BARE, {}, []),
    "bare, imports wandb": (IMPORT, {}, []),
    "wandb, offline": (CLIENT, {"WANDB_MODE": "offline"}, ["--wandb", "off"]),
    "wandb, into its run": (CLIENT, {}, []),
}
SWEEP = "program: train.py\nmethod: grid\nparameters: {x: {value: 1}}\n"


def execute(besom, python, text, variables, options):
    """Run a sweep of one run; return seconds, CPU seconds and the output of the program."""
    here = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "BESOM_"))}
    with tempfile.TemporaryDirectory() as home:
        environment = {**here, **variables, "HOME": home, "PATH": f"{os.path.dirname(python)}:{here['PATH']}"}
        for name, content in [("train.py", text), ("sweep.yaml", SWEEP)]:
            with open(os.path.join(home, name), "w") as file:
                file.write(content)
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [besom, "run", "sweep.yaml", *options]
        subprocess.run(command, cwd=home, env=environment, check=True, capture_output=True)
        took, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        shown = subprocess.run([besom, "logs", "last"], cwd=home, env=environment, capture_output=True, text=True).stdout
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, shown


def main():
    besom, python = map(os.path.abspath, sys.argv[1:3])
    repeats = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    measured = {name: [] for name in PROGRAMS}
    for _ in range(repeats):
        for name, (text, variables, options) in PROGRAMS.items():
            measured[name].append(execute(besom, python, text, variables, options)[:2])
    print("| program | s | CPU s |\n|---|---|---|")
    for name, pairs in measured.items():
        wall, cpu = (statistics.median(column) for column in zip(*pairs))
        print(f"| {name} | {wall:.2f} | {cpu:.2f} |")
    _, _, output = execute(besom, python, ROWS, {}, [])
    logged, stored = next(line.split()[1:] for line in output.splitlines() if "RATE" in line)
    print(f"\nrows per second: {float(logged):.0f} logged, {float(stored):.0f} until all of them are in the run's file")


if __name__ == "__main__":
    main()
