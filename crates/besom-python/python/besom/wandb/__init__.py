"""``wandb`` for programs that are to run unchanged where W&B's client is not installed.

>>> import besom
>>> besom.install_as_wandb()
>>> import wandb
>>> from wandb.sweeps import GridSearch
>>> wandb.init is besom.init
True

``python -m besom.wandb script.py`` runs a script in this way, with the programs that it starts.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

#: The version of W&B's client whose names there are; programs compare it.
__version__ = "0.31.0"


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(import_module("besom"), name)


def __dir__() -> list[str]:
    from besom import _wandb

    names = {*dir(import_module("besom")), *_wandb.NAMES, *_wandb.MODULES, *_wandb.GROUPS}
    return sorted(name for name in names if "." not in name and not name.startswith("_"))


def install() -> None:
    """Let ``import wandb`` be besom in this process; see :func:`besom.install_as_wandb`."""
    from besom._besom import BesomError
    from besom.wandb import _finder

    there = sys.modules.get("wandb")
    if there is not None and there is not sys.modules[__name__]:
        where = getattr(there, "__file__", None) or "a module that the program has made"
        raise BesomError(f"wandb has been imported already ({where}): call besom.install_as_wandb() before")
    sys.modules["wandb"] = sys.modules[__name__]
    _finder.install()
