"""Reference samples as points (.gpkg, .geojson, .csv), to be labelled here or elsewhere.

Each point has its stratum, the size of it and the probability with which it was drawn, so that
areas can be estimated from the file alone; a blind file has none of these, so that nobody sees the
class of the map while labelling, and needs the map again. `class_id` is 0 until a point is
labelled, `cannot_tell` 1 where none can be given.
"""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing, told_of
from hsi_viewer.core.assessment.area_estimates import CANNOT_TELL
from hsi_viewer.core.assessment.reference_sample import (
    ReferenceSample,
    map_digest,
    stratum_sizes,
)
from hsi_viewer.core.assessment.sample_assessment import (
    NO_SAMPLE,
    OTHER,
    OTHER_NAME,
    reference_name,
)
from hsi_viewer.core.errors import ExportError, FormatError, LabelError
from hsi_viewer.core.labels.classes import MAX_CLASS_ID, ClassLegend
from hsi_viewer.core.text import counted
from hsi_viewer.io.files.text_file import cells_of, text_of
from hsi_viewer.io.metadata.crs import crs_of
from hsi_viewer.io.regions.grid import PIXELS, Grid
from hsi_viewer.io.regions.vector import read_features
from hsi_viewer.io.regions.vector_writer import (
    in_degrees,
    layer_of,
    made_in,
    move_to,
    system_of,
)

SUFFIXES = (".gpkg", ".geojson", ".csv")
WHOLE = ("row", "column", "seed", "points")
STRATA = ("stratum", "stratum_pixels")

Numbers = NDArray[np.int64]


def write_reference_points(
    path: Path,
    sample: ReferenceSample,
    reference: Numbers,
    legend: ClassLegend,
    grid: Grid,
    *,
    blind: bool = False,
) -> None:
    """Write the points of a sample in the order in which they are labelled.

    Parameters
    ----------
    path : target, of one of `SUFFIXES`.
    sample : drawn on the grid.
    reference : (n,) class id of each point, 0 where it isn't labelled yet, or `CANNOT_TELL`.
    legend : names of the classes.
    grid : of the scene.
    blind : leave out what tells the class of the map.

    Raises
    ------
    ExportError
        if the suffix is another or the file cannot be written.
    """
    check_suffix(path)
    fields = _fields(sample, reference, legend)
    if blind:
        hidden = (*STRATA, "inclusion_probability")
        fields = {name: values for name, values in fields.items() if name not in hidden}
    row, column = fields["row"] + 0.5, fields["column"] + 0.5
    a, b, c, d, e, f = grid.transform or PIXELS
    x, y = a * column + b * row + c, d * column + e * row + f
    if path.suffix.lower() == ".csv":
        _write_table(path, {**fields, "map_x": x, "map_y": y} if grid.transform else fields)
    else:
        _write_layer(path, x, y, fields, grid)


