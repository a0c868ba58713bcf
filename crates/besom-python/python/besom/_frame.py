"""Tables of pandas, which besom works with and does not need."""

from __future__ import annotations

from typing import Any


def pandas() -> Any:
    """Return the module, or raise an `ImportError` that says how to install it."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError("tables require pandas: pip install pandas") from error
    return pandas


def frame(rows: list[dict[str, Any]]) -> Any:
    """Return a ``pandas.DataFrame`` of rows."""
    return pandas().DataFrame(rows)
