"""Values of programs as plain data."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Callable

from besom import _active, _besom


def as_dict(values: Any) -> dict[str, Any]:
    """Return what a program gives as configuration as a dict: a mapping, an ``argparse.Namespace`` or another object with
    attributes, flags of absl, or the path of a YAML file."""
    if values is None or (isinstance(values, _active.Current) and _active.current() is None):
        return {}
    if isinstance(values, (str, os.PathLike)):
        return of_file(os.fspath(values))
    if hasattr(values, "keys") and hasattr(values, "__getitem__"):
        return dict(values)
    if hasattr(values, "flag_values_dict"):
        return dict(values.flag_values_dict())
    if isinstance(values, (list, tuple)):
        return dict(values)
    if hasattr(values, "__dict__") and not isinstance(values, type):
        return dict(vars(values))
    raise TypeError(f"config must be a dict, an argparse.Namespace or the path of a YAML file, got {values!r}")


def of_file(path: str) -> dict[str, Any]:
    """Return the values in a YAML file: ``lr: 0.1``, or as W&B writes them ``lr: {desc: .., value: 0.1}``."""
    with open(path, encoding="utf-8") as file:
        values = _besom.read_yaml(file.read(), path)
    if not isinstance(values, dict):
        raise ValueError(f"{path}: expected names with values, got {values!r}")
    values.pop("wandb_version", None)
    return {name: value["value"] if _is_described(value) else value for name, value in values.items()}


def _is_described(value: Any) -> bool:
    return isinstance(value, dict) and "value" in value and set(value) <= {"value", "desc"}


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return all values; of equal names those of ``above``, in nested mappings as well.

    >>> merged({"model": {"dim": 1, "act": "relu"}, "lr": 1}, {"model": {"dim": 2}})
    {'model': {'dim': 2, 'act': 'relu'}, 'lr': 1}
    """
    values = dict(below)
    for name, value in above.items():
        values[name] = merged(values[name], value) if nested(values.get(name), value) else value
    return values


def nested(a: Any, b: Any) -> bool:
    """Return whether both values are groups of values."""
    return isinstance(a, Mapping) and isinstance(b, Mapping)


def plain(value: Any) -> Any:
    """Return a value as plain data: what is none becomes text."""
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [plain(inner) for inner in value]
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else str(value)
    return value if value is None or isinstance(value, (str, float)) else str(value)


#: How values that JSON lacks are stored.
_NOT_FINITE: dict[str, Any] = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def with_floats(value: Any) -> Any:
    """Return stored parameters with infinities and NaN, which JSON lacks, as floats again."""
    if isinstance(value, dict):
        return {name: with_floats(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_floats(inner) for inner in value]
    return _NOT_FINITE.get(value, value) if isinstance(value, str) else value


def pass_on(values: dict[str, Any], write: Callable[[Mapping[str, Any]], None]) -> None:
    """Write what a configuration or summary holds, which may be anything: what is not data is kept as its text."""
    try:
        write(values)
    except (TypeError, OverflowError):
        write(plain(values))


def same(a: Any, b: Any) -> bool:
    """Return whether two values are one; arrays, which compare element by element, are not."""
    try:
        return bool(a == b)
    except Exception:
        return False
