"""Tables of a class map as CSV: its classes with their areas, its regions one by one."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing
from hsi_viewer.core.assessment.areas import ClassArea
from hsi_viewer.core.cube.blocks import blocks
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import TooLargeError
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.postprocess.map_regions import MapRegions

MAX_MEANS = 1 << 27  # a gigabyte of mean spectra


def write_areas(path: Path, areas: Sequence[ClassArea], legend: ClassLegend) -> None:
    """Write class_id, class_name, pixels, share and, where they are known, square metres.

    Raises
    ------
    ExportError
        if the file cannot be written.
    """
    known = all(area.square_metres is not None for area in areas)
    head = ["class_id", "class_name", "pixels", "share", *(["area_m2"] if known else [])]
    rows = [
        [area.class_id, legend.name_of(area.class_id), area.pixels, area.share]
        + ([area.square_metres] if known else [])
        for area in areas
    ]
    write_table(path, head, rows)


def write_objects(
    path: Path,
    regions: MapRegions,
    legend: ClassLegend,
    georeference: Georeference | None,
    fields: Mapping[str, NDArray[Any]],
    cube: HyperCube | None = None,
) -> None:
    """Write a line for each region: number, class, other columns, centroid, mean spectrum.

    Parameters
    ----------
    path : target.
    regions : of the map.
    legend : names.
    georeference : gives the centroids x and y beside row and column, if it has a transform.
    fields : (regions,) further columns by name.
    cube : whose bands are averaged; None leaves the spectra out.

    Raises
    ------
    ExportError
        if the file cannot be written.
    TooLargeError
        if there are too many regions for their mean spectra.
    """
    centroids = regions.centroids()[1:]
    columns: dict[str, Sequence[Any]] = {
        "object": range(1, len(regions) + 1),
        "class_id": regions.classes[1:].tolist(),
        "class_name": [legend.name_of(i) for i in regions.classes[1:].tolist()],
        **{name: values.tolist() for name, values in fields.items()},
        "row": centroids[:, 0].tolist(),
        "column": centroids[:, 1].tolist(),
    }
    if georeference is not None and georeference.transform is not None:
        places = [georeference.map_xy(row, column) or (0.0, 0.0) for row, column in centroids]
        columns["x"] = [float(x) for x, _ in places]
        columns["y"] = [float(y) for _, y in places]
    head = list(columns)
    rows: Iterable[Sequence[Any]] = zip(*columns.values(), strict=True)
    if cube is not None:
        waves = cube.wavelengths
        head += [f"band_{i}" for i in range(cube.bands)] if waves is None else _texts(waves)
        means = mean_spectra(regions, cube)
        rows = ((*row, *mean.tolist()) for row, mean in zip(rows, means, strict=True))
    write_table(path, head, rows)


def mean_spectra(regions: MapRegions, cube: HyperCube) -> NDArray[np.float64]:
    """Mean values (regions, bands) of the pixels with data; NaN where a region has none.

    Raises
    ------
    TooLargeError
        if they would not fit in memory.
    """
    count = regions.classes.size
    if count * cube.bands > MAX_MEANS:
        raise TooLargeError(
            f"The map has {count - 1} regions, too many for their mean spectra; clean it first "
            "(hsi-viewer clean, --minimum)."
        )
    sums, pixels = (np.zeros((count, cube.bands)) for _ in range(2))
    for rows, columns in blocks(cube):
        stored = cube.read(rows, columns)
        present = cube.is_data(stored)
        values = np.where(present, cube.physical(stored), 0.0)
        numbers = regions.numbers[rows, columns].ravel()
        held, at = np.unique(numbers, return_inverse=True)
        for band in range(cube.bands):
            sums[held, band] += np.bincount(at, values[:, :, band].ravel())
            pixels[held, band] += np.bincount(at, present[:, :, band].ravel())
    means = np.full(sums.shape, np.nan)
    np.divide(sums, pixels, out=means, where=pixels > 0)
    return means[1:]


def _texts(wavelengths: NDArray[np.float64]) -> list[str]:
    return [f"{wavelength:g} nm" for wavelength in wavelengths]


def write_table(path: Path, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows as CSV, the file whole or not at all; NaN becomes an empty cell.

    Raises
    ------
    ExportError
        if it cannot be written.
    """
    with replacing(path) as (new,), new.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(["" if value != value else value for value in row] for row in rows)
