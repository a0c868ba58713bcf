"""Pictures of a sweep on matplotlib, which `pip install besom[plot]` brings along.

Each function takes a sweep (its id, a `Controller`, what `besom.Api().sweep(id)` gives, or a `besom.Sweep`) and gives back a
figure to show, change or save.

>>> import besom, besom.plot
>>> sweep = besom.Sweep({"method": "random", "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}})
>>> for _ in range(5):
...     run = sweep.ask()
...     sweep.tell(run, run["x"] ** 2)
>>> besom.plot.history(sweep).axes[0].get_ylabel()
'loss'
"""

from __future__ import annotations

import io
import math
from typing import Any, NamedTuple, Optional

from besom import _besom, _html, _picture, _show
from besom._picture import Picture

__all__ = ["Importance", "contour", "curves", "history", "importance", "importances", "parallel", "slice"]

RUN, BEST, REST = "#3b6ea5", "#c33", "#bbb"


class Importance(NamedTuple):
    """The part of the metric's variation, from 0 to 1, that a parameter explains alone, and alone or together with others."""

    alone: float
    total: float


def _figure(columns: int = 1, rows: int = 1, width: float = 6.0, height: float = 4.0) -> tuple[Any, list[Any]]:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("besom.plot draws with matplotlib: pip install besom[plot]") from error

    class Shown(Figure):  # type: ignore[misc,unused-ignore]
        """A figure that notebooks show by themselves, whatever they are told of matplotlib."""

        def _repr_png_(self) -> bytes:
            buffer = io.BytesIO()
            self.savefig(buffer, format="png")
            return buffer.getvalue()

    figure = Shown(figsize=(width, height), layout="constrained")
    return figure, list(figure.subplots(rows, columns, squeeze=False).flat)


def history(sweep: Any) -> Any:
    """The value of each run over its number, and the best so far. Runs that failed, or were killed, do not count for the best:
    they are circles."""
    picture = _picture.of(sweep)
    figure, (axes,) = _figure()
    counted = {dot.number for dot in picture.counted()}
    for label, color, there in (("a run", RUN, True), ("failed or killed", "none", False)):
        dots = [dot for dot in picture.valued() if (dot.number in counted) is there]
        if dots or there:
            xs, ys = [dot.number for dot in dots], [dot.value for dot in dots]
            axes.scatter(xs, ys, s=16, color=color, edgecolors=RUN, linewidths=0.8, alpha=0.8, label=label)
    best = picture.best_so_far()
    axes.step([n for n, _ in best], [v for _, v in best], where="post", color=BEST, label="best so far")
    axes.set(xlabel="run", ylabel=picture.metric, title=picture.title)
    axes.xaxis.get_major_locator().set_params(integer=True)
    beyond = _span(axes, [dot.value for dot in picture.valued()])
    if beyond:
        axes.set(xlabel=f"run ({beyond} far beyond the picture)")
    axes.legend()
    return figure


def parallel(sweep: Any) -> Any:
    """One axis per parameter, one line per run, coloured by its place among the values: dark is good."""
    picture = _picture.of(sweep)
    names, dots = picture.varied(), picture.valued()
    figure, (axes,) = _figure(width=max(6.0, 1.4 * len(names)))
    if not names or not dots:
        return _nothing(figure, axes, picture)
    spots = {name: _html.axis([dot.params.get(name) for dot in dots]) for name in names}
    goodness = _html.goodness(picture, dots)
    colors = _good_is_dark()
    for dot in sorted(dots, key=goodness):
        ys = [spots[name].get(repr(dot.params.get(name)), math.nan) for name in names]
        axes.plot(range(len(names)), ys, color=colors(1 - goodness(dot)), alpha=0.7)
    for place, name in enumerate(names):
        axes.axvline(place, color="#999", linewidth=0.8)
        for text, at in _html.labels(spots[name]):
            axes.annotate(text, (place, at), xytext=(4, 0), textcoords="offset points", fontsize=8, va="center", bbox=_PAPER)
    axes.set(xticks=range(len(names)), xticklabels=names, yticks=[], title=f"{picture.title}: {picture.metric}")
    axes.set_xlim(-0.2, len(names) - 0.4)
    by_place = sorted(dots, key=goodness, reverse=True)
    _color_bar(figure, axes, picture.metric, colors, [(k / 4, by_place[round(k / 4 * (len(by_place) - 1))].value) for k in range(5)])
    return figure


def importance(sweep: Any) -> Any:
    """How much of the metric's variation each parameter explains: alone (dark) and together with others (light)."""
    picture = _picture.of(sweep)
    figure, (axes,) = _figure()
    try:
        found = sorted(importances(sweep).items(), key=lambda pair: pair[1].total)
    except _besom.BesomError as error:
        return _nothing(figure, axes, picture, str(error))
    names = [name for name, _ in found]
    axes.barh(names, [size.total for _, size in found], color=RUN, alpha=0.35, label="together with others")
    axes.barh(names, [size.alone for _, size in found], color=RUN, label="alone")
    axes.set(xlabel="share of the variation that it explains", xlim=(0, 1), title=picture.title)
    axes.legend(loc="lower right")
    return figure


def importances(sweep: Any) -> dict[str, Importance]:
    """The importance of each parameter that is not constant: a functional analysis of variance of a model of the metric.

    Raises :class:`besom.BesomError` if fewer than four runs have a value.
    """
    return {name: Importance(alone, total) for name, alone, total in _besom.importances(_picture.of(sweep).history())}


