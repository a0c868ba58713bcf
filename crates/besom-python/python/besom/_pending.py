"""Rows that wait for more values of the same step.

A row that is logged with ``step=`` or ``commit=False`` may grow, so it is not written at once. It is written with the next
step, after a second, when the process ends, or when SIGTERM ends it. If the process is killed by SIGKILL, at most the last
second of such a row is lost. Other rows are written immediately and never come here.
"""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
import weakref
from typing import Any

from besom import _say

#: The longest time that a row waits, in seconds: what a kill may lose.
LONGEST_WAIT = 1.0

_waiting: weakref.WeakSet[Any] = weakref.WeakSet()
_begun = False
_lock = threading.Lock()


def watch(run: Any) -> None:
    """Write the row that waits in ``run`` in time."""
    global _begun
    _waiting.add(run)
    with _lock:
        if _begun:
            return
        _begun = True
    atexit.register(_write_all)
    os.register_at_fork(after_in_child=_forget)
    threading.Thread(target=_write_now_and_then, name="besom-rows", daemon=True).start()
    is_main = threading.current_thread() is threading.main_thread()
    # A program with its own handler ends the process in its own way, and atexit follows.
    if is_main and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)


def _forget() -> None:
    """Forget all rows: a forked child has no thread, and the rows belong to its parent."""
    global _begun
    _begun = False
    for run in list(_waiting):
        run._pending = {}
    _waiting.clear()


def _write_all() -> None:
    for run in list(_waiting):
        _write(run)


def _write(run: Any) -> None:
    """Write the row that waits in ``run``; an error of one run must not keep the rows of others."""
    try:
        run._write_pending()
    except Exception as error:
        _say.once(f"besom: run {run.id}: a row was not written: {error}", f"row of {run.id}")


def _write_now_and_then() -> None:
    while True:
        time.sleep(LONGEST_WAIT / 4)
        for run in list(_waiting):
            if run._pending and time.monotonic() - run._waiting_since > LONGEST_WAIT:
                _write(run)


def _terminated(number: int, frame: Any) -> None:
    """Write all rows that wait, then end the process as without this handler."""
    _write_all()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
