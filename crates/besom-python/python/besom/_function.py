"""Calls of a training function, each of which is a run."""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import sys
from collections.abc import Mapping
from typing import Any, Callable, Optional

from besom import _active, _client, _say
from besom._besom import RunLog, RunStopped, one_line
from besom._config import Config
from besom._run import Run
from besom._summary import number_of


def check(function: Any) -> None:
    """Refuse what a call of which would not train."""
    if not callable(function):
        raise TypeError(f"function must be callable without arguments, got {function!r}")
    called = function.func if isinstance(function, functools.partial) else function
    if not inspect.isroutine(called) and not inspect.isclass(called):
        called = type(called).__call__
    if inspect.iscoroutinefunction(called) or inspect.isasyncgenfunction(called):
        raise TypeError(f"function must not be async, got {function!r}: a call of it would not run it")
    if inspect.isgeneratorfunction(called):
        raise TypeError(f"function must not be a generator, got {function!r}: a call of it would not run it; remove its yield")


def execute(function: Callable[[], Any], run_of: tuple[str, int, int], params: dict[str, Any], directory: str, log: RunLog, variables: dict[str, Optional[str]]) -> tuple[str, str, str]:
    """Call a training function for a run; return how it ended: a word, a message, an excerpt. Called by the agent (Rust).

    ``variables`` are those by which W&B's client finds the run; None for those that it must not find.
    """
    sweep, number, attempt = run_of
    run = Run(f"{sweep}-{number}", Config(params), log, os.fspath(directory), sweep, number, attempt)
    run.is_function = True
    here = _active.here
    before = getattr(here, "run", None), getattr(here, "function_run", None)
    here.function_run = run
    _active.remember(run)
    try:
        with _client.logging_here(variables), _active.calling(run):
            why = _call(run, function)
        settle(run)
        return ("failed", why, "") if why else ("finished", "", "")
    except RunStopped:
        return ("stopped", "", "")
    except Exception as error:
        return _failure(run, error)
    finally:
        for each in _open(run):
            # Its result is known by now, and the agent has other runs to execute.
            with contextlib.suppress(Exception):
                each.close()
            # Threads that the function has left behind log to nobody.
            each.end()
        here.run, here.function_run = before


def _call(run: Run, function: Callable[[], Any]) -> str:
    """Call the function and take what it returns; return why the run has failed, if it has."""
    try:
        take(run, function())
    except SystemExit as ended:
        return f"exited with {ended.code}" if ended.code not in (None, 0) else ""
    return f"finished with exit code {run.exit_code}" if run.exit_code else ""


def settle(run: Run) -> None:
    """Write what still waits in a run and in the part of it that is open."""
    for each in _open(run):
        each.settle()


def _open(run: Run) -> list[Run]:
    part = _active.current()
    return [part, run] if part is not None and part.parent is run else [run]


def take(run: Run, returned: Any) -> None:
    """Log what a function returned that has logged nothing, if it is a dict; say why a number does not count."""
    if inspect.iscoroutine(returned) or inspect.isgenerator(returned):
        raise TypeError(f"the function returned {returned!r}, which was not run")
    if returned is None or run.step or run.summary or run.finished or _client.is_logging():
        return
    if isinstance(returned, Mapping):
        run.log(returned)
    elif isinstance(returned, float) or number_of(returned) is not None:
        _say.once(f"besom: the function returned {one_line(repr(returned))} and logged nothing; log it, or return a dict with the name of the metric", "returned")


def _failure(run: Run, error: Exception) -> tuple[str, str, str]:
    import traceback

    # The frames of the package mean nothing to the author of the function.
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    lines = "".join(traceback.format_exception(type(error), error, trace))
    print(f"besom: run {run.id} failed:\n{lines}", end="", file=sys.stderr)
    message = "".join(traceback.format_exception_only(type(error), error)).strip()
    return ("failed", message, "\n".join(lines.splitlines()[-10:]))
