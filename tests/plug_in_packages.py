"""Installed packages with plug-ins, written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def make_package(
    site: Path, name: str, code: str, entries: Mapping[str, Mapping[str, str]]
) -> Path:
    """A module and its metadata in a folder on the path; `entries`: group -> entry -> object."""
    (site / f"{name}.py").write_text(code, encoding="utf-8")
    info = site / f"{name}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n", encoding="utf-8"
    )
    lines = [
        line
        for group, rows in entries.items()
        for line in (f"[{group}]", *(f"{row} = {name}:{thing}" for row, thing in rows.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return info
