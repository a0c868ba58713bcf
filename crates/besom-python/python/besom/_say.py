"""Lines for whoever watches, on standard error."""

from __future__ import annotations

import contextlib
import sys

_said: set[str] = set()


def say(text: str) -> None:
    """Print a line in one piece."""
    # Without standard error, or with one that nobody reads any more, there is nobody to say it to.
    with contextlib.suppress(AttributeError, OSError, ValueError):
        # What was printed before stands before it, also where both are one file.
        if sys.stdout is not None:
            sys.stdout.flush()
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def once(text: str, kind: str = "") -> None:
    """Print a line unless one of its kind (by default: the same line) was printed before in this process."""
    if (kind or text) not in _said:
        _said.add(kind or text)
        say(text)
