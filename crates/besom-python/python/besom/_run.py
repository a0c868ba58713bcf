"""The run that training code executes."""

from __future__ import annotations

import atexit
import contextlib
import functools
import glob
import os
import pathlib
import threading
import time
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, Optional

from besom import _active, _media, _saved, _say
from besom._besom import BesomError, RunLog, RunStopped
from besom._config import Config
from besom._plain import pass_on
from besom._summary import Summary, number_of


if TYPE_CHECKING:
    from besom._artifact import Artifact
    from besom._wandb import Settings


def _fact(name: str, doc: str, default: Any = None) -> Any:
    """A property that is kept with the run when it is set."""

    def get(run: Run) -> Any:
        return run._facts.get(name, default)

    def set(run: Run, value: Any) -> None:
        run.describe(**{name: value})

    return property(get, set, doc=doc)


def _integer(name: str, value: Any) -> int:
    """Return a value as the integer that it is, be it one of NumPy or PyTorch."""
    number = number_of(value)
    if number is None or number != int(number):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    return int(value)


def _wandb() -> Any:
    """Return the module of W&B's names, which takes longer to load than a short run needs."""
    from besom import _wandb as names

    return names


def _describe(run: Optional[Run], config: dict[str, Any]) -> None:
    if run is not None:
        run.describe(config=config)


