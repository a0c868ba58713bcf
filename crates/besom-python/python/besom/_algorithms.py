"""Turns what a person writes as an algorithm into one form; called from Rust.

A search is a class whose objects have ``suggest(ask)``, such an object, or a function of ``ask``. A stopping rule is a
class whose objects have ``stop(problem, history)``, such an object, or a function of the two. A class is made with
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


#: The answer of a search that has nothing to suggest until another run is over.
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
    """Raises an error if this can be no algorithm."""
    has_method = callable(getattr(made, method, None))
    if not has_method and (inspect.isclass(made) or not callable(made)):
        raise TypeError(f"{made!r} is no algorithm: a class or object with the method '{method}', or a function, is")


def _arity(cls: type) -> int:
    """How many positional arguments the constructor of a class takes, two at most."""
    if cls.__init__ is object.__init__:  # type: ignore[misc]
        return 0
    parameters = inspect.signature(cls).parameters.values()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return 2
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return min(len(positional), 2)


def search(made: Any, problem: Any, options: dict[str, Any]) -> Callable[[Any], Any]:
    """A function that answers ``ask`` with ``"done"``, ``"wait"`` or a list of pairs (parameters, note)."""
    suggest = _instance(made, "suggest", (problem, options))

    def answer(ask: Any) -> Any:
        said = suggest(ask)
        if said is None:
            return "done"
        if said is WAIT:
            return "wait"
        if isinstance(said, (Mapping, Suggestion)):
            said = [said]
        return [(s.params, s.note) if isinstance(s, Suggestion) else (s, {}) for s in said]

    return answer


def stopping(made: Any, problem: Any, options: dict[str, Any]) -> Callable[[Any, Any], list[tuple[int, str]]]:
    """A function that names runs to end, as pairs of number and reason."""
    stop = _instance(made, "stop", (problem, options))

    def answer(problem: Any, history: Any) -> list[tuple[int, str]]:
        said = stop(problem, history) or ()
        pairs = said.items() if isinstance(said, Mapping) else said
        return [_pair(pair) for pair in pairs]

    return answer


def _pair(said: Any) -> tuple[int, str]:
    run, reason = said if isinstance(said, tuple) else (said, "stopped by the rule")
    number: Any = getattr(run, "number", run)
    return (int(number), str(reason))
