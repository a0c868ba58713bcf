"""Base classes of frameworks that may not be installed."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from besom import _active


def base(*names: str) -> Any:
    """Return the first of these classes (``package.module.Class``) that there is, of a package that is in use before others, or ``object``."""
    for name in sorted(names, key=lambda name: name.partition(".")[0] not in sys.modules):
        module, _, attribute = name.rpartition(".")
        if find_spec(name.partition(".")[0]) is not None:
            try:
                return getattr(import_module(module), attribute)
            except (ImportError, AttributeError):
                continue
    return object


def run(what: str) -> Any:
    """Return the current run, which a callback requires."""
    return _active.needed(what)
