"""The run that training code executes: ``init``, ``config``, ``log``, ``finish``."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable, Optional

from besom import _place
from besom._besom import BesomError, RunLog, RunStopped


class Config:
    """The parameters of a run, and what the program adds to them.

    Values are attributes and items: ``config.lr``, ``config["lr"]``, ``config.get("lr", 0.1)``. The sweep's parameters
    cannot be changed: ``update`` and ``init(config=...)`` set all others.

    >>> config = Config({"lr": 0.1})
    >>> config.update({"lr": 5, "epochs": 3})
    >>> config.lr, config["epochs"], dict(config)
    (0.1, 3, {'lr': 0.1, 'epochs': 3})
    """

    def __init__(self, swept: Mapping[str, Any], given: Optional[Mapping[str, Any]] = None) -> None:
        object.__setattr__(self, "_swept", dict(swept))
        object.__setattr__(self, "_values", {**dict(given or {}), **swept})
        #: Who is to hear of what is added.
        object.__setattr__(self, "_heard", None)

    def update(self, values: Any = None, allow_val_change: Optional[bool] = None, **more: Any) -> None:
        """Set values that are not parameters of the sweep."""
        self._add({name: value for name, value in dict(values or {}, **more).items() if name not in self._swept})

    def setdefaults(self, values: Mapping[str, Any]) -> None:
        """Set values that do not exist yet."""
        self._add({name: value for name, value in values.items() if name not in self._values})

    def _add(self, values: dict[str, Any]) -> None:
        self._values.update(values)
        if values and self._heard is not None:
            self._heard(values)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of this name, or ``default``."""
        return self._values.get(name, default)

    def keys(self) -> Any:
        """Return all names."""
        return self._values.keys()

    def items(self) -> Any:
        """Return all names with their values."""
        return self._values.items()

    def values(self) -> Any:
        """Return all values."""
        return self._values.values()

    def user_items(self) -> Iterator[tuple[str, Any]]:
        """Return all names with their values. W&B leaves out internal ones; there are none here."""
        return iter(list(self._values.items()))

    def as_dict(self) -> dict[str, Any]:
        """Return a copy as a dict."""
        return dict(self._values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            known = ", ".join(self._values) or "none"
            raise AttributeError(f"the run has no parameter '{name}'; known: {known}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __getstate__(self) -> dict[str, Any]:
        # A copy, in another process say, adds nothing to the run.
        return {**self.__dict__, "_heard": None}

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(self._values)


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

    def note(self, row: Mapping[str, Any]) -> None:
        """Take in a row that was logged: the newest value of a key counts."""
        super().update(row)
        for key in row:
            self._stated.pop(key, None)

    def stated(self) -> dict[str, Any]:
        """Return what was stated and is not what was logged last."""
        return dict(self._stated)

    def __setitem__(self, key: str, value: Any) -> None:
        if key not in self._stated and key in self and _same(self[key], value):
            return
        super().__setitem__(key, value)
        self._stated[key] = value

    def update(self, *values: Any, **more: Any) -> None:
        """State several values."""
        for key, value in dict(*values, **more).items():
            self[key] = value

    def setdefault(self, key: str, default: Any = None) -> Any:
        """State a value unless there is one."""
        if key not in self:
            self[key] = default
        return self[key]

    def __reduce__(self) -> Any:
        # A copy states nothing about the run.
        return dict, (dict(self),)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self:
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


def _plain(value: Any) -> Any:
    """Return a value as plain data."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def _pass_on(values: dict[str, Any], write: Callable[[Mapping[str, Any]], None]) -> None:
    """Write what a configuration or summary holds, which may be anything: what is not data is kept as its text."""
    try:
        write(values)
    except TypeError:
        write(_plain(values))


def _same(a: Any, b: Any) -> bool:
    """Whether two values are one; arrays, which compare element by element, are not."""
    try:
        return bool(a == b)
    except Exception:
        return False


class Run:
    """A run that this program executes.

    ``id`` is ``SWEEP-NUMBER`` (outside a sweep, a name made of time and process), ``number`` its number in the sweep from
    1, ``dir`` a directory for checkpoints that is the same in all attempts, ``summary`` the last value of each key logged; what
    is stated there counts as a last row.
    """

    def __init__(
        self, id: str, config: Config, log: RunLog, directory: str, sweep_id: Optional[str], number: Optional[int], attempt: int = 1
    ) -> None:
        self.id = id
        self.name = id
        self.config = config
        self.dir = directory
        self.sweep_id = sweep_id
        self.number = number
        self.attempt = attempt
        self.summary = Summary()
        # An attribute that is set is a parameter.
        object.__setattr__(config, "_heard", lambda added: self._describe(config=added))
        self.project: Optional[str] = None
        self.entity: Optional[str] = None
        self.exit_code: Optional[int] = None
        self._log = log
        self._write = log.log
        self._pending: dict[str, Any] = {}
        self._step: Optional[int] = None
        # Reentrant, because a signal may come while a row is written.
        self._growing = threading.RLock()
        self._waiting_since = 0.0
        self._is_function = False
        self._thread = threading.get_ident()
        self._process = os.getpid()

    def log(self, data: Mapping[str, Any], step: Optional[int] = None, commit: Optional[bool] = None) -> None:
        """Log one row of metrics. When it returns, the row is in the run's file, and no crash of the process loses it.

        Rows with the same ``step`` are one row, as are rows with ``commit=False`` and the next one. In a function run,
        raises :class:`besom.RunStopped` if the run must end.
        """
        if not isinstance(data, Mapping):
            raise TypeError(f"a row of metrics must be a dict, got {data!r}")
        if step is None and commit is not False and not self._pending:
            self.summary.note(data)
            self._write(data)
            return
        self._log_at(data, step, commit)

    def _log_at(self, data: Mapping[str, Any], step: Optional[int], commit: Optional[bool]) -> None:
        """Log values of a row that may grow."""
        if step is not None and step != self._step:
            self._flush()
            self._step = step
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
                self._write(row)

    def _write_pending(self) -> None:
        """Write the row that waits, from any thread: only the thread of the run may be stopped."""
        with contextlib.suppress(RunStopped):
            self._flush()

    def _write_summary(self) -> None:
        """Log what the program has stated in the summary, as a last row; a forked child leaves that to its parent."""
        if os.getpid() != self._process:
            return
        stated = self.summary.stated()
        if stated:
            self.summary.note(stated)
            with contextlib.suppress(RunStopped):
                _pass_on(stated, self._write)

    def _describe(self, **facts: Any) -> None:
        """Say something about the run besides its metrics; what is None is left out. Outside a sweep nobody would hear it."""
        known = {name: value for name, value in facts.items() if value is not None}
        if known and self.sweep_id is not None:
            _pass_on(known, self._log.describe)

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

    def finish(self, exit_code: Optional[int] = None) -> None:
        """Finish the run. A code other than 0 marks it failed."""
        self._write_pending()
        self._write_summary()
        self.exit_code = exit_code or 0
        _forget(self)

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.finish(1 if kind is not None else 0)

    def __repr__(self) -> str:
        return f"Run({self.id!r}, {self.config!r})"


_here = threading.local()
_lock = threading.Lock()
_active: list[Run] = []
_outside: Optional[Run] = None


def current() -> Optional[Run]:
    """Return the run of this thread, or the only run of the process, or None."""
    run: Optional[Run] = getattr(_here, "run", None)
    if run is not None:
        return run
    return _active[-1] if len(_active) == 1 else None


def _remember(run: Run) -> None:
    _here.run = run
    with _lock:
        _active.append(run)


def _forget(run: Run) -> None:
    global _outside
    if getattr(_here, "run", None) is run:
        _here.run = None
    if _outside is run:
        _outside = None
    with _lock:
        if run in _active:
            _active.remove(run)


def _needed(what: str) -> Run:
    run = current()
    if run is None:
        several = "; several runs are active in this process, and this thread has none" if _active else ""
        raise BesomError(f"call besom.init() before {what}{several}")
    return run


def init(
    project: Optional[str] = None,
    entity: Optional[str] = None,
    config: Optional[Mapping[str, Any]] = None,
    name: Optional[str] = None,
    tags: Optional[Sequence[str]] = None,
    notes: Optional[str] = None,
    group: Optional[str] = None,
    job_type: Optional[str] = None,
    resume: Any = None,
    **ignored: Any,
) -> Run:
    """Return the run that this code executes.

    In a function or program that an agent started it is the agent's run, with the sweep's parameters, which take
    precedence over ``config``. Elsewhere it is a new run in ``.besom/alone``, so that a script also runs without a sweep.
    ``config``, ``name``, ``tags``, ``notes``, ``group`` and ``job_type`` are kept with the run. ``resume=True`` says that it goes on from the
    checkpoint of an earlier attempt, whose rows count then before its own; in a first attempt it means nothing. Options of W&B that have
    no meaning here are ignored.
    """
    global _outside
    run = current()
    if run is None:
        run = _of_environment() or _alone()
        _remember(run)
        _outside = run
        atexit.register(run._write_summary)
    run.config.setdefaults(dict(config or {}))
    run.name = name or run.name
    run.project, run.entity = project, entity
    run._describe(name=name, tags=None if tags is None else list(tags), notes=notes, group=group, job_type=job_type)
    if resume is True and run.attempt > 1:
        run.mark_resumed()
    return run


def _of_environment() -> Optional[Run]:
    """Return the run of a program that an agent started."""
    metrics, params = os.environ.get("BESOM_METRICS"), os.environ.get("BESOM_PARAMS")
    if not metrics:
        return None
    swept: dict[str, Any] = {}
    if params:
        with open(params, encoding="utf-8") as file:
            swept = json.load(file)
    environ = os.environ
    number = environ.get("BESOM_RUN_NUMBER")
    return Run(
        environ.get("BESOM_RUN_ID", "run"),
        Config(swept),
        RunLog(metrics),
        environ.get("BESOM_RUN_DIR") or os.path.dirname(metrics),
        environ.get("BESOM_SWEEP_ID"),
        int(number) if number else None,
        int(environ.get("BESOM_ATTEMPT") or 1),
    )


def _alone() -> Run:
    """Return a new run outside any sweep."""
    base = os.path.join(_place.store_directory(), "alone")
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for count in range(10_000):
        id = f"{stamp}-{os.getpid()}" + (f"-{count}" if count else "")
        try:
            os.makedirs(os.path.join(base, id))
        except FileExistsError:
            continue
        directory = os.path.join(base, id)
        return Run(id, Config({}), RunLog(os.path.join(directory, "metrics-1.jsonl")), directory, None, None)
    raise BesomError(f"cannot create a directory for a run in {base}")


def interrupt_functions() -> None:
    """Raise `RunStopped` in all threads that execute a function run, as soon as they execute Python again."""
    import ctypes

    with _lock:
        threads = [run._thread for run in _active if run._is_function]
    for thread in threads:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(RunStopped))


def log(data: Mapping[str, Any], step: Optional[int] = None, commit: Optional[bool] = None) -> None:
    """Log one row of metrics of the current run; see :meth:`Run.log`."""
    run = getattr(_here, "run", None) or _needed("besom.log()")
    run.log(data, step, commit)


def finish(exit_code: Optional[int] = None, quiet: Optional[bool] = None) -> None:
    """Finish the current run; do nothing without one."""
    run = current()
    if run is not None:
        run.finish(exit_code)


class CurrentConfig:
    """The :class:`Config` of the current run, as ``besom.config``."""

    def __getattr__(self, name: str) -> Any:
        # Tools that inspect this object do not ask for a parameter.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(_needed("besom.config").config, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_needed("besom.config").config, name, value)

    def __getitem__(self, name: str) -> Any:
        return _needed("besom.config").config[name]

    def __setitem__(self, name: str, value: Any) -> None:
        _needed("besom.config").config[name] = value

    def __contains__(self, name: object) -> bool:
        return name in _needed("besom.config").config

    def __iter__(self) -> Iterator[str]:
        return iter(_needed("besom.config").config)

    def __len__(self) -> int:
        return len(_needed("besom.config").config)

    def __repr__(self) -> str:
        run = current()
        return "besom.config (no run yet: call besom.init())" if run is None else repr(run.config)


def execute(function: Callable[[], Any], run_of: tuple[str, int, int], params: dict[str, Any], directory: str, log: RunLog) -> tuple[str, str, str]:
    """Call a training function for a run; return how it ended: a word, a message, an excerpt. Called by the agent (Rust)."""
    sweep, number, attempt = run_of
    run = Run(f"{sweep}-{number}", Config(params), log, os.fspath(directory), sweep, number, attempt)
    run._is_function = True
    before = getattr(_here, "run", None)
    _remember(run)
    try:
        function()
        failed = bool(run.exit_code)
        return ("failed", f"finished with exit code {run.exit_code}", "") if failed else ("finished", "", "")
    except RunStopped:
        return ("stopped", "", "")
    except SystemExit as ended:
        code = ended.code
        return ("failed", f"exited with {code}", "") if code not in (None, 0) else ("finished", "", "")
    except Exception as error:
        return _failure(run, error)
    finally:
        run._write_pending()
        run._write_summary()
        _forget(run)
        _here.run = before


def _failure(run: Run, error: Exception) -> tuple[str, str, str]:
    import traceback

    # The frames of the package mean nothing to the author of the function.
    trace = error.__traceback__.tb_next if error.__traceback__ is not None else None
    lines = "".join(traceback.format_exception(type(error), error, trace))
    print(f"besom: run {run.id} failed:\n{lines}", end="", file=sys.stderr)
    message = "".join(traceback.format_exception_only(type(error), error)).strip()
    return ("failed", message, "\n".join(lines.splitlines()[-10:]))
