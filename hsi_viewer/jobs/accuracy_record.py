"""The accuracy of a map, as report.json has it."""

from __future__ import annotations

import math
from typing import Any

from hsi_viewer.core.assessment.accuracy import AccuracyReport


def accuracy_record(accuracy: AccuracyReport) -> dict[str, Any]:
    """Shares of 0..1 rounded to six places; None where a figure is not defined.

    Returns
    -------
    dict
        test_pixels, overall, overall_interval (95 %), average, kappa, and by_class: for each id
        its test_pixels, producers and users accuracy.
    """
    overall = accuracy.overall
    classes = zip(
        accuracy.class_ids,
        accuracy.truth_counts,
        accuracy.producers,
        accuracy.users,
        strict=True,
    )
    return {
        "test_pixels": accuracy.total,
        "overall": _rounded(overall.value),
        "overall_interval": [_rounded(overall.low), _rounded(overall.high)],
        "average": _rounded(accuracy.average),
        "kappa": _rounded(accuracy.kappa),
        "by_class": [
            {
                "id": class_id,
                "test_pixels": int(count),
                "producers": _rounded(producers.value),
                "users": _rounded(users.value),
            }
            for class_id, count, producers, users in classes
        ],
    }


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)
