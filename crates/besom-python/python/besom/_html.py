"""A sweep as HTML with inline SVG, for notebooks: no scripts, no network."""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape
from typing import Any

from besom import _besom, _picture, _show
from besom._picture import Dot, Picture

WIDTH, HEIGHT = 330, 196
LEFT, TOP, RIGHT, BOTTOM = 56, 20, 12, 30
#: So many runs are drawn as lines; more would be a surface.
MOST_LINES = 400


def of(sweep: Any) -> str:
    """The HTML of a sweep."""
    return render(_picture.of(sweep))


def ask_tell(sweep: Any) -> str:
    """The HTML of a `besom.Sweep`."""
    return of(sweep)


def render(picture: Picture) -> str:
    """The HTML of a picture."""
    head = "".join(f"<div>{escape(line)}</div>" for line in picture.lines)
    drawn = history(picture) + parallel(picture)
    style = "font-family:sans-serif;font-size:13px;line-height:1.5;color:#222;background:#fff;padding:8px"
    return f'<div style="{style}"><b>{escape(picture.title)}</b>{head}<div>{drawn}</div></div>'


def _svg(width: float, body: str, label: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(label)}" style="font:11px sans-serif;margin-right:16px">{body}</svg>'
    )


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    # The white rim keeps it legible on lines.
    rim = 'paint-order="stroke" stroke="#fff" stroke-width="3" stroke-linejoin="round"'
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#444" {rim}>{escape(text)}</text>'


def _path(points: list[tuple[float, float]], color: str, more: str = "") -> str:
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{line}" fill="none" stroke="{color}" {more}/>'


def history(picture: Picture) -> str:
    """The value of each run over its number, and the best so far."""
    dots = picture.valued()
    if not dots:
        return ""
    values = [dot.value or 0.0 for dot in dots]
    low, high, is_logarithmic = _besom.span(values)
    last = max(2, dots[-1].number)

    def scaled(value: float) -> float:
        return math.log(value) if is_logarithmic else value

    def place(number: int, value: float) -> tuple[float, float]:
        x = LEFT + (number - 1) / (last - 1) * (WIDTH - LEFT - RIGHT)
        # What lies far beyond the others is drawn on the edge.
        within = min(max(value, low), high)
        return x, TOP + (scaled(high) - scaled(within)) / (scaled(high) - scaled(low)) * (HEIGHT - TOP - BOTTOM)

    body = f'<path d="M{LEFT},{TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" stroke="#999"/>'
    shown = [value for value in values if low <= value <= high]
    for value in {min(shown), max(shown)}:
        body += _text(LEFT - 5, place(1, value)[1] + 4, _show.number(value, 3), "end")
    body += _text(WIDTH / 2, HEIGHT - 8, f"run 1 to {dots[-1].number}") + _text(LEFT + 4, TOP - 8, picture.metric, "start")
    for dot in dots:
        x, y = place(dot.number, dot.value or 0.0)
        body += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="#8aa"/>'
    steps: list[tuple[float, float]] = []
    for number, value in picture.best_so_far():
        x, y = place(number, value)
        steps += [(x, steps[-1][1])] if steps else []
        steps.append((x, y))
    return _svg(WIDTH, body + _path(steps, "#c33", 'stroke-width="1.5"'), f"{picture.metric} of each run and the best so far")


def parallel(picture: Picture) -> str:
    """One axis per parameter, one line per run, coloured by its value."""
    names = picture.varied()[:7]
    dots = picture.valued()[-MOST_LINES:]
    if len(names) < 2 or len(dots) < 2:
        return ""
    axes = {name: axis([dot.params.get(name) for dot in dots]) for name in names}
    good_of = goodness(picture, dots)
    gap, bottom = 90.0, float(HEIGHT - BOTTOM)
    height = bottom - TOP

    body = ""
    for dot in sorted(dots, key=good_of):
        spots = [(i, axes[name].get(repr(dot.params.get(name)))) for i, name in enumerate(names)]
        points = [(40 + i * gap, bottom - at * height) for i, at in spots if at is not None]
        good = good_of(dot)
        color = f"rgb({int(170 + 25 * good)},{int(180 - 140 * good)},{int(190 - 150 * good)})"
        body += _path(points, color, f'stroke-opacity="{0.25 + 0.7 * good:.2f}"')
    for i, name in enumerate(names):
        x = 40 + i * gap
        body += f'<path d="M{x},{TOP}V{bottom}" stroke="#999"/>' + _text(x, HEIGHT - 8, name[-16:])
        for text, at in labels(axes[name]):
            body += _text(x + 3, bottom - at * height + (10 if at == 1 else -2), text, "start")
    return _svg(80 + gap * (len(names) - 1), body, "parameters of each run")


def goodness(picture: Picture, dots: list[Dot]) -> Callable[[Dot], float]:
    """How good a run is among these, from 0 to 1: by place, not by value, because one run that diverged would make all others
    look alike."""
    order = sorted({dot.value or 0.0 for dot in dots}, reverse=not picture.maximize)
    places = {value: place / max(1, len(order) - 1) for place, value in enumerate(order)}
    return lambda dot: places[dot.value or 0.0]


def axis(values: list[Any]) -> dict[str, float]:
    """Where on an axis from 0 to 1 each value is, by its `repr`: numbers by size (by order of magnitude, if they span more
    than two), all else by name."""
    there = [value for value in values if value is not None]
    numbers = [float(v) for v in there if isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v)]
    if len(numbers) == len(there) and numbers:
        low, high = min(numbers), max(numbers)
        scale = math.log if low > 0 and high / low > 100 else float
        bottom, top = scale(low), scale(high)
        span = (top - bottom) or 1.0
        return {repr(value): (scale(float(value)) - bottom) / span for value in there}
    words = sorted({repr(value) for value in there})
    return {word: i / max(1, len(words) - 1) for i, word in enumerate(words)}


def short(value: Any) -> str:
    """A value of a parameter as a label."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _show.number(value, 3)
    text = str(value)
    return text if len(text) <= 12 else f"{text[:11]}…"


def labels(axis: dict[str, float]) -> list[tuple[str, float]]:
    """The texts beside an axis: all of a few values, else those at its two ends."""

    def text(value: str) -> str:
        try:
            return short(float(value))
        except ValueError:
            return short(value.strip("'\""))

    few = len(axis) <= 6
    return [(text(value), at) for value, at in axis.items() if few or at in (0.0, 1.0)]

