"""What may be given in place of a cube and its labels: arrays, paths, xarray."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hsi_viewer.core import readers
from hsi_viewer.core.cube.band_choice import chosen_bands
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.region import RegionOfInterest, labels_inside
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.class_ids import checked_ids
from hsi_viewer.core.labels.imported_labels import ImportedLabels

# An xarray.DataArray is array-like.
CubeLike: TypeAlias = HyperCube | ArrayLike | str | os.PathLike[str]
LabelsLike: TypeAlias = ArrayLike | ImportedLabels | str | os.PathLike[str]
MaskLike: TypeAlias = ArrayLike | str | os.PathLike[str]
RegionLike: TypeAlias = RegionOfInterest | MaskLike


def as_cube(cube: CubeLike, region: RegionLike | None = None) -> HyperCube:
    """The cube that was given as itself, as an array, a path or an xarray.DataArray.

    Parameters
    ----------
    cube : an array has the axes rows, columns, bands; what is masked in it is no data. A path
        is anything that `hsi_viewer.open_cube` opens.
    region : the part of it that has data; see `region_of`.

    Raises
    ------
    FileError, FormatError
        if a file cannot be opened, or an array cannot be a cube.
    LabelError, TrainingError
        if the region doesn't fit the cube.
    """
    if region is not None:
        scene = as_cube(cube)
        return RegionOfInterest(region_of(scene, region).inside).of(scene)
    if isinstance(cube, HyperCube):
        return cube
    if isinstance(cube, (str, os.PathLike)):
        return readers.open_cube(_path(cube))
    if _is_xarray(cube):
        return HyperCube.from_xarray(cube)
    return HyperCube.from_array(cube)


def as_labels(labels: LabelsLike, cube: HyperCube) -> ArrayLike:
    """Labels as an array, or as what NumPy makes one of, from themselves or a path.

    Parameters
    ----------
    labels : (rows, columns) class ids, what `hsi_viewer.read_labels` gives, or a path that it
        reads: a label image, regions, shapes or a table of pixels.
    cube : the scene that they lie on.

    Raises
    ------
    FileError, FormatError, LabelError
        if a file cannot be read or does not fit the cube.
    """
    if isinstance(labels, (str, os.PathLike)):
        return readers.import_labels(_path(labels), cube)
    return labels


def region_of(
    cube: HyperCube,
    region: RegionLike | None = None,
    mask: MaskLike | None = None,
    bands: str | Sequence[int] | NDArray[Any] | None = None,
) -> RegionOfInterest:
    """The region of interest of a scene: the pixels and bands that are trained on and mapped.

    Parameters
    ----------
    cube : the scene.
    region : what lies inside: a (rows, columns) mask, nonzero inside, a path of
        polygons or of such a mask, or a `RegionOfInterest`.
    mask : what is left out, such as clouds: a mask, nonzero outside, or a path.
    bands : "400-900, 1000-1300" (see `core.cube.band_choice`), or indices from 0.

    Raises
    ------
    FileError, FormatError
        if a file cannot be read.
    LabelError
        if a mask has another size than the scene, or polygons lie elsewhere.
    SettingError
        if the bands cannot be read, or the scene lacks them.
    """
    known = region if isinstance(region, RegionOfInterest) else RegionOfInterest()
    inside = known.inside
    if region is not None and not isinstance(region, RegionOfInterest):
        inside = as_mask(region, cube)
    if mask is not None:
        kept = ~as_mask(mask, cube)
        inside = kept if inside is None else inside & kept
    chosen = known.bands if bands is None else chosen_bands(cube, bands)
    return RegionOfInterest(inside, chosen)


def as_mask(mask: MaskLike, cube: HyperCube) -> NDArray[np.bool_]:
    """A mask (rows, columns) as itself or from a path; nonzero is True, NaN and masked are False.

    Raises
    ------
    FileError, FormatError, LabelError
        if a file cannot be read or does not fit the cube, or an array has another size.
    """
    if isinstance(mask, (str, os.PathLike)):
        return readers.read_mask(_path(mask), cube)
    array = np.ma.filled(mask, 0) if np.ma.isMaskedArray(mask) else np.asarray(mask)
    if array.shape != (cube.rows, cube.columns) or array.dtype.kind not in "biuf":
        size = " x ".join(map(str, array.shape)) or "a single value"
        raise LabelError(
            f"The mask is {size} of {array.dtype}, {cube.name} is {cube.rows} x {cube.columns} "
            "pixels; give one number for each pixel."
        )
    return np.asarray((array != 0) & ~np.isnan(array))


def known_ids(labels: LabelsLike | None, cube: HyperCube) -> NDArray[np.uint16]:
    """Class ids (rows, columns) that are known inside of the region of a cube; None knows none.

    Raises
    ------
    FileError, FormatError, LabelError
        as `as_labels`, or if they have another size than the cube.
    """
    shape = cube.rows, cube.columns
    if labels is None:
        return np.zeros(shape, np.uint16)
    return labels_inside(checked_ids(as_labels(labels, cube), shape), cube)[0]


def _path(source: str | os.PathLike[str]) -> str | Path:
    return source if isinstance(source, str) else Path(source)


def _is_xarray(value: Any) -> bool:
    return type(value).__module__.split(".")[0] == "xarray"
