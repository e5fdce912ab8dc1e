"""What packages outside offer by entry points; one that cannot be loaded is a sentence."""

from __future__ import annotations


def load(group: str) -> tuple[tuple[object, ...], tuple[str, ...]]:
    """Objects of an entry-point group, by name, and a sentence for each that cannot be loaded.

    Parameters
    ----------
    group : e.g. "hsi_viewer.formats".
    """
    from importlib.metadata import entry_points  # slow, and rarely needed

    objects: list[object] = []
    problems: list[str] = []
    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        try:
            objects.append(entry.load())
        except Exception as error:  # noqa: BLE001 - of the code of others
            package = "" if entry.dist is None else f" of {entry.dist.name}"
            problems.append(
                f"The plug-in {entry.name}{package} could not be loaded: "
                f"{type(error).__name__}: {error}. Update or uninstall it."
            )
    return tuple(objects), tuple(problems)
