"""Where artifacts are: ``artifacts/NAME/v0``, ``v1`` .. beside the runs, each with its files and what was said of it.

The files are hard links, or copies where the file system has none, so that a version costs nothing and outlives a temporary
file. A program that writes to the same file once more changes the version; this is noticed when it is read.
"""

from __future__ import annotations

import atexit
import filecmp
import functools
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from typing import Any, Optional

from besom import _media, _place
from besom._besom import BesomError

#: Of a version: its files, and what was said of it.
FILES, NOTE = "files", "artifact.json"
Stamp = tuple[int, int]


def base() -> str:
    """Return the directory of all artifacts."""
    return os.path.join(_place.files_directory(), "artifacts")


def begin() -> tempfile.TemporaryDirectory[str]:
    """Return a new directory for the files of a version that is not logged yet; it is removed with the object."""
    os.makedirs(base(), exist_ok=True)
    made = tempfile.TemporaryDirectory(prefix=".new-", dir=base())
    os.mkdir(os.path.join(made.name, FILES))
    return made


def put(file: str, to: str) -> None:
    """Make a file part of a version."""
    os.makedirs(os.path.dirname(to), exist_ok=True)
    if os.path.lexists(to):
        os.unlink(to)
    try:
        # A link to a link would follow it when it is moved.
        os.link(os.path.realpath(file), to)
    except OSError:
        shutil.copy2(file, to)


def copy(file: str, to: str) -> str:
    """Copy a file in one piece, unless the copy is there; return the copy."""
    if os.path.exists(to) and not os.path.samefile(file, to) and stamp(file) == stamp(to):
        return to
    os.makedirs(os.path.dirname(to) or ".", exist_ok=True)
    handle, new = tempfile.mkstemp(prefix=".new-", dir=os.path.dirname(to) or ".")
    os.close(handle)
    try:
        shutil.copy2(file, new)
        os.replace(new, to)
    except BaseException:
        os.unlink(new)
        raise
    return to


@functools.cache
def downloads() -> str:
    """Return a directory for copies that is removed when this process ends."""
    os.makedirs(base(), exist_ok=True)
    made, process = tempfile.mkdtemp(prefix=".copies-", dir=base()), os.getpid()

    def remove() -> None:
        # A forked child leaves it to its parent.
        if os.getpid() == process:
            shutil.rmtree(made, ignore_errors=True)

    atexit.register(remove)
    return made


def names(directory: str) -> list[str]:
    """Return the names of all files below a directory, in order."""
    found = (os.path.join(at, name) for at, _, files in os.walk(directory) for name in files)
    return sorted(os.path.relpath(path, directory) for path in found if os.path.isfile(path))


def stamp(path: str) -> Stamp:
    """Return what changes when a file is written to."""
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns


def place(name: str, number: int) -> str:
    """Return the directory of a version."""
    return os.path.join(base(), name, f"v{number}")


def versions(name: str) -> list[int]:
    """Return the numbers of the versions of an artifact, in order."""
    try:
        found = os.listdir(os.path.join(base(), name))
    except OSError:
        return []
    return sorted(int(each[1:]) for each in found if re.fullmatch(r"v\d+", each))


def keep(directory: str, name: str, note: dict[str, Any]) -> int:
    """Make a directory the next version of an artifact, unless the last one is equal; return its number."""
    files = os.path.join(directory, FILES)
    note["files"] = {file: stamp(os.path.join(files, file)) for file in names(files)}
    known = versions(name)
    if known and _equal(directory, place(name, known[-1]), note):
        add_aliases(place(name, known[-1]), note["aliases"])
        return known[-1]
    os.makedirs(os.path.join(base(), name), exist_ok=True)
    # It was made for this user alone.
    os.chmod(directory, os.stat(base()).st_mode & 0o777)
    for number in range(known[-1] + 1 if known else 0, 1_000_000):
        write(directory, {**note, "version": number})
        try:
            os.rename(directory, place(name, number))
            return number
        except OSError:
            # Another run has taken this number meanwhile.
            if not os.path.exists(place(name, number)):
                raise
    raise BesomError(f"artifact {name} has too many versions")


def _equal(directory: str, last: str, note: dict[str, Any]) -> bool:
    before = read(last)
    if set(before["files"]) != set(note["files"]) or before["references"] != note["references"] or before["type"] != note["type"]:
        return False
    files = [(os.path.join(directory, FILES, name), os.path.join(last, FILES, name), before["files"][name]) for name in note["files"]]
    return all(list(stamp(kept)) == list(was) and filecmp.cmp(new, kept) for new, kept, was in files)


def add_aliases(directory: str, aliases: Iterable[str]) -> None:
    """Give a version more aliases."""
    before = read(directory)
    write(directory, {**before, "aliases": sorted({*before["aliases"], *aliases} - {"latest"})})


def write(directory: str, note: dict[str, Any]) -> None:
    """Write what is said of a version."""
    _media.write(os.path.join(directory, NOTE), json.dumps(note))


def read(directory: str) -> dict[str, Any]:
    """Return what is said of a version."""
    with open(os.path.join(directory, NOTE), encoding="utf-8") as file:
        return json.load(file)  # type: ignore[no-any-return]


def parsed(path: str) -> tuple[str, str]:
    """Return the name and the alias of ``[ENTITY/PROJECT/]NAME[:ALIAS]``."""
    name, _, alias = path.rpartition("/")[2].partition(":")
    return name, alias


def find(path: str) -> Optional[str]:
    """Return the directory of the version that ``[ENTITY/PROJECT/]NAME[:ALIAS]`` names, or None; the alias is ``latest``, ``v3`` or one that it was given."""
    name, alias = parsed(path)
    known = versions(name)
    if alias not in ("", "latest") and not (re.fullmatch(r"v\d+", alias) and int(alias[1:]) in known):
        known = [number for number in known if alias in read(place(name, number))["aliases"]]
    elif alias.startswith("v"):
        known = [int(alias[1:])]
    return place(name, known[-1]) if known else None
