"""Tables of a class map as CSV: its classes with their areas, its regions one by one."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hsi_viewer.atomic import replacing
from hsi_viewer.core.assessment.areas import ClassArea
from hsi_viewer.core.assessment.sample_assessment import SampleAssessment, reference_name
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import ClassLegend

SUFFIXES = (".csv", ".txt")


def check_table(path: Path | None) -> None:
    """Refuse a path that promises another kind of file than a table of text.

    Raises
    ------
    ExportError
        if its suffix is none of `SUFFIXES`.
    """
    if path is not None and path.suffix.lower() not in SUFFIXES:
        raise ExportError(f"{path}: a table is written as CSV; choose a name that ends in .csv.")


def write_areas(
    path: Path,
    areas: Sequence[ClassArea],
    legend: ClassLegend,
    found: SampleAssessment | None = None,
) -> None:
    """Write class_id, class_name, pixels, share and, where they are known, square metres.

    Parameters
    ----------
    found : what a labelled reference sample says; its areas and their 95 % intervals come last.

    Raises
    ------
    ExportError
        if the file cannot be written.
    """
    known = all(area.square_metres is not None for area in areas)
    head = ["class_id", "class_name", "pixels", "share", *(["area_m2"] if known else [])]
    estimated: dict[int, list[float]] = {}
    if found is not None:
        unit = "pixels" if found.square_metres is None else "m2"
        head += [f"estimated_{unit}", f"estimated_{unit}_low", f"estimated_{unit}_high"]
        values = found.estimates.areas(found.square_metres)
        each = zip(found.estimates.class_ids, values, strict=True)
        estimated = {class_id: [e.value, e.low, e.high] for class_id, e in each}
    counted = {area.class_id for area in areas}
    none = 0.0 if known else None
    others = [ClassArea(i, 0, none, 0.0) for i in estimated if i not in counted]
    name_of, unknown = reference_name(legend), [""] * 3
    rows = [
        [area.class_id, name_of(area.class_id), area.pixels, area.share]
        + ([area.square_metres] if known else [])
        + (estimated.get(area.class_id, unknown) if found is not None else [])
        for area in (*areas, *others)
    ]
    write_table(path, head, rows)


def write_table(path: Path, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows as CSV, the file whole or not at all; NaN becomes an empty cell.

    Raises
    ------
    ExportError
        if it cannot be written.
    """
    with new_table(path, head) as write:
        write(rows)


@contextmanager
def new_table(
    path: Path, head: Sequence[str]
) -> Iterator[Callable[[Iterable[Sequence[Any]]], None]]:
    """As `write_table`, for rows that come some at a time: a function that takes them."""
    with replacing(path) as (new,), new.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)

        def write(rows: Iterable[Sequence[Any]]) -> None:
            writer.writerows(["" if value != value else value for value in row] for row in rows)

        yield write
