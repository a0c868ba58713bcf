"""Files that a program saves with its run: copies in the directory of the run."""

from __future__ import annotations

import glob
import os
import shutil
from typing import Any, Optional

from besom import _say

Path = Any


def save(run: Any, path: Path, base: Optional[Path] = None) -> list[str]:
    """Copy the files that a pattern matches into the directory of a run, and return the copies.

    The name of a copy is that of the file below ``base``, or below the working directory, or without its directory.
    """
    text = os.fspath(path)
    text = text.decode() if isinstance(text, bytes) else text
    if "://" in text:
        _say.once(f"besom saves no files of other machines: {text} is ignored", "saves of other machines")
        return []
    found = [file for file in glob.glob(text, recursive=True) if os.path.isfile(file)]
    if not found:
        _say.once(f"besom: there is no file {text} to save yet; what there is when the run ends is saved", f"save {text}")
    copies = [_copy(file, os.path.join(run.dir, _name(file, base))) for file in found]
    return [copy for copy in copies if copy is not None]


def _name(file: str, base: Optional[Path]) -> str:
    below = os.path.relpath(file, os.fspath(base) if base is not None else os.getcwd())
    return os.path.basename(file) if below.startswith("..") else below


def _copy(file: str, to: str) -> Optional[str]:
    """Copy a file unless the copy is as new; a failure is said, and does not end the program."""
    try:
        if not os.path.exists(to) or not os.path.samefile(file, to):
            os.makedirs(os.path.dirname(to), exist_ok=True)
            if not _is_as_new(file, to):
                shutil.copy2(file, to)
    except OSError as error:
        _say.once(f"besom: {file} was not saved: {error}", f"save {file}")
        return None
    return to


def _is_as_new(file: str, copy: str) -> bool:
    if not os.path.exists(copy):
        return False
    one, other = os.stat(file), os.stat(copy)
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)
