"""W&B's own client in functions that this process executes: what it logs arrives in their runs."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable, Optional

from besom import _say

_logging = False
#: The environment, by which the client finds its run, is that of the process: one agent at a time sets it.
_holder = threading.Lock()
#: How many blocks hide variables, and what these were.
_hiding = 0
_before: dict[str, str] = {}
_lock = threading.Lock()


def is_logging() -> bool:
    """Return whether the client has been used in the run that this process executes, not only imported by some library."""
    return _logging and _set_up() is not None


@contextlib.contextmanager
def logging_here(variables: dict[str, Optional[str]]) -> Iterator[None]:
    """Let W&B's client find its run by these variables until the block ends; without any, leave it alone.

    If all of them are None, hide them: the client is not to log into the run that this process is a program of.
    """
    global _logging
    if all(value is None for value in variables.values()):
        with _hidden(variables):
            yield
        return
    before = {name: os.environ.get(name) for name in variables}
    # What it has read of the environment it remembers.
    _forget()
    _set(variables)
    _logging = True
    try:
        yield
    except BaseException:
        _finish(1)
        raise
    else:
        _finish(0)
    finally:
        _logging = False
        _forget()
        _set(before)


def _set(variables: Mapping[str, Optional[str]]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextlib.contextmanager
def _hidden(names: Iterable[str]) -> Iterator[None]:
    """Hide variables of the environment until the last of such blocks ends: several agents of this process may be in one."""
    global _hiding
    with _lock:
        _hiding += 1
        found = {name: os.environ.pop(name) for name in names if name in os.environ}
        _before.update(found)
    if found:
        _forget()
    try:
        yield
    finally:
        with _lock:
            _hiding -= 1
            if not _hiding:
                os.environ.update(_before)
                _before.clear()


def where(wanted: str) -> str:
    """Return where the client is to log: as wanted, unless it logs for this process already."""
    client = _client()
    if wanted != "auto" or client is None:
        return wanted
    if getattr(client, "run", None) is not None or _session_key():
        return "off"
    return wanted


@contextlib.contextmanager
def held(wanted: str, function: Optional[Callable[[], Any]]) -> Iterator[str]:
    """Yield where the client is to log; "off" for a function of this process while another agent of it holds the client."""
    chosen = wanted if function is None else where(wanted)
    if function is None or chosen == "off":
        yield chosen
    elif _holder.acquire(blocking=False):
        try:
            yield chosen
        finally:
            _holder.release()
    else:
        if wanted == "local" or seems_used(function):
            text = "what wandb logs in this one does not arrive in its runs; use processes=1 for each"
            _say.once(f"besom: another besom.agent of this process has W&B's client, which logs to one run at a time: {text}", "client is held")
        yield "off"


def seems_used(function: Optional[Callable[[], Any]]) -> bool:
    """Return whether a function seems to use the client: not besom, which it may have imported under that name."""
    named = getattr(function, "__globals__", {}).get("wandb")
    if function is None or getattr(named, "__name__", "") in ("besom", "besom.wandb"):
        return False
    code = getattr(function, "__code__", None)
    return _client() is not None or "wandb" in getattr(code, "co_names", ())


def _client() -> Any:
    """Return the client, if it was imported: not what stands in for it."""
    module = sys.modules.get("wandb")
    return module if getattr(module, "__name__", "") == "wandb" and hasattr(module, "teardown") else None


def _set_up() -> Any:
    """Return what the client keeps once it is used, which a mere import does not bring about."""
    return getattr(getattr(getattr(_client(), "sdk", None), "wandb_setup", None), "_singleton", None)


def _session_key() -> Optional[str]:
    """Return the key of a login of this process."""
    return getattr(getattr(_set_up(), "settings", None), "api_key", None)


def _finish(code: int) -> None:
    """Have the client send what waits, as its own agent does after each run."""
    client = _client()
    if client is not None and client.run is not None:
        with contextlib.suppress(Exception):
            client.finish(exit_code=code)


def _forget() -> None:
    """Have the client read its settings anew."""
    client = _client()
    if client is not None:
        with contextlib.suppress(Exception):
            client.teardown()
