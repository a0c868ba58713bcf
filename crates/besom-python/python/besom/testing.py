"""Whether an algorithm of your own keeps the laws that besom relies on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from besom import _besom


def check_search(
    search: Any, *, problems: str = "any", cases: int = 30, options: Optional[Mapping[str, Any]] = None
) -> None:
    """Checks a search (a class, or a function of ``ask``) against everything that a search must satisfy.

    Small stories are told to it: runs arrive, log numbers, NaN or nothing, fail and finish, and between these it is asked.
    It must answer as a fresh instance does, with points of the space, and never fail. ``problems`` says what it supports:
    ``"any"``, ``"mixed"`` (one metric, parameters of all kinds) or ``"finite"``. An instance is not accepted: fresh ones are
    needed.

    Raises AssertionError with the broken law in words and the smallest story that shows it.

    >>> def middle(ask):
    ...     return ask.problem.decode([0.5] * ask.problem.dimensions)
    >>> check_search(middle)
    """
    _besom.check_search(search, problems, cases, options)


def check_stopping(stopping: Any, *, cases: int = 30, options: Optional[Mapping[str, Any]] = None) -> None:
    """Checks a stopping rule (a class, or a function of problem and history) in the same way.

    >>> def patient(problem, history):
    ...     return []
    >>> check_stopping(patient)
    """
    _besom.check_stopping(stopping, cases, options)
