#!/usr/bin/env python3
"""What W&B's engine makes of sweep files, and what besom does:  benches/scripts/wandb_files.py [--count 4000] [--seed 1] [--besom BESOM]

    python3 -m venv target/wandb && target/wandb/bin/pip install sweeps==0.3.0 wandb==0.31.0
    cargo build -p besom && target/wandb/bin/python benches/scripts/wandb_files.py

Both are asked about each file of `sweep_files`: W&B's client reads it as `wandb sweep` does, and its engine is asked for three runs (a violation of
its schema is a warning there); besom by `besom validate` and `besom next`. Printed is who runs which, why besom refuses what W&B runs, and where
values of runs have another type. It fails if besom refuses for a reason that the guide does not name, or a type differs for one.
"""
import argparse
import contextlib
import io
import json
import re
import subprocess
import sys
import tempfile
import warnings
from collections import Counter, defaultdict
from pathlib import Path

import numpy
import sweeps
from wandb.sdk.launch.sweeps.utils import load_sweep_config

from sweep_files import files

ROOT = Path(__file__).parents[2]
RUNS = 3
# Why besom refuses what W&B runs, as place and message, and the words of the guide that name it. The first that fits counts.
NAMED = [
    (r"early_terminate compares runs by it", "without a metric"),
    (r"^early_terminate", "an `early_terminate` without a known `type`"),
    (r"^scheduler", "a `scheduler` with an engine of its own, or one that contradicts the rest"),
    (r"^(seed|order|retry|timeout)\b", "a key that only besom has"),
    (r"^(metric\.)?([^.]*|\"\.\.\"): unknown key", "close to a known one or is another tool's word for it"),
    (r"^metric\.goal", "a `goal` close to `maximize`"),
    (r"^(metrics|metric|metric\.name): ", "a `metric` that is not a mapping or has no `name`, and `metrics`"),
    (r"^command", "a `command` that is not a list, or in which a word is null, a list or a mapping"),
    (r"name begins with a letter", "parameter names that are empty, start with a digit"),
    (r"which is meant\?", "bounds that look like the values themselves"),
    (r"probability|probabilities", "probabilities that do not sum to 1 or are too few"),
    (r"finite number", "an infinite bound"),
    (r"(missing required key|expected|greater than)", "values of a wrong type or out of range"),
]
# Why a value has another type, and the words of the guide that name it.
NUMBERS_AS_TEXT = "`1e-5` is text"
TOO_LARGE = "a whole number of a sweep file"
ENDS = "ends by itself"
PAGES = ["coming-from-wandb.md", "limits.md", "methods.md"]


def guide():
    """The pages that name what differs, as one line."""
    return " ".join(" ".join((ROOT / "docs/guide" / page).read_text() for page in PAGES).split())


def plain(value):
    """A value as W&B's client gets it: by way of JSON."""
    if isinstance(value, numpy.generic):
        return value.item()
    return json.loads(json.dumps(value, default=str))


def of_wandb(path):
    """("clean" | "warned", its runs), or (None, why it does not run)."""
    try:
        with contextlib.redirect_stderr(io.StringIO()) as said, contextlib.redirect_stdout(io.StringIO()):
            config = load_sweep_config(str(path))
        if config is None:
            return None, said.getvalue()
        try:
            state = "warned" if sweeps.schema_violations_from_proposed_config(config) else "clean"
        except Exception:  # noqa: BLE001 (the engine may still run it, unchecked)
            state = "warned"
        runs = [run for run in sweeps.next_runs(config, [], n=RUNS) if run is not None]
        return state, [{name: plain(value["value"]) for name, value in run.config.items()} for run in runs]
    except Exception as error:  # noqa: BLE001 (whatever it is, it does not run)
        return None, f"{type(error).__name__}: {error}"


def called(*words):
    return subprocess.run(words, capture_output=True, text=True, check=False)


def of_besom(besom, path, runs):
    """("clean" | "warned", its runs), or (None, the messages)."""
    validated = called(besom, "validate", str(path), "--json")
    if not validated.stdout:
        return None, [validated.stderr.strip()]
    verdict = json.loads(validated.stdout)
    if not verdict["valid"]:
        return None, [f"{problem['path']}: {problem['message']}" for problem in verdict["violations"]]
    suggested = called(besom, "next", str(path), "--runs", str(runs), "-n", str(RUNS), "--seed", "1", "--json")
    if suggested.returncode:
        return None, [suggested.stderr.strip()]
    found = [{name: it["value"] for name, it in run["config"].items()} for run in json.loads(suggested.stdout) if run]
    return "warned" if verdict["warnings"] else "clean", found


