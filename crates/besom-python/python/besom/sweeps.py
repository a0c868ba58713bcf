"""The names of W&B's engine package (``sweeps``) and of its controller: code for them runs with one changed import.

The engine's functions take a configuration and a list of runs, and keep no state.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional

from besom import _besom, _classes, _given
from besom._sweep_config import SweepConfig as SweepConfig
from besom._sweep_config import for_search, for_stopping
from besom._sweep_config import schema_violations_from_proposed_config as schema_violations_from_proposed_config
from besom._sweep_run import RunState as RunState
from besom._sweep_run import SweepRun as SweepRun
from besom._sweep_run import is_number
from besom._sweep_run import run_state_is_terminal as run_state_is_terminal

#: One class for each search method and stopping rule: ``GridSearch``, ``HyperbandEarlyTerminate`` and the others.
globals().update(_classes.classes())

if TYPE_CHECKING:

    def __getattr__(name: str) -> type[_classes.Algorithm]: ...


def next_run(
    sweep_config: Mapping[str, Any], runs: Sequence[SweepRun], validate: bool = False, **options: Any
) -> Optional[SweepRun]:
    """Return the next run of a sweep, or None if there is none."""
    return next_runs(sweep_config, runs, validate, 1, **options)[0]


def next_runs(
    sweep_config: Mapping[str, Any], runs: Sequence[SweepRun], validate: bool = False, n: int = 1, **options: Any
) -> list[Optional[SweepRun]]:
    """Return the next ``n`` runs of a sweep, the same as by ``n`` calls for one; ``search_info`` is the note of the search on each.

    An exhausted grid ends the list with None. With ``validate``, the configuration must satisfy W&B's schema; without, keys that do
    not matter to the search are not looked at. Randomness comes from ``seed`` in the configuration. Without one it comes from
    ``numpy.random`` if NumPy is imported, otherwise from :mod:`random`; the order of a grid always from :mod:`random`.

    >>> next_runs({"method": "grid", "parameters": {"a": {"values": [1, 2, 3]}}}, [], n=2)[1].config
    {'a': {'value': 2}}
    """
    config = for_search(sweep_config, validate)
    if options.pop("randomize_order", False):
        config["order"] = "random"
    pairs = _besom.next_runs(config, [_plain(run) for run in runs], n, _seeds(config, n))
    found = [None if pair is None else _suggested(config, *pair) for pair in pairs]
    if _method(config) == "bayes":
        _add_search_info(found, runs, config)
    return found


def _method(config: Mapping[str, Any]) -> Any:
    method = config["method"]
    return method.get("name") if isinstance(method, Mapping) else method


def _seeds(config: Mapping[str, Any], n: int) -> list[int]:
    """Seeds for a configuration without one: a seed for each run where W&B's engine draws for each, otherwise one for all."""
    of_each = _method(config) in ("random", "bayes")
    numpy = sys.modules.get("numpy") if of_each else None
    draw = random.getrandbits if numpy is None else lambda _: int(numpy.random.randint(2**32, dtype="uint64"))
    return [draw(32) for _ in range(n if of_each else 1)]


def _suggested(config: Mapping[str, Any], params: dict[str, Any], note: dict[str, Any]) -> SweepRun:
    values = {name: {"value": _given.value(entry["value"], config["parameters"].get(name))} for name, entry in params.items()}
    return SweepRun(config=values, search_info=note or None)


#: The names that W&B's engine uses for entries of a Bayesian search's note.
_SEARCH_INFO = {
    "success_probability": "probability_of_improvement",
    "predicted_value": "predicted_mean",
    "predicted_value_std_dev": "predicted_sd",
    "expected_improvement": "expected_improvement",
}

#: What W&B's engine says, in its words, as code compares them: no run has ended, or none that has ended has a value.
_NO_SAMPLES = "\nSweep has no valid samples of the metric."
_BAD_FIT = (
    "\n Some dimmensions of kernel are close to their bounds (bad fit), the next sample will be a random sample within parameter space"
)


