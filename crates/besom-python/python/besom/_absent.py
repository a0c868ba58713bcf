"""What objects of W&B's public API have that those of besom have not, and what to do in place of it."""

from __future__ import annotations

from typing import Any

from besom._besom import BesomError

#: What a program can do in place of changing a run that is stored.
_READ_ONLY = "a run changes its summary itself, while it is executed, and its owner its tags and notes with: besom tag, besom note"
#: What W&B's objects have that would need what besom does not keep, and what to do in place of it.
_INSTEAD = {
    **dict.fromkeys(("update", "save"), _READ_ONLY),
    **dict.fromkeys(("upload_file", "download_history_exports"), "put a file into the directory of the run: run.dir"),
    **dict.fromkeys(("logged_artifacts", "used_artifacts", "log_artifact", "use_artifact"), "find an artifact by its name: besom.Api().artifact(name)"),
    **dict.fromkeys(("project", "projects", "user", "viewer", "teams", "create_project"), "a store has no projects and users"),
    "delete": "remove a sweep with all of its runs: besom.remove(id)",
}


def absent(object: Any, name: str) -> AttributeError:
    """Return the error for an attribute that an object of this module has not."""
    if name.startswith("_"):
        return AttributeError(name)
    kind = type(object).__name__.removeprefix("Api").lower() or "besom.Api()"
    there = ", ".join(n for n in dir(object) if not n.startswith("_"))
    return AttributeError(f"a {kind} has no '{name}': " + _INSTEAD.get(name, f"it has {there}"))


class ApiSummary(dict[str, Any]):
    """The last value of each key that a run logged."""

    @property
    def _json_dict(self) -> dict[str, Any]:
        """The same as a dict, under the name by which programs for W&B reach it."""
        return dict(self)

    def update(self, *values: Any, **more: Any) -> None:
        """Raise :class:`besom.BesomError`: what a run logged stays as it is."""
        raise BesomError(f"what a run logged stays as it is; {_READ_ONLY}")
