"""Derived images: cubes whose values are computed from those of another, window by window.

A derived image is a `HyperCube`, so that it is sampled, stretched, drawn and read out as any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import ArraySource, CubeSource, HyperCube
from hsi_viewer.core.derived.formula import Formula
from hsi_viewer.core.derived.moments import scene_moments
from hsi_viewer.core.derived.transforms import (
    Transform,
    minimum_noise_fraction,
    principal_components,
)
from hsi_viewer.core.errors import DerivedError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort

ComponentKind = Literal["pca", "mnf"]
TITLES: Mapping[ComponentKind, str] = {
    "pca": "Principal components",
    "mnf": "Minimum noise fraction",
}

COMPONENTS = 10
CHUNK_VALUES = 1 << 22  # values of the scene that are held in double precision at once
MEMORY_BYTES = 256 << 20  # of a derived image this much at most is computed once and kept


class TransformSource:
    """Components of the spectra of a cube, as single precision; NaN where a band has no data."""

    dtype: np.dtype[Any] = np.dtype(np.float32)

    def __init__(self, cube: HyperCube, transform: Transform) -> None:
        self._cube, self._transform = cube, transform
        self.shape = (cube.rows, cube.columns, len(transform.names))

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Components of a window."""
        transform = self._transform
        chosen = np.arange(self.shape[2]) if bands is None else bands
        wanted = structs.replace(transform, vectors=transform.vectors[:, chosen])
        lines = range(rows.start, rows.stop, rows.step)
        width = len(range(columns.start, columns.stop, columns.step))
        found = np.empty((len(lines), width, len(chosen)), np.float32)
        height = max(1, CHUNK_VALUES // max(1, width * transform.bands.size))
        for top in range(0, len(lines), height):
            part = lines[top : top + height]
            stored = self._cube.read(slice(part[0], part[-1] + 1, rows.step), columns, wanted.bands)
            components = wanted.apply(stored.astype(np.float64))
            components[~self._cube.is_data(stored).all(axis=2)] = np.nan
            found[top : top + height] = components
        return found


class FormulaSource:
    """A formula of physical values of bands; NaN where one has no data or there is no result."""

    dtype: np.dtype[Any] = np.dtype(np.float32)

    def __init__(self, cube: HyperCube, formula: Formula) -> None:
        self._cube, self._formula = cube, formula
        self._bands = formula.bands_in(cube)
        self.shape = (cube.rows, cube.columns, 1)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window."""
        stored = self._cube.read(rows, columns, list(self._bands.values()))
        physical = self._cube.physical(stored)
        values = {name: physical[:, :, i] for i, name in enumerate(self._bands)}
        result = np.broadcast_to(self._formula.evaluate(values), stored.shape[:2]).copy()
        result[~self._cube.is_data(stored).all(axis=2) | ~np.isfinite(result)] = np.nan
        with np.errstate(over="ignore"):
            image: NDArray[Any] = result.astype(np.float32)[:, :, None]
        return image if bands is None else image[:, :, bands]


class PartlyHeldSource:
    """A source of which every step-th pixel is in memory: thinned reads are taken from there.

    If a read is thinned differently, the nearest pixels held are used.
    """

    def __init__(self, source: CubeSource, values: NDArray[Any], step: int) -> None:
        self._source, self._values, self._step = source, values, step
        self.shape, self.dtype = source.shape, source.dtype

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window."""
        if rows.step * columns.step < self._step**2:
            return self._source.read(rows, columns, bands)
        r = np.arange(rows.start, rows.stop, rows.step) // self._step
        c = np.arange(columns.start, columns.stop, columns.step) // self._step
        picked: NDArray[Any] = self._values[r[:, None], c]
        return picked if bands is None else picked[:, :, bands]


def component_image(
    cube: HyperCube, kind: ComponentKind, token: CancelToken, port: ProgressPort
) -> HyperCube:
    """Fit components to a scene and derive their image, (rows, columns, at most COMPONENTS).

    Raises
    ------
    DerivedError
        if the scene has fewer than two bands or pixels to fit to.
    TaskCancelledError
        when cancelled.
    """
    title = TITLES[kind]
    if cube.bands < 2:
        raise DerivedError(f"{cube.name} has one band: {title.lower()} need two or more.")
    moments = scene_moments(
        cube, token, port, f"{title}: reading the spectra", with_noise=kind == "mnf"
    )
    fit = principal_components if kind == "pca" else minimum_noise_fraction
    transform = fit(moments, COMPONENTS)
    image = derived(cube, title, TransformSource(cube, transform), transform.names)
    return held(image, token, port, f"{title}: computing the image")


def formula_image(
    cube: HyperCube, formula: Formula, name: str, token: CancelToken, port: ProgressPort
) -> HyperCube:
    """The image (rows, columns, 1) of a formula.

    Raises
    ------
    FormulaError
        if the cube does not have the bands.
    TaskCancelledError
        when cancelled.
    """
    image = derived(cube, name, FormulaSource(cube, formula), (name,))
    return held(image, token, port, f"Computing {name}")


def held(image: HyperCube, token: CancelToken, port: ProgressPort, title: str) -> HyperCube:
    """The image with its values in memory; of a large one every few pixels, for coarse views."""
    rows, columns, bands = image.shape
    step = 1
    while -(-rows // step) * -(-columns // step) * bands * image.dtype.itemsize > MEMORY_BYTES:
        step *= 2
    lines = range(0, rows, step)
    width = -(-columns // step)
    values = np.empty((len(lines), width, bands), image.dtype)
    height = max(1, CHUNK_VALUES // (4 * width * bands))
    for top in range(0, len(lines), height):
        token.check()
        port.report(Progress(title, top / len(lines)))
        part = lines[top : top + height]
        strip = slice(part[0], part[-1] + 1, step)
        values[top : top + height] = image.read(strip, slice(0, columns, step))
    if step == 1:
        return replace(image, source=ArraySource(values))
    return replace(image, source=PartlyHeldSource(image.source, values, step))


def derived(cube: HyperCube, name: str, source: CubeSource, names: tuple[str, ...]) -> HyperCube:
    """A cube over a source of derived values, at the place of the scene."""
    return HyperCube(
        source,
        name=name,
        band_names=names,
        nodata=float("nan"),
        georeference=cube.georeference,
        format_name="derived",
    )
