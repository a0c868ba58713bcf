"""What pictures of a sweep are drawn from, whatever kind of sweep it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from besom._besom import History


@dataclass
class Dot:
    """A run in a picture."""

    number: int
    state: str
    value: Optional[float]
    params: dict[str, Any]
    #: Whether a stopping rule ended it.
    stopped: bool = False


@dataclass
class Picture:
    """The runs of a sweep at one moment, and how to read their values."""

    title: str
    lines: list[str]
    metric: str
    maximize: bool
    dots: list[Dot]
    curve: Callable[[int], list[float]]
    #: All runs, as the native part takes them.
    history: Callable[[], History]

    def valued(self) -> list[Dot]:
        """The runs that have a finite value."""
        return [dot for dot in self.dots if dot.value is not None and math.isfinite(dot.value)]

    def counted(self) -> list[Dot]:
        """Those that count for the best: they finished or go on."""
        return [dot for dot in self.valued() if dot.state in ("running", "finished")]

    def best_so_far(self) -> list[tuple[int, float]]:
        """For each run that counts the best value up to and with it."""
        found: list[tuple[int, float]] = []
        for dot in self.counted():
            assert dot.value is not None
            better = max if self.maximize else min
            found.append((dot.number, better(dot.value, found[-1][1]) if found else dot.value))
        return found

    def best(self) -> Optional[Dot]:
        """The best run."""
        dots = self.counted()
        if not dots:
            return None
        return (max if self.maximize else min)(dots, key=lambda dot: dot.value or 0.0)

    def varied(self) -> list[str]:
        """The parameters that have more than one value."""
        seen: dict[str, set[str]] = {}
        for dot in self.dots:
            for name, value in dot.params.items():
                seen.setdefault(name, set()).add(repr(value))
        return [name for name, values in seen.items() if len(values) > 1]


def of(sweep: Any) -> Picture:
    """The picture of a sweep: an id, a `Controller`, what `Api().sweep` gives, or a `besom.Sweep`."""
    from besom import _besom

    if isinstance(sweep, _besom.Sweep):
        return _of_ask_tell(sweep)
    from besom import _api

    id = getattr(sweep, "sweep_id", None) or getattr(sweep, "id", sweep)
    return _of_stored(sweep if isinstance(sweep, _api.ApiSweep) else _api.Api().sweep(id))


def _of_stored(sweep: Any) -> Picture:
    from besom import _api, _show

    row, status = sweep._row, sweep._store.status(sweep.id)
    reason = f": {row['reason']}" if row["reason"] else ""
    lines = [f"{row['state']}{reason}", f"runs {_show.counts(row, status)}", _show.best(row, status)]
    dots = [Dot(run.number, run.state, run.best, _api._flat(run.config), run.stop_reason is not None) for run in sweep.runs]
    title = f"sweep {sweep.id}" + (f" ({row['name']})" if row["name"] else "")

    def curve(number: int) -> list[float]:
        return list(sweep._store.curve(sweep.id, number))

    def history() -> History:
        history: History = sweep._store.history(sweep.id)
        return history

    shown = [line for line in lines if line]
    return Picture(title, shown, sweep.metric or "metric", sweep.goal == "maximize", dots, curve, history)


def _of_ask_tell(sweep: Any) -> Picture:
    from besom import _api, _show

    history = sweep.runs
    metrics = sweep.problem.metrics
    dots = [Dot(run.number, run.state, run.best, _api._flat(run.params), run.stopped is not None) for run in history]
    metric = metrics[0]["name"] if metrics else "metric"
    best = sweep.best
    lines = [f"{len(dots)} runs"] + ([f"best {metric} {_show.number(best.best)} (run {best.number})"] if best else [])

    def curve(number: int) -> list[float]:
        return list(history[number - 1].values())

    return Picture("sweep", lines, metric, bool(metrics) and metrics[0]["goal"] == "maximize", dots, curve, lambda: sweep.runs)
