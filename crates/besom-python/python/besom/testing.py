"""Checks of your own algorithms against the laws that besom relies on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from besom import _besom


def check_search(
    search: Any,
    *,
    problems: str = "any",
    cases: int = 30,
    options: Optional[Mapping[str, Any]] = None,
    allow_repeats: bool = False,
) -> None:
    """Check a search (a class, or a function of ``ask``) against the laws of a search.

    It is asked between the events of small random histories: runs arrive, log numbers, NaN or nothing, fail and finish.
    It must answer as a fresh instance does, with points of the space, and must never raise. ``problems`` is what it
    supports: ``"any"``, ``"mixed"`` (one metric, parameters of all kinds) or ``"finite"``. An instance is not accepted,
    because the check requires fresh ones. ``allow_repeats`` is for a search that means to suggest equal points in one answer.

    Raises AssertionError with the broken law, what cures it, and the smallest history that breaks it.

    >>> def middle(ask):
    ...     return ask.problem.decode([0.5] * ask.problem.dimensions)
    >>> check_search(middle)
    """
    _besom.check_search(search, problems, cases, options, allow_repeats)


def check_stopper(stopper: Any, *, cases: int = 30, options: Optional[Mapping[str, Any]] = None) -> None:
    """Check a stopping rule (a class, or a function of problem and history) in the same way.

    >>> def patient(problem, history):
    ...     return []
    >>> check_stopper(patient)
    """
    _besom.check_stopper(stopper, cases, options)
