"""Pictures of a sweep without other packages: what ``besom plot`` draws, and the HTML that notebooks show."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, NamedTuple, Optional, Union

from besom import _besom, _dashboard, _place, _show

#: A notebook shows more runs than this as pixels: their shapes as text would take megabytes at each update.
MOST_SHAPES = 500
#: The size of a picture in a notebook's cell, in pixels: two stand side by side on a wide screen.
WIDTH, HEIGHT = 560, 360
#: The width of a parameter in parallel coordinates: its name fits.
COLUMN = 110


class Subject(NamedTuple):
    """A sweep at one moment: what a picture shows and what stands above it."""

    title: str
    #: What stands above a picture: found out only where it is shown, since a model may be fitted for it.
    lines: Callable[[], list[str]]
    history: _besom.History
    metric: str
    #: HTML that leads to more.
    more: str = ""


class Picture:
    """A picture of a sweep. A notebook shows it; :meth:`save` writes it."""

    def __init__(
        self,
        history: _besom.History,
        kind: str,
        parameters: Sequence[str],
        size: Optional[tuple[int, int]],
        scale: float = 1.0,
    ) -> None:
        self._arguments = (history, kind)
        self._options: dict[str, Any] = {"parameters": list(parameters), "size": size, "scale": scale}
        self._format = "svg" if len(history) <= MOST_SHAPES else "png"
        self._shown = self._draw(self._format)

    def _draw(self, format: str) -> bytes:
        history, kind = self._arguments
        return _besom.draw(history, kind, format, **self._options)

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        return (self._shown if self._format == "svg" else self._draw("svg")).decode()

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Write the picture to a file that ends in ``.svg`` or ``.png``."""
        format = os.path.splitext(os.fspath(path))[1].lstrip(".").lower()
        content = self._draw(format)
        with open(path, "wb") as file:
            file.write(content)

    # Of these two a notebook shows the one that is not None.

    def _repr_svg_(self) -> Optional[str]:
        return self.svg if self._format == "svg" else None

    def _repr_png_(self) -> Optional[bytes]:
        return self._shown if self._format == "png" else None

    def __repr__(self) -> str:
        return f"<Picture {self._arguments[1]}>"


def picture(
    sweep: Any,
    kind: str = "history",
    *,
    parameters: Sequence[str] = (),
    size: Optional[tuple[int, int]] = None,
    scale: float = 1.0,
) -> Picture:
    """Draw a picture of a sweep, as the command ``besom plot`` does.

    ``sweep`` is an id, a :class:`besom.Controller`, what ``Api().sweep`` returns, or a :class:`besom.Sweep`. ``kind`` is
    ``"history"``, ``"curves"``, ``"parallel"``, ``"slice"``, ``"importance"``, ``"contour"`` or ``"front"``; ``parameters`` selects some
    parameters; ``size`` is in pixels, and text keeps its size; ``scale`` enlarges all, text too.

    >>> import besom
    >>> sweep = besom.Sweep({"method": "random", "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}})
    >>> for _ in range(5):
    ...     run = sweep.ask()
    ...     sweep.tell(run, run["x"] ** 2)
    >>> besom.picture(sweep, "slice").svg[:4]
    '<svg'
    """
    return Picture(subject(sweep).history, kind, parameters, size, scale)


def subject(sweep: Any) -> Subject:
    """Return what pictures show of a sweep, whatever kind of sweep it is."""
    if isinstance(sweep, str):
        return stored(_besom.Store(_place.store_name()), _place.sweep_id(sweep))
    if isinstance(sweep, _besom.Sweep):
        return _asked(sweep)
    found: Subject = sweep._subject()
    return found


def stored(store: _besom.Store, id: str) -> Subject:
    """Return what pictures show of a sweep in a store."""
    row = store.sweep(id)

    def lines() -> list[str]:
        reason = f": {row['reason']}" if row["reason"] else ""
        best = _show.best(store, row, store.status(id))
        return [f"{row['state']}{reason}", f"runs {store.counts(id)}", best, _show.missing(store, row)]

    title = f"sweep {id}" + (f" ({row['name']})" if row["name"] else "")
    more = _dashboard.html(store.name, id)
    return Subject(title, lines, store.history(id), _metric(row["metrics"]), more)


def _asked(sweep: _besom.Sweep) -> Subject:
    history, metrics = sweep.runs, sweep.problem.metrics

    def lines() -> list[str]:
        if len(metrics) > 1:
            return [f"{len(history)} runs", _show.front_line(len(history.front), len(metrics), history.hypervolume)]
        best, better = (_compared(run) for run in (history.best, history.better_uncounted))
        line = _besom.best_line(metrics[0]["name"], best, better, history.best_expected) if metrics else ""
        return [f"{len(history)} runs", line]

    return Subject("sweep", lines, history, _metric(metrics))


def _compared(run: Optional[_besom.HistoryRun]) -> Optional[dict[str, Any]]:
    return None if run is None else {"run": run.number, "state": run.state, "value": run.best}


def _metric(metrics: list[dict[str, Any]]) -> str:
    return str(metrics[0]["name"]) if metrics else "metric"


def html(sweep: Any) -> str:
    """Return a sweep as HTML for notebooks: its state, its history and its parameters, without scripts or network."""
    title, lines, history, metric, more = subject(sweep)
    head = "".join(f"<div>{escape(line)}</div>" for line in lines() if line) + more
    drawn = _drawn(history, "history", WIDTH, f"{metric} of each run and the best so far")
    if len(history):
        # Not of one run alone, because a parameter with a condition is missing in some; a hundred have all, or nearly.
        some = (history[place].params for place in range(min(len(history), 100)))
        columns = len({name for params in some for name in _show.flat(params)}) + 1
        drawn += _drawn(history, "parallel", max(WIDTH, COLUMN * columns), "parameters of each run")
    # A page of its own color: pictures are dark on white, in dark notebooks too.
    style = "font-family:sans-serif;font-size:13px;line-height:1.5;color:#222;background:#fff;padding:8px;overflow-x:auto"
    return f'<div style="{style}"><b>{escape(title)}</b>{head}<div>{drawn}</div></div>'


def _drawn(history: _besom.History, kind: str, width: int, label: str) -> str:
    """Return one picture of the page; nothing if there is nothing to see yet."""
    style = "display:inline-block;vertical-align:top;margin-right:16px"
    try:
        drawn = Picture(history, kind, (), (width, HEIGHT))
    except _besom.BesomError:
        return ""
    if (svg := drawn._repr_svg_()) is not None:
        return f'<div role="img" aria-label="{escape(label)}" style="{style}">{svg}</div>'
    png = base64.b64encode(drawn._repr_png_() or b"").decode()
    return f'<img alt="{escape(label)}" style="{style}" src="data:image/png;base64,{png}"/>'
