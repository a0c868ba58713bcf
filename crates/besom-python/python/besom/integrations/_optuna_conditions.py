"""Under which condition a study asks for a parameter, as far as its trials show it.

An objective may ask for ``momentum`` only where it chose ``sgd``. Nobody declares that, but the trials show it: all that have the
parameter differ from all that lack it in what they chose before. Such a parameter has a ``when`` in the sweep, so that a method knows
where it means nothing. A guess that is wrong costs little: a trial that asks for a parameter which was not suggested gets a random
value, and from then on the trials contradict the guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial

if TYPE_CHECKING:
    from besom.integrations._optuna_space import Parameter

#: The values of a choice, or the least and the largest of a whole number, of Optuna's.
Wanted = Union[list[Any], dict[str, int]]


def conditions(parameters: Mapping[str, Parameter], trials: Sequence[FrozenTrial]) -> dict[str, tuple[str, Wanted]]:
    """Return for each parameter that some of these trials lack the one that decides it and what that must be, where the trials agree."""
    found = {}
    for name in parameters:
        having = [trial for trial in trials if name in trial.params]
        lacking = [trial for trial in trials if name not in trial.params]
        if not having or not lacking:
            continue
        # A choice decides more often than a number.
        before = sorted(_asked_before(name, having), key=lambda parent: not isinstance(having[0].distributions[parent], CategoricalDistribution))
        for parent in before:
            wanted = _wanted(parameters[parent], parent, having, lacking) if parent in parameters else None
            if wanted is not None:
                found[name] = (parent, wanted)
                break
    return found


def _asked_before(name: str, having: Sequence[FrozenTrial]) -> list[str]:
    """Return the parameters that each trial with this one asked for before it, in the order of the first of them."""
    before = [list(trial.params)[: list(trial.params).index(name)] for trial in having]
    return [parent for parent in before[0] if all(parent in names for names in before)]


def _wanted(parameter: Parameter, parent: str, having: Sequence[FrozenTrial], lacking: Sequence[FrozenTrial]) -> Optional[Wanted]:
    """Return what a parameter must be for trials to have another one; None if it does not tell them apart.

    Values that no trial had are among what is wanted: a trial with one of them shows whether they are. Trials that lack the parent
    say nothing, because where it does not exist what depends on it doesn't either.
    """
    distribution = parameter.distribution
    with_it = [trial.params[parent] for trial in having]
    without = [trial.params[parent] for trial in lacking if parent in trial.params]
    if not without:
        return None
    if isinstance(distribution, CategoricalDistribution):
        excluded = {parameter.to_sweep(value) for value in without}
        if any(parameter.to_sweep(value) in excluded for value in with_it):
            return None
        return [value for value in map(parameter.from_sweep, parameter.spec()["values"]) if parameter.to_sweep(value) not in excluded]
    if isinstance(distribution, IntDistribution):
        if max(without) < min(with_it):
            return {"min": max(without) + distribution.step}
        if min(without) > max(with_it):
            return {"max": min(without) - distribution.step}
    return None
