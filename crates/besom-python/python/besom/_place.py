"""Where the store is."""

from __future__ import annotations

import os
from typing import Optional

from besom import _besom


def store_directory() -> str:
    """``$BESOM_STORE``, else ``.besom`` in the working directory, as an absolute path."""
    return os.path.abspath(os.environ.get("BESOM_STORE") or ".besom")


def sweep_id(path: str) -> str:
    """The id in a sweep's path as W&B writes it: ``entity/project/id`` is ``id``."""
    if not isinstance(path, str):
        raise TypeError(f"the id of a sweep is text such as '3k8s0x1q', not {path!r}")
    return _besom.id_of_path(path)


def supervisor() -> list[str]:
    """How to start a process that supervises a program of this one."""
    import sys

    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    code = f"import sys; sys.path.insert(0, {here!r}); from besom._besom import supervise; sys.exit(supervise(sys.argv[1:]))"
    return [sys.executable, "-I", "-S", "-c", code]


def optional_name(value: Optional[str], key: str) -> dict[str, str]:
    return {} if value is None else {key: value}
