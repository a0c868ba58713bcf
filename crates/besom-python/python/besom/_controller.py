"""The controller of a sweep: the loop that suggests runs and stops them, as a call or by hand."""

from __future__ import annotations

import inspect
import threading
import time
import warnings
from collections.abc import Mapping
from typing import Any, Callable, Optional, Union

from besom import _algorithms, _besom, _client, _place, _show, _sweep
from besom._besom import BesomError

#: The longest time in seconds that `search` waits for a run to schedule, so that a loop around it does not spin.
SEARCH_TIMEOUT = 2.0
#: Seconds between the steps of `run`: soon enough for short runs, at little cost to the store.
STEP_INTERVAL = 0.2
#: The longest time in seconds that `run` waits for its agents when it is interrupted.
GRACE = 2.0


class Params(dict):  # type: ignore[type-arg]
    """The parameters of a run to schedule, from `Controller.search`.

    ``number`` is the number that the run will have, ``note`` the note of the search. You may change the parameters before
    you schedule the run.
    """

    def __init__(self, values: Mapping[str, Any], number: int, note: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.number = number
        self.note = dict(note)
        self._as_found = dict(values)

    @property
    def config(self) -> dict[str, Any]:
        """The parameters in W&B's form: ``{"lr": {"value": 0.1}}``."""
        return {name: {"value": value} for name, value in self.items()}


class Controller:
    """The controller of a sweep.

    ``Controller(id)`` controls an existing sweep; ``Controller(config)``, or ``Controller()`` with the ``configure_...``
    methods, creates one. ``run()`` does everything, ``step()`` one step of it; ``search``, ``schedule``, ``stopping`` and
    ``stop_runs`` are the parts of a step.

    A controller does not execute runs: agents do, in this process (``besom.agent`` in a thread), in a shell
    (``besom agent ID``), or with ``run(agents=4)``.
    """

    def __init__(
        self,
        sweep_id_or_config: Union[str, Mapping[str, Any], None] = None,
        entity: Optional[str] = None,
        project: Optional[str] = None,
        *,
        seed: Optional[int] = None,
    ) -> None:
        self._config: dict[str, Any] = {}
        self._search: Any = None
        self._stopper: Any = None
        self._seed = seed
        self._sweep_id: Optional[str] = None
        self._controller: Optional[_besom.Controller] = None
        self._store: Optional[_besom.Store] = None
        self._actions: list[str] = []
        self._printed = 0
        if isinstance(sweep_id_or_config, str):
            self._sweep_id = _place.sweep_id(sweep_id_or_config)
            self._open()
        else:
            self._config = _sweep.with_owner(sweep_id_or_config or {}, entity, project)

    # Configuration

    @property
    def sweep_config(self) -> dict[str, Any]:
        """The configuration: as given, or as stored with defaults filled in."""
        if self._sweep_id is None:
            return dict(self._config)
        return self._opened_store().config(self._sweep_id)

    @property
    def sweep_id(self) -> str:
        """The id of the sweep, which is created if it does not exist yet."""
        return self._sweep_id or self.create()

    def configure(self, sweep_config: Mapping[str, Any]) -> None:
        """Set all keys of a configuration."""
        self._configurable()
        self._config.update(sweep_config)

    def configure_search(self, search: Any, **options: Any) -> None:
        """Set the search method: ``"bayes"``, a class of :mod:`besom.sweeps`, or your own algorithm.

        An algorithm is a class or object with ``suggest(ask)``, or a function of ``ask``. On an existing sweep it replaces
        the method of the sweep in this controller.
        """
        own = not isinstance(search, (str, Mapping)) and not hasattr(search, "_besom_name")
        if not own:
            self._configurable()
            if not isinstance(search, (str, Mapping)):
                search, options = search._besom_name, {**getattr(search, "options", {}), **options}
            self._config["method"] = {"name": search, **options} if options else search
            return
        self._not_begun("configure_search")
        _algorithms.checked(search, "suggest")
        self._search = search
        self._config["method"] = {"name": _name_of(search), **options}
        self._own()

    def configure_stopping(self, stopping: Any, **options: Any) -> None:
        """Set the stopping rule: ``"hyperband"``, a class of :mod:`besom.sweeps`, or your own rule.

        A rule is a class or object with ``stop(problem, history)``, or a function of the two.
        """
        own = not isinstance(stopping, (str, Mapping)) and not hasattr(stopping, "_besom_name")
        if not own:
            self._configurable()
            if not isinstance(stopping, (str, Mapping)):
                stopping, options = stopping._besom_name, {**getattr(stopping, "options", {}), **options}
            rule = dict(stopping) if isinstance(stopping, Mapping) else {"type": stopping}
            self._config["early_terminate"] = {**rule, **options}
            return
        self._not_begun("configure_stopping")
        _algorithms.checked(stopping, "stop")
        self._stopper = stopping
        self._config["early_terminate"] = {"type": _name_of(stopping), **options}
        self._own()

    def _own(self) -> None:
        # Agents elsewhere do not have this algorithm: only this process can step the sweep.
        self._config.setdefault("controller", {"type": "local"})
        if self._sweep_id is not None:
            self._open()

    def configure_metric(self, metric: Union[str, Mapping[str, Any]], goal: Optional[str] = None) -> None:
        """Set the metric to optimize and its goal (``"minimize"`` by default)."""
        self._configurable()
        named = dict(metric) if isinstance(metric, Mapping) else {"name": metric}
        self._config["metric"] = {**named, **_place.optional_name(goal, "goal")}
        self._config.pop("metrics", None)

    def configure_metrics(self, *metrics: Union[str, Mapping[str, Any]]) -> None:
        """Set several metrics, of which the sweep finds the front: names of metrics to minimize, or dicts of ``name``, ``goal`` and others."""
        self._configurable()
        self._config["metrics"] = [dict(metric) if isinstance(metric, Mapping) else {"name": metric} for metric in metrics]
        self._config.pop("metric", None)

    def configure_program(self, program: str) -> None:
        """Set the program that agents execute."""
        self._configurable()
        self._config["program"] = program

    def configure_name(self, name: str) -> None:
        """Set the name of the sweep."""
        self._configurable()
        self._config["name"] = name

    def configure_description(self, description: str) -> None:
        """Set the description of the sweep."""
        self._configurable()
        self._config["description"] = description

    def configure_controller(self, type: str) -> None:
        """Set what steps the sweep: ``"local"`` for this controller only, ``"cloud"`` (W&B's word) for idle agents too."""
        self._configurable()
        self._config["controller"] = {"type": type}

    def configure_parameter(
        self,
        name: str,
        values: Optional[list[Any]] = None,
        value: Any = None,
        distribution: Optional[str] = None,
        min: Optional[float] = None,
        max: Optional[float] = None,
        mu: Optional[float] = None,
        sigma: Optional[float] = None,
        q: Optional[float] = None,
        a: Optional[float] = None,
        b: Optional[float] = None,
        probabilities: Optional[list[float]] = None,
        when: Any = None,
    ) -> None:
        """Add a parameter, with the keys of a sweep file; ``when={"optimizer": "sgd"}`` says under which condition it exists."""
        self._configurable()
        given = {
            "values": values, "value": value, "distribution": distribution, "min": min, "max": max,
            "mu": mu, "sigma": sigma, "q": q, "a": a, "b": b, "probabilities": probabilities, "when": when,
        }  # fmt: skip
        parameter = {key: given for key, given in given.items() if given is not None}
        self._config.setdefault("parameters", {})[name] = parameter

    def configure_parameter_constraints(self, *constraints: str) -> None:
        """Set what all parameters must keep, such as ``"warmup < epochs"``; without any, remove what was set."""
        self._configurable()
        self._config.pop("parameter_constraints", None)
        if constraints:
            self._config["parameter_constraints"] = list(constraints)

    def create(self) -> str:
        """Create the sweep and return its id.

        Raises :class:`besom.ConfigError` with all problems of the configuration.
        """
        self._configurable()
        if "early_terminate" in self._config and not {"metric", "metrics"} & set(self._config):
            warnings.warn("no metric is configured: the stopping rule looks at 'loss'; see configure_metric", stacklevel=2)
            self._config["metric"] = {"name": "loss", "goal": "minimize"}
        own = [_name_of(algorithm) for algorithm in (self._search, self._stopper) if algorithm is not None]
        self._sweep_id = _sweep.create(
            self._config, seed=self._seed, search=self._search, stopper=self._stopper, own=own
        )
        self._open()
        return self._sweep_id

    def _configurable(self) -> None:
        if self._sweep_id is not None:
            raise BesomError(f"sweep {self._sweep_id} already exists; its configuration cannot be changed")

    def _not_begun(self, what: str) -> None:
        if self._sweep_id is not None and self._actions:
            raise BesomError(f"{what} must be called before the first step")

    def _open(self) -> None:
        assert self._sweep_id is not None
        self._controller = _besom.Controller(
            _place.store_name(), self._sweep_id, search=self._search, stopper=self._stopper
        )
        self._store = _besom.Store(_place.store_name())

    def _opened(self) -> _besom.Controller:
        if self._controller is None:
            self.create()
        assert self._controller is not None
        return self._controller

    def _opened_store(self) -> _besom.Store:
        self._opened()
        assert self._store is not None
        return self._store

    # The loop

    def run(
        self,
        verbose: Optional[bool] = None,
        print_status: bool = True,
        print_actions: bool = False,
        print_debug: bool = False,
        *,
        agents: int = 0,
        function: Optional[Callable[[], Any]] = None,
    ) -> None:
        """Step the sweep until it finishes, and print its status whenever it changes.

        ``agents=4`` starts four agents in this process that execute the sweep's program, or call ``function``.
        """
        self._opened()
        crew = _Crew(self.sweep_id, agents, function) if agents else None
        printed = ""
        try:
            while not self.done():
                self.step()
                printed = self._report(printed, print_status or bool(verbose), print_actions or bool(verbose), print_debug)
                if crew is not None and crew.left():
                    break
                time.sleep(STEP_INTERVAL)
        except BaseException:
            if crew is not None:
                crew.break_off()
            raise
        if crew is not None:
            crew.end()
        self._report(printed, print_status, print_actions, print_debug)

    def _report(self, printed: str, status: bool, actions: bool, debug: bool) -> str:
        if actions:
            self.print_actions()
        if debug:
            self.print_debug()
        if not status:
            return printed
        now = self._status_line()
        if now != printed:
            print(now, flush=True)
        return now

    def step(self) -> None:
        """Do one step: stop runs by the stopping rule, and add runs for agents without one."""
        found = self._opened().step()
        if not self._actions or self._actions[-1] != found:
            self._actions.append(found)

    def search(self) -> Optional[Params]:
        """Return the parameters of the next run to schedule, or None if no run is needed now.

        Waits up to two seconds before it returns None, so that a loop around it does not spin.
        """
        found = self._opened().search(SEARCH_TIMEOUT)
        return None if found is None else Params(found[1], found[0], found[2])

    def schedule(self, params: Optional[Mapping[str, Any]]) -> Optional[int]:
        """Add a run with these parameters and return its number; do nothing for None.

        A run from :meth:`search` that another controller has added meanwhile is not added twice.
        """
        if params is None:
            return None
        found = isinstance(params, Params) and dict(params) == params._as_found
        number = params.number if found and isinstance(params, Params) else None
        note = params.note if isinstance(params, Params) else {}
        added = self._opened().schedule(dict(params), note, number)
        if added is not None:
            self._actions.append(f"scheduled {dict(params)}")
        return added

    def stopping(self) -> dict[int, str]:
        """Return the numbers of the runs that the stopping rule would stop, with its reasons."""
        return dict(self._opened().stopping())

    def stop_runs(self, runs: Any) -> None:
        """Stop runs early: numbers, or numbers with reasons as :meth:`stopping` returns them."""
        pairs = runs.items() if isinstance(runs, Mapping) else [(run, "stopped by hand") for run in runs]
        numbers: list[tuple[Any, Any]] = [(getattr(run, "number", run), reason) for run, reason in pairs]
        stops = [(int(run), str(reason)) for run, reason in numbers]
        if stops:
            self._opened().stop_runs(stops)
            self._actions.extend(f"stopped run {run}: {reason}" for run, reason in stops)

    def done(self) -> bool:
        """Return whether the sweep has finished and all its runs have ended."""
        return self._opened().done()

    # Display

    def _status_line(self) -> str:
        return _show.status_line(self._opened_store(), self.sweep_id)

    def print_status(self) -> None:
        """Print the status of the sweep in one line."""
        print(self._status_line(), flush=True)

    def print_actions(self) -> None:
        """Print what this controller did since the last call."""
        for action in self._actions[self._printed :]:
            print(f"  {action}")
        # The last one stays, for `step` to compare with.
        self._actions = self._actions[-1:]
        self._printed = len(self._actions)

    def print_space(self) -> None:
        """Print the parameters of the sweep."""
        print(_show.space(self.sweep_config), flush=True)

    def print_summary(self) -> None:
        """Print the best runs."""
        print(_show.summary(self._opened_store(), self.sweep_id), flush=True)

    def print_debug(self) -> None:
        """Print the agents of the sweep and what its stopping rule sees."""
        print(_show.debug(self._opened_store(), self.sweep_id, self._opened().show_stopping()), flush=True)

    def _subject(self) -> Any:
        from besom import _picture

        return _picture.stored(self._opened_store(), self.sweep_id)

    def _repr_html_(self) -> str:
        from besom import _picture

        return _picture.html(self)

    def __repr__(self) -> str:
        return f"Controller({self._sweep_id!r})" if self._sweep_id else f"Controller({self._config!r})"


class _Crew:
    """Agents in threads of this process."""

    def __init__(self, sweep_id: str, agents: int, function: Optional[Callable[[], Any]]) -> None:
        self._shutdown = _besom.Shutdown()
        self._error: Optional[BaseException] = None
        # A daemon: a function that sleeps for an hour must not keep the process from exiting.
        self._thread = threading.Thread(
            target=self._work, args=(sweep_id, agents, function), name="besom-agents", daemon=True
        )
        self._thread.start()

    def _work(self, sweep_id: str, agents: int, function: Optional[Callable[[], Any]]) -> None:
        store, supervisor = _place.store_name(), _place.supervisor()
        try:
            with _client.held("auto", function) as wandb:
                _besom.run_agents(
                    store,
                    sweep_id,
                    function,
                    jobs=agents,
                    supervisor=supervisor,
                    steps=False,
                    shutdown=self._shutdown,
                    wandb=wandb,
                    imports_wandb=_client.seems_used(function),
                )
        except BaseException as error:
            self._error = error

    def left(self) -> bool:
        return not self._thread.is_alive()

    def end(self) -> None:
        """Wait for the agents, which leave when the sweep finishes."""
        self._thread.join()
        if self._error is not None:
            raise self._error

    def break_off(self) -> None:
        """Make the agents give back their runs and leave, and wait for them briefly."""
        from besom import _active

        self._shutdown.terminate()
        _active.interrupt_functions()
        self._thread.join(GRACE)


def _name_of(algorithm: Any) -> str:
    named = algorithm if inspect.isclass(algorithm) or inspect.isroutine(algorithm) else type(algorithm)
    return str(getattr(named, "__name__", "own")).strip("<>")


def controller(
    sweep_id_or_config: Union[str, Mapping[str, Any], None] = None,
    entity: Optional[str] = None,
    project: Optional[str] = None,
    *,
    seed: Optional[int] = None,
) -> Controller:
    """Return the :class:`Controller` of an existing sweep, or of one to create."""
    return Controller(sweep_id_or_config, entity, project, seed=seed)
