"""besom's search methods as a sampler for Optuna.

>>> import optuna
>>> from besom.integrations.optuna import BesomSampler
>>> optuna.logging.set_verbosity(optuna.logging.WARNING)
>>> study = optuna.create_study(sampler=BesomSampler("bayes", seed=1))
>>> study.optimize(lambda trial: trial.suggest_float("x", -5.0, 5.0) ** 2, n_trials=20)
>>> study.best_value < 1.0
True
"""

from __future__ import annotations

import random
import warnings
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Optional

import optuna
from optuna.distributions import BaseDistribution
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from besom import _besom
from besom.integrations._optuna_grid import Grid
from besom.integrations._optuna_space import LEARNED, Space, metrics


class BesomSampler(optuna.samplers.BaseSampler):  # type: ignore[misc,unused-ignore]
    """A sampler that uses a search method of besom.

    ``method`` is ``bayes`` (the default), ``tpe``, ``sobol``, ``random``, ``grid``, ``auto`` or a name registered with
    :func:`besom.register_search`; not ``cma-es``, which learns from the notes of its runs, since a study does not keep
    them. ``grid`` stops the study after its last point.

    The sampler keeps no state but its seed: its suggestions are a function of the study's trials, so any number of
    processes may share a study. All parameters that occur more than once are suggested together; the method knows which of
    them a trial has had (decision 65). One that is new, or that has changed its range, is drawn at random.

    Raises :class:`besom.ConfigError` for an unknown method; the first trial raises ``ValueError`` if the study has more objectives than the
    method takes.
    """

    def __init__(self, method: str = "bayes", *, seed: Optional[int] = None) -> None:
        if method == "cma-es":
            raise ValueError("cma-es requires the notes of its runs, which a study does not keep; use optuna.samplers.CmaEsSampler")
        _besom.check_config({"method": method, "metric": {"name": "value"}, "parameters": {"x": {"values": [0, 1]}}})
        self._method = method
        self._seed = random.getrandbits(32) if seed is None else seed
        self._is_warned = False

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Refuse a study with more objectives than the method takes, before anything is evaluated."""
        if len(study.directions) < 2:
            return
        try:
            _besom.check_config({"method": self._method, **metrics(goals(study)), "parameters": {"x": {"values": [0, 1]}}})
        except _besom.ConfigError:
            study.tell(trial.number, state=TrialState.FAIL)
            raise ValueError(
                f"besom's {self._method} does not take {len(study.directions)} objectives; bayes takes up to four, random, sobol and grid any number"
            ) from None

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the parameters that finished trials have, but for those whose range has changed."""
        return {} if self._method == "grid" else _known(study.get_trials(deepcopy=False))

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return a suggestion of the search method for all of these parameters, of which the trial takes those that it needs."""
        if not search_space:
            return {}
        trials = [t for t in study.get_trials(deepcopy=False) if t.number < trial.number or t.state.is_finished()]
        suggested = Space(search_space).suggest(self._method, goals(study), [t for t in trials if t.number != trial.number], self._seed)
        if suggested is None and all(_varied(t) <= search_space.keys() for t in trials if t.state in LEARNED):
            self._warn_once()
        return suggested or {}

    def _warn_once(self) -> None:
        if not self._is_warned:
            self._is_warned = True
            warnings.warn(f"{self._method} has tried every point; the next ones are drawn at random, again", stacklevel=2)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return a value at random; of a grid, that of the trial's point."""
        if self._method == "grid":
            return Grid(study.get_trials(deepcopy=False), trial).value(param_name, param_distribution)
        seed = zlib.crc32(f"{self._seed}/{trial.number}/{param_name}".encode("utf-8", "surrogatepass"))
        suggested = Space({param_name: param_distribution}).suggest("random", ["minimize"], [], seed)
        assert suggested is not None, "a random search never ends"
        return suggested[param_name]

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Optional[Sequence[float]]) -> None:
        """Stop the study if every point of the grid has been evaluated or is being evaluated."""
        if self._method == "grid" and Grid(study.get_trials(deepcopy=False), trial).is_exhausted(state):
            try:
                study.stop()
            except RuntimeError:
                # The trial was told, not optimized: whoever asks decides when to stop.
                pass

    def reseed_rng(self) -> None:
        """Do nothing: suggestions are a function of seed and trials."""


def goals(study: Study) -> list[str]:
    """Return which way each objective is better."""
    return ["maximize" if direction == StudyDirection.MAXIMIZE else "minimize" for direction in study.directions]


def _varied(trial: FrozenTrial) -> set[str]:
    """Return the parameters of a trial that could have had another value."""
    return {name for name, distribution in trial.distributions.items() if not distribution.single()}


def _known(trials: Iterable[FrozenTrial]) -> dict[str, BaseDistribution]:
    """Return the parameters that all finished trials have or at least two, but for constants and those whose range has changed.

    A parameter that only one of many trials has cannot be learned, and an objective may invent one for each trial.
    """
    finished = [trial for trial in trials if trial.state in LEARNED]
    found: dict[str, list[BaseDistribution]] = {}
    for trial in finished:
        for name, distribution in trial.distributions.items():
            found.setdefault(name, []).append(distribution)
    often = {name: all_of_it for name, all_of_it in sorted(found.items()) if len(all_of_it) >= min(2, len(finished))}
    same = {name: first for name, (first, *others) in often.items() if all(other == first for other in others)}
    return {name: distribution for name, distribution in same.items() if not distribution.single()}
