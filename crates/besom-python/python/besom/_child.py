"""A function run in a separate process.

The function is passed as by :mod:`multiprocessing`'s *spawn*: the new process imports the main module under another name,
and finds the function there or in its own module. To the agent the process is a program like any other.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import sys
import tempfile
from collections.abc import Iterator
from typing import Any, Callable


@contextlib.contextmanager
def command(function: Callable[[], Any]) -> Iterator[list[str]]:
    """Yield the command that calls ``function``; its file exists until the block ends."""
    from multiprocessing import spawn
    from multiprocessing.reduction import ForkingPickler

    buffer = io.BytesIO()
    try:
        ForkingPickler(buffer).dump(function)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        message = f"processes= and gpus= require a function that another process can import, such as a top-level one of a module: {error}"
        raise TypeError(message) from error
    # Nothing that is passed is secret, and this entry cannot be pickled.
    data = {key: value for key, value in spawn.get_preparation_data("besom").items() if key != "authkey"}
    file, path = tempfile.mkstemp(prefix="besom-", suffix=".pickle")
    try:
        with os.fdopen(file, "wb") as out:
            pickle.dump((data, buffer.getvalue()), out)
        here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        code = f"import sys; sys.path.insert(0, {here!r}); from besom._child import main; main(sys.argv[1])"
        yield [sys.executable, "-c", code, path]
    finally:
        os.unlink(path)


def main(path: str) -> None:
    """Call the function in the file ``path``."""
    from multiprocessing import spawn

    with open(path, "rb") as file:
        data, function = pickle.load(file)
    spawn.prepare(data)
    called = pickle.loads(function)
    from besom import _active, _function, _init

    # The main module may have begun the run when it was imported.
    run = _active.current() or _init.first()
    try:
        _function.take(run, called())
        code = run.exit_code
    except SystemExit as ended:
        code = ended.code
    _function.settle(run)
    sys.exit(exit_code(code))


def exit_code(code: Any) -> Any:
    """Return what to exit with, so that no failure counts as success: of a number the system keeps the last eight bits."""
    return 1 if isinstance(code, int) and code != 0 and code % 256 == 0 else code
