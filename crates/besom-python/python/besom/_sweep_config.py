"""Sweep configurations as W&B's engine package has them: validated by its schema, or taken as they are."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Mapping
from typing import Any, Dict, cast

from besom import _besom, _given

#: What a search method is asked with.
_OF_A_SEARCH = ("method", "parameters", "metric", "metrics", "scheduler", "order", "seed")


class SweepConfig(Dict[str, Any]):
    """A valid configuration with defaults filled in.

    W&B's schema counts: it is broken, for example, by a ``goal`` that is neither ``minimize`` nor ``maximize`` and by ``log_uniform``.
    Raises :class:`besom.ConfigError`, which is a ``jsonschema.ValidationError`` as well if ``jsonschema`` is imported.

    >>> SweepConfig({"method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0}}})["parameters"]["x"]["distribution"]
    'uniform'
    """

    def __init__(self, d: Mapping[str, Any]) -> None:
        super().__init__(d if isinstance(d, SweepConfig) else _validated(d))

    def __str__(self) -> str:
        return json.dumps(self, indent=2)

    def save(self, filename: Any) -> None:
        """Write the configuration as JSON, which is also YAML."""
        with open(filename, "w", encoding="utf-8") as file:
            file.write(str(self) + "\n")


def schema_violations_from_proposed_config(config: Mapping[str, Any]) -> list[str]:
    """Return all problems of a configuration, a string each; what breaks W&B's schema is one.

    >>> schema_violations_from_proposed_config({"method": "grid", "parameters": {"x": {"values": [1]}}})
    []
    """
    if not isinstance(config, Mapping):
        raise ValueError(f"a configuration must be a dict, got {config!r}")
    try:
        _besom.validate_config(config)
    except _besom.ConfigError as error:
        return str(error).splitlines()
    return []


def for_search(config: Mapping[str, Any], validate: bool) -> dict[str, Any]:
    """Return what a search method is asked with: all of a validated configuration, otherwise without the keys that matter elsewhere."""
    if validate:
        return SweepConfig(config)
    for key in ("method", "parameters"):
        if key not in config:
            raise ValueError(f"Sweep config must contain {key} section")
    return {key: config[key] for key in _OF_A_SEARCH if key in config}


def for_stopping(config: Mapping[str, Any], validate: bool) -> dict[str, Any]:
    """Return what a stopping rule is asked with: all of a validated configuration, otherwise metric and rule at least."""
    if validate:
        config = SweepConfig(config)
    for key in ("metric", "early_terminate"):
        if key not in config:
            raise ValueError(f'early terminate requires "{key}" section')
    return dict(config) if validate else _with_known_options(_enough_to_stop(config))


def _enough_to_stop(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration, with a space of its own in place of one that is missing or wrong: most rules look at curves only."""
    needed = {key: config[key] for key in ("metric", "early_terminate")}
    whole = {**needed, **{key: config[key] for key in ("method", "parameters") if key in config}}
    if all(problem["path"].split(".")[0] in needed for problem in _problems(whole)):
        return whole
    return {**needed, "method": "random", "parameters": {"any": {"value": None}}}


def _with_known_options(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration without options that its stopping rule does not know. A warning names them."""
    of_rule = "early_terminate."
    unknown = [p for p in _problems(config) if p["path"].startswith(of_rule) and p["message"] == "unknown key"]
    for problem in unknown:
        warnings.warn(f"{problem['path']}: unknown key, which has no effect: {problem['suggestion']}", stacklevel=4)
    names = {problem["path"][len(of_rule) :] for problem in unknown}
    rule = config["early_terminate"]
    return {**config, "early_terminate": {key: rule[key] for key in rule if key not in names}} if names else config


def _problems(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    try:
        _besom.check_config(config)
    except _besom.ConfigError as error:
        return error.problems
    return []


def _validated(config: Mapping[str, Any]) -> dict[str, Any]:
    try:
        filled = _besom.validate_config(config)
    except _besom.ConfigError as error:
        raise _as_validation_error(error) from None
    if "parameters" in filled:
        filled["parameters"] = _given.parameters(filled["parameters"], config["parameters"])
    return filled


def _as_validation_error(error: _besom.ConfigError) -> Exception:
    """The error as one that callers of W&B's engine catch. Who catches ``jsonschema``'s has imported it; besom does not need it."""
    jsonschema = sys.modules.get("jsonschema")
    if jsonschema is None:
        return error
    both = type("ConfigError", (jsonschema.ValidationError, _besom.ConfigError), {"__module__": "besom"})
    found = both(str(error))
    found.problems = error.problems
    return cast(Exception, found)
