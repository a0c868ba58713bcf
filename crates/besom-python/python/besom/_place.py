"""The location of the store."""

from __future__ import annotations

import os
import re
from typing import Optional

from besom import _besom


def store_name() -> str:
    """Return ``$BESOM_STORE``, or ``.besom`` in the working directory: a URL, or an absolute path."""
    return _besom.store_name()


def files_directory() -> str:
    """Return the directory for the files of runs: the store's, or for a store behind a server one in the working directory."""
    return _besom.files_directory()


def sweep_id(path: str) -> str:
    """Return the id in a sweep's path in W&B's form: ``entity/project/id`` is ``id``."""
    if not isinstance(path, str):
        raise TypeError(f"the id of a sweep must be a string such as '3k8s0x1q', got {path!r}")
    return _besom.id_of_path(path)


def project(path: Optional[str]) -> tuple[Optional[str], Optional[str]]:
    """Return entity and project of a path in W&B's form: ``entity/project``, ``project`` or nothing."""
    entity, _, name = (path or "").strip("/").rpartition("/")
    return entity or None, name or None


def check_name(name: object, what: str) -> None:
    """Refuse what cannot be the name of a directory, for a run or an artifact say."""
    if not isinstance(name, str) or not re.fullmatch(r"[\w\-. ]+", name) or name.startswith("."):
        raise ValueError(f"{what} must consist of letters, digits, '-', '_' and '.', got {name!r}")


def supervisor() -> list[str]:
    """Return the command of a process that supervises a program of this process."""
    import sys

    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    code = f"import sys; sys.path.insert(0, {here!r}); from besom._besom import supervise; sys.exit(supervise(sys.argv[1:]))"
    return [sys.executable, "-I", "-S", "-c", code]


def optional_name(value: Optional[str], key: str) -> dict[str, str]:
    return {} if value is None else {key: value}
