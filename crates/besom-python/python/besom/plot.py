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
from typing import Any, Optional

from besom import _html, _picture
from besom._picture import Picture

__all__ = ["contour", "curves", "history", "importance", "parallel", "slice"]


def _figure(columns: int = 1, width: float = 6.0) -> tuple[Any, list[Any]]:
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

    figure = Shown(figsize=(width, 4), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False)
    return figure, list(axes[0])


def history(sweep: Any) -> Any:
    """The value of each run over its number, and the best so far."""
    picture = _picture.of(sweep)
    figure, (axes,) = _figure()
    dots = picture.valued()
    axes.scatter([dot.number for dot in dots], [dot.value for dot in dots], s=14, color="#8aa", label="a run")
    best = picture.best_so_far()
    axes.step([n for n, _ in best], [v for _, v in best], where="post", color="#c33", label="best so far")
    axes.set(xlabel="run", ylabel=picture.metric, title=picture.title)
    axes.legend()
    return figure


def parallel(sweep: Any) -> Any:
    """One axis per parameter, one line per run, coloured by its value."""
    picture = _picture.of(sweep)
    figure, (axes,) = _figure(width=max(6.0, 1.4 * len(picture.varied())))
    names, dots = picture.varied(), picture.valued()
    if not names or not dots:
        return _nothing(figure, axes, picture)
    spots = {name: _html.axis([dot.params.get(name) for dot in dots]) for name in names}
    values = [dot.value or 0.0 for dot in dots]
    low, high = _html._padded(min(values), max(values))
    import matplotlib

    colors = matplotlib.colormaps["viridis" if picture.maximize else "viridis_r"]
    for dot in dots:
        ys = [spots[name].get(repr(dot.params.get(name)), math.nan) for name in names]
        axes.plot(range(len(names)), ys, color=colors(((dot.value or 0.0) - low) / (high - low)), alpha=0.6)
    for place, name in enumerate(names):
        axes.axvline(place, color="#999", linewidth=0.8)
        for text, at in _html.ends(spots[name]):
            axes.annotate(text, (place, at), xytext=(3, 2), textcoords="offset points", fontsize=8)
    axes.set(xticks=range(len(names)), xticklabels=names, yticks=[], title=f"{picture.title}: {picture.metric}")
    scale = matplotlib.cm.ScalarMappable(matplotlib.colors.Normalize(low, high), colors)
    figure.colorbar(scale, ax=axes, label=picture.metric)
    return figure


def importance(sweep: Any) -> Any:
    """How much the value depends on each parameter alone: the part of the variance of the values' ranks that lies between
    categories, or between intervals of a number that hold equally many runs. It sees no interplay of parameters."""
    picture = _picture.of(sweep)
    figure, (axes,) = _figure()
    found = sorted(importances(picture).items(), key=lambda pair: pair[1])
    axes.barh([name for name, _ in found], [size for _, size in found], color="#468")
    axes.set(xlabel="part of the variation that it explains, 0 to 1", xlim=(0, 1), title=picture.title)
    return figure


def importances(picture: Picture) -> dict[str, float]:
    """The part of the variation that each varied parameter explains, from 0 to 1."""
    dots = picture.valued()
    ranks = _ranks([dot.value or 0.0 for dot in dots])
    found: dict[str, float] = {}
    for name in picture.varied():
        pairs = [(dot.params[name], rank) for dot, rank in zip(dots, ranks) if name in dot.params]
        found[name] = _explained(list(zip(_groups([value for value, _ in pairs]), [rank for _, rank in pairs])))
    return found


