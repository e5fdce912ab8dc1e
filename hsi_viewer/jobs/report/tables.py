"""Tables of a report as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.assessment.confusion_table import TextTable, accuracy_table, confusion_table
from hsi_viewer.core.assessment.intervals import Interval
from hsi_viewer.core.assessment.sample_assessment import sample_table
from hsi_viewer.jobs.report.facts import Facts

PlainSection = tuple[str, Sequence[str | TextTable]]  # heading, then texts and tables


def csv_tables(facts: Facts) -> dict[str, str]:
    """Text of each CSV file by its name."""
    tables = {
        "classes.csv": _classes(facts),
    }
    if facts.spectra.classes:
        tables["class_spectra.csv"] = _spectra(facts)
    if facts.sample is not None:
        tables["areas.csv"] = sample_table(facts.sample, facts.name_of).csv()
    if facts.epochs:
        tables["training.csv"] = _training(facts)
    for name, report in (
        ("separated", facts.assessment.separated),
        ("random", facts.assessment.random),
    ):
        if report is not None:
            tables[f"accuracy_{name}.csv"] = accuracy_table(report, facts.name_of).csv()
            tables[f"confusion_{name}.csv"] = confusion_table(report, facts.name_of).csv()
    return tables


def class_accuracy(report: AccuracyReport, name_of: Callable[[int], str]) -> TextTable:
    """Producer's and user's accuracy and F1 with their intervals, a row for each class."""
    rows = zip(
        report.class_ids,
        report.truth_counts,
        report.producers,
        report.users,
        report.f1_intervals,
        strict=True,
    )
    return TextTable(
        f"Accuracy in percent with 95 % intervals. {report.basis}",
        ("Class", "Test pixels", "Producer's accuracy", "User's accuracy", "F1"),
        tuple((name_of(i), f"{n:,}", *map(_ranged, figures)) for i, n, *figures in rows),
    )


def _ranged(interval: Interval) -> str:
    if math.isnan(interval.value):
        return "undefined"
    if math.isnan(interval.low):
        return f"{100 * interval.value:.1f}"
    return f"{100 * interval.value:.1f} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def _classes(facts: Facts) -> str:
    known = all(c.square_metres is not None for c in facts.classes)
    head = ["class_id", "class_name", "training_pixels", "test_pixels", "map_pixels", "map_share"]
    rows = [
        [
            c.id,
            c.name,
            "" if facts.trained_elsewhere else c.training,
            c.test,
            c.pixels,
            f"{c.share:.6f}",
        ]
        + ([c.square_metres] if known else [])
        for c in facts.classes
    ]
    return _written([*head, *(["map_area_m2"] if known else [])], rows)


def _spectra(facts: Facts) -> str:
    spectra = facts.spectra
    head = ["wavelength_nm" if spectra.unit == "nm" else "band"]
    for s in spectra.classes:
        name = facts.name_of(s.class_id)
        head += [f"{name}, mean", f"{name}, 10 %", f"{name}, 90 %"]
    rows = (
        [f"{at:g}", *(v[band] for s in spectra.classes for v in (s.mean, s.low, s.high))]
        for band, at in enumerate(spectra.positions)
    )
    return _written(head, rows)


def _training(facts: Facts) -> str:
    exits = len(facts.epochs[0].exit_accuracy)
    head = ["report", "epoch", "epochs", "loss", *(f"accuracy_exit_{i + 1}" for i in range(exits))]
    rows = (
        [number, e.epoch, e.epochs, e.loss, *e.exit_accuracy]
        for number, e in enumerate(facts.epochs, start=1)
    )
    return _written(head, rows)


def _written(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.7g}"
    return value
