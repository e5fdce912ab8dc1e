"""How often 95 % intervals contain the truth, with errors that lie together.

python -m benchmarks.coverage: landscapes and errors are drawn again in each of 200 repeats; the
truth is the figure of all repeats together. One row for each case and figure in
results/coverage.csv; run again, it goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree
from scipy.stats import norm

from benchmarks.table import Table
from hsi_viewer.core.assessment.accuracy import AccuracyReport, score
from hsi_viewer.core.assessment.figures import figures_of
from hsi_viewer.core.assessment.intervals import Interval, wilson

REPEATS = 200
SHAPE = (145, 145)
CLASS_SHARES = (0.3, 0.2, 0.15, 0.1, 0.1, 0.06, 0.05, 0.04)
FIELDS = 90
FIGURES = ("overall", "average", "kappa", "producers", "users", "f1")
Ids = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Errors:
    """How errors lie: `reach` pixels of exponential correlation, 0 for none, -1 for whole fields.

    `right` is the share of right pixels of the first and of the last class, those between lie
    between.
    """

    name: str
    reach: float
    right: tuple[float, float] = (0.92, 0.75)


ERRORS = (
    Errors("independent", 0),
    Errors("whole fields", -1),
    Errors("correlated over 3 pixels", 3),
    Errors("correlated over 5 pixels", 5),
    Errors("correlated over 8 pixels", 8),
    Errors("correlated over 12 pixels", 12),
    Errors("correlated over 5 pixels, 97 % right", 5, (0.97, 0.97)),
)


def fields(rng: np.random.Generator) -> tuple[Ids, Ids]:
    """Fields of eight classes, most of them labelled: classes (0 for none) and field numbers."""
    corners = rng.uniform(0, 1, (FIELDS, 2)) * SHAPE
    rows, columns = np.indices(SHAPE)
    field = KDTree(corners).query(np.column_stack([rows.ravel(), columns.ravel()]))[1]
    field = field.reshape(SHAPE)
    classes = rng.choice(len(CLASS_SHARES), FIELDS, p=CLASS_SHARES) + 1
    classes[rng.random(FIELDS) > 0.6] = 0
    return classes[field], field


def everywhere(rng: np.random.Generator) -> tuple[Ids, Ids]:
    """The same fields, all of them labelled, so that classes form few, huge regions."""
    corners = rng.uniform(0, 1, (FIELDS, 2)) * SHAPE
    rows, columns = np.indices(SHAPE)
    field = KDTree(corners).query(np.column_stack([rows.ravel(), columns.ravel()]))[1]
    field = field.reshape(SHAPE)
    return (rng.choice(3, FIELDS, p=(0.5, 0.3, 0.2)) + 1)[field], field


def strokes(rng: np.random.Generator) -> tuple[Ids, Ids]:
    """Eighty strokes of 3 by 5 pixels in the fields."""
    classes, field = everywhere(rng)
    seen = np.zeros(SHAPE, bool)
    for row, column in zip(rng.integers(0, 142, 80), rng.integers(0, 140, 80), strict=True):
        seen[row : row + 3, column : column + 5] = True
    return np.where(seen, classes, 0), field


LAYOUTS: dict[str, Callable[[np.random.Generator], tuple[Ids, Ids]]] = {
    "fields": fields,
    "strokes": strokes,
    "everywhere": everywhere,
}


def smooth_noise(reach: float, rng: np.random.Generator) -> Floats:
    """A field of standard normal values with the correlation exp(-distance / reach)."""
    margin = int(6 * reach) + 1
    size = [n + margin for n in SHAPE]
    rows, columns = (np.minimum(np.arange(n), n - np.arange(n)) for n in size)
    covariance = np.exp(-np.hypot(rows[:, None], columns[None, :]) / reach)
    root = np.sqrt(np.maximum(np.fft.rfft2(covariance).real, 0.0))
    noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(size)) * root, size)
    return noise[: SHAPE[0], : SHAPE[1]]


def mapped(classes: Ids, field: Ids, errors: Errors, rng: np.random.Generator) -> Ids:
    """A map with such errors; a wrong pixel gets any other class."""
    count = int(classes.max())
    if errors.reach > 0:
        noise = smooth_noise(errors.reach, rng)
    elif errors.reach < 0:
        own = rng.standard_normal(int(field.max()) + 1)[field]
        noise = np.sqrt(0.6) * own + np.sqrt(0.4) * rng.standard_normal(SHAPE)
    else:
        noise = rng.standard_normal(SHAPE)
    wrong = norm.cdf(noise) > np.linspace(*errors.right, count + 1)[classes]
    other = (classes - 1 + rng.integers(1, count, SHAPE)) % count + 1
    return np.where(wrong, other, classes)


def intervals_of(report: AccuracyReport) -> dict[str, list[Interval]]:
    """Intervals by figure; of classes, one for each."""
    return {
        "overall": [report.overall],
        "average": [report.average_interval],
        "kappa": [report.kappa_interval],
        "producers": list(report.producers),
        "users": list(report.users),
        "f1": list(report.f1_intervals),
    }


def measure(layout: str, errors: Errors, table: Table) -> None:
    """Fill the rows of one case."""
    reports = []
    for repeat in range(REPEATS):
        rng = np.random.default_rng([20140, repeat])
        classes, field = LAYOUTS[layout](rng)
        class_map = mapped(classes, field, errors, rng)
        reports.append(score(class_map.astype(np.uint16), classes.astype(np.uint16)))
    ids = max((r.class_ids for r in reports), key=len)
    matrix = np.zeros((len(ids), len(ids)))
    for r in reports:
        at = np.searchsorted(ids, r.class_ids)
        matrix[np.ix_(at, at)] += r.matrix
    true = figures_of(np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0))
    n = len(ids)
    truths = dict(zip(FIGURES[:3], true[:3, None], strict=True)) | {
        name: true[3 + i * n : 3 + (i + 1) * n] for i, name in enumerate(FIGURES[3:])
    }
    pixels = [wilson(int(np.trace(r.matrix)), r.total) for r in reports]
    for name in FIGURES:
        pairs = [
            (interval, truths[name][ids.index(class_id)] if name in FIGURES[3:] else true_one)
            for r in reports
            for class_id, interval, true_one in _rows(r, name, truths)
        ]
        told = [(i, t) for i, t in pairs if not np.isnan(i.low)]
        row = {
            "coverage": 100 * float(np.mean([i.low <= t <= i.high for i, t in told])),
            "width": 100 * float(np.median([i.high - i.low for i, _ in told])),
            "told": 100 * len(told) / len(pairs),
            "pixel_coverage": float("nan"),
            "pixel_width": float("nan"),
        }
        if name == "overall":
            row["pixel_coverage"] = 100 * float(
                np.mean([p.low <= true[0] <= p.high for p in pixels])
            )
            row["pixel_width"] = 100 * float(np.median([p.high - p.low for p in pixels]))
        table.add(layout=layout, errors=errors.name, figure=name, **row)
        print(f"{layout:12}{errors.name:38}{name:10}" + "".join(f"{v:8.1f}" for v in row.values()))


def _rows(
    report: AccuracyReport, name: str, truths: dict[str, Floats]
) -> list[tuple[int, Interval, float]]:
    found = intervals_of(report)[name]
    ids = report.class_ids if len(found) == len(report.class_ids) else (0,)
    return [(i, interval, float(truths[name][0])) for i, interval in zip(ids, found, strict=True)]


def main() -> None:
    """Measure what is not in the table yet."""
    values = ("coverage", "width", "told", "pixel_coverage", "pixel_width")
    table = Table("coverage", ("layout", "errors", "figure"), values)
    print(f"{'':60}" + "".join(f"{v:>8}" for v in ("covered", "width", "told", "pixels", "width")))
    for layout in LAYOUTS:
        for errors in ERRORS:
            if not table.has(layout=layout, errors=errors.name, figure="f1"):
                measure(layout, errors, table)


if __name__ == "__main__":
    main()
