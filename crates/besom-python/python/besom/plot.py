"""Pictures of a sweep on matplotlib, to change and to save. ``pip install matplotlib`` installs it.

Each function takes a sweep (its id, a `Controller`, what `besom.Api().sweep(id)` returns, or a `besom.Sweep`) and returns a
figure. :func:`besom.picture` draws the same pictures without matplotlib.

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

from besom import _besom, _picture
from besom._picture import Subject



def __getattr__(name: str) -> Any:
    # Charts of W&B, which besom does not keep.
    from besom import _wandb

    return _wandb.chart(name)


__all__ = ["Importance", "contour", "curves", "history", "importance", "importances", "parallel", "slice"]

RUN, BEST, REST = "#3b6ea5", "#c33", "#bbb"
#: The most parameters of a slice, and of parallel coordinates: with more, a figure is no longer read.
PANELS, COLUMNS = 24, 20
#: Where a run lies that lacks the parameter of an axis from 0 to 1.
NONE = -0.07
#: Longer texts are cut: a figure does not grow with its title.
TITLE, NAME = 70, 28


class Importance(NamedTuple):
    """The share of the metric's variation, from 0 to 1, that a parameter explains alone, and alone or together with others."""

    alone: float
    total: float


def _figure(columns: int = 1, rows: int = 1, width: float = 6.0, height: float = 4.0) -> tuple[Any, list[Any]]:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("besom.plot requires matplotlib: pip install matplotlib") from error

    class Shown(Figure):  # type: ignore[misc,unused-ignore]
        """A figure that notebooks show whichever backend of matplotlib is active."""

        def _repr_png_(self) -> bytes:
            buffer = io.BytesIO()
            self.savefig(buffer, format="png")
            return buffer.getvalue()

    figure = Shown(figsize=(width, height), layout="constrained")
    return figure, list(figure.subplots(rows, columns, squeeze=False).flat)


def history(sweep: Any) -> Any:
    """Draw the value of each run over its number, and the best so far.

    Runs that were stopped early are circles. Runs that failed, crashed or were killed are crosses: they do not count for
    the best.
    """
    shown = _picture.subject(sweep)
    figure, (axes,) = _figure()
    try:
        sample = _besom.sample(shown.history)
    except _besom.BesomError as error:
        return _nothing(figure, axes, shown, error)
    _runs(axes, [(run, run["number"], run["value"]) for run in sample["runs"]])
    records = [tuple(record) for record in sample["records"]]
    records += [(len(shown.history), records[-1][1])] if records else []
    axes.step([n for n, _ in records], [v for _, v in records], where="post", color=BEST, label="best so far")
    axes.set(xlabel="run", ylabel=_cut(shown.metric), title=_cut(shown.title, TITLE))
    axes.xaxis.get_major_locator().set_params(integer=True)
    beyond = _span(axes, [run["value"] for run in sample["runs"]], _best(sample))
    if beyond:
        axes.set(xlabel=f"run ({beyond} far beyond the picture)")
    axes.legend()
    return figure


def _runs(axes: Any, placed: list[tuple[dict[str, Any], float, float]]) -> None:
    """Draw runs at their places, with a mark for each way to end and its label for a legend."""
    marks: tuple[tuple[str, dict[str, Any]], ...] = (
        ("run", {"color": RUN, "linewidths": 0}),
        ("stopped early", {"facecolors": "none", "edgecolors": RUN, "linewidths": 0.8}),
        ("failed", {"color": "#888", "marker": "x", "linewidths": 1}),
    )
    for label, mark in marks:
        chosen = [place for place in placed if _mark(place[0]) == label]
        if chosen:
            alpha = [place[0].get("age", 0.8) for place in chosen]
            xs, ys = [x for _, x, _ in chosen], [y for _, _, y in chosen]
            axes.scatter(xs, ys, s=18, alpha=alpha, label=label, **mark)


def _mark(run: dict[str, Any]) -> str:
    if not run["counts"]:
        return "failed"
    return "stopped early" if run["stopped"] else "run"


def parallel(sweep: Any) -> Any:
    """Draw one axis per parameter and one line per run, colored by the rank of its value: dark is good.

    The line of a run that lacks a parameter passes below the axis, at ``none``. Of more than 20 parameters the most important ones are shown.
    """
    shown = _picture.subject(sweep)
    try:
        sample = _besom.sample(shown.history, COLUMNS)
    except _besom.BesomError as error:
        figure, (axes,) = _figure()
        return _nothing(figure, axes, shown, error)
    names = [_cut(axis["name"], 17) for axis in sample["axes"]]
    figure, (axes,) = _figure(width=max(6.0, 1.4 * len(names)))
    colors = _good_is_dark()
    worst_first = sorted(sample["runs"], key=lambda run: -run["rank"])
    for run in worst_first:
        heights = [NONE if place is None else place for place in run["places"]]
        axes.plot(range(len(names)), heights, color=colors(run["rank"]), alpha=0.7)
    for place, axis in enumerate(sample["axes"]):
        axes.axvline(place, color="#999", linewidth=0.8)
        none = [(NONE, "none")] if any(run["places"][place] is None for run in sample["runs"]) else []
        for at, text in [*axis["ticks"], *none]:
            axes.annotate(_cut(text, 12), (place, at), xytext=(4, 0), textcoords="offset points", fontsize=8, va="center", bbox=_PAPER)
    axes.set(yticks=[], title=_cut(f"{shown.title}: {shown.metric}", TITLE) + _left_out(sample))
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.2, len(names) - 0.4)
    last = len(worst_first) - 1
    ticks = [(k / 4, worst_first[last - round(k / 4 * last)]["value"]) for k in range(5)]
    _color_bar(figure, axes, _cut(shown.metric), colors, ticks)
    return figure


