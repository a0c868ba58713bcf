"""A search method and a stopping rule of one's own in Python: in sweeps, in ask and tell, and proven lawful.

Run it: python walk.py"""

import besom
import besom.testing


class Walk:
    """Half of the time a step from the best run so far, else a draw from the whole space."""

    OPTIONS = {"step": {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 0.1, "doc": "The size of a step."}}

    def __init__(self, problem, options):
        self.step = options["step"]

    def suggest(self, ask):
        rng = ask.rng()  # the only source of chance: a function of seed and run number
        best = ask.history.best
        unit = ask.problem.encode(best.params) if best is not None and rng.random() < 0.5 else None
        if unit is None:  # no run has a value yet, or the best one came from another space
            return ask.problem.decode([rng.random() for _ in range(ask.problem.dimensions)])
        return ask.problem.decode([min(max(u + rng.gauss(0, self.step), 0.0), 1.0) for u in unit])


def hopeless(problem, history):
    """Stops runs whose newest loss is above ten times the best."""
    best = history.best
    return {
        run.number: f"{run.last:.3g} is above ten times {best.best:.3g}"
        for run in history
        if best is not None and run.state == "running" and (run.last or 0.0) > 10 * abs(best.best)
    }


if __name__ == "__main__":
    besom.testing.check_search(Walk, problems="mixed", options={"step": 0.1})
    besom.testing.check_stopper(hopeless)
    besom.register_search("walk", Walk)
    besom.register_stopper("hopeless", hopeless)

    config = {
        "method": {"name": "walk", "step": 0.05},
        "early_terminate": {"type": "hopeless"},
        "metric": {"name": "loss"},
        "parameters": {"lr": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1.0}, "layers": {"min": 1, "max": 8}},
        "run_cap": 60,
    }
    sweep = besom.Sweep(config, seed=7)
    while (run := sweep.ask()) is not None:
        sweep.tell(run, abs(run.params["layers"] - 3) / 10 + (run.params["lr"] - 0.03) ** 2)
    print(f"best loss {sweep.best.best:.4f} with {sweep.best.params}")
    assert sweep.best.best < 0.1