class Run:
    """A run that this program executes.

    ``id`` is ``SWEEP-NUMBER`` (outside a sweep, a name made of time and process), ``number`` its number in the sweep from
    1, ``dir`` a directory for checkpoints that is the same in all attempts, ``summary`` the last value of each key logged; what
    is stated there counts as a last row. ``step`` is the number of the row to be logged next, from 0, or the ``step`` given last.
    """

    def __init__(
        self,
        id: str,
        config: Config,
        log: RunLog,
        directory: str,
        sweep_id: Optional[str],
        number: Optional[int],
        attempt: int = 1,
        parent: Optional[Run] = None,
    ) -> None:
        self.id = id
        self.config = config
        self.dir = directory
        self.sweep_id = sweep_id
        self.number = number
        self.attempt = attempt
        #: The run of the sweep that this one is a part of: a fold of a cross validation, say.
        self.parent = parent
        self.summary = Summary()
        self.project: Optional[str] = None
        self.entity: Optional[str] = None
        self.exit_code: Optional[int] = None
        self.step = 0
        self.start_time = time.time()
        #: Whether `init` was called, and `finish`.
        self.begun = self.finished = False
        self.is_function = False
        #: Whether its function is being called, and may be interrupted.
        self.calling = False
        self.thread = threading.get_ident()
        self._facts: dict[str, Any] = {}
        self._log = log
        self._pending: dict[str, Any] = {}
        #: Patterns and bases of files that are saved once more at the end.
        self._saved: set[tuple[str, str]] = set()
        self._group: Optional[int] = None
        self._largest_step = 0
        # Reentrant, because a signal may come while a row is written.
        self._growing = threading.RLock()
        self._waiting_since = 0.0
        self._process = os.getpid()
        # An attribute that is set is a parameter. References in a circle would keep the file open until they are collected.
        this = weakref.ref(self)
        config.listen(lambda added: _describe(this(), added))

    tags = _fact("tags", "Its tags.", ())
    notes = _fact("notes", "Its notes.")
    group = _fact("group", "Its group.")
    job_type = _fact("job_type", "What kind of job it is.")

    @property
    def name(self) -> str:
        """The name that it was given, or its id."""
        return str(self._facts.get("name") or self.id)

    @name.setter
    def name(self, name: str) -> None:
        self.describe(name=name)

    def log(
        self, data: Mapping[str, Any], step: Optional[int] = None, commit: Optional[bool] = None, sync: Optional[bool] = None
    ) -> None:
        """Log one row of metrics. When it returns, the row is in the run's file, and no crash of the process loses it.

        Rows with the same ``step`` are one row, as are rows with ``commit=False`` and the next one; rows keep the order in
        which they were logged. Of pictures and other media a row keeps a description, of a histogram its bins; a table is a
        file in the directory of the run. In a function run, raises :class:`besom.RunStopped` if the run must end.
        """
        if not isinstance(data, Mapping):
            raise TypeError(f"a row of metrics must be a dict, got {data!r}")
        if self.finished:
            raise BesomError(f"run {self.id} has been finished: log before finish(), or after another besom.init()")
        if step is not None:
            step = _integer("step", step)
        if step is None and commit is not False and not self._pending:
            self._write_row(data)
            return
        self._log_at(data, step, commit)

    def _write_row(self, data: Mapping[str, Any]) -> None:
        self.step += 1
        try:
            self._write_and_note(data)
        except TypeError:
            kept = _media.row(data, self)
            if kept:
                self._write_and_note(kept)

    def _write_and_note(self, row: Mapping[str, Any]) -> None:
        try:
            self._write(row)
        except RunStopped:
            self.summary.note(row)
            raise
        self.summary.note(row)

    def _log_at(self, data: Mapping[str, Any], step: Optional[int], commit: Optional[bool]) -> None:
        """Log values of a row that may grow."""
        data = _media.row(data, self)
        # When the row is written, whoever logged this value may be gone.
        RunLog.check_row(data)
        if step is not None and step != self._group:
            self._flush()
            self._group = self.step = step
            if step < self._largest_step:
                text = f"besom: step {step} was logged after step {self._largest_step}; rows keep the order in which they were logged"
                _say.once(text, "steps")
            self._largest_step = max(step, self._largest_step)
        self.summary.note(data)
        with self._growing:
            if not self._pending:
                self._waiting_since = time.monotonic()
            self._pending.update(data)
        if commit or (commit is None and step is None):
            self._flush()
        else:
            from besom import _pending

            _pending.watch(self)
            self._log.check()

    def _flush(self) -> None:
        with self._growing:
            row, self._pending = self._pending, {}
            if row:
                self.step += 1
                self._write(row)

    def _write(self, row: Mapping[str, Any]) -> None:
        """Write a row; a part of a sweep's run ends when that ends."""
        self._log.log(row)
        if self.parent is not None:
            self.parent._log.check()

    def _write_pending(self) -> None:
        """Write the row that waits, from any thread: only the thread of the run may be stopped."""
        with contextlib.suppress(RunStopped):
            self._flush()

    def write_summary(self) -> None:
        """Log what the program has stated in the summary, as a last row; a forked child leaves that to its parent."""
        if os.getpid() == self._process and not self.finished:
            stated = self.summary.settle()
            if stated:
                with contextlib.suppress(RunStopped):
                    pass_on(stated, self._write)

    def describe(self, **facts: Any) -> None:
        """Say something about the run besides its metrics; what is None is left out. Outside a sweep nobody would hear it."""
        known = {name: value for name, value in facts.items() if value is not None}
        self._facts.update(known)
        if known and self.number is not None:
            pass_on(known, self._log.describe)

    def define_metric(
        self,
        name: str,
        step_metric: Optional[str] = None,
        step_sync: Optional[bool] = None,
        hidden: Optional[bool] = None,
        summary: Optional[str] = None,
        goal: Optional[str] = None,
        overwrite: Optional[bool] = None,
    ) -> None:
        """Keep the minimum or another summary of a key beside its last value.

        ``summary`` is one or more of ``min``, ``max``, ``mean``, ``first``, ``last``, ``best`` (by ``goal``), ``none``; with ``min``,
        ``run.summary["loss"]["min"]`` is the minimum, which a sweep can use as its metric ``loss.min``. ``name`` may end with ``*``.
        ``step_metric`` is kept with the run; besom draws curves by row.
        """
        if summary is not None:
            self.summary.define(str(name), summary, goal)
        given = {"step_metric": step_metric and str(step_metric), "summary": summary, "goal": goal}
        self.describe(metrics={str(name): {key: value for key, value in given.items() if value is not None}})

    @property
    def url(self) -> str:
        """The address of its directory."""
        return pathlib.Path(self.dir).absolute().as_uri()

    def get_url(self) -> str:
        """Return the address of its directory."""
        return self.url

    @property
    def path(self) -> str:
        """Its id with entity and project before it, for :meth:`besom.Api.run`."""
        return "/".join(part for part in (self.entity, self.project, self.id) if part)

    #: What W&B's runs say of their pages and modes.
    sweep_url = project_url = None
    mode, offline, disabled = "offline", True, False
    starting_step = 0

    @property
    def sync_dir(self) -> str:
        """Its directory."""
        return self.dir

    @property
    def settings(self) -> Settings:
        """What W&B's settings say of a run."""
        settings: Settings = _wandb().Settings(run_id=self.id, project=self.project, entity=self.entity, mode=self.mode, sync_dir=self.dir, files_dir=self.dir)
        return settings

    def project_name(self) -> Optional[str]:
        """Return its project."""
        return self.project

    @property
    def resumed(self) -> bool:
        """Whether this is not the first attempt."""
        return self.attempt > 1

    @property
    def should_stop(self) -> bool:
        """Whether the run must end, for code that polls instead of being interrupted. A program gets SIGTERM."""
        return self._log.stop_reason is not None

    def mark_preempting(self) -> None:
        """Mark the machine as being taken away.

        If this attempt fails from now on, or exits with a code other than 0, its run is requeued without using up a retry, and
        what it logged so far counts in its later attempts.
        """
        self._log.mark_preempting()

    def mark_resumed(self) -> None:
        """Mark this attempt as going on from the checkpoint of an earlier one, whose rows count then before its own."""
        self._log.mark_resumed()

    def close(self) -> None:
        """Write what waits, and stop being the current run."""
        try:
            self.settle()
        finally:
            _active.forget(self)
            # It would keep the run, and its open file, until the process ends.
            atexit.unregister(self.settle_at_exit)

    def end(self) -> None:
        """Refuse what is logged or stated from now on, which nobody would read."""
        self.finished = True
        self.summary.close(self.id)

    def settle(self) -> None:
        """Write the row that waits and what is stated in the summary; copy the files that are saved at the end."""
        for pattern, base in sorted(self._saved):
            _saved.save(self, pattern, base)
        self._write_pending()
        self.write_summary()

    def settle_at_exit(self) -> None:
        """Settle a run that its program has not finished; a forked child leaves that to its parent."""
        if os.getpid() == self._process and not self.finished:
            self.settle()

    def finish(self, exit_code: Optional[int] = None, quiet: Optional[bool] = None) -> None:
        """Finish the run. A code other than 0 marks it failed. Nothing can be logged or stated afterwards.

        In a program the exit code of the process counts.
        """
        code = 0 if exit_code is None else _integer("exit_code", exit_code)
        try:
            self.close()
        finally:
            self.end()
            self.exit_code = code

    join = finish

    def save(self, glob_str: Any = None, base_path: Any = None, policy: str = "live") -> list[str]:
        """Copy the files of a pattern into the directory of the run, now and, unless ``policy="now"``, once more at its end; return the copies.

        A copy has the path of its file below ``base_path``, or below the working directory; a file in the directory of the run needs none.
        A failure is said, and does not end the run.
        """
        if policy not in ("live", "now", "end"):
            raise ValueError(f"policy must be 'live', 'now' or 'end', got {policy!r}")
        if glob_str is None:
            return []
        named, base = os.fsdecode(glob_str), os.path.abspath(os.fsdecode(base_path or "."))
        if policy != "now" and "://" not in named:
            # A program may change its working directory.
            self._saved.add((os.path.join(glob.escape(os.getcwd()), named), base))
        return _saved.save(self, named, base)

    def restore(self, name: str, *given: Any, **named: Any) -> Any:
        """Open a file in the directory of the run."""
        return _wandb().open_in(self.dir, name)

    def __enter__(self) -> Run:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.finish(1 if kind is not None else 0)

    if TYPE_CHECKING:
        # Methods of W&B's runs; see `_wandb.METHODS` and `OF_RUN`.
        alert: Callable[..., None]
        link_artifact: Callable[..., Any]
        log_artifact: Callable[..., Artifact]
        log_model: Callable[..., Artifact]
        log_code: Callable[..., None]
        unwatch: Callable[..., None]
        use_artifact: Callable[..., Artifact]
        use_model: Callable[..., str]
        watch: Callable[..., None]
    else:

        def __getattr__(self, name: str) -> Any:
            names = _wandb()
            if name in names.OF_RUN:
                return functools.partial(names.OF_RUN[name], self)
            if name in names.METHODS:
                return names.METHODS[name]
            raise AttributeError(f"a run has no '{name}'; it has {', '.join(n for n in dir(self) if not n.startswith('_'))}")

    def __repr__(self) -> str:
        return f"Run({self.id!r}, {self.config!r})"
