"""What installed packages add to the application, by the entry points that they declare."""

from __future__ import annotations

from typing import Any


def load(group: str) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """Objects of the entry points of a group, and a sentence for each that cannot be loaded.

    Parameters
    ----------
    group : e.g. "hsi_viewer.formats".

    Returns
    -------
    objects, problems : both in the order of the names.
    """
    from importlib.metadata import entry_points  # slow, and rarely needed

    objects, problems = [], []
    for point in sorted(entry_points(group=group), key=lambda p: p.name):
        try:
            objects.append(point.load())
        except Exception as error:  # noqa: BLE001 -- a plug-in may do anything when imported
            package = f" of {point.dist.name}" if point.dist is not None else ""
            problems.append(
                f"The plug-in “{point.name}”{package} cannot be loaded: "
                f"{type(error).__name__}: {error}. Update or uninstall it."
            )
    return tuple(objects), tuple(problems)
