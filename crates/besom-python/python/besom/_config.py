"""The configuration of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Callable, Optional

from besom import _say
from besom._plain import as_dict, merged, nested, same


class Config:
    """The parameters of a run, and what the program adds to them.

    Values are attributes and items: ``config.lr``, ``config["lr"]``, ``config.get("lr", 0.1)``. The sweep's parameters
    cannot be changed: ``update`` and ``init(config=...)`` set all others, also those beside them in nested groups.

    >>> config = Config({"lr": 0.1, "model": {"dim": 8}})
    >>> config.update({"epochs": 3, "model": {"act": "relu"}})
    >>> config.lr, config["epochs"], dict(config)
    (0.1, 3, {'lr': 0.1, 'model': {'dim': 8, 'act': 'relu'}, 'epochs': 3})
    """

    def __init__(self, swept: Mapping[str, Any], given: Optional[Mapping[str, Any]] = None) -> None:
        object.__setattr__(self, "_swept", dict(swept))
        object.__setattr__(self, "_values", {**dict(given or {}), **swept})
        #: Who is to hear of what is added.
        object.__setattr__(self, "_heard", None)

    def listen(self, heard: Callable[[dict[str, Any]], None]) -> None:
        """Call a function with all that is added from now on."""
        object.__setattr__(self, "_heard", heard)

    def swept(self) -> dict[str, Any]:
        """Return the parameters of the sweep."""
        return dict(self._swept)

    def update(self, values: Any = None, allow_val_change: Optional[bool] = None, **more: Any) -> None:
        """Set values that are not parameters of the sweep.

        ``values`` is a dict, an ``argparse.Namespace``, another object with attributes, or the path of a YAML file. One line
        says which parameter of the sweep it would have changed.
        """
        given = {**as_dict(values), **more}
        for name, value in given.items():
            if name in self._swept and not _agrees(value, self._swept[name]):
                _say.once(f"besom: {name!r} is locked by the sweep: {name}={value!r} is ignored", f"locked {name}")
        self._add(given)

    def setdefaults(self, values: Any) -> None:
        """Set values that do not exist yet."""
        given = as_dict(values)
        self._add({n: merged(v, self._values[n]) if nested(v, self._values.get(n)) else v for n, v in given.items() if self._is_open(n, v)})

    def _is_open(self, name: str, value: Any) -> bool:
        return name not in self._values or nested(value, self._values[name])

    def _add(self, values: dict[str, Any]) -> None:
        swept = self._swept
        added = {name: _without(value, swept.get(name)) for name, value in values.items() if name not in swept or nested(value, swept[name])}
        self._values.update({name: merged(self._values[name], value) if name in swept else value for name, value in added.items()})
        if added and self._heard is not None:
            self._heard(added)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of this name, or ``default``."""
        return self._values.get(name, default)

    def keys(self) -> Any:
        """Return all names."""
        return self._values.keys()

    def items(self) -> Any:
        """Return all names with their values."""
        return self._values.items()

    def values(self) -> Any:
        """Return all values."""
        return self._values.values()

    def user_items(self) -> Iterator[tuple[str, Any]]:
        """Return all names with their values. W&B leaves out internal ones; there are none here."""
        return iter(list(self._values.items()))

    def as_dict(self) -> dict[str, Any]:
        """Return a copy as a dict."""
        return dict(self._values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            known = ", ".join(self._values) or "none"
            raise AttributeError(f"the run has no parameter '{name}'; known: {known}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __getstate__(self) -> dict[str, Any]:
        # A copy, in another process say, adds nothing to the run.
        return {**self.__dict__, "_heard": None}

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(self._values)


def _agrees(given: Any, swept: Any) -> bool:
    """Whether a value leaves what the sweep sets as it is."""
    if nested(given, swept):
        return all(_agrees(value, swept[name]) for name, value in given.items() if name in swept)
    return same(given, swept)


def _without(value: Any, swept: Any) -> Any:
    """What remains of a value if what the sweep sets is taken out."""
    if not nested(value, swept):
        return value
    return {name: _without(inner, swept.get(name)) for name, inner in value.items() if name not in swept or nested(inner, swept[name])}
