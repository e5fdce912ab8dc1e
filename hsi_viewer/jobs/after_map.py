"""What follows a class map, from file to file: cleaning, polygons, and tables of areas."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.analysis.pixel_area import pixel_area
from hsi_viewer.core.assessment.areas import ClassArea, class_areas
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError, FormatError, LabelError
from hsi_viewer.core.labels.classes import UNCLASSIFIED_NAME, ClassLegend
from hsi_viewer.core.labels.label_file import LabelFile
from hsi_viewer.core.postprocess.clean import Cleaning, cleaned
from hsi_viewer.core.postprocess.map_regions import MapRegions, map_regions
from hsi_viewer.io.files.identify import split_source
from hsi_viewer.io.labels.label_file import legend_of, read_labels
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.own_files import own_files
from hsi_viewer.jobs.object_table import mean_spectra, write_areas, write_objects


@dataclass(frozen=True)
class ClassMapFile:
    """A class map as it was read.

    Attributes
    ----------
    source : as it was named.
    labels : ids, and what the file gives about them.
    legend : every class that the file names or holds.
    row_area : (rows,) square metres of a pixel of each row; None where they are not known.
    """

    source: str
    labels: LabelFile
    legend: ClassLegend
    row_area: NDArray[np.float64] | None

    @classmethod
    def read(cls, source: str) -> ClassMapFile:
        """Read a class map.

        Raises
        ------
        FileError, FormatError, LabelError
            if it cannot be read or is not one.
        """
        labels = read_labels(source)
        legend = legend_of(labels, {*labels.names, *np.unique(labels.ids).tolist()})
        rows, columns = labels.ids.shape
        return cls(source, labels, legend, pixel_area(labels.georeference, rows, columns))

    @property
    def sources(self) -> list[Path]:
        """The file, where it is one."""
        path, _ = split_source(self.source)
        return [path] if path.exists() else []

    def areas(self) -> list[ClassArea]:
        """Area of every class of the legend, also of those without a pixel."""
        found = {a.class_id: a for a in class_areas(self.labels.ids, self.row_area)}
        none = None if self.row_area is None else 0.0
        return [found.get(c.id, ClassArea(c.id, 0, none, 0.0)) for c in self.legend]


@dataclass(frozen=True)
class AfterMapResult:
    """What was made of a class map.

    Attributes
    ----------
    record : for `--json`, without files and warnings.
    files : the files written.
    warnings : sentences for the user.
    """

    record: dict[str, Any]
    files: list[Path] = field(default_factory=list)
    warnings: tuple[str, ...] = ()


def clean_file(
    source: str, target: Path, cleaning: Cleaning, *, overwrite: bool = False
) -> AfterMapResult:
    """Clean a class map and write it by the suffix of the target.

    Raises
    ------
    HsiError
        if the map cannot be read, lacks a class that is named, or the target cannot be written.
    """
    from hsi_viewer.io.labels.map_file import check_suffix, planned_files, write_map

    check_suffix(target)
    known = ClassMapFile.read(source)
    check_targets(planned_files(target), known.sources, overwrite=overwrite)
    _check_classes(known, cleaning.class_ids)
    if cleaning.square_metres is not None and known.row_area is None:
        raise LabelError(
            f"{source} has no georeference that gives the area of a pixel; give the minimum in "
            "pixels (--minimum 8)."
        )
    ids = known.labels.ids
    result = cleaned(ids, cleaning, known.row_area)
    gone = set(cleaning.merge) - set(cleaning.merge.values())
    legend = ClassLegend(c for c in known.legend if c.id not in gone)
    files = write_map(
        target,
        result,
        legend,
        known.labels.georeference,
        f"Class map of {known.labels.name}, cleaned",
        known.labels.zero or UNCLASSIFIED_NAME,
    )
    before, after = (np.bincount(m.ravel(), minlength=1 << 16) for m in (ids, result))
    classes = [
        {"id": c.id, "name": c.name, "before": int(before[c.id]), "after": int(after[c.id])}
        for c in known.legend
    ]
    record = {"changed_pixels": int(np.count_nonzero(ids != result)), "classes": classes}
    return AfterMapResult(record, files)


def polygons_file(
    source: str,
    target: Path,
    *,
    smooth: float = 0.0,
    confidence: str | None = None,
    objects: Path | None = None,
    spectra: str | None = None,
    overwrite: bool = False,
) -> AfterMapResult:
    """Write the regions of a class map as polygons, and their table if it is wanted.

    Parameters
    ----------
    source : the class map.
    target : .gpkg, .geojson or .shp.
    smooth : size in pixels of the corners that borders lose; 0 leaves them along the pixels.
    confidence : image of one band on the grid of the map; its mean becomes an attribute.
    objects : CSV file of the regions; None writes none.
    spectra : cube on the grid of the map, whose mean spectra go into the table.
    overwrite : whether existing files may be replaced.

    Raises
    ------
    HsiError
        if a file cannot be read, does not fit the map, or cannot be written.
    """
    from hsi_viewer.io.regions.map_polygons import check_suffix, planned_files

    check_suffix(target)
    known = ClassMapFile.read(source)
    images = {name: open_cube(name) for name in (confidence, spectra) if name is not None}
    targets = [*planned_files(target), *([] if objects is None else [objects])]
    sources = [*known.sources, *(cube.path for cube in images.values() if cube.path is not None)]
    check_targets(targets, sources, overwrite=overwrite)
    ids = known.labels.ids
    for name, cube in images.items():
        if (cube.rows, cube.columns) != ids.shape:
            raise LabelError(
                f"{name} has {cube.rows} x {cube.columns} pixels, but the map has "
                f"{ids.shape[0]} x {ids.shape[1]}; both must be of one scene."
            )
    place = known.labels.georeference
    mapped = MapOnGround(ids, known.legend, place, known.row_area)
    return write_map_polygons(
        target,
        mapped,
        smooth=smooth,
        confidence=None if confidence is None else images[confidence],
        objects=objects,
        spectra=None if spectra is None else images[spectra],
    )


@dataclass(frozen=True, eq=False)
class MapOnGround:
    """A class map with what its regions are described by.

    Attributes
    ----------
    ids : (rows, columns) class ids; 0 is no data.
    legend : names and colours.
    georeference : place of the map, or None.
    row_area : (rows,) square metres of a pixel of each row; None where they are not known.
    """

    ids: NDArray[np.uint16]
    legend: ClassLegend
    georeference: Georeference | None
    row_area: NDArray[np.float64] | None


def write_map_polygons(
    target: Path,
    mapped: MapOnGround,
    *,
    smooth: float = 0.0,
    confidence: HyperCube | None = None,
    objects: Path | None = None,
    spectra: HyperCube | None = None,
) -> AfterMapResult:
    """Write the regions of a map as polygons, and their table if it is wanted.

    Parameters
    ----------
    target : .gpkg, .geojson or .shp.
    mapped : the map.
    smooth : see `polygons_file`.
    confidence : image of one band on the grid of the map.
    objects : CSV file of the regions; None writes none.
    spectra : cube on the grid of the map, whose mean spectra go into the table.

    Raises
    ------
    HsiError
        if a file cannot be written.
    """
    from hsi_viewer.io.regions.grid import Grid
    from hsi_viewer.io.regions.map_polygons import planned_files, write_polygons

    regions = map_regions(mapped.ids)
    fields: dict[str, NDArray[Any]] = {"pixels": regions.pixels()[1:]}
    if mapped.row_area is not None:
        fields["area_m2"] = regions.sums(mapped.row_area[:, None])[1:]
    if confidence is not None:
        fields["confidence"] = _mean_confidence(regions, confidence)
    rows, columns = mapped.ids.shape
    grid = Grid.of(rows, columns, mapped.georeference)
    notes = write_polygons(target, regions, mapped.legend, grid, fields, smooth)
    files = [path for path in planned_files(target) if path.exists()]
    if objects is not None:
        write_objects(objects, regions, mapped.legend, mapped.georeference, fields, spectra)
        files.append(objects)
    return AfterMapResult({"polygons": len(regions)}, files, notes)


def areas_of_file(
    source: str, target: Path | None = None, *, overwrite: bool = False
) -> AfterMapResult:
    """Areas of the classes of a map, and as a CSV file if a target is given.

    Raises
    ------
    HsiError
        if the map cannot be read or the file cannot be written.
    """
    known = ClassMapFile.read(source)
    areas = known.areas()
    files = [] if target is None else [target]
    check_targets(files, known.sources, overwrite=overwrite)
    if target is not None:
        write_areas(target, areas, known.legend)
    classes = [
        {
            "id": area.class_id,
            "name": known.legend.name_of(area.class_id),
            "pixels": area.pixels,
            "share": area.share,
            "area_m2": area.square_metres,
        }
        for area in areas
    ]
    pixels = int(np.count_nonzero(known.labels.ids))
    whole = None if known.row_area is None else sum(a.square_metres or 0.0 for a in areas)
    return AfterMapResult({"pixels": pixels, "area_m2": whole, "classes": classes}, files)


def check_targets(targets: Iterable[Path], sources: Iterable[Path], *, overwrite: bool) -> None:
    """Refuse to replace what exists, unless asked to, and what is read, in any case.

    Raises
    ------
    ExportError
        for the first such file.
    """
    own = {path for source in sources for path in own_files(source)}
    for target in targets:
        if target.resolve() in own:
            raise ExportError(f"{target} is an input of this command; choose another name.")
        if os.path.lexists(target) and not overwrite:
            raise ExportError(f"{target} exists; choose another name, or add --overwrite.")


def _mean_confidence(regions: MapRegions, cube: HyperCube) -> NDArray[np.float64]:
    if cube.bands != 1:
        raise FormatError(f"{cube.name} has {cube.bands} bands; a confidence has one.")
    means = mean_spectra(regions, cube)[:, 0]
    if np.any((means < 0) | (means > 1)):
        raise FormatError(
            f"{cube.name} contains values beyond 0 to 1, so it is not a confidence; name the file "
            "confidence.hdr that was written with the map."
        )
    return means


def _check_classes(known: ClassMapFile, class_ids: set[int]) -> None:
    lacking = sorted(i for i in class_ids if i not in known.legend)
    if lacking:
        held = ", ".join(f"{c.id} ({c.name})" for c in known.legend) or "none"
        raise LabelError(f"{known.source} has no class {lacking[0]}; its classes are {held}.")
