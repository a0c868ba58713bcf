"""The runs that are active in this process, and which of them is meant by ``besom.log``, ``besom.config`` and others."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, Optional

from besom._besom import BesomError, RunStopped

here = threading.local()
_lock = threading.Lock()
_active: list[Any] = []


def current() -> Optional[Any]:
    """Return the run of this thread, or the only run of the process, or None."""
    run = getattr(here, "run", None)
    if run is not None:
        return run
    return _active[-1] if len(_active) == 1 else None


def restore_names() -> None:
    """Let ``besom.config`` and ``besom.summary`` be the run's again, if a program has assigned to them as to variables."""
    import sys

    for module in (sys.modules["besom"], sys.modules.get("besom.wandb")):
        for name in ("config", "summary"):
            if module is not None and not isinstance(vars(module).get(name, Current(name)), Current):
                delattr(module, name)


def remember(run: Any) -> None:
    """Make a run the current one of this thread."""
    here.run = run
    with _lock:
        _active.append(run)


def forget(run: Any) -> None:
    """Take a run out; the run that it is a part of becomes the current one."""
    with _lock:
        if run in _active:
            _active.remove(run)
        whole = run.parent if run.parent in _active else None
    if getattr(here, "run", None) is run:
        here.run = whole


def needed(what: str) -> Any:
    """Return the current run, which ``what`` cannot do without."""
    run = current()
    if run is None:
        several = "; several runs are active in this process, and this thread has none" if _active else ""
        raise BesomError(f"call besom.init() before {what}{several}")
    return run


def interrupt_functions() -> None:
    """Raise `RunStopped` in all threads that execute a function run, as soon as they execute Python again."""
    with _lock:
        threads = [run.thread for run in _active if run.is_function]
    for thread in threads:
        _raise_in(thread, RunStopped)


def interrupt(id: str) -> None:
    """Raise `RunStopped` in the thread that executes the function run of this id, as soon as it executes Python again."""
    with _lock:
        for run in _active:
            if run.id == id and run.calling:
                _raise_in(run.thread, RunStopped)


@contextlib.contextmanager
def calling(run: Any) -> Iterator[None]:
    """Let the function of this run be interrupted until the block ends, and nothing after it."""
    run.calling = True
    try:
        yield
    finally:
        with _lock:
            run.calling = False
            # One that has come after the last line of the function means nothing any more.
            _raise_in(run.thread, None)


def _raise_in(thread: int, error: Any) -> None:
    import ctypes

    given = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), given)


class Current:
    """An attribute of the current run: ``besom.config`` and ``besom.summary``."""

    def __init__(self, attribute: str) -> None:
        object.__setattr__(self, "_attribute", attribute)

    def _of_run(self) -> Any:
        return getattr(needed(f"besom.{self._attribute}"), self._attribute)

    def __getattr__(self, name: str) -> Any:
        # Tools that inspect this object do not ask for a parameter.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._of_run(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._of_run(), name, value)

    def __getitem__(self, name: str) -> Any:
        return self._of_run()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._of_run()[name] = value

    def __contains__(self, name: object) -> bool:
        return name in self._of_run()

    def __iter__(self) -> Iterator[str]:
        return iter(self._of_run())

    def __len__(self) -> int:
        return len(self._of_run())

    def __repr__(self) -> str:
        none = f"besom.{self._attribute} (no run yet: call besom.init())"
        return none if current() is None else repr(self._of_run())
