"""Description of a cube in words."""

from __future__ import annotations

import numpy as np

from hsi_viewer.core.cube.cube import HyperCube


def describe_cube(cube: HyperCube) -> str:
    """Markdown: the scene's own text, then the facts of its file."""
    facts = [
        ("Size", f"{cube.rows:,} rows × {cube.columns:,} columns × {cube.bands:,} bands"),
        (
            "Values",
            f"{cube.dtype.name}"
            + (f", scale {cube.scale:g}" if cube.scale != 1 else "")
            + (f", offset {cube.offset:g}" if cube.offset else ""),
        ),
        ("Format", " ".join(p for p in (cube.format_name, (cube.interleave or "").upper()) if p)),
    ]
    if cube.path is not None:
        facts.append(("File", str(cube.path)))
    if cube.wavelengths is not None and np.isfinite(cube.wavelengths).any():
        low, high = np.nanmin(cube.wavelengths), np.nanmax(cube.wavelengths)
        facts.append(("Wavelengths", f"{low:.1f} to {high:.1f} nm"))
    bad = cube.bands - int(cube.good_bands.sum())
    if bad:
        facts.append(("Bad bands", str(bad)))
    if cube.nodata is not None:
        facts.append(("No data", f"{cube.nodata:g}"))
    if cube.georeference is not None and cube.georeference.map_info:
        facts.append(("Map info", cube.georeference.map_info))
    lines = [f"## {cube.name}", "", cube.about, "", "| | |", "|---|---|"]
    lines += [f"| **{name}** | {value} |" for name, value in facts]
    if cube.warnings:
        lines += ["", "### Warnings from the file", *(f"- {w}" for w in cube.warnings)]
    return "\n".join(lines)
