"""The regions of a class map as polygons and as a table, strip by strip."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.atomic import writing
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.postprocess.region_strips import MOST_BORDERS, Strip, joined_strips
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.regions.grid import Grid
from hsi_viewer.io.regions.map_polygons import (
    StripPolygons,
    check_suffix,
    new_polygons,
    planned_files,
)
from hsi_viewer.jobs.after_map import AfterMapResult, ClassMapFile, check_targets
from hsi_viewer.jobs.object_table import check_table, new_table
from hsi_viewer.jobs.region_measures import RegionMeasures

DOING = "Writing polygons"
FEWER_BORDERS = 50  # bands whose sums take as much memory as the polygons of a strip


class PolygonOptions(Struct, frozen=True):
    """How the regions of a map are written.

    Attributes
    ----------
    smooth : size in pixels of the corners that borders lose; 0 leaves them along the pixels.
    objects : CSV file of the regions; None writes none.
    most_borders : of a strip; see `region_strips`.
    token, port : cancel and progress.
    """

    smooth: float = 0.0
    objects: Path | None = None
    most_borders: int = MOST_BORDERS
    token: CancelToken | None = None
    port: ProgressPort | None = None


class MapOnGround(Struct, frozen=True, eq=False):
    """A class map with what its regions are described by.

    Attributes
    ----------
    ids : (rows, columns) class ids; 0 is no data.
    legend : names and colours.
    georeference : place of the map, or None.
    row_area : (rows,) square metres of a pixel of each row; None where they are not known.
    confidence : image of one band on the grid of the map, or None.
    spectra : cube on the grid of the map whose mean spectra go into the table, or None.
    """

    ids: NDArray[np.uint16]
    legend: ClassLegend
    georeference: Georeference | None
    row_area: NDArray[np.float64] | None
    confidence: HyperCube | None = None
    spectra: HyperCube | None = None


def polygons_file(
    source: str,
    target: Path,
    options: PolygonOptions | None = None,
    *,
    confidence: str | None = None,
    spectra: str | None = None,
    overwrite: bool = False,
) -> AfterMapResult:
    """Write the regions of a class map as polygons, and their table if it is wanted.

    Parameters
    ----------
    source : the class map.
    target : .gpkg, .geojson or .shp.
    options : how; along the pixels and without a table if left out.
    confidence : image of one band on the grid of the map; its mean becomes an attribute.
    spectra : cube on the grid of the map, whose mean spectra go into the table.
    overwrite : whether existing files may be replaced.

    Raises
    ------
    HsiError
        if a file cannot be read, does not fit the map, or cannot be written.
    TaskCancelledError
        if the token was cancelled; nothing is written then.
    """
    options = options or PolygonOptions()
    check_suffix(target)
    check_table(options.objects)
    known = ClassMapFile.read(source)
    images = {name: open_cube(name) for name in (confidence, spectra) if name is not None}
    targets = [*planned_files(target), *([] if options.objects is None else [options.objects])]
    sources = [*known.sources, *(cube.path for cube in images.values() if cube.path is not None)]
    check_targets(targets, sources, overwrite=overwrite)
    ids = known.labels.ids
    for name, cube in images.items():
        if (cube.rows, cube.columns) != ids.shape:
            raise LabelError(
                f"{name} has {cube.rows} x {cube.columns} pixels, but the map has "
                f"{ids.shape[0]} x {ids.shape[1]}; both must be of one scene."
            )
    mapped = MapOnGround(
        ids,
        known.legend,
        known.labels.georeference,
        known.row_area,
        None if confidence is None else images[confidence],
        None if spectra is None else images[spectra],
    )
    made = write_map_polygons(target, mapped, options)
    return replace(made, warnings=(*known.notes, *made.warnings))


def write_map_polygons(
    target: Path, mapped: MapOnGround, options: PolygonOptions
) -> AfterMapResult:
    """Write the regions of a map as polygons, and their table if it is wanted.

    The map is worked through in strips, so that memory does not grow with the number of regions. A
    region that crosses from strip to strip is one polygon.

    Parameters
    ----------
    target : .gpkg, .geojson or .shp.
    mapped : the map.
    options : how.

    Raises
    ------
    HsiError
        if a file cannot be written.
    TaskCancelledError
        if the token was cancelled; nothing is written then.
    """
    rows, columns = mapped.ids.shape
    grid = Grid.of(rows, columns, mapped.georeference)
    polygons, count = StripPolygons(options.smooth), 0
    spectra = None if options.objects is None else mapped.spectra
    measures = RegionMeasures(mapped.row_area, mapped.confidence, spectra)
    token, port = options.token or CancelToken(), options.port or SilentPort()
    share = max(1, 0 if spectra is None else spectra.bands // FEWER_BORDERS)
    with (
        _objects(options.objects, mapped, measures) as listed,
        new_polygons(target, mapped.legend, grid) as (write, notes),
    ):
        port.report(Progress(DOING, 0.0))
        for strip in joined_strips(mapped.ids, measures.of, options.most_borders // share):
            token.check()
            sums = strip.sums[strip.complete]
            fields = measures.fields(sums)
            write(strip, polygons.complete(strip), fields)
            listed(strip, sums)
            count += len(sums)
            port.report(Progress(DOING, strip.rows.stop / rows))
    with writing(target):
        files = [path for path in planned_files(target) if path.exists()]
    return AfterMapResult(
        {"polygons": count},
        [*files, *([] if options.objects is None else [options.objects])],
        tuple(notes),
    )


@contextmanager
def _objects(
    path: Path | None, mapped: MapOnGround, measures: RegionMeasures
) -> Iterator[Callable[[Strip, NDArray[np.float64]], None]]:
    """Write a line for each region: number, class, other columns, centroid, mean spectrum."""
    if path is None:
        yield lambda _strip, _sums: None
        return
    place, legend, count = mapped.georeference, mapped.legend, 0
    if place is not None and place.transform is None:
        place = None  # a name of coordinates alone
    head = ["object", "class_id", "class_name", *measures.names, "row", "column"]
    head += [] if place is None else ["x", "y"]
    with new_table(path, [*head, *measures.band_names]) as write:

        def listed(strip: Strip, sums: NDArray[np.float64]) -> None:
            nonlocal count
            ids = strip.classes[strip.complete].tolist()
            centroids = measures.centroids(sums).tolist()
            columns: list[Sequence[Any]] = [
                range(count + 1, count + len(ids) + 1),
                ids,
                [legend.name_of(i) for i in ids],
                *(values.tolist() for values in measures.fields(sums).values()),
                *(list(values) for values in zip(*centroids, strict=True)),
            ]
            if place is not None:
                places = [place.map_xy(*centroid) or (0.0, 0.0) for centroid in centroids]
                columns += [[float(xy[axis]) for xy in places] for axis in (0, 1)]
            means = measures.spectra(sums).tolist()
            write(
                (*row, *mean) for row, mean in zip(zip(*columns, strict=True), means, strict=True)
            )
            count += len(ids)

        yield listed
