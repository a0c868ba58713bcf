"""One class for each built-in search method and stopping rule, made from its spec."""

from __future__ import annotations

import inspect
from typing import Any

from besom import _besom

#: Names of W&B's package, and ones that are clearer than ours.
_NAMES = {"bayes": "Bayesian", "tpe": "Parzen"}

_TYPES = {"integer": "int", "number": "float", "boolean": "bool", "array": "list"}


class Algorithm:
    """A search method or stopping rule with its options, for ``configure_search`` and ``configure_stopping``."""

    _besom_name: str

    def __init__(self, **options: Any) -> None:
        type(self).__signature__.bind(**options)  # type: ignore[attr-defined]
        self.options = options

    def __repr__(self) -> str:
        options = ", ".join(f"{key}={value!r}" for key, value in self.options.items())
        return f"{type(self).__name__}({options})"


def classes() -> dict[str, type[Algorithm]]:
    """Return the classes by name.

    >>> print(classes()["ParzenSearch"].__signature__)
    (*, initial_points: int = ..., gamma: float = 0.1, candidates: int = 128)
    """
    made = [_made(algorithm) for algorithm in _besom.algorithms()]
    return {made.__name__: made for made in made}


def _made(algorithm: dict[str, Any]) -> type[Algorithm]:
    name = algorithm["name"]
    is_search = algorithm["role"] == "search method"
    stem = _NAMES.get(name, "".join(part.title() for part in name.split("-")))
    attributes = {
        "__doc__": _documentation(algorithm, "method" if is_search else "type"),
        "__module__": "besom.sweeps",
        "__signature__": inspect.Signature([_parameter(option) for option in algorithm["options"]]),
        "_besom_name": name,
    }
    return type(stem + ("Search" if is_search else "EarlyTerminate"), (Algorithm,), attributes)


def _parameter(option: dict[str, Any]) -> inspect.Parameter:
    default = option["default"]
    if default is None:
        default = inspect.Parameter.empty if option["required"] else _Shown("...")
    annotation = "str" if "enum" in option else _TYPES.get(option.get("type", ""), "Any")
    return inspect.Parameter(option["key"], inspect.Parameter.KEYWORD_ONLY, default=default, annotation=_Shown(annotation))


class _Shown(str):
    """Text that a signature shows without quotes."""

    def __repr__(self) -> str:
        return str(self)


def _documentation(algorithm: dict[str, Any], key: str) -> str:
    text = f"{algorithm['summary']} (``{key}: {algorithm['name']}``)."
    for option in algorithm["options"]:
        text += f"\n\n{option['key']}: {option['allowed']}; default: {option['default_text']}.\n    {option['doc']}"
    return text
