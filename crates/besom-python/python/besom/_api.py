"""Read access to sweeps and runs, in the form of W&B's public API."""

from __future__ import annotations

import os
import pathlib
import warnings
from typing import Any, Optional

from besom import _artifact, _besom, _frame, _order, _organize, _place, _saved, _show, _versions
from besom._absent import ApiSummary, absent
from besom._artifact import Artifact
from besom._besom import BesomError, BestExpected
from besom._plain import merged, with_floats


def warn_of_missing_metric(store: _besom.Store, id: str) -> None:
    """Warn if no finished run of a sweep has a value of its metric."""
    missing = store.missing_metric(id)
    if missing is not None:
        warnings.warn(missing, UserWarning, stacklevel=3)


class ApiRun(_saved.Files):
    """A run in the store, as it was when it was read."""

    def __init__(self, store: _besom.Store, sweep_id: str, row: dict[str, Any]) -> None:
        self._store = store
        self._row = row
        self.sweep_id = sweep_id
        self.number: int = row["number"]
        self.id = f"{sweep_id}-{self.number}"
        self._facts: Optional[dict[str, Any]] = None
        #: The note of the search on its suggestion.
        self.note: dict[str, Any] = row["note"]
        #: ``pending``, ``running``, ``preempted``, ``finished``, ``failed``, ``crashed`` or ``killed``.
        self.state: str = row["state"]
        #: Why a stopping rule ended it, or None.
        self.stop_reason: Optional[str] = row["stop_reason"]
        #: How it ended, in words, or None.
        self.message: Optional[str] = row["message"]
        #: The kind of its failure, such as ``out_of_memory``, or None.
        self.failure: Optional[str] = row["failure"]
        #: Its best and its last finite value of the first metric, or None.
        self.best: Optional[float] = row["best"]
        self.last: Optional[float] = row["last"]

    @property
    def sweep(self) -> ApiSweep:
        """The sweep that it belongs to."""
        return ApiSweep(self._store, self.sweep_id)

    @property
    def facts(self) -> dict[str, Any]:
        """What the run and its owner have said of it: ``name``, ``tags``, ``notes``, ``config``, ``group``, ``job_type`` and others."""
        if self._facts is None:
            self._facts = self._store.facts(self.sweep_id, self.number)
        return self._facts

    @property
    def name(self) -> str:
        """The name that the run was given, or its id."""
        return str(self.facts.get("name") or self.id)

    @property
    def tags(self) -> list[str]:
        """Its tags."""
        return list(self.facts.get("tags") or [])

    @property
    def notes(self) -> Optional[str]:
        """Its notes, or None."""
        return self.facts.get("notes")

    @property
    def config(self) -> dict[str, Any]:
        """The parameters, nested as in the sweep file, and what the program has added to them."""
        return merged(self.facts.get("config", {}), with_floats(self._row["params"]))

    @property
    def summary(self) -> ApiSummary:
        """The last value of each key that the run logged, or stated in its summary."""
        summary: dict[str, Any] = {}
        for row in self._rows():
            summary.update(row)
        return ApiSummary(summary)

    summary_metrics = summary

    @property
    def created_at(self) -> str:
        """When the run was suggested: ``2026-01-31T12:00:00Z``."""
        return _time(self._row["created_ms"])

    @property
    def dir(self) -> str:
        """Its directory on the machine of its agent, the same in all attempts, where its checkpoints are."""
        found = self._store.run_directory(self.sweep_id, self.number)
        if found is None:
            raise BesomError(f"the store has no directory for the files of run {self.id}")
        return found

    @property
    def url(self) -> str:
        """The address of its directory."""
        return pathlib.Path(self.dir).as_uri()

    @property
    def path(self) -> str:
        """Its id, for :meth:`Api.run`."""
        return self.id

    def history(
        self, samples: Optional[int] = None, keys: Optional[list[str]] = None, x_axis: str = "_step", pandas: bool = False, **ignored: Any
    ) -> Any:
        """Return the rows that the run logged, oldest first: a list of dicts, or a ``pandas.DataFrame``.

        With ``keys`` only these, of the rows that have all of them; ``_step`` is the number of a row, from 0. All rows are returned:
        ``samples`` and ``x_axis``, by which W&B thins them out, make no difference.
        """
        rows = self._rows()
        if keys is not None:
            numbered = ({"_step": step, **row} for step, row in enumerate(rows))
            rows = [{key: row[key] for key in keys} for row in numbered if all(key in row for key in keys)]
        return _frame.frame(rows) if pandas else rows

    def scan_history(self, keys: Optional[list[str]] = None, **ignored: Any) -> Any:
        """Return :meth:`history` as a list."""
        return self.history(keys=keys)

    def __getattr__(self, name: str) -> Any:
        if name in ("group", "job_type"):
            return self.facts.get(name)
        if name in ("entity", "project"):
            return getattr(self.sweep, name)
        raise absent(self, name)

    def _rows(self) -> list[dict[str, Any]]:
        return self._store.rows(self.sweep_id, self.number)

    def curve(self) -> list[float]:
        """Return the logged values of the first metric; NaN where one was not a finite number."""
        return self._store.curve(self.sweep_id, self.number)

    def __repr__(self) -> str:
        return f"<Run {self.id} ({self.state})>"


