"""The names of W&B's engine package (``sweeps``) and of its controller: code for them runs with one changed import.

The engine's functions take a configuration and a list of runs, and keep no state.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from enum import Enum
from numbers import Number
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional

from besom import _besom, _classes


#: One class for each search method and stopping rule: ``GridSearch``, ``HyperbandEarlyTerminate`` and the others.
globals().update(_classes.classes())

if TYPE_CHECKING:

    def __getattr__(name: str) -> type[_classes.Algorithm]: ...


class RunState(str, Enum):
    """The state of a run, in W&B's words."""

    pending = "pending"
    running = "running"
    finished = "finished"
    killed = "killed"
    crashed = "crashed"
    failed = "failed"
    preempted = "preempted"
    preempting = "preempting"


def run_state_is_terminal(state: RunState) -> bool:
    """Return whether a run in this state has ended."""
    return RunState(state) in (RunState.finished, RunState.crashed, RunState.failed, RunState.killed)


#: Other names that the fields of a run may have.
_ALIASES = {
    "summaryMetrics": "summary_metrics",
    "sampledHistory": "history",
    "shouldStop": "should_stop",
    "heartbeatAt": "heartbeat_at",
}


class SweepRun:
    """A run in the form of W&B's engine: plain data.

    >>> run = SweepRun(name="a", state=RunState.running, config={"lr": {"value": 0.1}}, history=[{"loss": 3}, {"loss": 1}])
    >>> run.metric_history("loss")
    [3, 1]
    >>> run.metric_extremum("loss", "minimum")
    1
    """

    name: Optional[str]
    summary_metrics: Optional[dict[str, Any]]
    history: list[dict[str, Any]]
    config: dict[str, Any]
    state: str
    search_info: Optional[dict[str, Any]]
    early_terminate_info: Optional[dict[str, Any]]
    stopped: bool
    should_stop: bool
    heartbeat_at: Any
    exitcode: Optional[int]
    running: Optional[bool]

    def __init__(self, **fields: Any) -> None:
        self.name = None
        self.summary_metrics = {}
        self.history = []
        self.config = {}
        self.state = RunState.pending.value
        self.search_info = None
        self.early_terminate_info = None
        self.stopped = False
        self.should_stop = False
        self.heartbeat_at = None
        self.exitcode = None
        self.running = None
        known = set(vars(self))
        for name, value in fields.items():
            name = _ALIASES.get(name, name)
            if name in known:
                setattr(self, name, value)
        self.state = RunState(self.state).value

    def dict(self, **_: Any) -> dict[str, Any]:
        """Return the fields as a dict."""
        return dict(vars(self))

    def metric_history(self, metric_name: str, filter_invalid: bool = False) -> list[Any]:
        """Return the logged values of a metric, oldest first; only finite numbers if ``filter_invalid``."""
        values = [row[metric_name] for row in self.history if metric_name in row]
        return [value for value in values if _is_number(value)] if filter_invalid else values

    def summary_metric(self, metric_name: str) -> Any:
        """Return the final value of a metric."""
        if self.summary_metrics is None:
            raise ValueError("this run has no summary metrics")
        if metric_name not in self.summary_metrics:
            raise KeyError(f"{metric_name} is not a summary metric of this run.")
        return self.summary_metrics[metric_name]

    def metric_extremum(self, metric_name: str, kind: str) -> Any:
        """Return the smallest (``minimum``) or largest (``maximum``) finite value of a metric, including its final value."""
        kinds: dict[str, Callable[[Any], Any]] = {
            "minimum": min, "min": min, "minimize": min, "maximum": max, "max": max, "maximize": max
        }  # fmt: skip
        if kind.lower() not in kinds:
            raise ValueError(f"kind must be minimum or maximum, got '{kind}'")
        values = self.metric_history(metric_name)
        if metric_name in (self.summary_metrics or {}):
            values = [*values, self.summary_metric(metric_name)]
        numbers = [value for value in values if _is_number(value)]
        if not numbers:
            raise ValueError(f"the run has no finite value of '{metric_name}'")
        return kinds[kind.lower()](numbers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SweepRun) and vars(self) == vars(other)

    def __repr__(self) -> str:
        return f"SweepRun({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


def _is_number(value: Any) -> bool:
    return isinstance(value, Number) and not isinstance(value, bool) and math.isfinite(float(value))  # type: ignore[arg-type]


class SweepConfig(Dict[str, Any]):
    """A valid configuration with defaults filled in. Raises :class:`besom.ConfigError` if it is invalid.

    >>> SweepConfig({"method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0}}})["parameters"]["x"]["distribution"]
    'uniform'
    """

    def __init__(self, d: Mapping[str, Any]) -> None:
        super().__init__(d if isinstance(d, SweepConfig) else _besom.check_config(d)[0])

    def __str__(self) -> str:
        return json.dumps(self, indent=2)

    def save(self, filename: Any) -> None:
        """Write the configuration as JSON, which is also YAML."""
        with open(filename, "w", encoding="utf-8") as file:
            file.write(str(self) + "\n")


