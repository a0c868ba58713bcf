"""What the owner of a sweep does with it afterwards: allow more runs, remove it."""

from __future__ import annotations

import os
from typing import Union

from besom import _besom, _place, _say


def extend(sweep_id: str, n: int) -> int:
    """Allow ``n`` more runs of a sweep, and return how many it may have now; a finished sweep is open again then.

    Raises :class:`besom.BesomError` if it has no ``run_cap`` and has not finished, or if there is nothing left to try.
    """
    return extend_in(_place.store_name(), _place.sweep_id(sweep_id), n)


def remove(sweep_id: str, force: bool = False) -> None:
    """Remove a sweep with all of its runs and their directories, checkpoints too, for good.

    Raises :class:`besom.BesomError` if agents are at work on it, unless ``force``.
    """
    remove_in(_place.store_name(), _place.sweep_id(sweep_id), force)


def extend_in(store: Union[str, os.PathLike[str]], id: str, n: int) -> int:
    """Do as `extend` in this store."""
    if n < 1:
        raise ValueError(f"n must be >= 1, got {n}")
    allowed = _besom.Store(store, write=True).extend(id, n)
    assert allowed is not None
    return allowed


def remove_in(store: Union[str, os.PathLike[str]], id: str, force: bool) -> None:
    """Do as `remove` in this store."""
    if not _besom.Store(store, write=True).remove(id, force):
        _say.say(f"besom: an agent of sweep {id} does not end; the next besom.remove removes what it leaves")
