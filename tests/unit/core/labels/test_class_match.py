"""Classes of a file are those of the legend by name, else by number."""

from __future__ import annotations

import numpy as np

from hsi_viewer.core.labels.class_match import matched_ids, renumbered
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass

LEGEND = ClassLegend(
    [
        LabelClass(1, "Corn", (1, 1, 1)),
        LabelClass(2, "Water", (2, 2, 2)),
        LabelClass(5, "Class 5", (5, 5, 5)),
    ]
)


def test_by_name_whatever_the_number():
    assert matched_ids([0, 1, 2], {1: "water", 2: "Corn"}, LEGEND) == {1: 2, 2: 1}


def test_by_number_where_a_name_is_missing_or_says_nothing():
    assert matched_ids([1, 2, 5, 9], {5: "Oats"}, LEGEND) == {1: 1, 2: 2, 5: 5, 9: 9}


def test_another_class_of_the_same_number_gets_its_own():
    assert matched_ids([1, 2, 6], {1: "Oats", 2: "Wheat"}, LEGEND) == {1: 7, 2: 8, 6: 6}


def test_renumbering():
    ids = np.array([[0, 1], [2, 1]], np.uint16)
    assert renumbered(ids, {1: 1, 2: 2}) is ids
    np.testing.assert_array_equal(renumbered(ids, {1: 2, 2: 1}), [[0, 2], [1, 2]])
