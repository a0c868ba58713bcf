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
import zlib
from collections.abc import Mapping
from typing import Any, Optional

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.search_space import IntersectionSearchSpace
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from besom import _besom

#: The states of runs that correspond to Optuna's. Waiting trials have no parameters yet.
_STATES = {
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "finished",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
}


class BesomSampler(optuna.samplers.BaseSampler):  # type: ignore[misc,unused-ignore]
    """A sampler that uses a search method of besom.

    ``method`` is ``bayes`` (the default), ``tpe``, ``sobol``, ``random``, ``grid``, ``auto`` or a name registered with
    :func:`besom.register_search`; not ``cma-es``, which learns from the notes of its runs, since a study does not keep
    them.

    The sampler keeps no state but its seed: its suggestions are a function of the study's trials, so any number of
    processes may share a study. Parameters that some trials lack are drawn at random, as by Optuna's own samplers.
    """

    def __init__(self, method: str = "bayes", *, seed: Optional[int] = None) -> None:
        if method == "cma-es":
            raise ValueError("cma-es requires the notes of its runs, which a study does not keep; use optuna.samplers.CmaEsSampler")
        self._method = method
        self._seed = random.getrandbits(32) if seed is None else seed
        self._space = IntersectionSearchSpace(include_pruned=True)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the parameters that all trials have so far."""
        space: dict[str, BaseDistribution] = self._space.calculate(study)
        return {name: distribution for name, distribution in space.items() if not distribution.single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return a suggestion of the search method for all of these parameters."""
        if not search_space:
            return {}
        if len(study.directions) > 1:
            raise ValueError("besom optimizes one metric; this study has several objectives")
        goal = "maximize" if study.direction == StudyDirection.MAXIMIZE else "minimize"
        trials = [t for t in study.get_trials(deepcopy=False) if t.number < trial.number or t.state.is_finished()]
        runs = [_run(t, search_space) for t in trials if t.state in _STATES and t.number != trial.number]
        config = {
            "method": self._method,
            "metric": {"name": "value", "goal": goal},
            "parameters": {name: _parameter(distribution) for name, distribution in search_space.items()},
        }
        found = _besom.next_runs(config, runs, 1, self._seed)
        if not found or found[0] is None:
            # The grid is exhausted: Optuna draws the parameters independently, at random.
            return {}
        suggested, _ = found[0]
        return {name: _external(search_space[name], suggested[name]["value"]) for name in search_space}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return a value at random."""
        config = {"method": "random", "parameters": {param_name: _parameter(param_distribution)}}
        seed = zlib.crc32(f"{self._seed}/{trial.number}/{param_name}".encode())
        (found,) = _besom.next_runs(config, [], 1, seed)
        assert found is not None, "a random search never ends"
        return _external(param_distribution, found[0][param_name]["value"])

    def reseed_rng(self) -> None:
        """Do nothing: suggestions are a function of seed and trials."""


def _run(trial: FrozenTrial, space: Mapping[str, BaseDistribution]) -> dict[str, Any]:
    """Return a trial in the form of a run of W&B's engine."""
    values = [trial.intermediate_values[step] for step in sorted(trial.intermediate_values)]
    if trial.state == TrialState.COMPLETE and trial.value is not None:
        # Optuna ranks a complete trial by its objective value, not by intermediate ones.
        values = [trial.value]
    config = {name: {"value": _internal(space[name], trial.params[name])} for name in space if name in trial.params}
    return {
        "name": str(trial.number), "state": _STATES[trial.state], "config": config,
        "history": [{"value": value} for value in values], "summary_metrics": {},
    }  # fmt: skip


def _parameter(distribution: BaseDistribution) -> dict[str, Any]:
    """Return a distribution as a parameter of a sweep file. Steps and choices become their indices."""
    if isinstance(distribution, CategoricalDistribution):
        return {"values": list(range(len(distribution.choices)))}
    if not isinstance(distribution, (FloatDistribution, IntDistribution)):
        raise ValueError(f"besom does not support the distribution {distribution}")
    low, high = distribution.low, distribution.high
    if low == high:
        return {"value": 0 if _is_stepped(distribution) else low}
    if _is_stepped(distribution):
        assert distribution.step is not None
        return {"distribution": "int_uniform", "min": 0, "max": round((high - low) / distribution.step)}
    if isinstance(distribution, IntDistribution):
        if distribution.log:
            return {"distribution": "q_log_uniform_values", "min": low, "max": high, "q": 1}
        return {"distribution": "int_uniform", "min": low, "max": high}
    return {"distribution": "log_uniform_values" if distribution.log else "uniform", "min": float(low), "max": float(high)}


def _is_stepped(distribution: BaseDistribution) -> bool:
    if isinstance(distribution, IntDistribution):
        return bool(distribution.step != 1)
    return isinstance(distribution, FloatDistribution) and distribution.step is not None


def _external(distribution: BaseDistribution, value: Any) -> Any:
    """Convert a value of the sweep to Optuna's."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[value]
    assert isinstance(distribution, (FloatDistribution, IntDistribution))
    if _is_stepped(distribution):
        assert distribution.step is not None
        value = distribution.low + value * distribution.step
    kind = int if isinstance(distribution, IntDistribution) else float
    return kind(min(max(value, distribution.low), distribution.high))


def _internal(distribution: BaseDistribution, value: Any) -> Any:
    """Convert a value of Optuna's to the sweep's."""
    if isinstance(distribution, CategoricalDistribution):
        return int(distribution.to_internal_repr(value))
    assert isinstance(distribution, (FloatDistribution, IntDistribution))
    if _is_stepped(distribution):
        assert distribution.step is not None
        return round((value - distribution.low) / distribution.step)
    return value
