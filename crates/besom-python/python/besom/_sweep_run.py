"""A run in the form of W&B's engine package."""

from __future__ import annotations

import math
from enum import Enum
from numbers import Number
from typing import Any, Callable, Optional


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


def run_state_is_terminal(state: str) -> bool:
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
        return [value for value in values if is_number(value)] if filter_invalid else values

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
        numbers = [value for value in values if is_number(value)]
        if not numbers:
            raise ValueError(f"the run has no finite value of '{metric_name}'")
        return kinds[kind.lower()](numbers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SweepRun) and vars(self) == vars(other)

    def __repr__(self) -> str:
        return f"SweepRun({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


def is_number(value: Any) -> bool:
    """Return whether a value is a finite number."""
    return isinstance(value, Number) and not isinstance(value, bool) and math.isfinite(float(value))  # type: ignore[arg-type]
