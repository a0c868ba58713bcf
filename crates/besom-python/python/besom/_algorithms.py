"""Conversion of users' algorithms to one form; called from Rust.

A search is a class whose objects have ``suggest(ask)``, such an object, or a function of ``ask``. A stopping rule is a
class whose objects have ``stop(problem, history)``, such an object, or a function of the two. A class is called with
``(problem, options)``, ``(problem)`` or nothing, as many as its constructor takes.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Callable, Union


class Suggestion:
    """A point to try, with a note that is stored with its run.

    >>> Suggestion({"lr": 0.1}, {"why": "a guess"})
    Suggestion({'lr': 0.1}, {'why': 'a guess'})
    """

    def __init__(self, params: Mapping[str, Any], note: Union[Mapping[str, Any], None] = None) -> None:
        self.params = dict(params)
        self.note = dict(note or {})

    def __repr__(self) -> str:
        return f"Suggestion({self.params!r}, {self.note!r})"


class _Wait:
    def __repr__(self) -> str:
        return "besom.WAIT"


#: The answer of a search that has nothing to suggest until another run ends.
WAIT = _Wait()


def _instance(made: Any, method: str, arguments: tuple[Any, ...]) -> Callable[..., Any]:
    if inspect.isclass(made):
        made = made(*arguments[: _arity(made)])
    bound = getattr(made, method, None)
    if callable(bound):
        return bound  # type: ignore[no-any-return]
    checked(made, method)
    return made  # type: ignore[no-any-return]


def checked(made: Any, method: str) -> None:
    """Raise a TypeError if this cannot be an algorithm."""
    has_method = callable(getattr(made, method, None))
    if not has_method and (inspect.isclass(made) or not callable(made)):
        raise TypeError(f"an algorithm must be a class or object with the method '{method}', or a function, got {made!r}")


def _arity(cls: type) -> int:
    """Return how many positional arguments the constructor of a class takes, at most two."""
    if cls.__init__ is object.__init__:  # type: ignore[misc]
        return 0
    parameters = inspect.signature(cls).parameters.values()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return 2
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return min(len(positional), 2)


def search(made: Any, problem: Any, options: dict[str, Any]) -> Callable[[Any], Any]:
    """Return a function that answers ``ask`` with ``"done"``, ``"wait"`` or a list of pairs (parameters, note)."""
    suggest = _instance(made, "suggest", (problem, options))

    def answer(ask: Any) -> Any:
        found = suggest(ask)
        if found is None:
            return "done"
        if found is WAIT:
            return "wait"
        if isinstance(found, (Mapping, Suggestion)):
            found = [found]
        return [(s.params, s.note) if isinstance(s, Suggestion) else (s, {}) for s in found]

    return answer


def stopper(made: Any, problem: Any, options: dict[str, Any]) -> Callable[[Any, Any], list[tuple[int, str]]]:
    """Return a function that selects runs to stop, as pairs of number and reason."""
    stop = _instance(made, "stop", (problem, options))

    def answer(problem: Any, history: Any) -> list[tuple[int, str]]:
        found = stop(problem, history) or ()
        pairs = found.items() if isinstance(found, Mapping) else found
        return [_pair(pair) for pair in pairs]

    return answer


def _pair(found: Any) -> tuple[int, str]:
    run, reason = found if isinstance(found, tuple) else (found, "stopped by the rule")
    number: Any = getattr(run, "number", run)
    return (int(number), str(reason))
