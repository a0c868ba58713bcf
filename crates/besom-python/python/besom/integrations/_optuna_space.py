"""Optuna's parameters in besom's words: names, distributions, choices and trials, and the way back."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from numbers import Real
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from besom import _besom
from besom.integrations._optuna_conditions import conditions

#: The states of runs that correspond to Optuna's. Waiting trials have no parameters yet.
_STATES = {
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "finished",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
}

#: States of trials that show the space.
LEARNED = (TrialState.COMPLETE, TrialState.PRUNED)

#: Names that a sweep has as they are. Methods of your own then see the names that they know.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)


def names_of(count: int) -> list[str]:
    """Return the names of so many objectives as metrics."""
    return ["value"] if count == 1 else [f"value_{place}" for place in range(count)]


def metrics(goals: Sequence[str]) -> dict[str, Any]:
    """Return the metric or metrics of a sweep with these goals."""
    named = [{"name": name, "goal": goal} for name, goal in zip(names_of(len(goals)), goals)]
    return {"metric": named[0]} if len(named) == 1 else {"metrics": named}


class Parameter:
    """A distribution of Optuna's as a parameter of a sweep.

    Steps and choices are numbered. Equal choices are one, as in Optuna, which gives back the first of them. Choices that are
    numbers keep their order; the names of others are texts, so that no method takes neighbors for more alike.
    """

    def __init__(self, distribution: BaseDistribution) -> None:
        if not isinstance(distribution, (CategoricalDistribution, FloatDistribution, IntDistribution)):
            raise ValueError(f"besom does not support the distribution {distribution}")
        self.distribution = distribution
        choices = distribution.choices if isinstance(distribution, CategoricalDistribution) else ()
        self._firsts = _firsts(choices)
        self._places = _places(choices, self._firsts)
        self._is_ordered = all(_is_number(choices[place]) for place in self._places)

    @property
    def count(self) -> int | None:
        """How many values there are; None if they cannot be counted."""
        if self._places:
            return len(self._places)
        low, high, step = self.distribution.low, self.distribution.high, self.distribution.step  # type: ignore[union-attr]
        return None if step is None else round((high - low) / step) + 1

    def at(self, place: int) -> Any:
        """Return the value at this place among those that can be counted."""
        return self.from_sweep(place + self._first)

    def place(self, value: Any) -> int:
        """Return the place of a value among those that can be counted."""
        return int(self.to_sweep(value)) - self._first

    def spec(self) -> dict[str, Any]:
        """Return the parameter of a sweep."""
        if self._places:
            return {"values": [self._label(index) for index in range(len(self._places))]}
        low, high = self.distribution.low, self.distribution.high  # type: ignore[union-attr]
        if low == high:
            return {"value": 0 if self._is_stepped else low}
        if self._is_stepped:
            assert self.count is not None
            return {"distribution": "int_uniform", "min": 0, "max": self.count - 1}
        if isinstance(self.distribution, IntDistribution):
            if self.distribution.log:
                return {"distribution": "q_log_uniform_values", "min": low, "max": high, "q": 1}
            return {"distribution": "int_uniform", "min": low, "max": high}
        kind = "log_uniform_values" if self.distribution.log else "uniform"  # type: ignore[union-attr]
        return {"distribution": kind, "min": float(low), "max": float(high)}

    def from_sweep(self, value: Any) -> Any:
        """Convert a value of the sweep to Optuna's."""
        distribution = self.distribution
        if isinstance(distribution, CategoricalDistribution):
            return distribution.choices[self._places[int(value)]]
        if self._is_stepped:
            assert distribution.step is not None
            value = distribution.low + value * distribution.step
        kind = int if isinstance(distribution, IntDistribution) else float
        return kind(min(max(value, distribution.low), distribution.high))

    def to_sweep(self, value: Any) -> Any:
        """Convert a value of Optuna's to the sweep's."""
        distribution = self.distribution
        if isinstance(distribution, CategoricalDistribution):
            first = self._firsts[int(distribution.to_internal_repr(value))]
            return self._label(self._places.index(first))
        if self._is_stepped:
            assert distribution.step is not None
            return round((value - distribution.low) / distribution.step)
        return value

    def _label(self, index: int) -> int | str:
        return index if self._is_ordered else str(index)

    @property
    def _first(self) -> int:
        """What the first value of those that can be counted is in the sweep."""
        return 0 if self._places or self._is_stepped else int(self.distribution.low)  # type: ignore[union-attr]

    @property
    def _is_stepped(self) -> bool:
        if isinstance(self.distribution, IntDistribution):
            return bool(self.distribution.step != 1)
        return isinstance(self.distribution, FloatDistribution) and self.distribution.step is not None


