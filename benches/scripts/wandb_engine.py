#!/usr/bin/env python3
"""The own tests of W&B's engine package, run on besom:  benches/scripts/wandb_engine.py TESTS [PYTEST OPTION ..]

    git clone https://github.com/wandb/sweeps
    python3 -m venv target/engine
    target/engine/bin/pip install ./crates/besom-python sweeps==0.3.0 pytest jsonschema pandas scikit-learn
    target/engine/bin/python benches/scripts/wandb_engine.py sweeps/tests

The functions and classes of `besom.sweeps` take the place of the package's own, in all of its modules, so that its tests call besom. Tests of
parts that besom has not, such as the parameters' distributions or the fit of the Gaussian process, still test the package, and are left out
where a file has no others. Printed is how many pass, and why others do not. It fails if one fails without a reason that the guide names.
"""
import importlib
import inspect
import os
import pkgutil
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
import sweeps

import besom.sweeps

FILES = ["grid_search", "hyperband_stopping", "random_search", "bayes_search", "sweeprun", "validation", "schema", "batch", "config"]
GUIDE = Path(__file__).parents[2] / "docs/guide/wandb-engine.md"
# What is meant to differ: tests, and the words of the guide that name it.
DIFFERS = [
    (r"test_q_uniform_bounded_grid_search", "short decimals"),
    (r"test_grid_search_caches_repeated_yaml_hash_values", "how often the engine hashes a value"),
    (r"test_grid_search_keeps_list_and_tuple_values_distinct", "a list and a tuple with the same items are one value"),
    (r"test_minmax_type_inference", "whole floats as bounds of `int_uniform`"),
    (r"test_invalid_run_parameter", "a run with a value outside of `values`"),
    (r"test_runs_bayes_runs2_(missingmetric|boolmetric)", "after the last point of a finite space"),
    (r"test_bayes_impute_best", "`impute: worst`"),
    (r"test_scheduler_(wandb_engine_valid|only_engine_required|optimizer_and_search_space_with_source_valid)", "without a `metric`"),
    (r"test_scheduler_and_controller_mutually_exclusive", "without a `metric`"),
    (r"test_parameters_(not_required_when|still_allowed_alongside)_scheduler", "without a `metric`"),
]


def patch():
    """Puts besom's functions and classes in the place of the package's own; returns their names."""
    modules = [sweeps, *(importlib.import_module(found.name) for found in pkgutil.walk_packages(sweeps.__path__, "sweeps."))]
    replaced = set()
    for module in modules:
        for name in vars(module).keys() & vars(besom.sweeps).keys():
            old, new = getattr(module, name), getattr(besom.sweeps, name)
            is_own = getattr(old, "__module__", "").startswith("sweeps") and getattr(new, "__module__", "").startswith("besom")
            if is_own and (inspect.isclass(old) or inspect.isfunction(old)):
                setattr(module, name, new)
                replaced.add(name)
    return sorted(replaced)


class Outcomes:
    """A plugin that notes how each test ended."""

    def __init__(self):
        self.passed, self.failed = Counter(), []

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.rsplit("/")[-1]
        if report.failed:
            self.failed.append(name)
        elif report.when == "call" and report.passed:
            self.passed[file_of(name)] += 1


def file_of(name):
    return re.match(r"test_(\w+)\.py", name)[1]


def reason(name):
    found = (words for pattern, words in DIFFERS if re.search(pattern, name))
    return next(found, None)


def main():
    if len(sys.argv) < 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(__doc__)
    tests, options = Path(sys.argv[1]).resolve(), sys.argv[2:]
    print("besom's are", ", ".join(patch()))
    outcomes = Outcomes()
    files = [str(tests / f"test_{name}.py") for name in FILES]
    # Its settings ask for plugins, and its tests are a package that reads files by their names.
    os.chdir(tests.parent)
    pytest.main(["-q", "-p", "no:cacheprovider", "--tb=short", "-c", "/dev/null", f"--rootdir={tests.parent}", *files, *options], plugins=[outcomes])
    failed = Counter(map(file_of, outcomes.failed))
    for name in FILES:
        passed = outcomes.passed[name]
        print(f"{name:<20} {passed:>4} of {passed + failed[name]}")
    passed = outcomes.passed.total()
    print(f"{'all':<20} {passed:>4} of {passed + failed.total()}")
    guide = " ".join(GUIDE.read_text().split())
    unexplained = [name for name in outcomes.failed if (reason(name) or "\0") not in guide]
    for words, count in Counter(map(reason, outcomes.failed)).items():
        print(f"{count:>4}  {words or 'not explained by the guide'}")
    sys.exit(f"not explained: {', '.join(unexplained)}" if unexplained else 0)


if __name__ == "__main__":
    main()
