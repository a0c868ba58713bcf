"""A server of the store beside a program: the dashboard for browsers, and the store for agents elsewhere."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable
from html import escape
from typing import Any, Optional, Union

from besom import _besom, _dashboard, _place, _progress, _say

#: The servers of this process by their stores: they serve until they are stopped, also if nobody holds them.
_serving: dict[str, Server] = {}


class Server:
    """A server of a store, from :func:`besom.serve`. As a context manager it is stopped at the end.

    ``url`` and ``token`` are what other programs need: ``BESOM_STORE=url BESOM_TOKEN=token``, with all rights; ``agent_token`` allows
    agents to execute runs. ``link`` opens the dashboard, with all rights; ``view_link`` only to look.
    """

    url: str
    token: str
    agent_token: Optional[str]

    def __init__(self, store: str, url: str, token: str, agent_token: Optional[str], native: Optional[_besom.Server]) -> None:
        self.url, self.token, self.agent_token = url, token, agent_token
        self._store, self._native = store, native

    @property
    def link(self) -> str:
        """What opens the dashboard in a browser. It has the owner's token: share it only with people who may do everything."""
        return f"{self.url}/#token={self.token}"

    @property
    def view_link(self) -> Optional[str]:
        """What opens the dashboard to look only; None after the end."""
        return _dashboard.view_link(self._store)

    def stop(self) -> None:
        """Stop serving. Agents and pages elsewhere wait until the store is served again. A server of another process is left alone."""
        if self._native is not None:
            self._native.stop()
        if _serving.get(self._store) is self:
            del _serving[self._store]

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *error: Any) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Server of {self._store} at {self.url}>"

    def _repr_html_(self) -> str:
        return f"<div>besom serves {escape(self._store)}{_dashboard.html(self._store)}</div>"


def serve(
    listen: Optional[str] = None,
    *,
    name: Union[str, Iterable[str]] = (),
    tls_cert: Optional[Union[str, "os.PathLike[str]"]] = None,
    tls_key: Optional[Union[str, "os.PathLike[str]"]] = None,
    insecure_http: bool = False,
    verbose: bool = False,
    quiet: bool = False,
) -> Server:
    """Serve the store from this process, in the background, until :meth:`Server.stop` or the end of the process.

    The options are those of the command ``besom serve``: ``listen`` is ``ADDRESS:PORT``, by default port 7070 of this machine alone, or
    any free port if that is taken. A line on standard error has the link to the dashboard, unless ``quiet``; notebooks show a link that
    only allows to look. If the store is served already, by this process or another, that server is returned.

    >>> import besom
    >>> with besom.serve("127.0.0.1:0", quiet=True) as server:
    ...     server.url[:17]
    'http://127.0.0.1:'
    """
    store = _place.store_name()
    server = _serving.get(store) or _of_another_process(store)
    if server is None:
        if (tls_cert is None) != (tls_key is None):
            raise ValueError("tls_cert and tls_key go together: the certificate and its private key")
        tls = None if tls_cert is None or tls_key is None else (os.fspath(tls_cert), os.fspath(tls_key))
        names = [name] if isinstance(name, str) else list(name)
        native = _besom.Server(store, listen, names, tls, insecure_http, verbose)
        server = _serving[store] = Server(store, native.url, native.token, native.agent_token, native)
    if not quiet and not _progress.in_notebook():
        _say.say(f"besom serves {store}\n  dashboard   {server.link}")
    return server


def _of_another_process(store: str) -> Optional[Server]:
    links = _besom.served(store)
    if links is None:
        return None
    url, _, token = links[0].partition("/#token=")
    return Server(store, url, token, None, None)


def _stop_all() -> None:
    for server in list(_serving.values()):
        server.stop()


# The server stays with the process that has its threads.
os.register_at_fork(after_in_child=_serving.clear)
# Agents and pages that wait are answered, and what was accepted is committed.
atexit.register(_stop_all)
