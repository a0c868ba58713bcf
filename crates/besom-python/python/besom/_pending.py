"""Rows that wait for more values of the same step.

A row that is logged with ``step=`` or ``commit=False`` may grow, so it is not written at once. It is written with the next
step, a second later, when the process ends, or when SIGTERM ends it: nothing that was logged is lost, and at most the last
second of such a row if the process is killed without a word. Rows that are logged plainly never come here.
"""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
import weakref
from typing import Any

#: After how long a row no longer waits, in seconds.
PATIENCE = 1.0

_waiting: weakref.WeakSet[Any] = weakref.WeakSet()
_begun = False
_lock = threading.Lock()


def watch(run: Any) -> None:
    """Sees to it that what waits in ``run`` is written in time."""
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
    # Whoever has a handler of his own ends the process in his own way, and atexit follows.
    if is_main and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)


def _forget() -> None:
    """A forked child has no thread, and its parent's rows are not its own."""
    global _begun
    _begun = False
    for run in list(_waiting):
        run._pending = {}
    _waiting.clear()


def _write_all() -> None:
    for run in list(_waiting):
        run._write_pending()


def _write_now_and_then() -> None:
    while True:
        time.sleep(PATIENCE / 4)
        for run in list(_waiting):
            if run._pending and time.monotonic() - run._waiting_since > PATIENCE:
                run._write_pending()


def _terminated(number: int, frame: Any) -> None:
    """Writes what waits, then ends as the process would have ended without this."""
    _write_all()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
