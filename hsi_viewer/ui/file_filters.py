"""Filters of the dialogs that ask for scenes."""

from __future__ import annotations

from hsi_viewer.io import registry


def cube_filters(title: str, *more: tuple[str, tuple[str, ...]]) -> str:
    """Filters of a file dialog: everything under a title, what else it is for, each format.

    Parameters
    ----------
    more : name and patterns of each.
    """
    offered = (*more, *registry.cube_filters())
    known = dict.fromkeys(p for _, patterns in offered for p in patterns if p != "*")
    rows = ((title, tuple(known)), *offered)
    return ";;".join(f"{name} ({' '.join(patterns)})" for name, patterns in rows)
