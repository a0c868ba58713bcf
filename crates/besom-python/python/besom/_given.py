"""Values as they were given, with tuples, where JSON has only lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Optional


def value(found: Any, parameter: Any) -> Any:
    """Return a value of a run as the configuration of its parameter has it."""
    if not isinstance(found, (list, dict)) or not isinstance(parameter, Mapping):
        return found
    if isinstance(found, dict) and isinstance(parameter.get("parameters"), Mapping):
        inner = parameter["parameters"]
        return {name: value(entry, inner.get(name)) for name, entry in found.items()}
    for given in [*(parameter.get("values") or ()), parameter.get("value")]:
        if _is_same(given, found):
            return given
    return found


def parameters(filled: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters that were filled in, with their values as they were given."""
    return {name: _parameter(parameter, given.get(name)) for name, parameter in filled.items()}


def _parameter(filled: Any, given: Any) -> Any:
    if not isinstance(filled, dict) or not isinstance(given, Mapping):
        return filled
    if isinstance(filled.get("parameters"), dict) and isinstance(given.get("parameters"), Mapping):
        return {**filled, "parameters": parameters(filled["parameters"], given["parameters"])}
    return {**filled, **{key: given[key] for key in ("value", "values") if key in given and _is_same(given[key], filled.get(key))}}


def _is_same(given: Any, found: Any) -> bool:
    return isinstance(given, (list, tuple, dict)) and (text := _text(given)) is not None and text == _text(found)


def _text(value: Any) -> Optional[str]:
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError):
        return None
