"""What is said of a sweep while agents of this process work on it: a line a run on standard error, a picture in a notebook."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, Callable, Optional

from besom import _besom, _place, _say

#: Seconds between updates of a notebook's display.
PACE = 0.5
#: The display of a large sweep takes time that its agents need: at most this share.
SHARE = 0.1

_shown: set[str] = set()
_lock = threading.Lock()


@contextlib.contextmanager
def watching(sweep_id: str, quiet: bool) -> Iterator[Optional[Callable[[], None]]]:
    """Show the progress of a sweep until the block ends, unless ``quiet``, or unless another agent of this process does.

    Yields the function, if any, to call now and then while no function of a run is executing, so that no line gets into those
    that it prints.
    """
    with _lock:
        is_first = sweep_id not in _shown
        _shown.add(sweep_id)
    try:
        if quiet or not is_first:
            yield None
        elif in_notebook():
            with _displaying(sweep_id):
                yield None
        else:
            with _Lines(sweep_id) as lines:
                yield lines.watch
    finally:
        if is_first:
            _shown.discard(sweep_id)


class _Lines:
    """A line for each run that ends, and how the sweep stands at the end."""

    def __init__(self, sweep_id: str) -> None:
        self._id = sweep_id
        self._report = _besom.Report(_place.store_name(), sweep_id)

    def __enter__(self) -> _Lines:
        _say.say(self._report.beginning())
        return self

    def watch(self) -> None:
        """Do as `show`; a store that fails meanwhile does not end the agents."""
        with contextlib.suppress(Exception):
            self.show()

    def show(self) -> None:
        """Print a line for each run that has ended since the last call."""
        for line in self._report.ended():
            _say.say(line)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        # What ends the agents must reach their caller, even if the store fails.
        with contextlib.suppress(Exception):
            self.show()
            again = f'besom.agent("{self._id}", ..)' if kind is KeyboardInterrupt else None
            _say.say(self._report.standing(again))


def in_notebook() -> bool:
    """Return whether this process shows what it displays in a notebook."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


@contextlib.contextmanager
def _displaying(sweep_id: str) -> Iterator[None]:
    show = _notebook(sweep_id)
    over = threading.Event()

    def keep_showing() -> None:
        pause = PACE
        while not over.wait(pause):
            begun = time.monotonic()
            show()
            pause = max(PACE, (time.monotonic() - begun) / SHARE)

    thread = threading.Thread(target=keep_showing, name="besom-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PACE)
        show()


def _notebook(sweep_id: str) -> Callable[[], None]:
    from importlib import import_module

    from besom import _picture

    # Its types differ from version to version.
    shown: Any = import_module("IPython.display")
    handle = shown.display(shown.HTML(_picture.html(sweep_id)), display_id=True)
    latest: list[str] = []

    def show() -> None:
        # What ends the agents must reach their caller, even if the store fails.
        with contextlib.suppress(Exception):
            page = _picture.html(sweep_id)
            if handle is not None and latest != [page]:
                latest[:] = [page]
                handle.update(shown.HTML(page))

    return show
