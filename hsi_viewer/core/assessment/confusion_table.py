"""The confusion matrix and the accuracy by class as tables of text, to be copied or saved."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from msgspec import Struct

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.assessment.intervals import Interval

Unit = Literal["pixels", "row percent", "column percent"]

AXES = "Rows: truth. Columns: class map."


class TextTable(Struct, frozen=True):
    """A table with headers.

    Attributes
    ----------
    title : what it contains; of a matrix, which axis is the truth.
    head : of every column.
    rows : (rows, columns) cells; the first of each row is its header.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def csv(self) -> str:
        """The title and the table, separated by commas."""
        return self._written(",")

    def tabs(self) -> str:
        """The title and the table, separated by tabs, as spreadsheets paste it."""
        return self._written("\t")

    def _written(self, delimiter: str) -> str:
        out = io.StringIO()
        writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
        writer.writerows([(self.title,), self.head, *self.rows])
        return out.getvalue()


def confusion_table(
    report: AccuracyReport, name_of: Callable[[int], str] = str, unit: Unit = "pixels"
) -> TextTable:
    """The whole matrix with totals, producer's and user's accuracy.

    Row percentages are of the true class, so that the diagonal is producer's accuracy; column
    percentages of the mapped class, so that it is user's accuracy. The last cell is the overall
    accuracy in percent.

    Parameters
    ----------
    name_of : name of a class.
    unit : of the cells.
    """
    names = [name_of(i) for i in report.class_ids]
    cells = np.column_stack([report.matrix, report.unclassified])
    cells = np.column_stack([cells, cells.sum(axis=1)])
    cells = np.vstack([cells, cells.sum(axis=0)])
    shown = _cells(cells, unit)
    users = [_percent(u.value) for u in report.users]
    rows = [
        (name, *line, _percent(p.value))
        for name, line, p in zip(names, shown, report.producers, strict=False)
    ]
    rows.append(("Total", *shown[-1], ""))
    rows.append(("User's accuracy, %", *users, "", "", _percent(report.overall.value)))
    return TextTable(
        f"Confusion matrix, {unit}. {AXES}",
        ("Truth \\ map", *names, "Unclassified", "Total", "Producer's accuracy, %"),
        tuple(rows),
    )


def accuracy_table(report: AccuracyReport, name_of: Callable[[int], str] = str) -> TextTable:
    """Every figure with its 95 % interval: overall, average, kappa, then by class."""
    head = ("Class", "Test pixels", "Figure", "Value", "Low", "High")
    whole = f"{report.total}"
    rows = [
        ("All", whole, "Overall accuracy, %", *_interval(report.overall)),
        ("All", whole, "Average accuracy, %", *_interval(report.average_interval)),
        ("All", whole, "Kappa", *_interval(report.kappa_interval, 1, 4)),
    ]
    figures: Sequence[tuple[str, tuple[Interval, ...]]] = (
        ("Producer's accuracy, %", report.producers),
        ("User's accuracy, %", report.users),
        ("F1, %", report.f1_intervals),
    )
    for i, class_id in enumerate(report.class_ids):
        size = f"{report.truth_counts[i]}"
        rows += [(name_of(class_id), size, name, *_interval(own[i])) for name, own in figures]
    return TextTable(f"Accuracy with 95 % intervals. {report.basis}", head, tuple(rows))


def _cells(counts: np.ndarray, unit: Unit) -> list[list[str]]:
    if unit == "pixels":
        return [[str(int(n)) for n in line] for line in counts]
    whole = counts[:, -1:] if unit == "row percent" else counts[-1:, :]
    whole = np.broadcast_to(whole, counts.shape)
    shares = np.divide(counts, whole, out=np.full(counts.shape, np.nan), where=whole > 0)
    return [[_percent(float(x)) for x in line] for line in shares]


def _percent(share: float) -> str:
    return "" if np.isnan(share) else f"{100 * share:.2f}"


def _interval(interval: Interval, factor: float = 100, digits: int = 2) -> tuple[str, str, str]:
    low, value, high = (
        "" if np.isnan(x) else f"{factor * x:.{digits}f}"
        for x in (interval.low, interval.value, interval.high)
    )
    return value, low, high