def importance(sweep: Any) -> Any:
    """Draw how much of the metric's variation each parameter explains: alone (dark) and together with others (light)."""
    shown = _picture.subject(sweep)
    try:
        found = sorted(_importances(shown).items(), key=lambda pair: pair[1].total)
    except _besom.BesomError as error:
        figure, (axes,) = _figure()
        return _nothing(figure, axes, shown, error)
    figure, (axes,) = _figure(height=max(4.0, 0.3 * len(found)))
    places = range(len(found))
    totals = axes.barh(places, [size.total for _, size in found], color=RUN, alpha=0.35, label="together with others")
    axes.barh(places, [size.alone for _, size in found], color=RUN, label="alone")
    axes.bar_label(totals, [f"{size.total:.2f} ({size.alone:.2f} alone)" for _, size in found], padding=3, fontsize=8)
    axes.set_yticks(places, [_cut(name) for name, _ in found])
    axes.set(xlabel="share of the variance that it explains", xlim=(0, 1.25), title=_cut(shown.title, TITLE))
    axes.set_xticks([k / 5 for k in range(6)])
    axes.legend(loc="lower right")
    return figure


def importances(sweep: Any) -> dict[str, Importance]:
    """Return the importance of each parameter that is not constant: a functional analysis of variance of a model of the metric.

    Raises :class:`besom.BesomError` if fewer than four runs have a value.
    """
    return _importances(_picture.subject(sweep))


def _importances(shown: Subject) -> dict[str, Importance]:
    return {name: Importance(alone, total) for name, alone, total in _besom.importances(shown.history)}


def slice(sweep: Any) -> Any:
    """Draw the value over each parameter; later runs are darker.

    Marks are those of :func:`history`. Of more than 24 parameters the most important ones are shown.
    """
    shown = _picture.subject(sweep)
    try:
        sample = _besom.sample(shown.history, PANELS)
    except _besom.BesomError as error:
        figure, panels = _figure()
        return _nothing(figure, panels[0], shown, error)
    columns = max(1, min(3, len(sample["axes"])))
    rows = max(1, math.ceil(len(sample["axes"]) / columns))
    figure, panels = _figure(columns, rows, width=max(4.0, 3.2 * columns), height=3.2 * rows + 0.4)
    runs = [{**run, "age": 0.25 + 0.75 * run["number"] / len(shown.history)} for run in sample["runs"]]
    values, best = [run["value"] for run in runs], _best(sample)
    for k, (panel, axis) in enumerate(zip(panels, sample["axes"])):
        _runs(panel, [(run, run["places"][k], run["value"]) for run in runs if run["places"][k] is not None])
        panel.set_xticks([at for at, _ in axis["ticks"]], [_cut(text, 12) for _, text in axis["ticks"]])
        _span(panel, values, best)
        panel.set(xlabel=_cut(axis["name"]), xlim=(-0.03, 1.03))
    for panel in panels[len(sample["axes"]) :]:
        panel.remove()
    for panel in panels[: len(sample["axes"]) : columns]:
        panel.set(ylabel=_cut(shown.metric))
    if any(_mark(run) != "run" for run in runs):
        panels[0].legend(fontsize=8)
    figure.suptitle(_cut(shown.title, TITLE) + ", later runs darker" + _left_out(sample))
    return figure


def _left_out(sample: dict[str, Any]) -> str:
    shown, left_out = len(sample["axes"]), sample["left_out"]
    return f"\n(the {shown} most important of {shown + left_out} parameters)" if left_out else ""


