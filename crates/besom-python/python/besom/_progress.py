"""The progress of a sweep while agents of this process work on it: one line in a terminal, a picture in a notebook."""

from __future__ import annotations

import contextlib
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, Callable, Optional

from besom import _besom, _place, _show

#: Seconds between updates of the display.
PACE = 0.5
#: The display of a large sweep takes time that its agents need: at most this share.
SHARE = 0.1


@contextlib.contextmanager
def watching(sweep_id: str, wanted: Optional[bool], is_quiet: bool) -> Iterator[None]:
    """Show the progress of a sweep until the block ends.

    If ``wanted`` is None, notebooks show it, and so do terminals to which the runs do not print (``is_quiet``).
    """
    show = _display(sweep_id, wanted, is_quiet)
    if show is None:
        yield
        return
    over = threading.Event()

    def keep_showing() -> None:
        pause = PACE
        while not over.wait(pause):
            begun = time.monotonic()
            show(False)
            pause = max(PACE, (time.monotonic() - begun) / SHARE)

    thread = threading.Thread(target=keep_showing, name="besom-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PACE)
        show(True)


def _display(sweep_id: str, wanted: Optional[bool], is_quiet: bool) -> Optional[Callable[[bool], None]]:
    if wanted is False:
        return None
    if _in_notebook():
        return _notebook(sweep_id)
    if wanted or (is_quiet and sys.stderr is not None and sys.stderr.isatty()):
        return _terminal(sweep_id)
    return None


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


def _notebook(sweep_id: str) -> Callable[[bool], None]:
    from importlib import import_module

    from besom import _picture

    # Its types differ from version to version.
    shown: Any = import_module("IPython.display")
    handle = shown.display(shown.HTML(_picture.html(sweep_id)), display_id=True)
    latest: list[str] = []

    def show(last: bool) -> None:
        page = _picture.html(sweep_id)
        if handle is not None and latest != [page]:
            latest[:] = [page]
            handle.update(shown.HTML(page))

    return show


def _terminal(sweep_id: str) -> Callable[[bool], None]:
    store = _besom.Store(_place.store_directory())

    def show(last: bool) -> None:
        width = shutil.get_terminal_size().columns - 1
        line = _show.status_line(store, sweep_id)[:width]
        end = "\n" if last else ""
        print(f"\r{line:<{width}}", end=end, file=sys.stderr, flush=True)

    return show
