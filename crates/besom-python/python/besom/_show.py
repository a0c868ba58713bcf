"""A sweep in words."""

from __future__ import annotations

from typing import Any, Optional

from besom._besom import BestExpected, Store, best_line, number

#: The best expected run of each sweep, and how its runs stood then: a model is fitted anew only once that has changed.
_fitted: dict[tuple[str, str], tuple[Any, Optional[BestExpected]]] = {}


def flat(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested parameters under names joined by dots."""
    flattened: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, dict):
            flattened.update(flat(value, f"{prefix}{name}."))
        else:
            flattened[prefix + name] = value
    return flattened


def goal(sweep: dict[str, Any]) -> str:
    """Return which way the metric is better."""
    return str(sweep["metrics"][0]["goal"]) if sweep["metrics"] else "minimize"


def best(store: Store, sweep: dict[str, Any], status: dict[str, Any]) -> str:
    """Return ``best loss 0.31 (run 7)`` with what was better and does not count, or nothing without a best run.

    Where values are noisy, it is the best observed one, and the best expected one follows. With several metrics, it is their front.
    """
    metrics = sweep["metrics"]
    if not metrics:
        return ""
    front = store.front(sweep["id"])
    if front is not None:
        return front_line(len(front["runs"]), len(metrics), front["hypervolume"])
    expected = _expected(store, sweep["id"], status) if status["best"] else None
    return best_line(metrics[0]["name"], status["best"], status["better_uncounted"], expected)


def front_line(runs: int, metrics: int, hypervolume: Optional[float]) -> str:
    """Return ``front of 9 runs, 2 metrics, hypervolume 0.42``."""
    volume = "" if hypervolume is None else f", hypervolume {number(hypervolume)}"
    return f"front of {runs} run{'' if runs == 1 else 's'}, {metrics} metrics{volume}"


def _expected(store: Store, id: str, status: dict[str, Any]) -> Optional[BestExpected]:
    stood = (status["counts"], status["stopped"], status["best"])
    known = _fitted.get((store.name, id))
    if known is None or known[0] != stood:
        known = _fitted[store.name, id] = (stood, store.best_expected(id))
    return known[1]


def missing(store: Store, sweep: dict[str, Any]) -> str:
    """Return why no finished run has a value of the metric, unless the sweep was paused for it, which says it already."""
    return "" if sweep["paused_by"] == "metric" else store.missing_metric(sweep["id"]) or ""


def status_line(store: Store, id: str) -> str:
    """Return the status of a sweep in one line."""
    sweep, status = store.sweep(id), store.status(id)
    title = f" ({sweep['name']})" if sweep["name"] else ""
    reason = f" ({sweep['reason']})" if sweep["reason"] else ""
    parts = [f"sweep {id}{title}: {sweep['state']}{reason}", f"runs {store.counts(id)}", best(store, sweep, status), missing(store, sweep)]
    is_over = sweep["state"] in ("finished", "canceled")
    if not is_over and status["agents"]:
        parts.append("1 agent" if status["agents"] == 1 else f"{status['agents']} agents")
    elif not is_over:
        parts.append(f'no agent is connected; start one with: besom agent {id}, or besom.agent("{id}", function=train)')
    return "; ".join(part for part in parts if part)


def space(config: dict[str, Any]) -> str:
    """Return the parameters of a configuration, one per line."""
    parameters = config.get("parameters", {})
    width = max(map(len, parameters), default=0)
    return "\n".join(f"{name:<{width}}  {_described(given)}" for name, given in parameters.items())


def _described(given: Any) -> str:
    return ", ".join(f"{key} {value}" for key, value in given.items()) if isinstance(given, dict) else str(given)


def summary(store: Store, id: str, limit: int = 10) -> str:
    """Return the status of a sweep with its best runs."""
    sweep = store.sweep(id)
    lines = [status_line(store, id)]
    front = store.front(id)
    if front is not None:
        names = [metric["name"] for metric in sweep["metrics"]]
        for on in front["runs"][:limit]:
            run = store.run(id, on["run"])
            values = "  ".join(f"{name} {number(value):<12}" for name, value in zip(names, on["values"]))
            lines.append(f"  run {run['number']:>4}  {run['state']:<9}  {values}  {_described(run['params'])}")
        return "\n".join(lines)
    name = sweep["metrics"][0]["name"] if sweep["metrics"] else "best"
    for run in store.runs(id, "best", limit):
        value = "-" if run["best"] is None else number(run["best"])
        lines.append(f"  run {run['number']:>4}  {run['state']:<9}  {name} {value:<12}  {_described(run['params'])}")
    return "\n".join(lines)


def debug(store: Store, id: str, shown: dict[str, Any]) -> str:
    """Return the agents of a sweep and what its stopping rule sees."""
    lines = [f"  agent {a['name']}: {'alive' if a['alive'] else 'gone'}, run {a['run'] or '-'}" for a in store.agents(id)]
    lines.extend(f"  stopping {key}: {value}" for key, value in shown.items())
    return "\n".join(lines) if lines else "  no agents yet"
