"""What of W&B's pictures, tables and other media a row of metrics keeps.

A row has a small description of each, in the form of W&B's client: ``{"_type": "image-file", "caption": .., "width": 28}``.
Tables are files in the directory of the run, histograms are their bins. Nothing of this makes a run fail.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, Callable, Optional, Protocol

from besom import _say
from besom._plain import plain

#: As many pictures of a list are described, as W&B shows of one.
MOST = 108


class Place(Protocol):
    """The run that a row is logged to."""

    @property
    def dir(self) -> str: ...


class StandIn:
    """An object of W&B that besom does not keep. It takes every call; `besom.log` leaves it out."""

    kind = "objects"

    def __init__(self, *given: Any, **named: Any) -> None:
        keeps_no(self.kind)

    def __getattr__(self, name: str) -> Any:
        # What data has, by which `log` would take it for some.
        if name.startswith("_") or name in ("tolist", "item", "keys", "isoformat", "total_seconds"):
            raise AttributeError(name)
        return nothing

    def kept(self, run: Place, key: str) -> Optional[dict[str, Any]]:
        """Return what a row keeps under ``key``, or None."""
        return None


class Media(StandIn):
    """A picture or the like: a row keeps its path, its size, and what was said of it in words and numbers."""

    type = "file"

    def __init__(self, data_or_path: Any = None, *given: Any, caption: Optional[str] = None, **named: Any) -> None:
        _say.once(f"besom keeps no {self.kind}; a row has their caption, size and path")
        self.caption = caption
        self._kept = {"_type": self.type, **self._of(data_or_path), **_said({**named, "caption": caption})}

    def _of(self, data: Any) -> dict[str, Any]:
        path = os.fspath(data) if isinstance(data, (str, os.PathLike)) else getattr(data, "name", None)
        return {"path": os.path.abspath(path)} if isinstance(path, str) else {}

    def kept(self, run: Place, key: str) -> Optional[dict[str, Any]]:
        """Return the description."""
        return self._kept


class Image(Media):
    """A picture: of a file, an array, a tensor or a figure."""

    kind, type = "images", "image-file"

    def _of(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Image):
            return {name: value for name, value in data._kept.items() if name != "_type"}
        size = _size(data)
        return {"width": size[0], "height": size[1]} if size is not None else super()._of(data)


class Html(Media):
    """A page, or its file."""

    kind, type = "HTML pages", "html-file"

    def _of(self, data: Any) -> dict[str, Any]:
        return super()._of(data) if not isinstance(data, str) or os.path.exists(data) else {"size": len(data)}


def _media(name: str, kind: str, type_: str) -> type[Media]:
    return type(name, (Media,), {"kind": kind, "type": type_, "__doc__": f"One of W&B's {kind}, of which a row keeps the description."})


Video, Audio = _media("Video", "videos", "video-file"), _media("Audio", "sounds", "audio-file")
Object3D, Molecule = _media("Object3D", "3D objects", "object3D-file"), _media("Molecule", "molecules", "molecule-file")
Plotly, Bokeh, Graph = _media("Plotly", "figures", "plotly-file"), _media("Bokeh", "figures", "bokeh-file"), _media("Graph", "graphs", "graph-file")


class Histogram(StandIn):
    """The counts of values in bins of equal width: ``histogram`` and ``bins``, which has one value more.

    >>> Histogram([0, 1, 1, 4], num_bins=2).kept(None, "")
    {'_type': 'histogram', 'values': [3, 1], 'bins': [0.0, 2.0, 4.0]}
    """

    MAX_LENGTH = 512

    def __init__(self, sequence: Any = None, np_histogram: Any = None, num_bins: int = 64) -> None:
        if np_histogram is not None:
            counts, bins = np_histogram
        elif sequence is not None:
            counts, bins = _counts(sequence, min(num_bins, self.MAX_LENGTH))
        else:
            raise ValueError("a histogram requires a sequence or np_histogram=(counts, bins)")
        self.histogram, self.bins = _list(counts), [float(edge) for edge in _list(bins)]
        if len(self.bins) != len(self.histogram) + 1:
            raise ValueError(f"a histogram of {len(self.histogram)} counts requires one edge more, got {len(self.bins)}")

    def kept(self, run: Optional[Place], key: str) -> dict[str, Any]:
        """Return counts and edges."""
        return {"_type": "histogram", "values": self.histogram, "bins": self.bins}


class Table(StandIn):
    """A table: the newest of each key is a file ``media/table/KEY.table.json`` in the directory of the run.

    >>> table = Table(columns=["x", "y"])
    >>> table.add_data(1, "a")
    >>> table.data, table.get_column("y")
    ([[1, 'a']], ['a'])
    """

    #: More rows are not written.
    MAX_ROWS = 10_000

    def __init__(self, columns: Any = None, data: Any = None, rows: Any = None, dataframe: Any = None, *more: Any, **ignored: Any) -> None:
        given: Any = next((value for value in (dataframe, data, rows) if value is not None), ())
        if hasattr(given, "columns"):
            columns = list(given.columns) if columns is None else columns
            given = given.to_numpy()
        self.columns: list[Any] = list(("Input", "Output", "Expected") if columns is None else columns)
        self.data: list[list[Any]] = []
        for row in _list(given):
            self.add_data(*row)

    def add_data(self, *row: Any) -> None:
        """Add a row."""
        if len(row) != len(self.columns):
            raise ValueError(f"a row of this table has {len(self.columns)} values ({', '.join(map(str, self.columns))}), got {len(row)}")
        self.data.append(list(row))

    def add_row(self, *row: Any) -> None:
        """Add a row."""
        self.add_data(*row)

    def add_column(self, name: Any, data: Any, optional: bool = False) -> None:
        """Add a column."""
        values = _list(data)
        if self.columns and len(values) != len(self.data):
            raise ValueError(f"column {name!r} must have {len(self.data)} values, got {len(values)}")
        self.data = [[*row, value] for row, value in zip(self.data or [[] for _ in values], values)]
        self.columns.append(name)

    def add_computed_columns(self, function: Callable[[int, dict[Any, Any]], Mapping[Any, Any]]) -> None:
        """Add columns that a function computes of the number of a row and its values by name."""
        added = [function(number, dict(zip(self.columns, row))) for number, row in enumerate(self.data)]
        for name in added[0] if added else ():
            self.add_column(name, [row[name] for row in added])

    def get_column(self, name: Any, convert_to: Optional[str] = None) -> Any:
        """Return the values of a column, as a list or with ``convert_to="numpy"`` an array."""
        at = self.columns.index(name)
        values = [row[at] for row in self.data]
        if convert_to == "numpy":
            from importlib import import_module

            return import_module("numpy").array(values)
        return values

    def get_dataframe(self) -> Any:
        """Return a ``pandas.DataFrame``."""
        from besom import _frame

        return _frame.pandas().DataFrame(self.data, columns=self.columns)

    def get_index(self) -> list[int]:
        """Return the numbers of the rows."""
        return list(range(len(self.data)))

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """Return the rows with their numbers."""
        return iter(enumerate(self.data))

    def text(self, run: Any, key: str) -> str:
        """Return it as JSON."""
        rows = [[cell(value, run, key) for value in row] for row in self.data[: self.MAX_ROWS]]
        return json.dumps({"columns": plain(self.columns), "data": rows})

    def kept(self, run: Place, key: str) -> dict[str, Any]:
        """Write the table; return its size and where it is."""
        size = {"_type": "table-file", "ncols": len(self.columns), "nrows": len(self.data)}
        if len(self.data) > self.MAX_ROWS:
            _say.once(f"besom: table {key} has {len(self.data)} rows; the first {self.MAX_ROWS} are kept", f"rows of {key}")
        name = os.path.join("media", "table", *_safe(key)) + ".table.json"
        try:
            write(os.path.join(run.dir, name), self.text(run, key))
        except (OSError, ValueError, RecursionError) as error:
            _say.once(f"besom: table {key} was not written: {error}", f"table {key}")
            return size
        return {**size, "path": name}


class Chart(StandIn):
    """A chart, of which a row keeps the table that it is made of."""

    kind = "charts"

    def __init__(self, table: Any = None, *given: Any, **named: Any) -> None:
        keeps_no(self.kind)
        self._table = table if isinstance(table, Table) else None

    def kept(self, run: Place, key: str) -> Optional[dict[str, Any]]:
        """Write the table, if there is one."""
        return None if self._table is None else self._table.kept(run, key)


def row(values: Mapping[str, Any], run: Place, prefix: str = "") -> dict[str, Any]:
    """Return a row with the descriptions of its media, without what has none."""
    kept = {name: _kept(value, run, f"{prefix}{name}") for name, value in values.items()}
    return {name: value for name, value in kept.items() if value is not _LEFT_OUT}


_LEFT_OUT = object()


def _kept(value: Any, run: Place, key: str) -> Any:
    if isinstance(value, (float, int, str)) or value is None:
        return value
    if isinstance(value, dict):
        return row(value, run, f"{key}.")
    if isinstance(value, (list, tuple)) and value and (isinstance(value[0], StandIn) or _is_figure(value[0])):
        kept = [_kept(inner, run, key) for inner in value[:MOST]]
        return [inner for inner in kept if inner is not _LEFT_OUT] or _LEFT_OUT
    if _is_figure(value):
        value = (Plotly if _package(value) == "plotly" else Image)(value)
    if isinstance(value, StandIn):
        description = value.kept(run, key)
        return _LEFT_OUT if description is None else description
    return value


def cell(value: Any, run: Place, key: str) -> Any:
    """Return a value of a table as JSON can have it."""
    kept = _kept(value, run, key)
    if kept is _LEFT_OUT:
        return None
    return _finite(plain(kept.tolist() if hasattr(kept, "tolist") else kept))


def _finite(value: Any) -> Any:
    """Return plain data with texts for NaN and infinities, which JSON lacks."""
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return str(value) if isinstance(value, float) and value - value != 0 else value


def keeps_no(kind: str) -> None:
    """Say that besom keeps nothing of a kind."""
    _say.once(f"besom keeps no {kind}: ignored")


def nothing(*given: Any, **named: Any) -> None:
    """Do nothing."""


def _package(value: Any) -> str:
    return (value.__name__ if isinstance(value, ModuleType) else type(value).__module__).partition(".")[0]


def _is_figure(value: Any) -> bool:
    return _package(value) in ("matplotlib", "plotly", "PIL", "bokeh")


def _size(data: Any) -> Optional[tuple[int, int]]:
    """Return width and height of a picture, an array, a tensor (channels first) or a figure."""
    shape = getattr(data, "shape", None)
    if shape is not None and len(shape) >= 2:
        height, width = shape[-2:] if hasattr(data, "numel") else shape[:2]
        return int(width), int(height)
    size = getattr(data, "size", None)
    return (int(size[0]), int(size[1])) if isinstance(size, tuple) and len(size) == 2 else None


def _said(named: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in named.items() if isinstance(value, (str, int, float))}


def _list(values: Any) -> list[Any]:
    """Return the values of an array, a tensor or anything else that has some."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    return list(values.tolist() if hasattr(values, "tolist") else values)


def _counts(sequence: Any, number: int) -> tuple[list[int], list[float]]:
    """Return counts of the finite values in bins of equal width, and their edges, as ``numpy.histogram`` does."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        array = numpy.asarray(_list(sequence) if hasattr(sequence, "detach") else sequence, dtype=float).ravel()
        counts, edges = numpy.histogram(array[numpy.isfinite(array)], bins=number)
        return counts.tolist(), edges.tolist()
    values = [value for value in _flat(_list(sequence)) if value - value == 0]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    width = (high - low) / number
    found = [0] * number
    for value in values:
        found[min(int((value - low) / width), number - 1)] += 1
    return found, [low + width * edge for edge in range(number)] + [high]


def _flat(values: Sequence[Any]) -> Iterator[float]:
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _flat(value)
        else:
            yield float(value)


def _safe(key: str) -> list[str]:
    """Return a key as parts of a path that stays where it is."""
    parts = [re.sub(r"[^\w.\- ]", "_", part)[:100] for part in str(key).split("/")]
    return [part for part in parts if part.strip(".")] or ["_"]


def write(path: str, text: str) -> None:
    """Write a file in one piece."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(f"{path}.new", path)
