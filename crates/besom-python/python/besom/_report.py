"""What agents print of a sweep: how it begins, a line a run, how it stands at the end. The words are the command's."""

from __future__ import annotations

from typing import Any

from besom._besom import Store, number
from besom._show import counts, flat, uncounted

#: The most characters of a parameter in the line of a run, as in the command's tables.
WIDEST = 32


def goal(sweep: dict[str, Any]) -> str:
    """Return which way the metric is better."""
    return str(sweep["metrics"][0]["goal"]) if sweep["metrics"] else "minimize"


def constants(config: dict[str, Any], prefix: str = "") -> set[str]:
    """Return the names of the parameters that have one value only, which no line repeats."""
    names: set[str] = set()
    for name, given in config.get("parameters", {}).items():
        if isinstance(given, dict) and "parameters" in given:
            names |= constants(given, f"{prefix}{name}.")
        elif isinstance(given, dict) and ("value" in given or len(given.get("values", ())) == 1):
            names.add(prefix + name)
    return names


def beginning(sweep: dict[str, Any], config: dict[str, Any]) -> str:
    """Return ``sweep ID: bayes search, 30 runs, minimize loss, seed 1``."""
    method = config.get("method")
    name = method.get("name") if isinstance(method, dict) else method
    title = f" ({sweep['name']})" if sweep["name"] else ""
    cap = f", {sweep['run_cap']} runs" if sweep["run_cap"] is not None else ""
    metric = f", {goal(sweep)} {sweep['metrics'][0]['name']}" if sweep["metrics"] else ""
    return f"sweep {sweep['id']}{title}: {name} search{cap}{metric}, seed {sweep['seed']}"


def run_line(sweep: dict[str, Any], run: dict[str, Any], is_best: bool, left_out: set[str]) -> str:
    """Return ``run 12 finished: loss 0.234 (new best), 12 steps in 3.2 s | lr=0.1``, without the parameters ``left_out``."""
    is_stopped = run["state"] == "finished" and run["stop_kind"] == "early"
    text = f"run {run['number']} {'stopped' if is_stopped else run['state']}"
    if run["best"] is not None:
        name = sweep["metrics"][0]["name"] if sweep["metrics"] else "metric"
        text += f": {name} {number(run['best'])}{' (new best)' if is_best else ''}"
    if run["ended_ms"] is not None and run["started_ms"] is not None:
        steps = "1 step" if run["rows"] == 1 else f"{run['rows']} steps"
        text += f", {steps} in {span(run['ended_ms'] - run['started_ms'])}"
    reason = run["stop_reason"] if run["state"] == "finished" else run["message"]
    if reason:
        text += f" ({reason})"
    varied = " ".join(f"{name}={_cut(_short(value))}" for name, value in flat(run["params"]).items() if name not in left_out)
    return one_line(f"{text} | {varied}" if varied else text)


def span(milliseconds: int) -> str:
    """Return a time span in its two largest units.

    >>> span(70), span(3_250), span(61_000), span(90_000_000)
    ('70 ms', '3.2 s', '1 min 01 s', '1 d 01 h')
    """
    seconds = milliseconds // 1000
    if seconds < 10:
        return f"{milliseconds / 1000:.1f} s" if seconds else f"{milliseconds} ms"
    if seconds < 60:
        return f"{seconds} s"
    for unit, inner, size, part in (("min", "s", 60, 1), ("h", "min", 3600, 60), ("d", "h", 86_400, 3600)):
        if unit == "d" or seconds < size * (60 if unit == "min" else 24):
            return f"{seconds // size} {unit} {seconds % size // part:02} {inner}"
    raise AssertionError("days are the last unit")


def one_line(text: str) -> str:
    """Return a text in one line, with escapes for what a terminal would obey.

    >>> one_line("a\\nb\\x1b[2J")
    'a b\\\\x1b[2J'
    """
    words = " ".join(text.splitlines())
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in words)


def _short(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 2] + ".."


def conclusion(store: Store, id: str, interrupted: bool = False) -> str:
    """Return how a sweep stands when its agents end: its state, its runs, its best run."""
    sweep, status = store.sweep(id), store.status(id)
    reason = f": {sweep['reason']}" if sweep["reason"] else ""
    over = sum(count for state, count in status["counts"] if state not in ("pending", "running", "preempted"))
    total = over if sweep["run_cap"] is None else sweep["run_cap"]
    runs = f"{'' if sweep['run_cap'] is None else f'{over} of '}{total} run{'' if total == 1 else 's'}"
    lines = [f"sweep {id} is {sweep['state']}{reason}"]
    if interrupted:
        lines = [f'interrupted after {runs}; continue with: besom.agent("{id}", ..)']
    lines.append(f"runs {counts(sweep, status)}")
    found = status["best"]
    if found and sweep["metrics"]:
        lines.append(f"best {sweep['metrics'][0]['name']} {number(found['value'])} in run {found['run']}")
        params = flat(store.run(id, found["run"])["params"])
        width = max(map(len, params), default=0)
        lines.extend(one_line(f"  {name:<{width}}  {_short(value)}") for name, value in params.items())
        lines.extend(_better(store, sweep, status))
    return "\n".join(lines)


def _better(store: Store, sweep: dict[str, Any], status: dict[str, Any]) -> list[str]:
    """What was better than the best run: runs that do not count, and the one that waits to be run again."""
    lines, sign = [], -1 if goal(sweep) == "maximize" else 1
    better, best = status["better_uncounted"], sign * status["best"]["value"]
    if better:
        lines.append(uncounted(better))
    waiting = [run for run in store.runs(sweep["id"], "best") if run["state"] in ("preempted", "pending") and run["best"] is not None]
    for run in waiting[:1]:
        if sign * run["best"] < best:
            lines.append(f"run {run['number']} ({run['state']}) had {number(run['best'])}, which counts once it has been run again")
    return lines