def contour(sweep: Any, x: Optional[str] = None, y: Optional[str] = None) -> Any:
    """Draw what a model predicts over two parameters, the others left open; dark is good.

    Parameters that are not named are the most important ones. Dots are runs; the red one is the best.
    """
    shown = _picture.subject(sweep)
    figure, (axes,) = _figure()
    try:
        surface = _besom.surface(shown.history, x, y)
    except _besom.BesomError as error:
        return _nothing(figure, axes, shown, error)
    colors = _good_is_dark()
    scores = surface["scores"]
    # Nothing lies between two names.
    is_smooth = not any(axis["names"] for axis in surface["axes"])
    interpolation = "bilinear" if is_smooth else "nearest"
    axes.imshow(scores, origin="lower", extent=(0, 1, 0, 1), aspect="auto", cmap=colors, interpolation=interpolation)
    low, high = surface["levels"][0][0], surface["levels"][-1][0]
    if high > low:
        levels = [((score - low) / (high - low), value) for score, value in surface["levels"]]
        _color_bar(figure, axes, _cut(f"predicted {shown.metric}", 40), colors, levels)
        if is_smooth:
            middles = [(k + 0.5) / len(scores) for k in range(len(scores))]
            edges = [low + (high - low) * k / 12 for k in range(1, 12)]
            axes.contour(middles, middles, scores, levels=edges, colors="white", alpha=0.5, linewidths=0.7, linestyles="solid")
    # Many of the best lie on the edge of the space: they are not cut in half there.
    dots = {"edgecolors": "#222", "linewidths": 0.8, "clip_on": False}
    for size, color, layer, chosen in (
        (16, "white", 3, [run for run in surface["runs"] if run[0] != surface["best"]]),
        (60, BEST, 4, [run for run in surface["runs"] if run[0] == surface["best"]]),
    ):
        axes.scatter([x for _, x, _ in chosen], [y for _, _, y in chosen], s=size, color=color, zorder=layer, **dots)
    for axis, set_ticks, set_label in zip(surface["axes"], (axes.set_xticks, axes.set_yticks), (axes.set_xlabel, axes.set_ylabel)):
        set_ticks([at for at, _ in axis["ticks"]], [_cut(text, 16) for _, text in axis["ticks"]])
        set_label(_cut(axis["name"], 40))
    axes.set(title=_cut(shown.title, TITLE), xlim=(0, 1), ylim=(0, 1))
    return figure


def curves(sweep: Any, limit: int = 100) -> Any:
    """Draw what each of the last ``limit`` runs logged of the metric, step by step.

    The best run is red; runs that were stopped early or did not finish are gray.
    """
    shown = _picture.subject(sweep)
    figure, (axes,) = _figure()
    runs = list(shown.history)[-limit:]
    # With several metrics there is no best run, and these are the curves of the first.
    is_one = not runs or len(runs[0].metrics) < 2
    best = shown.history.best if is_one else None
    labeled: set[str] = set()
    for run in runs:
        values = run.values()
        is_full = run.state in ("finished", "running") and run.stopped is None
        label = "run" if is_full else "stopped early or failed"
        style: dict[str, Any] = {"color": RUN if is_full else REST, "linewidth": 1, "alpha": 0.6}
        if best is not None and run.number == best.number:
            label, style = "best run", {"color": BEST, "linewidth": 2, "zorder": 3}
        # A legend names each kind of line once.
        style["label"] = None if label in labeled else label
        labeled.add(label)
        # A single point does not make a line.
        axes.plot(range(1, len(values) + 1), values, marker="." if len(values) == 1 else None, **style)
    if labeled:
        axes.legend()
    _span(axes, [value for run in runs for value in run.values()], None if best is None else best.last)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="step", ylabel=_cut(shown.metric), title=_cut(shown.title, TITLE))
    return figure


#: Behind a text that stands on lines.
_PAPER = {"boxstyle": "square,pad=0.1", "facecolor": "white", "alpha": 0.75, "linewidth": 0}


def _cut(text: str, most: int = NAME) -> str:
    """Return the text, shortened to at most ``most`` letters, none of which begins a formula."""
    return (text if len(text) <= most else f"{text[: most - 1]}…").replace("$", r"\$")


def _good_is_dark() -> Any:
    import matplotlib
    from matplotlib.colors import ListedColormap

    # The last, yellow tenth is hard to see on white.
    return ListedColormap(matplotlib.colormaps["viridis"]([0.9 * k / 255 for k in range(256)]))


def _color_bar(figure: Any, axes: Any, label: str, colors: Any, ticks: list[tuple[float, Any]]) -> None:
    import matplotlib

    bar = figure.colorbar(matplotlib.cm.ScalarMappable(matplotlib.colors.Normalize(0, 1), colors), ax=axes)
    bar.set_ticks([at for at, _ in ticks], labels=_besom.numbers([value for _, value in ticks]))
    bar.set_label(label)
    # Good, that is dark, stands on top.
    bar.ax.invert_yaxis()


def _best(sample: dict[str, Any]) -> float | None:
    return next((run["value"] for run in sample["runs"] if run["number"] == sample["best"]), None)


def _span(axes: Any, values: list[float], best: float | None) -> int:
    """Show the range in which most values and the best lie; return how many lie beyond."""
    low, high, is_logarithmic = _besom.span(values, best)
    axes.set(yscale="log" if is_logarithmic else "linear", ylim=(low, high))
    return sum(value < low or value > high for value in values)


def _nothing(figure: Any, axes: Any, shown: Subject, why: Exception) -> Any:
    axes.text(0.5, 0.5, _cut(str(why), 300), ha="center", va="center", wrap=True)
    axes.set(title=_cut(shown.title, TITLE), xticks=[], yticks=[])
    return figure
