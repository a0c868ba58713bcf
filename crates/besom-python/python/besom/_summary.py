"""The summary of a run: what it logged last, what it states, and the extremes that it wants to know."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any, NamedTuple, Optional

from besom._besom import BesomError
from besom._plain import same

#: What `define_metric(summary=)` takes.
SUMMARIES = ("min", "max", "mean", "last", "first", "best", "copy", "none")


class _Seen(NamedTuple):
    """The finite numbers of a key so far."""

    numbers: int
    total: float
    least: float
    most: float
    first: float
    last: float

    @classmethod
    def of(cls, number: float, before: Optional[_Seen]) -> _Seen:
        if before is None:
            return cls(1, number, number, number, number, number)
        numbers, total, least, most, first, _ = before
        return cls(numbers + 1, total + number, min(least, number), max(most, number), first, number)

    def words(self, goal: str) -> dict[str, float]:
        """What `define_metric(summary=)` names."""
        best = self.most if goal == "maximize" else self.least
        mean = self.total / self.numbers
        return {"min": self.least, "max": self.most, "mean": mean, "last": self.last, "first": self.first, "best": best}


class Summary(dict[str, Any]):
    """The last value of each key that a run logged, and what the program states beside: ``run.summary["acc"] = 0.9``.

    What is stated counts as one more row of metrics, logged when the run ends, unless the same value was logged last. So
    searches, stopping rules and ``best_run`` see it.

    >>> summary = Summary()
    >>> summary.note({"loss": 0.5, "acc": 0.8})
    >>> summary["acc"], summary.loss = 0.9, 0.5
    >>> summary.stated()
    {'acc': 0.9}
    """

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "_stated", {})
        object.__setattr__(self, "_defined", {})
        object.__setattr__(self, "_seen", {})
        #: The run, once nothing that is stated would be logged any more.
        object.__setattr__(self, "_finished", None)

    def close(self, run: str) -> None:
        """Refuse whatever is stated from now on: the run has been finished."""
        object.__setattr__(self, "_finished", run)

    def define(self, name: str, summary: str, goal: Optional[str] = None) -> None:
        """Keep the minimum, maximum, mean .. of a key, or of all that begin with ``name`` up to its ``*``.

        It is an item of the key's item, as with W&B, and is stated: ``summary["loss"]["min"]`` counts as ``loss.min``.
        """
        words = [word.strip() for word in summary.split(",") if word.strip()]
        unknown = [word for word in words if word not in SUMMARIES]
        if unknown:
            raise ValueError(f"summary must be one or more of {', '.join(SUMMARIES)}, got {summary!r}")
        if goal is not None and goal not in ("minimize", "maximize"):
            raise ValueError(f"goal must be 'minimize' or 'maximize', got {goal!r}")
        self._defined[name] = (words, goal or "minimize")

    def note(self, row: Mapping[str, Any]) -> None:
        """Take in a row that was logged: the newest value of a key counts."""
        super().update(row)
        for key in row:
            self._stated.pop(key, None)
        if self._defined:
            for key, value in row.items():
                self._summarize(key, value)

    def _summarize(self, key: str, value: Any) -> None:
        words, goal = self._definition(key)
        if words == ["none"]:
            self.pop(key, None)
        kept = [word for word in words if word not in ("none", "copy")]
        number = number_of(value)
        if number is not None and kept:
            self._seen[key] = _Seen.of(number, self._seen.get(key))
        if key in self._seen and kept:
            # What is no finite number takes nothing away from those before.
            words_of = self._seen[key].words(goal)
            super().__setitem__(key, {word: words_of[word] for word in kept})
            self._stated.update({f"{key}.{word}": words_of[word] for word in kept})

    def _definition(self, key: str) -> tuple[list[str], str]:
        if key in self._defined:
            return self._defined[key]  # type: ignore[no-any-return]
        for name, definition in self._defined.items():
            if name.endswith("*") and key.startswith(name[:-1]):
                return definition  # type: ignore[no-any-return]
        return [], ""

    def stated(self) -> dict[str, Any]:
        """Return what was stated and is not what was logged last."""
        return dict(self._stated)

    def settle(self) -> dict[str, Any]:
        """Return what was stated, which is logged now."""
        stated = self.stated()
        self._stated.clear()
        return stated

    def __setitem__(self, key: str, value: Any) -> None:
        if self._finished is not None:
            raise BesomError(f"run {self._finished} has been finished: set summary[{key!r}] before finish()")
        if key not in self._stated and key in self and same(self[key], value):
            return
        super().__setitem__(key, value)
        self._stated[key] = value

    def update(self, *values: Any, **more: Any) -> None:
        """State several values."""
        for key, value in dict(*values, **more).items():
            self[key] = value

    def __ior__(self, values: Any) -> Summary:  # type: ignore[override,misc]
        self.update(values)
        return self

    def setdefault(self, key: str, default: Any = None) -> Any:
        """State a value unless there is one."""
        if key not in self:
            self[key] = default
        return self[key]

    def __reduce__(self) -> Any:
        # A copy states nothing about the run.
        return dict, (dict(self),)

    def __missing__(self, key: str) -> Any:
        name, _, word = key.rpartition(".")
        inner = self.get(name)
        if isinstance(inner, dict) and word in inner:
            return inner[word]
        raise KeyError(key)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self:
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


def number_of(value: Any) -> Optional[float]:
    """The finite number that a value is, or None."""
    try:
        number = float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None
    is_number = isinstance(value, Real) or hasattr(value, "item")
    return number if is_number and not isinstance(value, bool) and math.isfinite(number) else None