def slice(sweep: Any) -> Any:
    """The value over each parameter; later runs are darker."""
    picture = _picture.of(sweep)
    names, dots = picture.varied(), picture.valued()
    columns = max(1, min(3, len(names)))
    rows = max(1, math.ceil(len(names) / columns))
    figure, axes = _figure(columns, rows, width=max(4.0, 3.2 * columns), height=3.2 * rows)
    if not names or not dots:
        return _nothing(figure, axes[0], picture)
    for one, name in zip(axes, names):
        there = [dot for dot in dots if name in dot.params]
        given = _plain([dot.params[name] for dot in there])
        ages = [0.25 + 0.75 * dot.number / dots[-1].number for dot in there]
        one.scatter(given, [dot.value for dot in there], s=16, color=RUN, alpha=ages, linewidths=0)
        _log_if_wide(one, given)
        _span(one, [dot.value for dot in dots])
        one.set(xlabel=name)
    for one in axes[len(names) :]:
        one.remove()
    for one in axes[::columns]:
        one.set(ylabel=picture.metric)
    figure.suptitle(picture.title)
    return figure


def contour(sweep: Any, x: Optional[str] = None, y: Optional[str] = None) -> Any:
    """What a model predicts over two parameters (the two that matter most, unless you name them), the others left open; dark
    is good. Dots are runs, the red one is the best."""
    picture = _picture.of(sweep)
    figure, (axes,) = _figure()
    try:
        surface = _besom.surface(picture.history(), x, y)
    except _besom.BesomError as error:
        return _nothing(figure, axes, picture, str(error))
    colors = _good_is_dark()
    axes.imshow(surface["scores"], origin="lower", extent=(0, 1, 0, 1), aspect="auto", cmap=colors, interpolation="nearest")
    best = picture.best()
    for number, across, up in surface["runs"]:
        is_best = best is not None and number == best.number
        size, color, layer = (60, BEST, 4) if is_best else (16, "white", 3)
        # Many of the best lie on the edge of the space: they are not cut in half there.
        axes.scatter(across, up, s=size, color=color, edgecolors="#222", linewidths=0.8, zorder=layer, clip_on=False)
    for axis, set_ticks, set_label in zip(surface["axes"], (axes.set_xticks, axes.set_yticks), (axes.set_xlabel, axes.set_ylabel)):
        set_ticks([at for at, _ in axis["ticks"]], [_html.short(value) for _, value in axis["ticks"]])
        set_label(axis["name"])
    low, high = surface["levels"][0][0], surface["levels"][-1][0]
    if high > low:
        _color_bar(figure, axes, f"predicted {picture.metric}", colors, [((score - low) / (high - low), value) for score, value in surface["levels"]])
    axes.set(title=picture.title, xlim=(0, 1), ylim=(0, 1))
    return figure


def curves(sweep: Any, limit: int = 100) -> Any:
    """What each of the last ``limit`` runs logged of the metric, step by step; the best run red, stopped or failed ones grey."""
    picture = _picture.of(sweep)
    figure, (axes,) = _figure()
    best = picture.best()
    drawn = [(dot, picture.curve(dot.number)) for dot in picture.dots[-limit:]]
    for dot, values in drawn:
        is_best = best is not None and dot.number == best.number
        is_full = dot.state in ("finished", "running") and not dot.stopped
        style = {"color": BEST, "linewidth": 2, "zorder": 3} if is_best else {"color": RUN if is_full else REST, "linewidth": 1, "alpha": 0.6}
        # A line of one point is none.
        axes.plot(range(1, len(values) + 1), values, marker="." if len(values) == 1 else None, **style)
    _span(axes, [value for _, values in drawn for value in values])
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="step", ylabel=picture.metric, title=picture.title)
    return figure


#: Behind a text that stands on lines.
_PAPER = {"boxstyle": "square,pad=0.1", "facecolor": "white", "alpha": 0.75, "linewidth": 0}


def _good_is_dark() -> Any:
    import matplotlib
    from matplotlib.colors import ListedColormap

    # The last, yellow tenth is hard to see on white.
    return ListedColormap(matplotlib.colormaps["viridis"]([0.9 * k / 255 for k in range(256)]))


def _color_bar(figure: Any, axes: Any, label: str, colors: Any, ticks: list[tuple[float, Any]]) -> None:
    import matplotlib

    bar = figure.colorbar(matplotlib.cm.ScalarMappable(matplotlib.colors.Normalize(0, 1), colors), ax=axes)
    bar.set_ticks([at for at, _ in ticks], labels=[_show.number(value, 3) for _, value in ticks])
    bar.set_label(label)
    # Good, that is dark, stands on top.
    bar.ax.invert_yaxis()


def _span(axes: Any, values: list[Any]) -> int:
    """Shows the part that most values lie in; says how many lie beyond."""
    numbers = [value for value in values if value is not None]
    low, high, is_logarithmic = _besom.span(numbers)
    axes.set(yscale="log" if is_logarithmic else "linear", ylim=(low, high))
    return sum(not low <= value <= high for value in numbers)


def _plain(values: list[Any]) -> list[Any]:
    is_number = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    return values if is_number else [str(value) for value in values]


def _log_if_wide(axes: Any, values: list[Any]) -> None:
    numbers = [value for value in values if isinstance(value, (int, float))]
    if numbers and min(numbers) > 0 and max(numbers) / min(numbers) > 100:
        axes.set(xscale="log")


def _nothing(figure: Any, axes: Any, picture: Picture, why: str = "no run has a value yet, or nothing is varied") -> Any:
    axes.text(0.5, 0.5, why, ha="center", va="center", wrap=True)
    axes.set(title=picture.title, xticks=[], yticks=[])
    return figure
