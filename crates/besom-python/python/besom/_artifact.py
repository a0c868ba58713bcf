"""Artifacts of W&B: versions of files by name, for other runs of the same store."""

from __future__ import annotations

import glob
import json
import os
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional, Union

from besom import _active, _media, _place, _say, _versions
from besom._besom import BesomError
from besom._plain import pass_on, plain


class Entry(NamedTuple):
    """A file of an artifact: its name there, where it is (to read: the version is a link to it), and of which version."""

    name: str
    path: str
    version: Optional[str] = None

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return os.path.getsize(self.path)

    def download(self, root: Any = None, *given: Any, **ignored: Any) -> str:
        """Return where a copy of it is, below ``root`` or in the directory of the run; of a file that is not logged, where it is."""
        if root is None and self.version is None:
            return self.path
        return _versions.copy(self.path, os.path.join(_downloads(str(self.version)) if root is None else os.fspath(root), self.name))


def _downloads(version: str) -> str:
    """Return the directory for copies of a version: the run's, or without a run one that lasts as long as this process."""
    run = _active.current()
    return os.path.join(_versions.downloads() if run is None else os.path.join(run.dir, "artifacts"), version)


class Artifact(_media.StandIn):
    """Files under a name, in versions: ``v0``, ``v1`` .. of which the last one is ``latest``.

    >>> import besom
    >>> artifact = besom.Artifact("numbers", type="dataset", metadata={"rows": 2})
    >>> with artifact.new_file("numbers.txt") as file:
    ...     _ = file.write("1 2")
    >>> with besom.init() as run:
    ...     _ = run.log_artifact(artifact, aliases=["best"])
    >>> found = besom.Api().artifact("numbers:best")
    >>> found.name, open(found.file()).read(), found.metadata
    ('numbers:v0', '1 2', {'rows': 2})

    The files are hard links (copies where there can be none) in the directory ``artifacts`` beside the runs of the store, on this
    machine. Reading a version is an error if a program has written to a file of it since; what ``download`` returns are copies.
    """

    kind = "artifacts"

    def __init__(
        self, name: str, type: str = "unspecified", description: Optional[str] = None, metadata: Optional[Mapping[str, Any]] = None, **ignored: Any
    ) -> None:
        _place.check_name(name, "the name of an artifact")
        self._base, self.type, self.description = name, type, description
        self.metadata: dict[str, Any] = dict(metadata or {})
        self.aliases: list[str] = []
        self.run_id: Optional[str] = None
        self._number: Optional[int] = None
        self._references: dict[str, str] = {}
        self._making: Optional[tempfile.TemporaryDirectory[str]] = None
        #: What each file was when it was added.
        self._stamps: dict[str, _versions.Stamp] = {}
        self._found: Optional[str] = None
        #: Why it cannot be read, if it cannot.
        self._why = "it has not been logged"

    def __getattr__(self, name: str) -> Any:
        there = ", ".join(each for each in dir(self) if not each.startswith("_"))
        raise AttributeError(f"an artifact has no '{name}'; it has {there}")

    @property
    def name(self) -> str:
        """``NAME:v0``, or before it is logged ``NAME``."""
        return self._base if self._number is None else f"{self._base}:v{self._number}"

    @property
    def version(self) -> Optional[str]:
        """``v0``, or None before it is logged."""
        return None if self._number is None else f"v{self._number}"

    @property
    def state(self) -> str:
        """``PENDING``, or ``COMMITTED`` once it is logged."""
        return "PENDING" if self._number is None else "COMMITTED"

    @property
    def size(self) -> int:
        """The size of its files in bytes."""
        return sum(entry.size for entry in self.files())

    def _directory(self) -> str:
        """The directory to add files to."""
        if self._found is not None:
            raise BesomError(f"artifact {self.name} has been logged: make a new one to add files")
        self._making = self._making or _versions.begin()
        return os.path.join(self._making.name, _versions.FILES)

    def _path(self, name: str) -> str:
        parts = [part for part in os.path.normpath(name).split(os.sep) if part not in ("", ".")]
        if not parts or ".." in parts or os.path.isabs(name):
            raise ValueError(f"the name of a file in an artifact must be a path inside of it, got {name!r}")
        return os.path.join(self._directory(), *parts)

    def add_file(self, local_path: Any, name: Optional[str] = None, *given: Any, **ignored: Any) -> Entry:
        """Add a file; logging the artifact is an error if the file has changed by then."""
        file = os.fspath(local_path)
        if not os.path.isfile(file):
            raise ValueError(f"there is no file {file!r} to add to artifact {self.name}")
        name = name or os.path.basename(file)
        to = self._path(name)
        _versions.put(file, to)
        self._stamps[to] = _versions.stamp(to)
        return Entry(name, file)

    def add_dir(self, local_path: Any, name: Optional[str] = None, *given: Any, **ignored: Any) -> None:
        """Add all files of a directory."""
        directory = os.fspath(local_path)
        if not os.path.isdir(directory):
            raise ValueError(f"there is no directory {directory!r} to add to artifact {self.name}")
        for file in _versions.names(directory):
            self.add_file(os.path.join(directory, file), os.path.join(name or "", file))

    def add_reference(self, uri: Any, name: Optional[str] = None, *given: Any, **ignored: Any) -> None:
        """Add files of this machine (``file://``), or note the address of others, which are not kept."""
        text = os.fspath(uri) if isinstance(uri, (str, os.PathLike)) else str(uri)
        path = text.removeprefix("file://")
        if os.path.isdir(path):
            self.add_dir(path, name)
        elif os.path.isfile(path):
            self.add_file(path, name)
        else:
            self._references[name or text.rstrip("/").rpartition("/")[2]] = text

    def new_file(self, name: str, mode: str = "x", encoding: Optional[str] = None) -> Any:
        """Open a new file of it to write to."""
        path = self._path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if self._stamps.pop(path, None) is not None:
            # A link to a file of the program, which is not to be written to.
            os.unlink(path)
        return open(path, mode.replace("x", "w"), encoding=encoding if "b" in mode else encoding or "utf-8")

    def add(self, obj: Any, name: str, *given: Any, **ignored: Any) -> None:
        """Add a table, or the file of a picture; of other media only the description."""
        file = obj._kept.get("path") if isinstance(obj, _media.Media) else None
        if isinstance(obj, _media.Table):
            self._write(f"{name}.table.json", obj.text(self, name))
        elif file is not None and os.path.isfile(file):
            self.add_file(file, name + os.path.splitext(file)[1])
        else:
            self._write(f"{name}.json", json.dumps(obj.kept(self, name) if isinstance(obj, _media.StandIn) else plain(obj)))

    def _write(self, name: str, text: str) -> None:
        path = self._path(name)
        self._stamps.pop(path, None)
        _media.write(path, text)

    def remove(self, item: Any) -> None:
        """Remove a file that was added."""
        path = self._path(item.name if isinstance(item, Entry) else str(item))
        self._stamps.pop(path, None)
        os.unlink(path)

    def _check(self) -> None:
        """Raise an error if a file has changed since it was added."""
        for path, stamp in self._stamps.items():
            if os.path.exists(path) and _versions.stamp(path) != stamp:
                what = f"{os.path.basename(path)} has changed since it was added; add it again"
                raise BesomError(f"artifact {self.name} cannot be logged: {what}")

    def _add_aliases(self, aliases: Sequence[str]) -> None:
        """Give a logged version more aliases."""
        if self._found is not None and aliases:
            _versions.add_aliases(self._found, aliases)
            self.aliases += [alias for alias in aliases if alias not in (*self.aliases, "latest")]

    def kept(self, run: Any, key: str) -> Optional[dict[str, Any]]:
        """Return what a row keeps of it."""
        return {"_type": "artifactVersion", "name": self.name, "type": self.type}

    def save(self, *given: Any, **ignored: Any) -> None:
        """Log it without a run; of one that is logged, keep changes of metadata, description and aliases."""
        if self._found is None:
            keep(self, None, ())
        else:
            note = _versions.read(self._found)
            _versions.write(self._found, {**note, **self._note(), "aliases": sorted(set(self.aliases) - {"latest"})})

    def _note(self) -> dict[str, Any]:
        noted: dict[str, Any] = {}
        pass_on({"metadata": self.metadata, "description": self.description}, lambda given: noted.update(plain(given)))
        return noted

    def wait(self, timeout: Optional[int] = None) -> Artifact:
        """Return the artifact."""
        return self

    def is_draft(self) -> bool:
        """Return whether it is not logged yet."""
        return self._found is None

    def files(self, *given: Any, **ignored: Any) -> list[Entry]:
        """Return its files; raise :class:`besom.BesomError` if it cannot be read."""
        if self._found is None:
            raise BesomError(f"artifact {self.name} cannot be read: {self._why}")
        known = _versions.read(self._found)["files"]
        for name, stamp in known.items():
            path = os.path.join(self._place(), name)
            if not os.path.exists(path) or list(_versions.stamp(path)) != stamp:
                raise BesomError(f"artifact {self.name} cannot be read: {name} was overwritten after it was logged; write each version to a new file")
        return [Entry(name, os.path.join(self._place(), name), self._version()) for name in sorted(known)]

    def _version(self) -> str:
        return os.path.join(self._base, f"v{self._number}")

    def _place(self) -> str:
        assert self._found is not None, "it is read once it is logged"
        return os.path.join(self._found, _versions.FILES)

    def verify(self, root: Any = None) -> None:
        """Raise :class:`besom.BesomError` if a file was overwritten."""
        self.files()

    def download(self, root: Any = None, *given: Any, **ignored: Any) -> str:
        """Copy its files below ``root``, or into the directory of the run, and return where they are.

        Without a run and ``root`` the copies are removed when this process ends.
        """
        files = self._loaded()
        to = _downloads(self._version()) if root is None else os.fspath(root)
        os.makedirs(to, exist_ok=True)
        for file in files:
            file.download(to)
        return str(to)

    def _loaded(self) -> list[Entry]:
        """Return its files; raise an error if there are some that besom does not load."""
        files = self.files()
        if self._references:
            raise BesomError(f"artifact {self.name} cannot be read: besom does not load {', '.join(self._references.values())}")
        return files

    def checkout(self, root: Any = None) -> str:
        """Do as ``download``."""
        return self.download(root)

    def file(self, root: Any = None) -> str:
        """Return where a copy of its only file is; see ``download``."""
        files = self._loaded()
        if len(files) != 1:
            raise ValueError(f"artifact {self.name} has {len(files)} files; use download() or get_entry(name)")
        return files[0].download(root)

    def get_entry(self, name: Any) -> Entry:
        """Return one of its files; raise ``KeyError`` without it."""
        for file in self.files():
            if file.name == os.path.normpath(str(name)):
                return file
        raise KeyError(f"artifact {self.name} has no file {name!r}; it has {', '.join(file.name for file in self.files())}")

    get_path = get_entry

    def get(self, name: str) -> Any:
        """Return the table or picture that was added under a name, or None."""
        for file in self.files():
            if file.name in (f"{name}.table.json", name) and file.name.endswith(".table.json"):
                with open(file.path, encoding="utf-8") as text:
                    given = json.load(text)
                return _media.Table(columns=given["columns"], data=given["data"])
            if os.path.splitext(file.name)[0] == name:
                return _media.Image(file.path)
        return None

    def logged_by(self) -> Any:
        """Return the run that logged it, as :meth:`besom.Api.run` does, or None for a run outside any sweep."""
        from besom import Api

        return Api().run(self.run_id) if self.run_id and re.fullmatch(r"[^-]+-\d+", self.run_id) else None

    def link(self, *given: Any, **ignored: Any) -> None:
        """Do nothing: there are no registries."""
        _media.keeps_no("registries")

    def __repr__(self) -> str:
        return f"<Artifact {self.name} ({self.type})>"