def schema_violations_from_proposed_config(config: Mapping[str, Any]) -> list[str]:
    """Return all problems of a configuration, a string each.

    >>> schema_violations_from_proposed_config({"method": "grid", "parameters": {"x": {"values": [1]}}})
    []
    """
    if not isinstance(config, Mapping):
        raise ValueError(f"a configuration must be a dict, got {config!r}")
    try:
        _besom.check_config(config)
    except _besom.ConfigError as error:
        return str(error).splitlines()
    return []


def next_run(
    sweep_config: Mapping[str, Any], runs: Sequence[SweepRun], validate: bool = False, **options: Any
) -> Optional[SweepRun]:
    """Return the next run of a sweep, or None if there is none."""
    return next_runs(sweep_config, runs, validate, 1, **options)[0]


def next_runs(
    sweep_config: Mapping[str, Any], runs: Sequence[SweepRun], validate: bool = False, n: int = 1, **options: Any
) -> list[Optional[SweepRun]]:
    """Return the next ``n`` runs of a sweep; ``search_info`` is the note of the search on each.

    An exhausted grid ends the list with None. Configurations are always checked, with or without ``validate``. Randomness
    comes from ``seed`` in the configuration, or from :mod:`random`.

    >>> next_runs({"method": "grid", "parameters": {"a": {"values": [1, 2, 3]}}}, [], n=2)[1].config
    {'a': {'value': 2}}
    """
    for key in ("method", "parameters"):
        if key not in sweep_config:
            raise ValueError(f"Sweep config must contain {key} section")
    config = dict(sweep_config)
    if options.pop("randomize_order", False):
        config["order"] = "random"
    found = _besom.next_runs(config, [_plain(run) for run in runs], n, random.getrandbits(32))
    return [None if pair is None else SweepRun(config=pair[0], search_info=_search_info(pair[1])) for pair in found]


#: The names that W&B's engine uses for entries of a Bayesian search's note.
_SEARCH_INFO = {
    "probability_of_improvement": "success_probability",
    "predicted_mean": "predicted_value",
    "predicted_sd": "predicted_value_std_dev",
}


def _search_info(note: dict[str, Any]) -> Optional[dict[str, Any]]:
    """Return the note of a suggestion, with W&B's names beside ours."""
    return {**note, **{_SEARCH_INFO[key]: value for key, value in note.items() if key in _SEARCH_INFO}} if note else None


def _of_method(method: str, config: Mapping[str, Any]) -> None:
    if config.get("method") != method:
        raise ValueError(f"method must be {method!r}, got {config.get('method')!r}")


def grid_search_next_runs(
    runs: Sequence[SweepRun],
    sweep_config: Mapping[str, Any],
    validate: bool = False,
    n: int = 1,
    randomize_order: bool = False,
) -> list[Optional[SweepRun]]:
    """Return :func:`next_runs` of a grid search."""
    _of_method("grid", sweep_config)
    return next_runs(sweep_config, runs, validate, n, randomize_order=randomize_order)


def random_search_next_runs(sweep_config: Mapping[str, Any], validate: bool = False, n: int = 1) -> list[Optional[SweepRun]]:
    """Return :func:`next_runs` of a random search."""
    _of_method("random", sweep_config)
    return next_runs(sweep_config, [], validate, n)


def bayes_search_next_runs(
    runs: Sequence[SweepRun],
    config: Mapping[str, Any],
    validate: bool = False,
    n: int = 1,
    minimum_improvement: float = 0.1,
) -> list[Optional[SweepRun]]:
    """Return :func:`next_runs` of a Bayesian search. ``minimum_improvement`` is ignored."""
    _of_method("bayes", config)
    return next_runs(config, runs, validate, n)


def stop_runs(sweep_config: Mapping[str, Any], runs: Sequence[SweepRun], validate: bool = False) -> list[SweepRun]:
    """Return the running runs that the stopping rule stops."""
    for key in ("metric", "early_terminate"):
        if key not in sweep_config:
            raise ValueError(f'early terminate requires "{key}" section')
    # Names may be missing and need not be unique; positions are unique.
    plain = [{**_plain(run), "name": str(place)} for place, run in enumerate(runs)]
    places, shown = _besom.stop_runs(sweep_config, plain)
    stopped = [runs[int(place)] for place in places]
    for run in stopped:
        run.early_terminate_info = shown
    return stopped


def hyperband_stop_runs(runs: Sequence[SweepRun], config: Mapping[str, Any], validate: bool = False) -> list[SweepRun]:
    """Return :func:`stop_runs` of hyperband."""
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
