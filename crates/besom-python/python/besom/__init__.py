"""Hyperparameter sweeps with no account, server or network.

Code for W&B Sweeps runs after ``import besom as wandb``:

>>> import besom
>>> config = {"method": "grid", "parameters": {"x": {"values": [1, 2, 3]}}, "metric": {"name": "loss"}}
>>> def train():
...     run = besom.init()
...     besom.log({"loss": (run.config.x - 2) ** 2})
>>> sweep_id = besom.sweep(config)
>>> besom.agent(sweep_id, function=train)
3
>>> besom.Api().sweep(sweep_id).best_run().config["x"]
2

The store is ``$BESOM_STORE``, or ``.besom`` in the working directory, as for the command ``besom``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from besom._besom import (
    Ask,
    BesomError,
    ConfigError,
    History,
    HistoryRun,
    Problem,
    RunStopped,
    StoreError,
    SweepPaused,
)

__version__ = "0.1.0"

__all__ = [
    "WAIT", "Api", "Ask", "AskedRun", "BesomError", "Config", "ConfigError", "Controller", "History", "HistoryRun", "Picture", "Problem",
    "Run", "RunStopped", "StoreError", "Suggestion", "Sweep", "SweepPaused", "agent", "config", "controller", "finish", "init",
    "log", "picture", "register_search", "register_stopper", "run", "sweep",
]  # fmt: skip

if TYPE_CHECKING:
    from besom._algorithms import WAIT, Suggestion
    from besom._api import Api
    from besom._besom import AskedRun, Sweep, register_search, register_stopper
    from besom._controller import Controller, controller
    from besom._picture import Picture, picture
    from besom._run import Config, CurrentConfig, Run, finish, init, log
    from besom._sweep import agent, sweep

    config: CurrentConfig
    run: Run | None

#: The module of each public name. Modules are loaded at first use, so that `import besom` costs little.
_HOMES = {
    "WAIT": "_algorithms", "Suggestion": "_algorithms", "Api": "_api", "Controller": "_controller",
    "controller": "_controller", "Sweep": "_besom", "AskedRun": "_besom", "register_search": "_besom", "register_stopper": "_besom", "Config": "_run",
    "Run": "_run", "Picture": "_picture", "picture": "_picture", "finish": "_run", "init": "_run", "log": "_run", "agent": "_sweep", "sweep": "_sweep",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "run":
        return import_module("besom._run").current()
    if name == "config":
        value: Any = import_module("besom._run").CurrentConfig()
    elif name in _HOMES:
        value = getattr(import_module(f"besom.{_HOMES[name]}"), name)
    elif name in ("sweeps", "testing", "plot", "integrations"):
        return import_module(f"besom.{name}")
    else:
        raise AttributeError(f"module 'besom' has no attribute '{name}'")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
