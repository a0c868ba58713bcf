"""Modules of W&B by their names: ``wandb.keras``, ``wandb.sdk.wandb_run``."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Optional

from besom import _wandb


class _Finder(MetaPathFinder):
    """Finds modules of W&B as those of besom."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Optional[ModuleSpec]:
        root, _, rest = fullname.partition(".")
        if root != "wandb" or not rest:
            return None
        found = module(rest)
        if found is None:
            # Who only asks whether there is such a module does not import it.
            if _is_asked_only():
                return None
            raise ModuleNotFoundError(_wandb.no_module(rest), name=fullname)
        return ModuleSpec(fullname, _Loader(found), is_package=True)


def _is_asked_only() -> bool:
    """Return whether `importlib.util.find_spec` looks for a module, below the method of the finder and the import system's own function."""
    frame = sys._getframe(3)
    return frame.f_globals.get("__name__") == "importlib.util"


class _Loader(Loader):
    """Loads a module that exists under another name."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        # As the import system allows: what stands here afterwards is what is imported.
        sys.modules[module.__name__] = self._module


def install() -> None:
    """Find modules of W&B from now on."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


_made: dict[str, ModuleType] = {}


def module(path: str) -> Optional[ModuleType]:
    """Return the module of W&B at a path below ``wandb``, or None.

    >>> module("integration.keras").__name__, module("sdk.wandb_run").Run.__name__, module("nothing")
    ('besom.wandb.keras', 'Run', None)
    """
    below = path.removeprefix("integration.").removeprefix("integrations.").removeprefix("sdk.integration_utils.")
    home = _wandb.MODULES.get(below)
    if home is not None:
        return _package(import_module(home), below)
    if path in _made:
        return _made[path]
    if path not in _wandb.GROUPS:
        return None
    return _made.setdefault(path, _group(path))


def _package(home: ModuleType, path: str) -> ModuleType:
    """Let a module be a package if W&B has modules below it."""
    if any(known.startswith(f"{path}.") for known in (*_wandb.MODULES, *_wandb.GROUPS)) and not hasattr(home, "__path__"):
        home.__path__ = []
    return home


def _group(path: str) -> ModuleType:
    """Make a module of names that are elsewhere, and of the modules below it."""
    group = ModuleType(f"besom.wandb.{path}")
    names = _wandb.GROUPS[path]

    def get(name: str) -> Any:
        found = module(f"{path}.{name}") if not name.startswith("__") else None
        if found is not None:
            return found
        if name not in names:
            raise AttributeError(f"besom has no 'wandb.{path}.{name}'; it has {', '.join(names) or 'modules only'}")
        # A name of its own (`wandb.apis.public.Run` is a run that is read), or the package's.
        home, _, own = names[name].rpartition(".")
        return getattr(import_module(home), own)

    group.__getattr__ = get  # type: ignore[method-assign]
    group.__all__ = list(names)  # type: ignore[attr-defined]
    group.__path__ = []
    return group
