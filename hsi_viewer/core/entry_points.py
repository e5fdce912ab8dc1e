"""What packages outside offer by entry points; one that cannot be loaded is a sentence."""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib.metadata import Distribution, EntryPoint, distributions
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from hsi_viewer.core.text import message

KINDS = {
    "hsi_viewer.formats": "Format",
    "hsi_viewer.classifiers": "Classifier",
    "hsi_viewer.panels": "Panel",
}


class PlugIn(Struct, frozen=True):
    """One entry of a package outside.

    Attributes
    ----------
    name : of the entry.
    group : what it adds to; see KINDS.
    package, version : that bring it; "" where their metadata are missing.
    value : the object that it names, None if it could not be loaded.
    problem : a sentence that says why it cannot be used, or "".
    """

    name: str
    group: str
    package: str = ""
    version: str = ""
    value: object = None
    problem: str = ""

    @property
    def kind(self) -> str:
        """What it adds, for people."""
        return KINDS.get(self.group, self.group)

    def failed(self, what: str, error: BaseException) -> PlugIn:
        """The same with the sentence that its code failed at something."""
        problem = f"{self} {what}: {type(error).__name__}: {error}. Update or uninstall it."
        return replace(self, problem=message(problem))

    def refused(self, reason: str) -> PlugIn:
        """The same with the sentence that it breaks a rule."""
        return replace(self, problem=message(f"{self} was left out: {reason}."))

    def __str__(self) -> str:
        package = f" of {self.package}" if self.package else ""
        return f"The plug-in {self.name}{package}"


def plug_ins(group: str) -> tuple[PlugIn, ...]:
    """Every entry of a group, loaded, by name; never an exception.

    Parameters
    ----------
    group : e.g. "hsi_viewer.formats".
    """
    return tuple(_loaded(entry, group) for entry in _entries(tuple(sys.path)).get(group, ()))


def load(group: str) -> tuple[tuple[object, ...], tuple[str, ...]]:
    """Objects of a group, by name, and a sentence for each that cannot be loaded."""
    found = plug_ins(group)
    objects = tuple(plug_in.value for plug_in in found if not plug_in.problem)
    return objects, tuple(plug_in.problem for plug_in in found if plug_in.problem)


def has_plug_ins(group: str) -> bool:
    """Whether a package offers something for a group; nothing is imported."""
    return group in _entries(tuple(sys.path))


@lru_cache(maxsize=1)  # to look through the metadata of all packages takes some milliseconds
def _entries(_path: tuple[str, ...]) -> dict[str, tuple[EntryPoint, ...]]:
    """Entries of the groups in KINDS by group, ordered by name.

    Package by package, since `importlib.metadata.entry_points` fails for all where the metadata of
    one are damaged.
    """
    found: list[EntryPoint] = []
    seen: set[str] = set()
    for package in distributions():
        entries = _entries_of(package)
        name = _origin(package)[0] if entries else ""
        if entries and (not name or name not in seen):  # else a second copy, further down the path
            seen.add(name)
            found += entries
    found.sort(key=lambda entry: (entry.group, entry.name, entry.value))
    return {group: tuple(rows) for group, rows in groupby(found, lambda entry: entry.group)}


def _entries_of(package: Distribution) -> list[EntryPoint]:
    try:
        return [entry for entry in package.entry_points if entry.group in KINDS]
    except Exception:  # noqa: BLE001 - damaged, and not known to be one of ours
        return []


def _loaded(entry: EntryPoint, group: str) -> PlugIn:
    plug_in = PlugIn(entry.name, group, *_origin(entry.dist))
    try:
        return replace(plug_in, value=entry.load())
    except KeyboardInterrupt:  # of the user
        raise
    except BaseException as error:  # noqa: BLE001 - of the code of others, which may end or skip
        return plug_in.failed("could not be loaded", error)


def _origin(package: Distribution | None) -> tuple[str, str]:
    if package is None:
        return "", ""
    try:
        return str(package.name or ""), str(package.version or "")
    except Exception:  # noqa: BLE001 - damaged metadata
        return "", ""
