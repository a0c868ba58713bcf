"""Optuna as a program that speaks ask-tell, to benchmark it beside besom's methods:

    pip install optuna==5.0.0 cmaes==0.13.1          (for gp also torch and scipy)
    besom bench --methods bayes,random --exec 'optuna-tpe=python benches/scripts/optuna_peer.py tpe' --suite quick

The argument is the sampler: tpe, gp, cma or random, each as Optuna makes it by default. Another optimizer needs the same four
requests: docs/guide/command.md describes the protocol.
"""
import json
import sys

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

SAMPLERS = {"tpe": optuna.samplers.TPESampler, "gp": optuna.samplers.GPSampler, "cma": optuna.samplers.CmaEsSampler,
            "random": optuna.samplers.RandomSampler}


def distribution(spec):
    """Optuna's distribution of a parameter of the configuration; None for a constant."""
    if "value" in spec:
        return None
    if "values" in spec:  # by its place: Optuna takes fewer types of values than a sweep file
        return CategoricalDistribution(list(range(len(spec["values"]))))
    kind, low, high = spec["distribution"], spec["min"], spec["max"]
    match kind:
        case "uniform" | "log_uniform_values":
            return FloatDistribution(low, high, log=kind != "uniform")
        case "int_uniform":
            return IntDistribution(low, high)
        case "q_uniform":
            return FloatDistribution(low, high, step=spec["q"])
        case "q_log_uniform_values" if spec["q"] == 1:
            return IntDistribution(int(low), int(high), log=True)
    raise ValueError(f"no distribution of Optuna is {kind}")


class Sweep:
    """A study, and what its trials are called outside."""

    def __init__(self, config, seed, sampler):
        self.parameters = config["parameters"]
        made = {name: distribution(spec) for name, spec in self.parameters.items()}
        self.distributions = {name: d for name, d in made.items() if d is not None}
        self.study = optuna.create_study(direction=config["metric"]["goal"], sampler=SAMPLERS[sampler](seed=seed))
        self.trials = {}

    def value(self, name, params):
        spec = self.parameters[name]
        return spec["value"] if "value" in spec else spec["values"][params[name]] if "values" in spec else params[name]

    def ask(self, count):
        asked = [self.study.ask(self.distributions) for _ in range(count)]
        self.trials |= {str(trial.number): trial for trial in asked}
        named = [(str(t.number), {name: self.value(name, t.params) for name in self.parameters}) for t in asked]
        return {"suggestions": [{"id": number, "params": params} for number, params in named]}

    def tell(self, results):
        for result in results:
            trial = self.trials.pop(result["id"])
            if result["value"] is None:
                self.study.tell(trial, state=TrialState.FAIL)
            else:
                self.study.tell(trial, result["value"])
        return {"ok": True}


def main():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sweep = None
    for request in map(json.loads, sys.stdin):
        if "config" in request:
            sweep, reply = Sweep(request["config"], request["seed"], sys.argv[1]), {"ok": True}
        elif "ask" in request:
            reply = sweep.ask(request["ask"])
        elif "tell" in request:
            reply = sweep.tell(request["tell"])
        elif "report" in request:
            reply = {"stop": []}
        else:
            return
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