def kinds(value, at=""):
    """(path, kind) of each leaf of a value. JSON has no NaN and infinities: besom writes words for them."""
    if isinstance(value, dict):
        return {it for key, inner in value.items() for it in kinds(inner, f"{at}.{key}")}
    return {(at, "float" if value in ("NaN", "Infinity", "-Infinity") else type(value).__name__)}


def leaves(value):
    if isinstance(value, (dict, list)):
        return [leaf for inner in (value.values() if isinstance(value, dict) else value) for leaf in leaves(inner)]
    return [value]


def why(spec):
    """Why a parameter may have another type, if the guide names a reason."""
    if any(isinstance(it, str) and re.fullmatch(r"[-+]?[0-9._]+[eE][-+]?[0-9]+", it) for it in leaves(spec)):
        return NUMBERS_AS_TEXT
    return TOO_LARGE if any(isinstance(it, int) and abs(it) >= 2**63 for it in leaves(spec)) else None


def differing(wandb, besom, specs):
    """Parameters of another type in besom's runs, with both types and the reason. Of several values to draw from, each may be drawn."""
    for name, spec in specs.items():
        ours, theirs = ({it for run in runs for it in kinds(run.get(name))} for runs in (besom, wandb))
        drawable = {it for value in spec.get("values") or [] for it in kinds(plain(value))}
        if ours != theirs and not ours <= drawable:
            yield f"{sorted(kind for _, kind in theirs - ours)} -> {sorted(kind for _, kind in ours - theirs)}", why(spec), spec


def normal(message):
    """A message without the names and values of its file."""
    message = re.sub(r'"[^"]*"|\'[^\']*\'|`[^`]*`', '".."', message)
    return re.sub(r"-?\d+(\.\d+)?(e-?\d+)?", "N", message)[:150]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--besom", default=str(ROOT / "target/debug/besom"))
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    table, refused, types, drawn = Counter(), defaultdict(list), defaultdict(list), 0
    with tempfile.TemporaryDirectory() as folder:
        none = Path(folder, "runs.json")
        none.write_text("[]")
        for number, (label, text) in enumerate(files(asked.count, asked.seed)):
            path = Path(folder, f"{number}.{'json' if text.startswith('{') else 'yaml'}")
            path.write_text(text, newline="")
            (wandb, theirs), (besom, ours) = of_wandb(path), of_besom(asked.besom, path, none)
            table[wandb, besom] += 1
            if wandb and not besom:
                refused[normal(ours[0])].append((wandb, label))
            if wandb and besom and theirs and ours:
                config = load_sweep_config(str(path))
                drawn += len(config["parameters"])
                for change, reason, spec in differing(theirs, ours, config["parameters"]):
                    types[change, reason].append((label, spec))
                if len(theirs) != len(ours):
                    reason = ENDS if config["method"] == "bayes" and len(ours) < len(theirs) else None
                    types["another number of runs", reason].append((label, [len(theirs), len(ours)]))
    return report(table, refused, types, drawn)


def report(table, refused, types, drawn):
    """Prints it all; returns how many reasons the guide does not name."""
    states, page, unnamed = ["clean", "warned", None], guide(), 0
    print("| W&B | besom: no warning | with warnings | refuses |\n|---|---|---|---|")
    for state, words in zip(states, ["runs it", "runs it with a warning", "does not"]):
        print(f"| {words} | " + " | ".join(str(table[state, it]) for it in states) + " |")
    print("\nW&B runs, besom refuses; without W&B's warning; named in the guide as:")
    groups = defaultdict(list)
    for message, found in refused.items():
        words = next((words for pattern, words in NAMED if re.search(pattern, message) and words in page), None)
        groups[words].append((message, found))
    for words, messages in sorted(groups.items(), key=lambda it: -sum(len(found) for _, found in it[1])):
        count, clean = (sum(f(found) for _, found in messages) for f in (len, lambda it: sum(state == "clean" for state, _ in it)))
        print(f"{count:5} {clean:4}  {words or 'NOT NAMED'}")
        for message, found in messages:
            unnamed += words is None
            print(f"{len(found):18}  {message}  ({found[0][1]})")
    print(f"\nOf {drawn} parameters of files that both run, another type; named in the guide as:")
    for (change, words), found in sorted(types.items(), key=lambda it: -len(it[1])):
        is_named = words is not None and words in page
        unnamed += not is_named
        print(f"{len(found):5}  {change}: {words if is_named else 'NOT NAMED'}  {found[0]}")
    return unnamed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