def _time(milliseconds: int) -> str:
    from datetime import datetime, timezone

    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class ApiSweep:
    """A sweep in the store. Each attribute reads its present value."""

    def __init__(self, store: _besom.Store, id: str) -> None:
        self._store = store
        self.id = id
        store.sweep(id)

    @property
    def _row(self) -> dict[str, Any]:
        return self._store.sweep(self.id)

    @property
    def name(self) -> Optional[str]:
        """Its name, or None."""
        return self._row["name"]  # type: ignore[no-any-return]

    @property
    def state(self) -> str:
        """``pending``, ``running``, ``paused``, ``finished`` or ``canceled``."""
        return str(self._row["state"])

    @property
    def paused_by(self) -> Optional[str]:
        """Who has paused it, if it is paused: ``owner``, ``search``, ``stopper``, ``program`` or ``metric``."""
        return self._row["paused_by"]  # type: ignore[no-any-return]

    @property
    def config(self) -> dict[str, Any]:
        """Its configuration, with defaults filled in."""
        return self._store.config(self.id)

    @property
    def seed(self) -> int:
        """Its seed."""
        return int(self._row["seed"])

    @property
    def metric(self) -> Optional[str]:
        """The name of the first metric, or None."""
        metrics = self._row["metrics"]
        return metrics[0]["name"] if metrics else None

    @property
    def goal(self) -> str:
        """``minimize`` or ``maximize``."""
        return _show.goal(self._row)

    @property
    def entity(self) -> Optional[str]:
        """The entity that its configuration names, or None."""
        return self.config.get("entity")

    @property
    def project(self) -> Optional[str]:
        """The project that its configuration names, or None."""
        return self.config.get("project")

    def _may_be_of(self, entity: Optional[str], project: Optional[str]) -> bool:
        """Return whether it is not one of another project; who names none may be of any, as its programs name it."""
        config = self.config
        wanted = (("entity", entity), ("project", project))
        return all(value is None or config.get(key) in (None, value) for key, value in wanted)

    @property
    def expected_run_count(self) -> Optional[int]:
        """How many runs it will have, if that is known: its cap, or all points of its grid."""
        return self._store.planned(self.id)

    @property
    def order(self) -> Optional[str]:
        """What its runs are ordered by, for :meth:`Api.runs`: ``+summary_metrics.loss``, say; None without a metric."""
        sign = "-" if self.goal == "maximize" else "+"
        return None if self.metric is None else f"{sign}summary_metrics.{self.metric}"

    @property
    def runs(self) -> list[ApiRun]:
        """All runs, by number."""
        return self._runs("number")

    def _runs(self, order: str, limit: Optional[int] = None) -> list[ApiRun]:
        return [ApiRun(self._store, self.id, row) for row in self._store.runs(self.id, order, limit)]

    @property
    def metrics(self) -> list[str]:
        """The names of all metrics."""
        return [metric["name"] for metric in self._row["metrics"]]

    def front(self) -> list[ApiRun]:
        """Return the finished runs that no other finished one beats, the best of the first metric first.

        A run beats another if it is better in one metric and no worse in any. Runs count with their last values; one that is worse
        than a ``threshold`` is not on the front. It is empty while no run has finished with a value of each metric; of a sweep
        with one metric it is :meth:`best_run`, if that has finished.
        """
        found = self._store.front(self.id)
        if found is None:
            best = self.best_run() if self.metrics else None
            return [best] if best is not None and best.state == "finished" else []
        return [ApiRun(self._store, self.id, self._store.run(self.id, on["run"])) for on in found["runs"]]

    @property
    def hypervolume(self) -> Optional[float]:
        """The volume between the front and the thresholds of the metrics, or the worst value of a metric without one: the larger, the
        better. None with fewer than two metrics, without a front, and where it takes too long, as with five metrics."""
        found = self._store.front(self.id)
        return None if found is None else found["hypervolume"]

    def best_run(self, order: Optional[str] = None) -> Optional[ApiRun]:
        """Return the run with the best value of the metric, or None. With several metrics there is a :meth:`front` instead.

        Runs that failed, crashed or were killed do not count; a running run does, and is the best so far. If there is none
        although runs have finished, a warning says what they logged instead of the metric: :attr:`missing_metric`.

        ``order``, as in :meth:`Api.runs`, chooses by another value: ``"-summary_metrics.acc"`` is the run with the highest last ``acc``.
        """
        if order is not None:
            counted = [run for run in self.runs if run.state not in ("failed", "crashed", "killed")]
            return next(iter(_order.ordered(counted, order, only_known=True)), None)
        if len(self.metrics) > 1:
            raise ValueError(
                f"sweep {self.id} has {len(self.metrics)} metrics, and so a front in place of a best run: use front(), or "
                'best_run(order="+summary_metrics.NAME") for one of them'
            )
        best = self._store.status(self.id)["best"]
        if not best:
            warn_of_missing_metric(self._store, self.id)
            return None
        return ApiRun(self._store, self.id, self._store.run(self.id, best["run"]))

    def best_expected(self) -> Optional[BestExpected]:
        """Return the run with the best expected value, where the values of runs are noisy, or None.

        With noise, :meth:`best_run` is also the luckiest one. A model of the finished runs predicts the value of each without its
        noise; this is the run with the best of these: its number (``run``), the expected value (``value``), the standard deviation
        of that (``sd``) and that of the noise (``noise_sd``). It is None where no noise is found, with fewer than ten finished
        runs, and where all parameters are categories.
        """
        return self._store.best_expected(self.id)

    @property
    def missing_metric(self) -> Optional[str]:
        """Why no finished run has a value of the metric, or None."""
        return self._store.missing_metric(self.id)

    @property
    def status(self) -> dict[str, Any]:
        """The counts of runs by state, the runs stopped early, the best run, and the number of live agents."""
        status = self._store.status(self.id)
        return {**status, "counts": dict(status["counts"])}

    def to_pandas(self) -> Any:
        """Return a ``pandas.DataFrame`` with one row per run.

        With several metrics, ``front`` (whether the run is on it) stands in place of ``best`` and ``last``. Columns are ``run``, ``state``, ``stopped`` (a stopping rule ended it), ``stop_reason``, ``failure`` (its kind), ``best``,
        ``last``, ``created``, ``started`` and ``ended``, then the parameters, then the last value of each key logged. A parameter of the name of an
        earlier column becomes ``config.NAME``, a key ``summary.NAME``.
        """
        runs = [(run, _show.flat(with_floats(run._row["params"]))) for run in self.runs]
        # All of them, because a parameter with a condition is missing in some runs.
        names = dict.fromkeys(name for _, params in runs for name in params)
        found = self._store.front(self.id)
        front = None if found is None else {on["run"] for on in found["runs"]}
        rows = [self._pandas_row(run, {name: params.get(name) for name in names}, front) for run, params in runs]
        frame = _frame.frame(rows)
        for name in ("created", "started", "ended"):
            if name in frame:
                frame[name] = _frame.pandas().to_datetime(frame[name], unit="ms", utc=True)
        return frame

    def _pandas_row(self, run: ApiRun, params: dict[str, Any], front: Optional[set[int]]) -> dict[str, Any]:
        given = run._row
        merit = {"best": run.best, "last": run.last} if front is None else {"front": run.number in front}
        row = {
            "run": run.number,
            "state": run.state,
            "stopped": given["stop_kind"] == "early" and run.state == "finished",
            "stop_reason": run.stop_reason,
            "failure": run.failure,
            **merit,
            "created": given["created_ms"],
            "started": given["started_ms"],
            "ended": given["ended_ms"],
        }
        fixed = set(row)
        row.update((f"config.{name}" if name in fixed else name, value) for name, value in params.items())
        for logged in self._store.logged(self.id, run.number):
            key = logged["key"]
            name = f"summary.{key}" if key in fixed or key in params else key
            row[name] = with_floats(logged["last"])
        return row

    def pause(self) -> None:
        """Pause the sweep: start no new runs until it is resumed."""
        self._set("paused")

    def resume(self) -> None:
        """Resume the sweep after a pause."""
        self._set("running")

    def stop(self) -> None:
        """Stop starting runs; let running ones finish."""
        self._set("finished")

    def cancel(self) -> None:
        """Cancel the sweep and end its running runs."""
        self._set("canceled")

    @property
    def agents(self) -> list[dict[str, Any]]:
        """All agents that ever worked on it: dicts of ``name``, ``run``, ``seen_ms``, ``alive``, ``draining`` and ``left``."""
        keys = ("name", "run", "seen_ms", "alive", "draining", "left")
        return [{key: agent[key] for key in keys} for agent in self._store.agents(self.id)]

    def drain(self, *agents: str) -> list[str]:
        """Let agents finish their runs and exit, and start no other; return the names of those that do.

        Each argument is the ``name`` of an agent, or its beginning up to a slash: a host, or a host and process
        (``ada/1234``), means all agents there.
        """
        if not agents:
            raise ValueError("drain() needs the name of an agent; ApiSweep.agents has them")
        meant = _besom.Store(self._store.name, write=True).drain(self.id, [str(agent) for agent in agents])
        return [agent["name"] for agent in meant if not agent["left"]]

    def extend(self, n: int) -> int:
        """Allow ``n`` more runs; see :func:`besom.extend`."""
        return _organize.extend_in(self._store.name, self.id, n)

    def remove(self, force: bool = False) -> None:
        """Remove the sweep with all of its runs; see :func:`besom.remove`."""
        _organize.remove_in(self._store.name, self.id, force)

    def _set(self, state: str) -> None:
        _besom.Store(self._store.name, write=True).set_state(self.id, state)

    def __getattr__(self, name: str) -> Any:
        raise absent(self, name)

    def _subject(self) -> Any:
        from besom import _picture

        return _picture.stored(self._store, self.id)

    def _repr_html_(self) -> str:
        from besom import _picture

        return _picture.html(self)

    def __repr__(self) -> str:
        return f"<Sweep {_show.status_line(self._store, self.id)}>"


