"""Vector files, written: features on the map of a grid, all at once or some at a time."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from string import punctuation
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing, told_of, writing
from hsi_viewer.core.errors import ExportError, LabelError
from hsi_viewer.core.labels.classes import ClassLegend, palette_colour
from hsi_viewer.core.text import one_line
from hsi_viewer.io.metadata.crs import crs_of
from hsi_viewer.io.regions.grid import Grid
from hsi_viewer.io.regions.shapes import reprojected

SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
KEEPS = "Choose .gpkg or .shp, which keep the coordinates of the map."
BEFORE = b'"features": [\n'  # what GDAL writes before the first feature of a GeoJSON file

Write = Callable[[Sequence[Any], dict[str, NDArray[Any]]], None]


def class_fields(class_ids: Sequence[int], legend: ClassLegend) -> dict[str, NDArray[Any]]:
    """Attributes class_id, class_name and colour of features of some classes."""
    colours = {v: palette_colour(v - 1) for v in set(class_ids)}
    colours |= {c.id: c.colour for c in legend}
    names = {v: legend.name_of(v) for v in set(class_ids)}
    return {
        "class_id": np.array(class_ids, np.int32),
        "class_name": np.array([names[v] for v in class_ids], object),
        "colour": np.array(["#" + bytes(colours[v]).hex() for v in class_ids], object),
    }


def write_features(
    path: Path, geometries: Sequence[Any], fields: dict[str, NDArray[Any]], grid: Grid
) -> tuple[str, ...]:
    """Write polygons on the map of a grid, whole or not at all.

    Returns
    -------
    tuple of str
        sentences for the user.

    Raises
    ------
    ExportError
        if the file cannot be written.
    """
    with new_features(path, grid) as (write, notes):
        write(geometries, fields)
    return tuple(notes)


@contextmanager
def new_features(path: Path, grid: Grid) -> Iterator[tuple[Write, list[str]]]:
    """Write polygons, some at a time: the file is there, whole, once the block has ended.

    Parameters
    ----------
    path : its suffix names the driver.
    grid : of the map.

    Yields
    ------
    write : takes geometries in the coordinates of the map, and their attributes, the same ones
        each time.
    notes : sentences for the user.

    Raises
    ------
    ExportError
        if the file cannot be written.
    """
    from hsi_viewer.io.files.gdal_vector import DRIVERS, write_layer

    crs = system_of(grid)
    notes: list[str] = []
    geojson = DRIVERS[path.suffix.lower()] == "GeoJSON"
    degrees = crs_of("EPSG:4326")
    turned = geojson and crs is not None and crs.to_epsg() != 4326
    if turned:
        notes.append("GeoJSON uses longitude and latitude (WGS 84), as its standard requires.")
    if grid.transform is None:
        notes.append("The cube has no georeference: x is the column, y the row.")
    elif crs is None:
        wrong = ", and programs take x and y in GeoJSON as longitude and latitude" * geojson
        notes.append(f"The georeference has no coordinate system{wrong}.")
    written = degrees if turned else crs
    wkt = None if written is None else written.to_wkt()
    with tempfile.TemporaryDirectory(prefix="hsi-regions-") as folder:
        made = made_in(folder, path)
        if made.suffix.lower() == ".shp":  # GDAL names the parts in small letters
            made = made.with_suffix(".shp")
        more = Path(folder, "more", made.name)  # GDAL would read a GeoJSON file to append to it
        more.parent.mkdir()

        def write(geometries: Sequence[Any], fields: dict[str, NDArray[Any]]) -> None:
            if not len(geometries):
                return
            places = in_degrees(path, geometries, crs, degrees) if turned else geometries
            appended = made.exists()
            target = more if geojson and appended else made
            options = {"COORDINATE_PRECISION": "12"} if geojson else {"append": appended}
            options |= layer_of(path)
            try:
                write_layer(target, places, fields, wkt, **options)
                if target is more:
                    _append(more, made)
            except ExportError as error:
                raise told_of(path, target, error) from error

        yield write, notes
        if made.exists():
            move_to(made, path)


def made_in(folder: str, path: Path) -> Path:
    """What a file is called while GDAL writes it, which can't write some names: "a;b.shp"."""
    return Path(folder, f"layer{path.suffix}")


def layer_of(path: Path) -> dict[str, Any]:
    """The option of `write_layer` that names the layer after the file, where it has a name."""
    name = one_line(path.stem).lstrip(punctuation) or "layer"  # as a GeoPackage demands
    return {} if path.suffix.lower() == ".shp" else {"layer": name}


def system_of(grid: Grid) -> Any:
    """The system of what is written: none of columns and rows, even if the scene gives one."""
    return None if grid.transform is None else crs_of(grid.crs_wkt)


def in_degrees(path: Path, geometries: Sequence[Any], crs: Any, degrees: Any) -> list[Any]:
    """Geometries of a map in longitude and latitude.

    Raises
    ------
    ExportError
        if any of them has none.
    """
    import shapely

    try:
        places = reprojected(geometries, crs, degrees)
    except LabelError as error:
        raise ExportError(f"{path} could not be written: {error} {KEEPS}") from error
    if not np.isfinite(shapely.bounds(np.array(places, object))).all():
        raise ExportError(
            f"{path} could not be written: parts of the map have no longitude and latitude. {KEEPS}"
        )
    return places


def _append(more: Path, made: Path) -> None:
    """Append the features of a GeoJSON file of GDAL to another."""
    from hsi_viewer.io.files.gdal_vector import GEOJSON_END

    with more.open("rb") as source, made.open("rb+") as target:
        begins = source.read(1 << 16).index(BEFORE) + len(BEFORE)
        target.seek(-len(GEOJSON_END), 2)
        if target.read() != GEOJSON_END:
            raise ValueError(f"{made} does not end as GDAL ends GeoJSON files")
        target.seek(-len(GEOJSON_END), 2)
        target.write(b",\n")
        source.seek(begins)
        shutil.copyfileobj(source, target)


def move_to(made: Path, path: Path) -> None:
    """Exchange a file, or all the files of a shapefile, together."""
    endings = SHAPEFILE if path.suffix.lower() == ".shp" else (path.suffix,)
    pairs = [
        (made.with_suffix(ending), path.with_suffix(ending))
        for ending in endings
        if made.with_suffix(ending).exists()
    ]
    pairs = [*pairs[1:], pairs[0]]
    with replacing(*(target for _, target in pairs), named=path) as news:
        for (source, _), new in zip(pairs, news, strict=True):
            shutil.copyfile(source, new)
    written = {target for _, target in pairs}
    journals = ("-wal", "-shm", "-journal")  # of the GeoPackage that was replaced
    stale = {path.with_name(path.name + journal) for journal in journals}
    if path.suffix.lower() == ".shp":  # a system or an index of the shapes that stood there before
        stale |= {path.with_suffix(e) for e in (*SHAPEFILE, ".sbn", ".sbx", ".qix")} - written
    with writing(path):
        for file in stale:
            file.unlink(missing_ok=True)
