"""Reference samples from file to file: points are drawn from a map, and areas estimated by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct, field

from hsi_viewer.analysis.pixel_area import pixel_area
from hsi_viewer.atomic import replacing
from hsi_viewer.core.assessment.area_estimates import Estimate
from hsi_viewer.core.assessment.reference_sample import (
    LEAST_IN_CLASS,
    USERS,
    Allocation,
    Ids,
    Numbers,
    ReferenceSample,
    allocation,
    draw_sample,
    sample_size,
    stratum_sizes,
)
from hsi_viewer.core.assessment.sample_assessment import (
    NO_SAMPLE,
    SampleAssessment,
    assess_sample,
    reference_name,
    sample_table,
)
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.progress import ProgressPort
from hsi_viewer.io.regions.grid import Grid
from hsi_viewer.io.regions.reference_points import (
    check_suffix,
    read_reference_points,
    write_reference_points,
)
from hsi_viewer.jobs.after_map import (
    AfterMapResult,
    ClassMapFile,
    areas_of_file,
    check_targets,
    read_map,
)
from hsi_viewer.jobs.object_table import check_table


class SamplePlan(Struct, frozen=True):
    """How a reference sample is drawn.

    Attributes
    ----------
    interval : half width of the wanted 95 % interval of the overall accuracy, 0..1.
    size : points in all; None takes as many as the interval needs.
    kind, least : how they are shared among the classes, see `allocation`.
    expected : user's accuracy that is expected, 0..1, of the classes that `by_class` lacks.
    by_class : that of single classes, by id.
    seed : of the draw.
    """

    interval: float = 0.05
    size: int | None = None
    kind: Allocation = "recommended"
    least: int = LEAST_IN_CLASS
    expected: float = USERS
    by_class: Mapping[int, float] = field(default_factory=dict)
    seed: int = 0

    def needed(self, sizes: Mapping[int, int]) -> int:
        """Points that the interval needs, or those that are asked for."""
        if self.size is not None:
            return self.size
        users = {i: self.by_class.get(i, self.expected) for i in sizes}
        return sample_size(sizes, self.interval, users)

    def points(self, sizes: Mapping[int, int]) -> dict[int, int]:
        """Points of each class of a map with so many pixels of each class.

        Raises
        ------
        LabelError
            if the interval isn't wider than 0, or the map has no classified pixels.
        """
        return allocation(sizes, self.needed(sizes), self.least, self.kind)


def sample_file(
    source: str,
    target: Path,
    plan: SamplePlan,
    *,
    blind: bool = False,
    overwrite: bool = False,
) -> AfterMapResult:
    """Draw a reference sample from a class map and write its points.

    Raises
    ------
    HsiError
        if the map cannot be read, has no classes, or the target cannot be written.
    """
    check_suffix(target)
    known = ClassMapFile.read(source)
    check_targets([target], known.sources, overwrite=overwrite)
    ids = known.labels.ids
    sizes = stratum_sizes(ids)
    if not sizes:
        raise LabelError(f"{source} has no classified pixel, so no point can be drawn.")
    strange = sorted(set(plan.by_class) - {c.id for c in known.legend})
    if strange:
        raise LabelError(f"{source} has no class {strange[0]}, so nothing can be expected of it.")
    points = plan.points(sizes)
    sample = draw_sample(ids, points, plan.seed)
    grid = Grid.of(ids.shape[0], ids.shape[1], known.labels.georeference)
    none = np.zeros(sample.pixels.size, np.int64)
    write_reference_points(target, sample, none, known.legend, grid, blind=blind)
    classes = [
        {"id": i, "name": known.legend.name_of(i), "pixels": n, "points": points[i]}
        for i, n in sizes.items()
    ]
    record = {
        "points": int(sample.pixels.size),
        "needed": plan.needed(sizes),
        "seed": plan.seed,
        "blind": blind,
        "map_digest": sample.digest,
        "classes": classes,
    }
    return AfterMapResult(record, [target], known.notes)


def estimated_areas_of_file(
    source: str,
    reference: Path,
    drawn_from: str | None = None,
    target: Path | None = None,
    *,
    overwrite: bool = False,
    port: ProgressPort | None = None,
) -> AfterMapResult:
    """Areas of a map as counted, and as estimated by a labelled reference sample.

    Parameters
    ----------
    source : the map that is assessed.
    reference : points with their classes, as `sample_file` has drawn them.
    drawn_from : the map that they were drawn from, where it is another one.
    target : a table of the estimates, .csv; None writes none.
    overwrite : whether it may be replaced.
    port : told of the progress.

    Raises
    ------
    HsiError
        if a file cannot be read or written, or the points aren't a labelled probability sample.
    """
    known = ClassMapFile.read(source)
    check_table(target)
    files = [] if target is None else [target]
    check_targets(files, [*known.sources, reference], overwrite=overwrite)
    strata = None if drawn_from is None else ClassMapFile.read(drawn_from)
    found, legend = assessed_file(known, reference, strata)
    record = areas_of_file(source, port=port).record
    record["estimates"] = sample_record(found, reference_name(legend))
    if target is not None:
        with replacing(target) as (new,):
            new.write_text(sample_table(found, reference_name(legend)).csv(), encoding="utf-8")
    more = () if strata is None else strata.notes
    return AfterMapResult(record, files, (*known.notes, *more, *found.notes))


def assessed_file(
    known: ClassMapFile, reference: Path, strata: ClassMapFile | None = None
) -> tuple[SampleAssessment, ClassLegend]:
    """What a file of reference points says about a map, and the names of its classes.

    Raises
    ------
    HsiError
        if the file cannot be read, or its points aren't a labelled probability sample.
    """
    ids = known.labels.ids
    grid = Grid.of(ids.shape[0], ids.shape[1], known.labels.georeference)
    classes = {c.id: c for c in (*(strata.legend if strata else ()), *known.legend)}
    legend = ClassLegend(classes.values())
    drawn_from = None if strata is None else strata.labels.ids
    sample, labels = points_for(reference, legend, grid, ids, drawn_from)
    return assess_sample(sample, labels, ids, known.row_area), legend


def points_for(
    reference: Path, legend: ClassLegend, grid: Grid, class_map: Ids, drawn_from: Ids | None = None
) -> tuple[ReferenceSample, Numbers]:
    """A sample and its labels from a file, drawn from a map that is given or from another one.

    Raises
    ------
    HsiError
        if the file cannot be read or isn't a sample, or it was drawn from another map than the
        one that is said to be it.
    """
    _check_size(drawn_from, class_map.shape)
    if drawn_from is not None:
        return read_reference_points(reference, legend, grid, drawn_from)
    try:
        return read_reference_points(reference, legend, grid, class_map)
    except LabelError:
        return read_reference_points(reference, legend, grid)


def points_of(
    reference: Path, strata: str | None, cube: HyperCube, legend: ClassLegend
) -> tuple[ReferenceSample, Numbers]:
    """A labelled sample of a scene from a file, before there is a map.

    Raises
    ------
    HsiError
        if the file cannot be read, isn't a sample of this scene, or was drawn from another map
        than `strata`.
    """
    drawn_from = None if strata is None else read_map(strata).ids
    _check_size(drawn_from, (cube.rows, cube.columns))
    sample, labels = read_reference_points(reference, legend, Grid.of_cube(cube), drawn_from)
    sample.estimates(labels)  # refuses points that are not labelled yet
    return sample, labels


def assess_points(
    points: tuple[ReferenceSample, Numbers], class_map: Ids, cube: HyperCube
) -> SampleAssessment:
    """What a labelled sample says about a map of a scene."""
    area = pixel_area(cube.georeference, cube.rows, cube.columns)
    return assess_sample(*points, class_map, area)


def _check_size(drawn_from: Ids | None, shape: tuple[int, ...]) -> None:
    if drawn_from is not None and drawn_from.shape != shape:
        raise LabelError("The map that the points were drawn from has another size.")


def sample_record(found: SampleAssessment, name_of: Callable[[int], str]) -> dict[str, Any]:
    """The estimates as JSON values; None where a figure is undefined."""
    estimates = found.estimates
    metres = found.square_metres
    areas = estimates.areas(metres)
    return {
        "points": estimates.points,
        "cannot_tell": estimates.untold,
        "strata": "this map" if found.own_strata else "another map",
        "method": found.method,
        "overall": _record(estimates.overall),
        "overall_bounds": [round(x, 6) for x in estimates.bounds],
        "area_unit": "pixels" if metres is None else "m2",
        "classes": [
            {
                "id": class_id,
                "name": name_of(class_id),
                "users": _record(estimates.users[k]),
                "producers": _record(estimates.producers[k]),
                "share": _record(estimates.shares[k]),
                "area": _record(areas[k]),
            }
            for k, class_id in enumerate(estimates.class_ids)
        ],
        "matrix": [[round(float(x), 6) for x in row] for row in estimates.matrix],
    }


def areas_record(found: SampleAssessment | None, name_of: Callable[[int], str]) -> dict[str, Any]:
    """The estimates, or the reason why there are none."""
    if found is None:
        return {"estimates": None, "reason": NO_SAMPLE}
    return {"estimates": sample_record(found, name_of), "reason": None}


def _record(estimate: Estimate) -> dict[str, Any]:
    """Value, standard error and 95 % interval."""
    value, error, low, high = (
        None if np.isnan(x) else round(float(x), 6)
        for x in (estimate.value, estimate.error, estimate.low, estimate.high)
    )
    return {"value": value, "standard_error": error, "interval": [low, high]}
