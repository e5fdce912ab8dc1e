"""What follows a class map, from file to file: cleaning, polygons, and tables of areas."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from hsi_viewer.analysis.pixel_area import pixel_area
from hsi_viewer.core.assessment.areas import ClassArea, strip_areas
from hsi_viewer.core.errors import ExportError, LabelError
from hsi_viewer.core.labels.class_ids import count_ids
from hsi_viewer.core.labels.classes import UNCLASSIFIED_NAME, ClassLegend
from hsi_viewer.core.labels.label_file import LabelFile
from hsi_viewer.core.labels.unlabelled import without_unlabelled
from hsi_viewer.core.paths import real_path
from hsi_viewer.core.postprocess.clean import Cleaning, cleaned
from hsi_viewer.core.postprocess.cleaned_prediction import cleaning_sentence
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.core.strips import ids_in
from hsi_viewer.io.files.identify import split_source
from hsi_viewer.io.labels.label_file import legend_of, read_labels
from hsi_viewer.io.labels.map_file import check_suffix, planned_files, write_map
from hsi_viewer.io.writers.own_files import own_files
from hsi_viewer.jobs.cleaning_record import (
    CleaningRecord,
    ids_digest,
    record_file,
    steps_of,
    write_record,
)
from hsi_viewer.jobs.job_folder import check_writable
from hsi_viewer.jobs.object_table import check_table, write_areas


class ClassMapFile(Struct, frozen=True):
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
        """Read a class map; what its file names as unlabelled is 0, as in labels.

        Raises
        ------
        FileError, FormatError, LabelError
            if it cannot be read or is not one.
        """
        labels = read_map(source)
        legend = legend_of(labels, {*labels.names, *ids_in(labels.ids)})
        rows, columns = labels.ids.shape
        return cls(source, labels, legend, pixel_area(labels.georeference, rows, columns))

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what looks wrong in the file."""
        return tuple(f"{self.source}: {text}" for text in self.labels.notes)

    @property
    def sources(self) -> list[Path]:
        """The file, where it is one."""
        path, _ = split_source(self.source)
        return [path] if path.exists() else []

    def areas(self, token: CancelToken | None = None) -> list[ClassArea]:
        """Area of every class of the legend, also of those without a pixel."""
        found = {a.class_id: a for a in strip_areas(self.labels.ids, self.row_area, token)}
        none = None if self.row_area is None else 0.0
        return [found.get(c.id, ClassArea(c.id, 0, none, 0.0)) for c in self.legend]


def read_map(source: str) -> LabelFile:
    """Ids of a class map by the rules of labels; notes say what counts as unlabelled, or looks so.

    Raises
    ------
    FileError, FormatError, LabelError
        if it cannot be read or is not one.
    """
    return without_unlabelled(read_labels(source))


class AfterMapResult(Struct, frozen=True):
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
    source: str,
    target: Path,
    cleaning: Cleaning,
    *,
    overwrite: bool = False,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> AfterMapResult:
    """Clean a class map and write it by the suffix of the target, with a record of the steps.

    Raises
    ------
    HsiError
        if the map cannot be read, lacks a class that is named, or the target cannot be written.
    """
    check_suffix(target)
    port = port or SilentPort()
    port.report(Progress("Reading the map"))
    known = ClassMapFile.read(source)
    record_path = record_file(target)
    planned = [*planned_files(target), record_path]
    check_targets(planned, known.sources, overwrite=overwrite)
    _check_classes(known, cleaning.class_ids)
    if cleaning.square_metres is not None and known.row_area is None:
        raise LabelError(
            f"{source} has no georeference that gives the area of a pixel; give the minimum in "
            "pixels (--minimum 8)."
        )
    ids = known.labels.ids
    result = cleaned(ids, cleaning, known.row_area, token, port)
    gone = set(cleaning.merge) - set(cleaning.merge.values())
    legend = ClassLegend(c for c in known.legend if c.id not in gone)
    steps = (*steps_of(known.sources, ids), cleaning)
    names = {c.id: c.name for c in known.legend}
    done = "; ".join(cleaning_sentence(step, names) for step in steps)
    port.report(Progress("Writing the map"))
    files = write_map(
        target,
        result,
        legend,
        known.labels.georeference,
        f"Class map of {known.labels.name}, cleaned: {done}",
        known.labels.zero or UNCLASSIFIED_NAME,
    )
    name = known.sources[0].name if known.sources else source
    write_record(
        record_path, CleaningRecord(name, ids_digest(ids), ids_digest(result), done, steps)
    )
    before, after = (_counted(m) for m in (ids, result))
    classes = [
        {"id": c.id, "name": c.name, "before": int(before[c.id]), "after": int(after[c.id])}
        for c in known.legend
    ]
    record = {
        "changed_pixels": int(np.count_nonzero(ids != result)),
        "cleaned": done,
        "classes": classes,
    }
    return AfterMapResult(record, [*files, record_path], known.notes)


def areas_of_file(
    source: str,
    target: Path | None = None,
    *,
    overwrite: bool = False,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> AfterMapResult:
    """Areas of the classes of a map, and as a CSV file if a target is given.

    Raises
    ------
    HsiError
        if the map cannot be read or the file cannot be written.
    TaskCancelledError
        if the token was cancelled; nothing is written then.
    """
    check_table(target)
    port = port or SilentPort()
    port.report(Progress("Reading the map"))
    known = ClassMapFile.read(source)
    port.report(Progress("Measuring the classes"))
    areas = known.areas(token)
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
    unknown = f"{source} has no georeference that gives the area of a pixel: pixels are counted."
    notes = (*known.notes, *((unknown,) if known.row_area is None else ()))
    return AfterMapResult({"pixels": pixels, "area_m2": whole, "classes": classes}, files, notes)


def check_targets(targets: Iterable[Path], sources: Iterable[Path], *, overwrite: bool) -> None:
    """Refuse to replace what exists, unless asked to, and what is read, in any case.

    Raises
    ------
    ExportError
        for the first such file, or a folder that cannot be written.
    """
    own, targets = {path for source in sources for path in own_files(source)}, list(targets)
    for folder in {target.parent for target in targets}:
        check_writable(folder)
    for target in targets:
        if real_path(target) in own:
            raise ExportError(f"{target} is an input of this command; choose another name.")
        if os.path.lexists(target) and not overwrite:
            raise ExportError(f"{target} exists; choose another name, or add --overwrite.")


def _counted(ids: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Pixels of each possible id."""
    found = count_ids(ids)
    return np.pad(found, (0, (1 << 16) - found.size))


def _check_classes(known: ClassMapFile, class_ids: set[int]) -> None:
    lacking = sorted(i for i in class_ids if i not in known.legend)
    if lacking:
        held = ", ".join(f"{c.id} ({c.name})" for c in known.legend) or "none"
        raise LabelError(f"{known.source} has no class {lacking[0]}; its classes are {held}.")