class Api:
    """The sweeps of a store.

    >>> import besom
    >>> sweep_id = besom.sweep({"method": "random", "run_cap": 9, "parameters": {"x": {"min": 0.0, "max": 1.0}}})
    >>> besom.Api().sweep(sweep_id).state
    'pending'
    """

    def __init__(self, store: Any = None, **ignored: Any) -> None:
        # W&B's first argument are settings of its client.
        self._directory: str = os.fspath(store) if isinstance(store, (str, os.PathLike)) else _place.store_name()
        self._opened: Optional[_besom.Store] = None

    #: What stands before the id of a sweep in paths of W&B; it makes no difference.
    default_entity = "local"

    def artifact(self, name: str, type: Optional[str] = None) -> Artifact:
        """Return the version of an artifact that ``[ENTITY/PROJECT/]NAME[:ALIAS]`` names; reading it is an error if there is none."""
        return _artifact.use(name, type)

    def artifact_versions(self, type_name: Optional[str], name: Optional[str] = None, *given: Any, **ignored: Any) -> list[Artifact]:
        """Return all versions of an artifact, newest first."""
        whole = _versions.parsed(name or "")[0]
        return [_artifact.use(f"{whole}:v{number}") for number in reversed(_versions.versions(whole))]

    artifacts = artifact_versions

    def __getattr__(self, name: str) -> Any:
        raise absent(self, name)

    @property
    def _store(self) -> _besom.Store:
        # A store exists once it holds a sweep, so it is opened as late as possible.
        if self._opened is None:
            self._opened = _besom.Store(self._directory)
        return self._opened

    def sweep(self, path: str) -> ApiSweep:
        """Return the sweep with this id; ``entity/project/id`` is ``id``."""
        return ApiSweep(self._store, _place.sweep_id(path))

    def sweeps(self) -> list[ApiSweep]:
        """Return all sweeps, oldest first."""
        return [ApiSweep(self._store, row["id"]) for row in self._store.sweeps()]

    def runs(
        self, path: Optional[str] = None, filters: Optional[dict[str, Any]] = None, order: str = "+created_at", **ignored: Any
    ) -> list[ApiRun]:
        """Return the runs of all sweeps, oldest first; with the ``path`` of a project (``entity/project``), without those of sweeps whose
        configuration names another.

        ``filters`` are names with values that must be equal: ``state``, ``sweep``, ``name``, ``tags``, ``config.NAME`` and
        ``summary_metrics.NAME``. ``order`` is one of these names or ``created_at``, with ``+`` for ascending or ``-`` for descending.
        """
        wanted = _place.project(path)
        runs = [run for sweep in self.sweeps() if path is None or sweep._may_be_of(*wanted) for run in sweep.runs]
        return _order.ordered([run for run in runs if _order.passes(run, filters or {})], order)

    def run(self, path: str) -> ApiRun:
        """Return the run with this id, ``SWEEP-NUMBER``."""
        sweep, _, number = _place.sweep_id(path).rpartition("-")
        if not number.isdigit():
            raise ValueError(f"the id of a run must be SWEEP-NUMBER, got {path!r}")
        return ApiRun(self._store, sweep, self._store.run(sweep, int(number)))
