"""A grid over a study, whose space is known only once its trials have asked for parameters.

The number of a trial is its point: the parameters are digits in the order in which the trial asks for them, the first one varying fastest.
So neither the space has to be known before the first trial nor do threads and processes have to agree. Points that are left after
that, since trials of other samplers or enqueued ones took their numbers, are filled in. A trial that began while others had the
last points is pruned.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

from optuna import TrialPruned
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from besom.integrations._optuna_space import LEARNED, Parameter


class Grid:
    """The points of a study, as far as its trials show them, for one of the trials."""

    def __init__(self, trials: list[FrozenTrial], trial: FrozenTrial) -> None:
        self._trial = trial
        self._others = [t for t in trials if t.state != TrialState.WAITING and t.number != trial.number]
        learned = [t for t in self._others if t.state in LEARNED]
        #: The parameters of the trials, with the number of their values. Several, if parameters depend on others.
        self._spaces = list({frozenset(space.items()): space for space in map(_counts, learned) if space}.values())

    def value(self, name: str, distribution: BaseDistribution) -> Any:
        """Return the value of a parameter for the trial, which has set those that it asked for before."""
        parameter = Parameter(distribution)
        if parameter.count is None:
            raise ValueError(f"a grid requires parameters that can be counted; give {name!r} a step, or make it an int or a category")
        number = self._trial.number
        if len(self._spaces) == 1 and number >= _size(self._spaces[0]):
            if not self._trial.params and self._are_all_taken(self._spaces[0]):
                raise TrialPruned("every point of the grid has been tried")
            left = self._left(self._spaces[0], name)
            if left:
                return parameter.at(left[number % len(left)])
        return parameter.at(number // _size(_counts(self._trial)) % parameter.count)

    def is_exhausted(self, state: TrialState) -> bool:
        """Return whether each point has been tried, or is being tried by another trial, when the trial ends in this state."""
        # One that failed may not have asked for all of its parameters.
        spaces = self._spaces + [_counts(self._trial)] * (state != TrialState.FAIL or not self._spaces)
        if len(self._others) + 1 < max(map(_size, spaces)):
            return False
        if any(space.keys() != spaces[0].keys() for space in spaces):
            # Parameters depend on others: by now each point of the largest space has had its turn, and so has any other.
            return True
        return self._are_all_taken(spaces[0])

    def _are_all_taken(self, space: Mapping[str, int]) -> bool:
        """Return whether there are no more points than have been tried and than others are about to try."""
        begun = sum(t.state == TrialState.RUNNING and not space.keys() <= t.params.keys() for t in self._others)
        return len(self._tried(space)) + begun >= _size(space)

    def _left(self, space: Mapping[str, int], name: str) -> list[int]:
        """Return the values of a parameter at the points that have not been tried and agree with what the trial has."""
        if name not in space:
            return []
        tried, has = self._tried(space), _cell(self._trial).items()
        return [dict(cell)[name] for cell in _cells(space) if cell not in tried and has <= cell]

    def _tried(self, space: Mapping[str, int]) -> set[frozenset[tuple[str, int]]]:
        cells = map(_cell, [*self._others, self._trial])
        return {frozenset(cell.items()) for cell in cells if cell.keys() == space.keys()}


def _parameters(trial: FrozenTrial) -> dict[str, Parameter]:
    """Return the parameters of a trial that have several values which can be counted."""
    parameters = {name: Parameter(d) for name, d in trial.distributions.items() if not d.single()}
    return {name: parameter for name, parameter in parameters.items() if parameter.count is not None}


def _counts(trial: FrozenTrial) -> dict[str, int]:
    """Return how many values each of these parameters has."""
    counts = {name: parameter.count for name, parameter in _parameters(trial).items()}
    return {name: count for name, count in counts.items() if count is not None}


def _size(space: Mapping[str, int]) -> int:
    return math.prod(space.values())


def _cell(trial: FrozenTrial) -> dict[str, int]:
    """Return the place of each value of a trial."""
    return {name: parameter.place(trial.params[name]) for name, parameter in _parameters(trial).items()}


def _cells(space: Mapping[str, int]) -> Iterator[frozenset[tuple[str, int]]]:
    """Return all points, in the order of trials that ask for the parameters in this order."""
    for places in itertools.product(*(range(count) for count in space.values())):
        yield frozenset(zip(space, places))