def _groups(values: list[Any]) -> list[str]:
    """The category of each value; numbers of many values are put into intervals with at least four runs each."""
    is_number = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    intervals = max(2, min(8, len(values) // 4))
    if not is_number or len({float(value) for value in values}) <= intervals:
        return [repr(value) for value in values]
    return [str(int(rank * intervals / len(values))) for rank in _ranks([float(value) for value in values])]


def _ranks(values: list[float]) -> list[float]:
    """The place of each value in their order, the mean place for equal ones."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    at = 0
    while at < len(order):
        end = at
        while end < len(order) and values[order[end]] == values[order[at]]:
            end += 1
        for place in order[at:end]:
            ranks[place] = (at + end - 1) / 2
        at = end
    return ranks


def _explained(pairs: list[tuple[str, float]]) -> float:
    """The part of the variance that lies between groups, less what chance alone would put there (epsilon squared)."""
    groups: dict[str, list[float]] = {}
    for group, rank in pairs:
        groups.setdefault(group, []).append(rank)
    ranks = [rank for _, rank in pairs]
    if len(ranks) <= len(groups):
        return 0.0
    mean = sum(ranks) / len(ranks)
    total = sum((rank - mean) ** 2 for rank in ranks)
    within = sum((rank - sum(group) / len(group)) ** 2 for group in groups.values() for rank in group)
    if total == 0:
        return 0.0
    return max(0.0, 1 - within / total * (len(ranks) - 1) / (len(ranks) - len(groups)))


def slice(sweep: Any) -> Any:
    """The value over each parameter."""
    picture = _picture.of(sweep)
    names, dots = picture.varied(), picture.valued()
    figure, axes = _figure(max(1, len(names)), width=max(4.0, 3.0 * len(names)))
    if not names or not dots:
        return _nothing(figure, axes[0], picture)
    for one, name in zip(axes, names):
        there = [dot for dot in dots if name in dot.params]
        given = _plain([dot.params[name] for dot in there])
        one.scatter(given, [dot.value for dot in there], c=[dot.number for dot in there], cmap="Blues", s=16, edgecolors="#357", linewidths=0.4)
        _log_if_wide(one, given, "x")
        one.set(xlabel=name)
    axes[0].set(ylabel=picture.metric)
    figure.suptitle(picture.title)
    return figure


def contour(sweep: Any, x: Optional[str] = None, y: Optional[str] = None) -> Any:
    """The value over two parameters (the two that it depends on most, unless you name them); what lies between runs is
    interpolated."""
    picture = _picture.of(sweep)
    figure, (axes,) = _figure()
    most = sorted(importances(picture).items(), key=lambda pair: -pair[1])
    left = [name for name, _ in most if name not in (x, y)]
    x, y = x or (left.pop(0) if left else None), y or (left.pop(0) if left else None)
    dots = [dot for dot in picture.valued() if x in dot.params and y in dot.params]
    if x is None or y is None or len(dots) < 4:
        return _nothing(figure, axes, picture)
    spots_x = _html.axis([dot.params[x] for dot in dots])
    spots_y = _html.axis([dot.params[y] for dot in dots])
    xs = [spots_x[repr(dot.params[x])] for dot in dots]
    ys = [spots_y[repr(dot.params[y])] for dot in dots]
    try:
        filled = axes.tricontourf(xs, ys, [dot.value for dot in dots], levels=12, cmap="viridis" if picture.maximize else "viridis_r")
        figure.colorbar(filled, ax=axes, label=picture.metric)
    except (RuntimeError, ValueError):
        pass  # All points lie on one line: they are shown without what lies between.
    axes.scatter(xs, ys, s=10, color="#222")
    for spots, set_ticks in ((spots_x, axes.set_xticks), (spots_y, axes.set_yticks)):
        shown = _html.ends(spots)
        set_ticks([at for _, at in shown], [text for text, _ in shown])
    axes.set(xlabel=x, ylabel=y, title=picture.title)
    return figure


def curves(sweep: Any, limit: int = 100) -> Any:
    """What each of the last ``limit`` runs logged of the metric, step by step; stopped or failed ones in grey."""
    picture = _picture.of(sweep)
    figure, (axes,) = _figure()
    best = picture.best()
    for dot in picture.dots[-limit:]:
        values = picture.curve(dot.number)
        is_best = best is not None and dot.number == best.number
        color = "#c33" if is_best else "#468" if dot.state in ("finished", "running") else "#bbb"
        axes.plot(range(1, len(values) + 1), values, color=color, alpha=1.0 if is_best else 0.5, linewidth=2 if is_best else 1)
    axes.set(xlabel="step", ylabel=picture.metric, title=picture.title)
    return figure


def _plain(values: list[Any]) -> list[Any]:
    is_number = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    return values if is_number else [str(value) for value in values]


def _log_if_wide(axes: Any, values: list[Any], axis: str) -> None:
    numbers = [value for value in values if isinstance(value, (int, float))]
    if numbers and min(numbers) > 0 and max(numbers) / min(numbers) > 100:
        axes.set(**{f"{axis}scale": "log"})


def _nothing(figure: Any, axes: Any, picture: Picture) -> Any:
    axes.text(0.5, 0.5, "too few runs with a value", ha="center", va="center")
    axes.set(title=picture.title, xticks=[], yticks=[])
    return figure
