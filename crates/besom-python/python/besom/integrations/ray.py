"""besom's search methods and stopping rules for Ray Tune: many machines, for those who have a Ray cluster.

::

    from ray import tune
    from besom.integrations.ray import BesomSearch, BesomStopper

    config = {"method": "bayes", "metric": {"name": "loss"}, "parameters": {"lr": {"min": 0.001, "max": 0.1}}}
    rule = {"type": "hyperband", "min_iter": 3}
    tuner = tune.Tuner(
        train,
        tune_config=tune.TuneConfig(
            search_alg=BesomSearch(config, seed=1), scheduler=BesomStopper("loss", "min", rule), num_samples=50
        ),
    )

Both record a list of all calls, which is saved with Ray's checkpoints. ``Tuner.restore`` replays it, and by besom's laws
the suggestions are the same.
"""

from __future__ import annotations

import pickle
import random
from collections.abc import Mapping
from typing import Any, Optional

from ray.tune.result import TRAINING_ITERATION
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from besom._besom import BesomError, Sweep


class _Journal:
    """A sweep that can be recreated from a record of its calls."""

    def __init__(self, config: Mapping[str, Any], seed: int) -> None:
        self.config = dict(config)
        self.seed = seed
        self.entries: list[tuple[str, str, Any]] = []
        self._replay()

    def _replay(self) -> None:
        self._sweep = Sweep(self.config, self.seed)
        self._runs: dict[str, Any] = {}
        self._steps: dict[str, int] = {}
        entries, self.entries = self.entries, []
        for what, trial, value in entries:
            getattr(self, what)(trial, value)

    def ask(self, trial: str, _: Any = None) -> Optional[dict[str, Any]]:
        """Return the parameters for a trial; None if there are none now."""
        run = self._sweep.ask()
        self.entries.append(("ask", trial, None))
        if run is None:
            return None
        self._runs[trial] = run
        return dict(run.params)

    def report(self, trial: str, reported: tuple[Any, Optional[int]]) -> bool:
        """Report a value of a trial and its step, if that is known; return whether the stopping rule would stop it.

        A trial that begins anew after a failure comes to the same steps again: what it reported first counts.
        """
        value, step = reported
        last = self._steps.get(trial, 0)
        if trial not in self._runs or (step is not None and step <= last):
            return False
        self._steps[trial] = last + 1 if step is None else step
        self.entries.append(("report", trial, reported))
        return self._sweep.report(self._runs[trial], value)

    def end(self, trial: str, state: Any) -> None:
        """Record the end of a trial; ignore a second end."""
        run = self._runs.pop(trial, None)
        if run is not None:
            self.entries.append(("end", trial, state))
            self._sweep.tell(run, state=state)

    @property
    def done(self) -> bool:
        return self._sweep.done

    def __getstate__(self) -> dict[str, Any]:
        return {"config": self.config, "seed": self.seed, "entries": self.entries}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._replay()


