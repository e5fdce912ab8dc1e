"""The accuracy of a map, as report.json has it."""

from __future__ import annotations

import math
from typing import Any

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.assessment.intervals import Interval


def accuracy_record(accuracy: AccuracyReport) -> dict[str, Any]:
    """Shares of 0..1 rounded to six places; None where a figure is not defined.

    Returns
    -------
    dict
        test_pixels, groups (None where the pixels are a random sample), overall, average and
        kappa with their 95 % intervals, and by_class: for each id its test_pixels, producers and
        users accuracy and F1.
    """
    classes = zip(
        accuracy.class_ids,
        accuracy.truth_counts,
        accuracy.producers,
        accuracy.users,
        accuracy.f1_intervals,
        strict=True,
    )
    return {
        "test_pixels": accuracy.total,
        "groups": None if accuracy.groups is None else accuracy.groups.count,
        **_figure("overall", accuracy.overall),
        **_figure("average", accuracy.average_interval),
        **_figure("kappa", accuracy.kappa_interval),
        "by_class": [
            {
                "id": class_id,
                "test_pixels": int(count),
                **_figure("producers", producers),
                **_figure("users", users),
                **_figure("f1", f1),
            }
            for class_id, count, producers, users, f1 in classes
        ],
    }


def _figure(name: str, interval: Interval) -> dict[str, Any]:
    ends = [rounded(interval.low), rounded(interval.high)]
    return {name: rounded(interval.value), f"{name}_interval": ends}


def rounded(value: float) -> float | None:
    """A figure as it is written; None where there is none."""
    return None if math.isnan(value) else round(value, 6)
