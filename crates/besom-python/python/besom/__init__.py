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
    BestExpected,
    ConfigError,
    History,
    HistoryRun,
    Problem,
    RunStopped,
    StoreError,
    SweepPaused,
    __version__,
)

__all__ = [
    "WAIT", "Api", "Ask", "AskedRun", "BesomError", "BestExpected", "Config", "ConfigError", "Controller", "History", "HistoryRun", "Picture",
    "Problem", "Run", "RunStopped", "Server", "StoreError", "Suggestion", "Sweep", "SweepPaused", "agent", "config", "controller",
    "define_metric", "extend", "finish", "init", "install_as_wandb", "log", "mark_preempting", "picture", "register_search",
    "register_stopper", "remove", "run", "serve", "summary", "sweep",
]  # fmt: skip

if TYPE_CHECKING:
    from besom._active import Current
    from besom._algorithms import WAIT, Suggestion
    from besom._api import Api
    from besom._besom import AskedRun, Sweep, register_search, register_stopper
    from besom._config import Config
    from besom._controller import Controller, controller
    from besom._init import define_metric, finish, init, log, mark_preempting
    from besom._organize import extend, remove
    from besom._picture import Picture, picture
    from besom._run import Run
    from besom._serve import Server, serve
    from besom._sweep import agent, sweep

    from besom._media import Audio as Audio, Histogram as Histogram, Html as Html, Image as Image, Plotly as Plotly, Table as Table, Video as Video
    from besom._artifact import Artifact as Artifact
    from besom._wandb import AlertLevel as AlertLevel, Settings as Settings, alert as alert, login as login, restore as restore, save as save

    config: Current
    summary: Current
    run: Run | None

#: The module of each public name. Modules are loaded at first use, so that `import besom` costs little.
_HOMES = {
    "WAIT": "_algorithms", "Suggestion": "_algorithms", "Api": "_api", "Controller": "_controller", "controller": "_controller",
    "Sweep": "_besom", "AskedRun": "_besom", "register_search": "_besom", "register_stopper": "_besom", "Config": "_config", "Run": "_run",
    "Picture": "_picture", "picture": "_picture", "define_metric": "_init", "finish": "_init", "init": "_init", "log": "_init",
    "mark_preempting": "_init", "agent": "_sweep", "extend": "_organize", "remove": "_organize", "Server": "_serve", "serve": "_serve",
    "sweep": "_sweep",
}  # fmt: skip
_MODULES = ("errors", "integrations", "plot", "sweeps", "testing", "wandb")


def install_as_wandb() -> None:
    """Let ``import wandb`` be besom in this process, where W&B's client is not installed or is not to be used.

    Modules of W&B are there, too: ``from wandb.keras import WandbCallback``. Call it before anything imports ``wandb``; it raises
    :class:`besom.BesomError` afterwards. ``python -m besom.wandb script.py`` does it for a script that is not changed at all.
    """
    from besom.wandb import install

    install()


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "run":
        return import_module("besom._active").current()
    if name in ("config", "summary"):
        value: Any = import_module("besom._active").Current(name)
    elif name in _HOMES:
        value = getattr(import_module(f"besom.{_HOMES[name]}"), name)
    elif name in _MODULES:
        return import_module(f"besom.{name}")
    elif name.startswith("_"):
        raise AttributeError(f"module 'besom' has no attribute '{name}'")
    else:
        # A name of W&B that programs use, or none.
        wandb = import_module("besom._wandb")
        value = wandb.found(name)
        if value is None:
            raise wandb.unknown(name, __dir__())
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES})
