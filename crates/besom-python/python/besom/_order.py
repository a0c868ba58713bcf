"""Runs by what W&B's API calls their fields: ``state``, ``config.lr``, ``summary_metrics.loss``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Callable

from besom._plain import with_floats

#: W&B's other names of fields.
_ALIASES = {"createdAt": "created_at", "heartbeatAt": "heartbeat_at", "displayName": "display_name", "jobType": "job_type"}
#: Fields without a name of their own behind a dot.
_PLAIN: dict[str, Callable[[Any], Any]] = {
    "created_at": lambda run: run.created_at,
    "heartbeat_at": lambda run: run._row["ended_ms"] or run._row["started_ms"],
    "name": lambda run: run.id,
    "display_name": lambda run: run.name,
    "group": lambda run: run.group,
    "job_type": lambda run: run.job_type,
    "notes": lambda run: run.notes,
    "state": lambda run: run.state,
    "sweep": lambda run: run.sweep_id,
    "tags": lambda run: run.tags,
}


def field(name: str) -> Callable[[Any], Any]:
    """Return the function that reads a field of a run.

    >>> field("config.lr.value")(type("Run", (), {"config": {"lr": 0.1}}))
    0.1
    """
    name = _ALIASES.get(name, name)
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
    name = order.lstrip("+-")
    of = _created if name in ("created_at", "createdAt") else field(name)
    values = [(of(run), run) for run in runs]
    known = [pair for pair in values if not _is_missing(pair[0])]
    try:
        known.sort(key=lambda pair: pair[0], reverse=order.startswith("-"))
    except TypeError:
        known.sort(key=lambda pair: str(pair[0]), reverse=order.startswith("-"))
    rest = [] if only_known else [run for value, run in values if _is_missing(value)]
    return [run for _, run in known] + rest


def _created(run: Any) -> Any:
    return run._row["created_ms"], run.number


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))


#: The comparisons of filters.
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": lambda value, wanted: value == wanted or (isinstance(value, list) and wanted in value),
    "$ne": lambda value, wanted: not _COMPARED["$eq"](value, wanted),
    "$gt": lambda value, wanted: value > wanted,
    "$gte": lambda value, wanted: value >= wanted,
    "$lt": lambda value, wanted: value < wanted,
    "$lte": lambda value, wanted: value <= wanted,
    "$in": lambda value, wanted: any(_COMPARED["$eq"](value, one) for one in wanted),
    "$nin": lambda value, wanted: not _COMPARED["$in"](value, wanted),
    "$regex": lambda value, wanted: re.search(wanted, str(value)) is not None,
    "$exists": lambda value, wanted: (value is not None) == bool(wanted),
}
#: Several filters as one.
_COMBINED: dict[str, Callable[[Any], bool]] = {"$and": all, "$or": any, "$nor": lambda passed: not any(passed)}


def passes(run: Any, filters: Mapping[str, Any]) -> bool:
    """Return whether a run passes all filters, which are those of W&B; one of its tags is enough."""
    return all([_passes(run, name, wanted) for name, wanted in filters.items()])


def _passes(run: Any, name: str, wanted: Any) -> bool:
    if name in _COMBINED:
        if not isinstance(wanted, (list, tuple)) or not wanted:
            raise ValueError(f"{name} combines a list of filters, such as {{'{name}': [{{'state': 'finished'}}, {{'config.x': 1}}]}}; got {wanted!r}")
        return _COMBINED[name]([passes(run, inner) for inner in wanted])
    value = field(name)(run)
    if not (isinstance(wanted, Mapping) and any(str(key).startswith("$") for key in wanted)):
        return _COMPARED["$eq"](value, wanted)
    return all([_compares(name, value, word, with_what) for word, with_what in wanted.items()])


def _compares(name: str, value: Any, word: str, wanted: Any) -> bool:
    if word not in _COMPARED:
        raise ValueError(f"unknown comparison {word!r} in the filter {name!r}; known: {', '.join(_COMPARED)}")
    try:
        return _COMPARED[word](value, wanted)
    except TypeError:
        # A run that lacks the value, or has one of another kind, is neither greater nor less.
        return False