def _firsts(choices: Sequence[Any]) -> list[int]:
    """Return for each choice the index of the first that is equal to it. As in Optuna, 1 is True, and NaN is NaN."""
    indices: dict[Any, int] = {}
    unhashable: list[int] = []
    firsts = []
    for index, choice in enumerate(choices):
        try:
            first = indices.setdefault("NaN" if _is_nan(choice) else (choice,), index)
        except TypeError:
            first = next((k for k in unhashable if choices[k] == choice), index)
            unhashable.append(index)
        firsts.append(first)
    return firsts


def _is_nan(choice: Any) -> bool:
    return isinstance(choice, Real) and math.isnan(choice)


def _places(choices: Sequence[Any], firsts: Sequence[int]) -> list[int]:
    """Return the index of the first of each set of equal choices, in the order of the numbers if all are numbers."""
    places = sorted(set(firsts))
    if all(_is_number(choices[place]) for place in places):
        places.sort(key=lambda place: choices[place])
    return places


def _is_number(choice: Any) -> bool:
    return isinstance(choice, (int, float)) and not isinstance(choice, bool) and not math.isnan(choice)


class Space:
    """Parameters of a study as those of a sweep, with names that a sweep can have. Any text is a name in Optuna."""

    def __init__(self, distributions: Mapping[str, BaseDistribution]) -> None:
        self.parameters = {name: Parameter(distribution) for name, distribution in distributions.items()}
        self._own: dict[str, str] = {}
        free = (f"parameter_{k}" for k in range(2 * len(self.parameters)) if f"parameter_{k}" not in self.parameters)
        for name in self.parameters:
            self._own[name] = name if _PLAIN.fullmatch(name) else next(free)

    def config(self) -> dict[str, Any]:
        """Return the parameters of a sweep."""
        return {self._own[name]: parameter.spec() for name, parameter in self.parameters.items()}

    def run(self, trial: FrozenTrial) -> dict[str, Any]:
        """Return a trial in the form of a run of W&B's engine, with those of its parameters that are here."""
        rows = [{"value": trial.intermediate_values[step]} for step in sorted(trial.intermediate_values)]
        if trial.state == TrialState.COMPLETE and trial.values is not None:
            # Optuna ranks a complete trial by its objective value, not by intermediate ones.
            rows = [dict(zip(names_of(len(trial.values)), trial.values))]
        here = [name for name in self.parameters if name in trial.params]
        config = {self._own[name]: {"value": self.parameters[name].to_sweep(trial.params[name])} for name in here}
        return {
            "name": str(trial.number), "state": _STATES[trial.state], "config": config,
            "history": rows, "summary_metrics": {},
        }  # fmt: skip

    def suggest(
        self, method: Any, goals: Sequence[str], trials: Iterable[FrozenTrial], seed: int
    ) -> dict[str, Any] | None:
        """Return the values that a method suggests after these trials; None if it has tried every point."""
        trials = list(trials)
        parameters = self.config()
        # Not for that method, which then does no better: .051 for .002 where a number decides how many there are.
        learned = [trial for trial in trials if trial.state in LEARNED and method != "tpe"]
        seen = conditions(self.parameters, learned)
        for name, (parent, wanted) in seen.items():
            parameters[self._own[name]]["when"] = {self._own[parent]: self._in_sweep(parent, wanted)}
        config = {"method": method, **metrics(goals), "parameters": parameters}
        runs = [self.run(trial) for trial in trials if trial.state in _STATES]
        with self._in_optunas_names():
            found = _besom.next_runs(config, runs, 1, [seed])
        if not found or found[0] is None:
            return None
        suggested, _ = found[0]
        active = [(name, suggested.get(self._own[name])) for name in self.parameters]
        return {name: self.parameters[name].from_sweep(given["value"]) for name, given in active if given is not None}

    def _in_sweep(self, parent: str, wanted: Any) -> Any:
        """Return what a condition wants of a parameter in values of the sweep."""
        to_sweep = self.parameters[parent].to_sweep
        if isinstance(wanted, dict):
            return {end: to_sweep(value) for end, value in wanted.items()}
        return [to_sweep(value) for value in wanted]

    @contextlib.contextmanager
    def _in_optunas_names(self) -> Iterator[None]:
        """Let errors speak of parameters by their names in the study."""
        names = {own: repr(name) for name, own in self._own.items() if own != name}

        def rename(text: str) -> str:
            return re.sub(r"\bparameter_\d+\b", lambda found: names.get(found[0], found[0]), text)

        try:
            yield
        except (_besom.ConfigError, _besom.BesomError) as error:
            renamed = type(error)(rename(str(error)))
            for problem in getattr(error, "problems", []):
                problem["path"] = rename(problem["path"])
            renamed.__dict__.update(error.__dict__)
            raise renamed from None