def _add_search_info(found: Sequence[Optional[SweepRun]], runs: Sequence[SweepRun], config: Mapping[str, Any]) -> None:
    """Add the entries that W&B's engine has for a suggestion of a Bayesian search; NaN where there was no model."""
    warnings = _warnings([run for run in runs if run_state_is_terminal(run.state)], config["metric"]["name"])
    for run in found:
        if run is not None:
            note = run.search_info or {}
            figures = {name: note.get(ours, math.nan) for name, ours in _SEARCH_INFO.items()}
            run.search_info = {**note, **figures, "warnings": warnings}


def _warnings(ended: Sequence[SweepRun], metric: str) -> str:
    if not ended:
        return _NO_SAMPLES
    return "" if any(_has_value(run, metric) for run in ended) else _BAD_FIT


def _has_value(run: SweepRun, metric: str) -> bool:
    return any(is_number(row.get(metric)) for row in [*(run.history or ()), run.summary_metrics or {}])


def _of_method(method: str, config: Mapping[str, Any], validate: bool) -> Mapping[str, Any]:
    config = SweepConfig(config) if validate else config
    if config.get("method") != method:
        raise ValueError(f"method must be {method!r}, got {config.get('method')!r}")
    return config


def grid_search_next_runs(
    runs: Sequence[SweepRun],
    sweep_config: Mapping[str, Any],
    validate: bool = False,
    n: int = 1,
    randomize_order: bool = False,
) -> list[Optional[SweepRun]]:
    """Return :func:`next_runs` of a grid search."""
    sweep_config = _of_method("grid", sweep_config, validate)
    return next_runs(sweep_config, runs, validate, n, randomize_order=randomize_order)


def random_search_next_runs(sweep_config: Mapping[str, Any], validate: bool = False, n: int = 1) -> list[Optional[SweepRun]]:
    """Return :func:`next_runs` of a random search."""
    sweep_config = _of_method("random", sweep_config, validate)
    return next_runs(sweep_config, [], validate, n)


def bayes_search_next_run(runs: Sequence[SweepRun], config: Mapping[str, Any], validate: bool = False) -> Optional[SweepRun]:
    """Return :func:`next_run` of a Bayesian search."""
    return bayes_search_next_runs(runs, config, validate)[0]


def bayes_search_next_runs(
    runs: Sequence[SweepRun],
    config: Mapping[str, Any],
    validate: bool = False,
    n: int = 1,
    minimum_improvement: float = 0.1,
) -> list[Optional[SweepRun]]:
    """Return :func:`next_runs` of a Bayesian search. ``minimum_improvement`` is ignored."""
    config = _of_method("bayes", config, validate)
    return next_runs(config, runs, validate, n)


def stop_runs(sweep_config: Mapping[str, Any], runs: Sequence[SweepRun], validate: bool = False) -> list[SweepRun]:
    """Return the running runs that the stopping rule stops.

    With ``validate``, the configuration must satisfy W&B's schema; without, ``metric`` and ``early_terminate`` are enough, and
    options that the rule does not know are ignored, with a warning.
    """
    config = for_stopping(sweep_config, validate)
    # Names may be missing and need not be unique; positions are unique.
    plain = [{**_plain(run), "name": str(place)} for place, run in enumerate(runs)]
    places, shown = _besom.stop_runs(config, plain)
    stopped = [runs[int(place)] for place in places]
    for run in stopped:
        run.early_terminate_info = shown
    return stopped


def hyperband_stop_runs(runs: Sequence[SweepRun], config: Mapping[str, Any], validate: bool = False) -> list[SweepRun]:
    """Return :func:`stop_runs` of hyperband."""
    config = SweepConfig(config) if validate else config
    if config.get("early_terminate", {}).get("type") != "hyperband":
        raise ValueError("early_terminate must have the type hyperband")
    return stop_runs(config, runs, validate)


def _plain(run: Any) -> dict[str, Any]:
    # Code for W&B's engine may pass its own objects with the same fields.
    state = getattr(run.state, "value", run.state)
    return {
        "name": run.name, "state": state, "config": run.config, "history": run.history,
        "summary_metrics": run.summary_metrics, "search_info": getattr(run, "search_info", None),
    }  # fmt: skip
