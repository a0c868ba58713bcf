"""What ``wandb.tensorboard`` has: scalars that go to TensorBoard's writers are logged, too.

The writers of PyTorch (``torch.utils.tensorboard``), TensorBoard and tensorboardX are read; those of TensorFlow, which write in
C++, are not.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Callable, Optional

from besom import _active, _say

__all__ = ["log", "patch", "unpatch"]

#: The modules of writers, each with a class EventFileWriter.
WRITERS = ("tensorboard.summary.writer.event_file_writer", "tensorboardX.event_file_writer")

_lock = threading.Lock()
_patched: list[tuple[Any, Callable[..., Any], Callable[..., None]]] = []
#: The directory that names of others are relative to.
_root: Optional[str] = None


def patch(save: bool = True, tensorboard_x: Optional[bool] = None, pytorch: Optional[bool] = None, root_logdir: str = "") -> None:
    """Log the scalars of all writers from now on, those of one step as a row, with the step as ``global_step``.

    Names of writers in directories below ``root_logdir``, or below that of the first writer, begin with the path of that.
    """
    global _root
    with _lock:
        _root = os.path.abspath(root_logdir) if root_logdir else None
        if _patched:
            return
        for name in WRITERS:
            if find_spec(name.partition(".")[0]) is not None:
                _patch(import_module(name).EventFileWriter)
    if "tensorflow" in sys.modules or not _patched:
        _say.once("besom reads the writers of PyTorch, TensorBoard and tensorboardX; what tf.summary of TensorFlow writes is not logged")


def _patch(writer: Any) -> None:
    add, begin = writer.add_event, writer.__init__

    @functools.wraps(add)
    def add_event(self: Any, event: Any, *given: Any, **named: Any) -> Any:
        result = add(self, event, *given, **named)
        log(event, namespace=_namespace(getattr(self, "_besom_logdir", "")))
        return result

    @functools.wraps(begin)
    def __init__(self: Any, logdir: Any, *given: Any, **named: Any) -> None:
        self._besom_logdir = os.path.abspath(os.fspath(logdir))
        begin(self, logdir, *given, **named)

    _patched.append((writer, add, begin))
    writer.add_event, writer.__init__ = add_event, __init__


def unpatch() -> None:
    """Read no writers any more."""
    with _lock:
        while _patched:
            writer, add, begin = _patched.pop()
            writer.add_event, writer.__init__ = add, begin


def _namespace(directory: str) -> str:
    global _root
    if not directory:
        return ""
    _root = _root or directory
    below = os.path.relpath(directory, _root)
    return "" if below.startswith(".") else f"{below}/"


def log(event: Any, history: Any = None, step: Optional[int] = None, namespace: str = "", **ignored: Any) -> None:
    """Log the scalars of an event of TensorBoard."""
    run = _active.current()
    values = getattr(getattr(event, "summary", event), "value", ())
    row = {f"{namespace}{value.tag}": number for value in values for number in [_scalar(value)] if number is not None}
    if run is not None and not run.finished and row:
        at = int(getattr(event, "step", 0) if step is None else step)
        run.log({**row, "global_step": at}, step=at)


def _scalar(value: Any) -> Optional[float]:
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return float(value.simple_value)
    if kind != "tensor" or value.metadata.plugin_data.plugin_name not in ("scalars", ""):
        return None
    tensor = value.tensor
    numbers = [*tensor.float_val, *tensor.double_val, *tensor.int_val, *tensor.int64_val]
    return float(numbers[0]) if len(numbers) == 1 else None
