"""What is known about a cube, in values that JSON can hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from hsi_viewer.core.cube import HyperCube


def cube_facts(source: str) -> dict[str, Any]:
    """Facts about a cube: size, type, wavelengths in nm, georeference and warnings.

    Raises
    ------
    FileError
        if the cube cannot be opened.
    """
    from hsi_viewer.io.registry import open_cube

    cube = open_cube(source)
    place = cube.georeference
    return {
        "name": cube.name,
        "format": cube.format_name,
        "rows": cube.rows,
        "columns": cube.columns,
        "bands": cube.bands,
        "dtype": str(cube.dtype),
        "interleave": cube.interleave,
        "wavelength_nm": _range(cube),
        "wavelength_units_in_file": cube.wavelength_units_in_file,
        "good_bands": int(cube.good_bands.sum()),
        "nodata": _number(cube.nodata),
        "scale": cube.scale,
        "crs": place.crs_wkt if place else None,
        "transform": list(place.transform) if place and place.transform else None,
        "warnings": list(cube.warnings),
    }


def _range(cube: HyperCube) -> list[float] | None:
    if cube.wavelengths is None or not np.isfinite(cube.wavelengths).all():
        return None
    return [float(cube.wavelengths[0]), float(cube.wavelengths[-1])]


def _number(value: float | None) -> float | str | None:
    """A number as JSON has it: not-a-number as text."""
    return value if value is None or np.isfinite(value) else str(value)
