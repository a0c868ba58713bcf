"""Files that a program saves with its run: copies in the directory of the run."""

from __future__ import annotations

import glob
import os
import pathlib
import re
import shutil
from collections.abc import Sequence
from typing import IO, Any, NamedTuple, Optional

from besom import _say, _versions

Path = Any
#: What besom itself has in the directory of a run.
_OWN = re.compile(r"metrics-\d+\.jsonl|attempt-\d+(/.*)?")


def save(run: Any, path: Path, base: Optional[Path] = None) -> list[str]:
    """Copy the files that a pattern matches into the directory of a run, and return the copies.

    The name of a copy is that of the file below ``base``, or below the working directory, or without its directory.
    """
    text = os.fsdecode(path)
    if "://" in text:
        _say.once(f"besom saves no files of other machines: {text} is ignored", "saves of other machines")
        return []
    found = [file for file in glob.glob(text, recursive=True) if os.path.isfile(file)]
    if not found:
        _say.once(f"besom: there is no file {text} to save yet; what there is when the run ends is saved", f"save {text}")
    copies = [_keep(run, file, base) for file in found]
    return [copy for copy in copies if copy is not None]


def _keep(run: Any, file: str, base: Optional[Path]) -> Optional[str]:
    """Copy a file into the directory of a run, unless it is there; return the copy."""
    if pathlib.Path(os.path.realpath(run.dir)) in pathlib.Path(os.path.realpath(file)).parents:
        return file
    name = _name(file, base)
    if _OWN.fullmatch(name):
        _say.once(f"besom: {file} was not saved: besom's own files are called {name}; give base_path=", f"save {file}")
        return None
    return _copy(file, os.path.join(run.dir, name))


def _name(file: str, base: Optional[Path]) -> str:
    below = os.path.relpath(file, os.fspath(base) if base is not None else os.getcwd())
    return os.path.basename(file) if below.startswith("..") else below


def _copy(file: str, to: str) -> Optional[str]:
    """Copy a file unless the copy is as new; a failure is said, and does not end the program."""
    try:
        if not os.path.exists(to) or not os.path.samefile(file, to):
            os.makedirs(os.path.dirname(to), exist_ok=True)
            if not os.path.exists(to) or _versions.stamp(file) != _versions.stamp(to):
                shutil.copy2(file, to)
    except OSError as error:
        _say.once(f"besom: {file} was not saved: {error}", f"save {file}")
        return None
    return to


class File(NamedTuple):
    """A file in the directory of a run: its name there, and where it is."""

    name: str
    path: str

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return os.path.getsize(self.path)

    @property
    def url(self) -> str:
        """Its address."""
        return pathlib.Path(self.path).absolute().as_uri()

    def download(self, root: Path = ".", replace: bool = False, exist_ok: bool = False, **ignored: Any) -> IO[str]:
        """Copy it below ``root`` and open the copy; raise ``ValueError`` if there is a file already, unless ``replace`` or ``exist_ok``."""
        to = os.path.join(os.fspath(root), self.name)
        if os.path.exists(to) and not replace and not exist_ok:
            raise ValueError(f"{to} exists already; download(replace=True) replaces it")
        if replace or not os.path.exists(to):
            os.makedirs(os.path.dirname(to) or ".", exist_ok=True)
            shutil.copy2(self.path, to)
        return open(to, encoding="utf-8", errors="replace")


class Files:
    """What a stored run has of its directory."""

    @property
    def dir(self) -> str:
        """The directory."""
        raise NotImplementedError

    def files(self, names: Optional[Sequence[str]] = None, *given: Any, **ignored: Any) -> list[File]:
        """Return the files in the directory of the run, or those of these names."""
        found = _versions.names(self.dir) if names is None else [name for name in names if os.path.isfile(os.path.join(self.dir, name))]
        return [File(name, os.path.join(self.dir, name)) for name in found]

    def file(self, name: str) -> File:
        """Return a file in the directory of the run; raise ``ValueError`` without it."""
        for file in self.files([name]):
            return file
        raise ValueError(f"there is no file {name} in {self.dir}; there are {', '.join(file.name for file in self.files()) or 'none'}")
