"""What packages outside offer by entry points; one that cannot be loaded is a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points

KINDS = {
    "hsi_viewer.formats": "Format",
    "hsi_viewer.classifiers": "Classifier",
    "hsi_viewer.panels": "Panel",
}


@dataclass(frozen=True)
class PlugIn:
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

    def __str__(self) -> str:
        package = f" of {self.package}" if self.package else ""
        return f"The plug-in {self.name}{package}"


def plug_ins(group: str) -> tuple[PlugIn, ...]:
    """Every entry of a group, loaded, by name; never an exception.

    Parameters
    ----------
    group : e.g. "hsi_viewer.formats".
    """
    try:
        found: Iterable[EntryPoint] = entry_points(group=group)
    except Exception:  # noqa: BLE001 - damaged metadata of any package; the others are read
        found = _one_by_one(group)
    ordered = sorted(found, key=lambda entry: (entry.name, entry.value))
    return tuple(_loaded(entry, group) for entry in ordered)


def load(group: str) -> tuple[tuple[object, ...], tuple[str, ...]]:
    """Objects of a group, by name, and a sentence for each that cannot be loaded."""
    found = plug_ins(group)
    objects = tuple(plug_in.value for plug_in in found if not plug_in.problem)
    return objects, tuple(plug_in.problem for plug_in in found if plug_in.problem)


def has_plug_ins(group: str) -> bool:
    """Whether a package offers something for a group; nothing is imported."""
    try:
        return bool(entry_points(group=group))
    except Exception:  # noqa: BLE001 - as above
        return any(True for _ in _one_by_one(group))


def _one_by_one(group: str) -> Iterator[EntryPoint]:
    for package in distributions():
        try:
            yield from package.entry_points.select(group=group)
        except Exception:  # noqa: BLE001, S112 - it isn't known to be one of ours
            continue


def _loaded(entry: EntryPoint, group: str) -> PlugIn:
    plug_in = PlugIn(entry.name, group, *_origin(entry.dist))
    try:
        value = entry.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - of the code of others
        problem = (
            f"{plug_in} could not be loaded: {type(error).__name__}: {error}. "
            "Update or uninstall it."
        )
        return PlugIn(entry.name, group, plug_in.package, plug_in.version, problem=problem)
    return PlugIn(entry.name, group, plug_in.package, plug_in.version, value)


def _origin(package: Distribution | None) -> tuple[str, str]:
    if package is None:
        return "", ""
    try:
        return str(package.name or ""), str(package.version or "")
    except Exception:  # noqa: BLE001 - damaged metadata
        return "", ""