def keep(artifact: Artifact, run_id: Optional[str], aliases: Sequence[str]) -> None:
    """Make an artifact the next version of its name; say why, if it cannot be."""
    artifact._check()
    note: dict[str, Any] = {"name": artifact._base, "type": artifact.type, "run": run_id, "created": time.time(), **artifact._note()}
    note.update(aliases=sorted(set(aliases) - {"latest"}), references=artifact._references)
    try:
        artifact._making = artifact._making or _versions.begin()
        artifact._number = _versions.keep(artifact._making.name, artifact._base, note)
    except OSError as error:
        artifact._why = f"it was not kept: {error}"
        _say.once(f"besom: artifact {artifact.name} was not kept: {error}", f"artifact {artifact._base}")
        return
    finally:
        if artifact._making is not None:
            artifact._making.cleanup()
    artifact._found = _versions.place(artifact._base, artifact._number)
    artifact.run_id, artifact.aliases = run_id, ["latest", *note["aliases"]]


def log(
    run: Any, artifact_or_path: Any, name: Optional[str] = None, type: Optional[str] = None, aliases: Union[str, Sequence[str], None] = None, **ignored: Any
) -> Artifact:
    """Keep an artifact, or a file or directory as one, as the next version of its name."""
    artifact, aliases = artifact_or_path, [aliases] if isinstance(aliases, str) else list(aliases or ())
    if not isinstance(artifact, Artifact):
        path = os.fspath(artifact_or_path)
        artifact = Artifact(name or f"run-{run.id}-{os.path.basename(os.path.normpath(path))}", type or "unspecified")
        artifact.add_dir(path) if os.path.isdir(path) else artifact.add_file(path)
    if artifact.is_draft():
        keep(artifact, run.id, aliases)
        run.describe(artifacts={artifact._base: {"type": artifact.type, "version": artifact.version}})
    else:
        artifact._add_aliases(aliases)
    return artifact


def use(path: Any, type: Optional[str] = None) -> Artifact:
    """Return the version that a path names. Without one, reading it raises an error, and naming it does not."""
    directory = _versions.find(str(path))
    if directory is None:
        artifact = Artifact(re.sub(r"[^\w.\-]", "_", _versions.parsed(str(path))[0]) or "artifact", type or "unspecified")
        known = sorted(os.path.basename(found) for found in glob.glob(os.path.join(glob.escape(_versions.base()), "*")))
        artifact._why = f"this store has no {path!s} on this machine" + (f"; it has {', '.join(known)}" if known else "")
        return artifact
    note = _versions.read(directory)
    artifact = Artifact(note["name"], note["type"], note["description"], note["metadata"])
    artifact._number, artifact._found, artifact.run_id = note["version"], directory, note["run"]
    artifact._references = note["references"]
    is_last = _versions.versions(note["name"])[-1] == note["version"]
    artifact.aliases = [*(["latest"] if is_last else []), *note["aliases"]]
    return artifact
