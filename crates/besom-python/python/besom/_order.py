"""Runs by what W&B's API calls their fields: ``state``, ``config.lr``, ``summary_metrics.loss``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Callable

from besom._plain import with_floats

#: Fields without a name of their own behind a dot.
_PLAIN: dict[str, Callable[[Any], Any]] = {
    "created_at": lambda run: (run._row["created_ms"], run.number),
    "heartbeat_at": lambda run: run._row["ended_ms"] or run._row["started_ms"],
    "name": lambda run: run.id,
    "display_name": lambda run: run.name,
    "state": lambda run: run.state,
    "sweep": lambda run: run.sweep_id,
    "tags": lambda run: run.tags,
}


def field(name: str) -> Callable[[Any], Any]:
    """Return the function that reads a field of a run.

    >>> field("config.lr.value")(type("Run", (), {"config": {"lr": 0.1}}))
    0.1
    """
    group, dot, rest = name.partition(".")
    if group in ("summary_metrics", "summary", "summaryMetrics") and dot:
        return lambda run: with_floats(_inner(run.summary, rest))
    if group == "config" and dot:
        return lambda run: _inner(run.config, rest[: -len(".value")] if rest.endswith(".value") else rest)
    if name in _PLAIN:
        return _PLAIN[name]
    known = ", ".join([*_PLAIN, "config.NAME", "summary_metrics.NAME"])
    raise ValueError(f"unknown field {name!r} of a run; known: {known}")


def _inner(values: Any, name: str) -> Any:
    """The value of a name that may be nested."""
    if not isinstance(values, Mapping):
        return None
    if name in values:
        return values[name]
    outer, dot, inner = name.partition(".")
    return _inner(values.get(outer), inner) if dot else None


def ordered(runs: list[Any], order: str, only_known: bool = False) -> list[Any]:
    """Return the runs in an order such as ``-summary_metrics.acc``; those without a value, or with none that is finite, last or not at all."""
    of = field(order.lstrip("+-"))
    values = [(of(run), run) for run in runs]
    known = [pair for pair in values if not _is_missing(pair[0])]
    try:
        known.sort(key=lambda pair: pair[0], reverse=order.startswith("-"))
    except TypeError:
        known.sort(key=lambda pair: str(pair[0]), reverse=order.startswith("-"))
    rest = [] if only_known else [run for value, run in values if _is_missing(value)]
    return [run for _, run in known] + rest


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def passes(run: Any, filters: Mapping[str, Any]) -> bool:
    """Return whether a run has the values of all filters; one of its tags is enough."""
    for name, wanted in filters.items():
        if name.startswith("$") or (isinstance(wanted, Mapping) and any(str(key).startswith("$") for key in wanted)):
            raise ValueError(f"filters compare with one value, such as {{'state': 'finished'}}; got {name!r}: {wanted!r}")
        value = field(name)(run)
        if value != wanted and not (name == "tags" and wanted in value):
            return False
    return True
