"""Links to the dashboard of a store that is being served."""

from __future__ import annotations

from html import escape
from typing import Optional

from besom import _besom


def view_link(store: str) -> Optional[str]:
    """Return what opens the dashboard of a store to look only; None if the store is not served."""
    links = _besom.served(store)
    return links[1] if links else None


def html(store: str, sweep_id: str = "") -> str:
    """Return a link to the dashboard for notebooks, or to a sweep in it; nothing if the store is not served.

    What a notebook shows is kept in it and passed on, so the link only allows to look, or asks for a token.
    """
    link = f"{store.rstrip('/')}/#" if store.startswith(("http:", "https:")) else view_link(store)
    if link is None:
        return ""
    place = f"{'' if link.endswith('#') else '&'}/s/{sweep_id}" if sweep_id else ""
    return f'<div><a href="{escape(link + place)}" target="_blank" rel="noopener">dashboard</a></div>'