class BesomSearch(Searcher):  # type: ignore[misc,unused-ignore]
    """A Tune searcher that uses a search method of besom.

    ``config`` is a sweep configuration: ``method``, ``parameters``, ``metric`` and optionally ``run_cap``. Without a metric
    in the configuration, metric and mode of the ``TuneConfig`` are used. ``seed`` makes the suggestions repeatable; one is drawn if
    it is not given. A parameter with a condition (``when``) is in the config of a trial only where it exists: read it by
    ``config.get("momentum")``.
    """

    _metric: Optional[str]
    _mode: Optional[str]

    def __init__(self, config: Mapping[str, Any], *, seed: Optional[int] = None) -> None:
        metric = config.get("metric") or {}
        name = metric.get("name") if isinstance(metric, Mapping) else str(metric)
        goal = metric.get("goal", "minimize") if isinstance(metric, Mapping) else "minimize"
        super().__init__(metric=name, mode="max" if goal == "maximize" else "min")
        self._journal = _Journal(config, random.getrandbits(32) if seed is None else seed)

    def set_search_properties(self, metric: Optional[str], mode: Optional[str], config: dict[str, Any], **spec: Any) -> bool:
        """Set the metric of the tuner. The search space must come from the sweep's configuration, not from Tune."""
        if config:
            return False
        if metric and (metric, mode or "min") != (self._metric, self._mode):
            if self._metric is not None:
                raise BesomError(
                    f"the sweep has {self._mode} of '{self._metric}', the TuneConfig {mode} of '{metric}'; set only one of them"
                )
            self._metric, self._mode = metric, mode or "min"
            goal = "maximize" if self._mode == "max" else "minimize"
            self._journal = _Journal({**self._journal.config, "metric": {"name": metric, "goal": goal}}, self._journal.seed)
        return True

    def suggest(self, trial_id: str) -> Any:
        """Return the parameters of a trial; FINISHED when the search is exhausted."""
        params = self._journal.ask(trial_id)
        if params is not None:
            return params
        # None while runs are open may mean "later"; with none open it means "never".
        return None if self._journal._runs else Searcher.FINISHED

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Record a value of the metric."""
        if self._metric in result:
            self._journal.report(trial_id, (result[self._metric], result.get(TRAINING_ITERATION)))

    def on_trial_complete(self, trial_id: str, result: Optional[dict[str, Any]] = None, error: bool = False) -> None:
        """Record the end of a trial."""
        self._journal.end(trial_id, "failed" if error else "finished")

    def save(self, checkpoint_path: str) -> None:
        """Write the record."""
        with open(checkpoint_path, "wb") as file:
            pickle.dump((self._metric, self._mode, self._journal), file)

    def restore(self, checkpoint_path: str) -> None:
        """Read the record."""
        with open(checkpoint_path, "rb") as file:
            self._metric, self._mode, self._journal = pickle.load(file)


class BesomStopper(FIFOScheduler):  # type: ignore[misc,unused-ignore]
    """A Tune scheduler that stops trials by a stopping rule of besom (``early_terminate`` of a sweep file).

    ``metric`` and ``mode`` are those of the results; a result is a step, and one that a trial repeats after a failure counts once.
    """

    def __init__(
        self, metric: Optional[str] = None, mode: Optional[str] = None, early_terminate: Optional[Mapping[str, Any]] = None
    ) -> None:
        super().__init__()
        self._rule = dict(early_terminate or {"type": "envelope"})
        self._mode = mode
        self._metric = metric
        self._journal: Optional[_Journal] = None
        if metric is not None:
            self._begin()

    def _begin(self) -> None:
        goal = "maximize" if self._mode == "max" else "minimize"
        # The rule sees only curves: the parameters make no difference.
        config = {"method": "random", "parameters": {"trial": {"min": 0.0, "max": 1.0}}}
        config |= {"metric": {"name": self._metric, "goal": goal}, "early_terminate": self._rule}
        self._journal = _Journal(config, 0)

    def set_search_properties(self, metric: Optional[str], mode: Optional[str], **spec: Any) -> bool:
        """Set the metric of the tuner if none was given."""
        if self._metric is not None and metric is not None and metric != self._metric:
            return False
        if self._journal is None or (mode is not None and self._mode is None):
            self._metric, self._mode = metric or self._metric, mode or self._mode
            if self._metric is None:
                return False
            self._begin()
        return True

    def _begun(self) -> _Journal:
        if self._journal is None:
            raise BesomError("BesomStopper requires a metric: pass it here or in the TuneConfig")
        return self._journal

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        """Begin a trial."""
        if trial.trial_id not in self._begun()._runs:
            self._begun().ask(trial.trial_id)

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """Report a result; return whether the trial continues or stops."""
        if self._metric not in result:
            return str(TrialScheduler.CONTINUE)
        stop = self._begun().report(trial.trial_id, (result[self._metric], result.get(TRAINING_ITERATION)))
        return str(TrialScheduler.STOP if stop else TrialScheduler.CONTINUE)

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        """Record that a trial finished."""
        self._begun().end(trial.trial_id, "finished")

    def on_trial_error(self, tune_controller: Any, trial: Any) -> None:
        """Record that a trial failed."""
        self._begun().end(trial.trial_id, "failed")

    def on_trial_remove(self, tune_controller: Any, trial: Any) -> None:
        """Record that a trial was removed."""
        self._begun().end(trial.trial_id, "killed")

    def debug_string(self) -> str:
        """Return a line for Tune's status."""
        return f"besom stopping by {self._rule['type']}"

    def save(self, checkpoint_path: str) -> None:
        """Write the record."""
        with open(checkpoint_path, "wb") as file:
            pickle.dump((self._metric, self._mode, self._rule, self._journal), file)

    def restore(self, checkpoint_path: str) -> None:
        """Read the record."""
        with open(checkpoint_path, "rb") as file:
            self._metric, self._mode, self._rule, self._journal = pickle.load(file)