def check_suffix(path: Path) -> None:
    """Refuse a path that reference points cannot be written to.

    Raises
    ------
    ExportError
        if its suffix is none of `SUFFIXES`.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ExportError(f"{path}: choose .gpkg, .geojson or .csv for reference points.")


def _fields(
    sample: ReferenceSample, reference: Numbers, legend: ClassLegend
) -> dict[str, NDArray[Any]]:
    rows, columns = np.divmod(sample.pixels, sample.shape[1])
    name_of = reference_name(legend)
    names = [name_of(int(i)) if i > 0 else "" for i in reference]
    return {
        "point": np.arange(1, len(rows) + 1),
        "row": rows,
        "column": columns,
        "stratum": sample.strata,
        "stratum_pixels": np.array([sample.sizes[s] for s in sample.strata.tolist()], np.int64),
        "inclusion_probability": sample.inclusion,
        "seed": np.full(len(rows), sample.seed, np.int64),
        "points": np.full(len(rows), len(rows), np.int64),
        "map_digest": np.full(len(rows), sample.digest, object),
        "class_id": np.maximum(reference, 0).astype(np.int64),
        "class_name": np.array(names, object),
        "cannot_tell": (reference == CANNOT_TELL).astype(np.int64),
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
    crs = system_of(grid)
    options = layer_of(path)
    if path.suffix.lower() == ".geojson":
        options["COORDINATE_PRECISION"] = "12"
        if crs is not None and crs.to_epsg() != 4326:  # as its standard requires
            degrees = crs_of("EPSG:4326")
            points, crs = in_degrees(path, points, crs, degrees), degrees
    with tempfile.TemporaryDirectory(prefix="hsi-points-") as folder:
        made = made_in(folder, path)
        wkt = None if crs is None else crs.to_wkt()
        try:
            write_layer(made, points, fields, wkt, geometry="Point", **options)
        except ExportError as error:
            raise told_of(path, made, error) from error
        move_to(made, path)


def read_reference_points(
    path: Path, legend: ClassLegend, grid: Grid, drawn_from: NDArray[np.uint16] | None = None
) -> tuple[ReferenceSample, Numbers]:
    """A sample and the labels of its points, as `write_reference_points` has written them.

    Parameters
    ----------
    path : file.
    legend : finds the class of points that have a name alone.
    grid : of the scene.
    drawn_from : (rows, columns) the map that the points were drawn from; a blind file needs it.

    Returns
    -------
    sample, reference
        (n,) class ids, 0 where a point isn't labelled yet, `CANNOT_TELL` where it cannot be.

    Raises
    ------
    FileError, FormatError
        if the file cannot be read or isn't a reference sample.
    LabelError
        if a point lies outside the scene, or the points were drawn from another map.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise FormatError(f"{path} isn't a reference sample (.gpkg, .geojson or .csv). {NO_SAMPLE}")
    fields = (
        _read_table(path) if path.suffix.lower() == ".csv" else read_features(path, None).fields
    )
    missing = [name for name in WHOLE if name not in fields]
    if missing:
        raise FormatError(
            f"{path} isn't a reference sample: it has no column {missing[0]}. {NO_SAMPLE}"
        )
    row, column, seed, points = (_whole(path, name, fields[name]) for name in WHOLE)
    if row.size == 0:
        raise FormatError(f"{path} contains no points.")
    outside = (row < 0) | (row >= grid.rows) | (column < 0) | (column >= grid.columns)
    if outside.any():
        points_lie = counted(int(outside.sum()), "point", "lies", "lie")
        raise LabelError(
            f"{path}: {points_lie} outside the scene of {grid.rows} x {grid.columns}; it was drawn "
            "from another one."
        )
    pixels = row * grid.columns + column
    if np.unique(pixels).size < pixels.size:
        raise FormatError(f"{path}: a pixel has two points; each is drawn once.")
    if (points != row.size).any():
        raise FormatError(
            f"{path} contains {row.size} of {int(points[0])} points. Points that were left out or "
            "added would bias the areas; label all that were drawn."
        )
    digest = str(fields["map_digest"][0] or "") if "map_digest" in fields else ""
    strata, sizes = _strata(path, fields, pixels, digest, drawn_from)
    sample = ReferenceSample(pixels, strata, sizes, grid.shape, int(seed[0]), digest)
    return sample, _classes(path, fields, legend, row.size)


def _strata(
    path: Path,
    fields: Any,
    pixels: Numbers,
    digest: str,
    drawn_from: NDArray[np.uint16] | None,
) -> tuple[Numbers, dict[int, int]]:
    """Stratum of each point and sizes of the strata: of the map where there is one."""
    known = all(name in fields for name in STRATA)
    if drawn_from is None and not known:
        raise FormatError(
            f"{path} was written blind, without the classes of the map that its points were drawn "
            "from; name that map, too (--strata MAP)."
        )
    if known:
        strata, pixels_of = (_whole(path, name, fields[name]) for name in STRATA)
        sizes = dict(zip(strata.tolist(), pixels_of.tolist(), strict=True))
        if any(sizes[s] != n for s, n in zip(strata.tolist(), pixels_of.tolist(), strict=True)):
            raise FormatError(f"{path}: the points of a stratum have different stratum_pixels.")
    if drawn_from is not None:
        own = drawn_from.ravel()[pixels].astype(np.int64)
        other = digest not in ("", map_digest(drawn_from)) or (known and (own != strata).any())
        if other or (own == 0).any():
            raise LabelError(f"The points of {path} were drawn from another map than this one.")
        return own, stratum_sizes(drawn_from)
    return strata, sizes


def _read_table(path: Path) -> dict[str, NDArray[Any]]:
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


def _classes(path: Path, fields: Any, legend: ClassLegend, count: int) -> Numbers:
    ids = np.zeros(count, np.int64)
    if "class_id" in fields:
        ids = _whole(path, "class_id", fields["class_id"], empty="0")
    if ids.min() < 0 or ids.max() > MAX_CLASS_ID:
        raise FormatError(f"{path}: class ids are whole numbers from 0 to {MAX_CLASS_ID}.")
    numbers = {OTHER_NAME.casefold(): OTHER} | {c.name.casefold(): c.id for c in legend}
    names = fields.get("class_name", np.full(count, "", object))
    for k in np.flatnonzero(ids == 0):
        name = str(names[k] or "").strip()
        if name and name.casefold() not in numbers:
            raise FormatError(f'{path}: there is no class "{name}"; give its class_id.')
        ids[k] = numbers.get(name.casefold(), 0)
    if "cannot_tell" in fields:
        untold = _whole(path, "cannot_tell", fields["cannot_tell"], empty="0") != 0
        ids[untold & (ids == 0)] = CANNOT_TELL
    return ids
