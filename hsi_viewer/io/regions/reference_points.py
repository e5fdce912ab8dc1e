"""Reference samples as points (.gpkg, .geojson, .csv), to be labelled here or elsewhere.

Each point has its stratum, the size of it and the probability with which it was drawn, so that
areas can be estimated from the file alone. `class_id` is 0 until a point is labelled.
"""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing
from hsi_viewer.core.assessment.reference_sample import ReferenceSample
from hsi_viewer.core.errors import ExportError, FormatError, LabelError
from hsi_viewer.core.labels.classes import MAX_CLASS_ID, ClassLegend
from hsi_viewer.io.metadata.crs import crs_of
from hsi_viewer.io.regions.grid import PIXELS, Grid
from hsi_viewer.io.regions.shapes import reprojected
from hsi_viewer.io.regions.vector import read_features
from hsi_viewer.io.regions.vector_writer import move_to

SUFFIXES = (".gpkg", ".geojson", ".csv")
WHOLE = ("row", "column", "stratum", "stratum_pixels", "seed")


def write_reference_points(
    path: Path,
    sample: ReferenceSample,
    reference: NDArray[np.uint16],
    legend: ClassLegend,
    grid: Grid,
) -> None:
    """Write the points of a sample in the order in which they are labelled.

    Parameters
    ----------
    path : target, of one of `SUFFIXES`.
    sample : drawn on the grid.
    reference : (n,) class id of each point, 0 where it isn't labelled yet.
    legend : names of the classes.
    grid : of the scene.

    Raises
    ------
    ExportError
        if the suffix is another or the file cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ExportError(f"{path}: choose .gpkg, .geojson or .csv for reference points.")
    fields = _fields(sample, reference, legend)
    row, column = fields["row"] + 0.5, fields["column"] + 0.5
    a, b, c, d, e, f = grid.transform or PIXELS
    x, y = a * column + b * row + c, d * column + e * row + f
    if path.suffix.lower() == ".csv":
        _write_table(path, {**fields, "map_x": x, "map_y": y} if grid.transform else fields)
    else:
        _write_layer(path, x, y, fields, grid)


def _fields(
    sample: ReferenceSample, reference: NDArray[np.uint16], legend: ClassLegend
) -> dict[str, NDArray[Any]]:
    rows, columns = np.divmod(sample.pixels, sample.shape[1])
    names = [legend.name_of(int(i)) if i else "" for i in reference]
    return {
        "point": np.arange(1, len(rows) + 1),
        "row": rows,
        "column": columns,
        "stratum": sample.strata,
        "stratum_pixels": np.array([sample.sizes[s] for s in sample.strata.tolist()], np.int64),
        "inclusion_probability": sample.inclusion,
        "seed": np.full(len(rows), sample.seed, np.int64),
        "class_id": reference.astype(np.int64),
        "class_name": np.array(names, object),
    }


def _write_table(path: Path, fields: dict[str, NDArray[Any]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(fields)
    writer.writerows(zip(*(values.tolist() for values in fields.values()), strict=True))
    with replacing(path) as (new,):
        new.write_text(out.getvalue(), encoding="utf-8")


def _write_layer(
    path: Path,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    fields: dict[str, NDArray[Any]],
    grid: Grid,
) -> None:
    import shapely

    from hsi_viewer.io.files.gdal_vector import write_layer

    points: Any = list(shapely.points(x, y))
    crs = crs_of(grid.crs_wkt)
    options: dict[str, Any] = {}
    if path.suffix.lower() == ".geojson":
        options["COORDINATE_PRECISION"] = "12"
        if crs is not None and crs.to_epsg() != 4326:  # as its standard requires
            points = reprojected(points, crs, crs_of("EPSG:4326"))
            crs = crs_of("EPSG:4326")
    with tempfile.TemporaryDirectory(prefix="hsi-points-") as folder:
        made = Path(folder, path.name)
        wkt = None if crs is None else crs.to_wkt()
        try:
            write_layer(made, points, fields, wkt, geometry="Point", **options)
        except ExportError as error:
            raise ExportError(str(error).replace(str(made), str(path))) from error
        move_to(made, path)


def read_reference_points(
    path: Path, legend: ClassLegend, grid: Grid
) -> tuple[ReferenceSample, NDArray[np.uint16]]:
    """A sample and the labels of its points, as `write_reference_points` has written them.

    Parameters
    ----------
    path : file.
    legend : finds the class of points that have a name alone.
    grid : of the scene.

    Returns
    -------
    sample, reference
        (n,) class ids, 0 where a point isn't labelled yet.

    Raises
    ------
    FileError, FormatError
        if the file cannot be read or isn't a reference sample.
    LabelError
        if a point lies outside the scene.
    """
    fields = (
        _read_table(path) if path.suffix.lower() == ".csv" else read_features(path, None).fields
    )
    missing = [name for name in WHOLE if name not in fields]
    if missing:
        raise FormatError(
            f"{path} isn't a reference sample: it has no column {missing[0]}. Points that were "
            "chosen otherwise say nothing about areas."
        )
    row, column, strata, sizes, seed = (_whole(path, name, fields[name]) for name in WHOLE)
    if row.size == 0:
        raise FormatError(f"{path} contains no points.")
    outside = (row < 0) | (row >= grid.rows) | (column < 0) | (column >= grid.columns)
    if outside.any():
        raise LabelError(
            f"{path}: {int(outside.sum())} points lie outside the scene of {grid.rows} x "
            f"{grid.columns}; it was drawn from another one."
        )
    by_stratum = dict(zip(strata.tolist(), sizes.tolist(), strict=True))
    if any(by_stratum[s] != n for s, n in zip(strata.tolist(), sizes.tolist(), strict=True)):
        raise FormatError(f"{path}: the points of a stratum have different stratum_pixels.")
    pixels = row * grid.columns + column
    if np.unique(pixels).size < pixels.size:
        raise FormatError(f"{path}: a pixel has two points; each is drawn once.")
    sample = ReferenceSample(pixels, strata, by_stratum, grid.shape, int(seed[0]))
    return sample, _classes(path, fields, legend, row.size)


def _read_table(path: Path) -> dict[str, NDArray[Any]]:
    from hsi_viewer.io.files.text_file import cells_of, text_of

    lines = [line for line in text_of(path).splitlines() if line.strip()]
    if not lines:
        raise FormatError(f"{path} has no rows.")
    head, *rows = cells_of(path, lines, max("\t;,", key=lines[0].count))
    columns = [[row[k] if k < len(row) else "" for row in rows] for k in range(len(head))]
    return {
        name.strip().casefold(): np.array(cells, object)
        for name, cells in zip(head, columns, strict=True)
    }


def _whole(path: Path, name: str, values: NDArray[Any], empty: str | None = None) -> Any:
    try:
        given = (empty if v in ("", None) and empty is not None else v for v in values)
        numbers = np.array([float(v) for v in given], np.float64)
    except (TypeError, ValueError):
        numbers = np.array([np.nan])
    if not (np.isfinite(numbers).all() and (np.abs(numbers) < 2**53).all()):
        raise FormatError(f'{path}: the column "{name}" contains something other than numbers.')
    if (numbers != np.rint(numbers)).any():
        raise FormatError(f'{path}: the column "{name}" must contain whole numbers.')
    return numbers.astype(np.int64)


def _classes(path: Path, fields: Any, legend: ClassLegend, count: int) -> NDArray[np.uint16]:
    ids = np.zeros(count, np.int64)
    if "class_id" in fields:
        ids = _whole(path, "class_id", fields["class_id"], empty="0")
    if ids.min() < 0 or ids.max() > MAX_CLASS_ID:
        raise FormatError(f"{path}: class ids are whole numbers from 0 to {MAX_CLASS_ID}.")
    numbers = {c.name.casefold(): c.id for c in legend}
    names = fields.get("class_name", np.full(count, "", object))
    for k in np.flatnonzero(ids == 0):
        name = str(names[k] or "").strip()
        if name and name.casefold() not in numbers:
            raise FormatError(f'{path}: there is no class "{name}"; give its class_id.')
        ids[k] = numbers.get(name.casefold(), 0)
    return ids.astype(np.uint16)
