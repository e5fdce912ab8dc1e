"""Classes of a file are those of the legend by name, else by number."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.labels.class_match import (
    joined_classes,
    matched_by_number,
    matched_ids,
    renumbered,
    renumbered_prediction,
)
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.prediction import Prediction

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


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({1: "water", 2: "Corn"}, None),
        ({1: "Oats", 2: "Wheat", 5: "Rye"}, "5 is Rye"),
        ({}, "1 is Corn, 2 is Water"),
        ({1: "Class 1"}, "2 is Water"),
    ],
)
def test_classes_that_only_one_side_names_are_told(names, shown):
    numbers = matched_ids([1, 2, 5, 9], names, LEGEND)
    found = matched_by_number("a.npy", names, LEGEND, numbers)
    told = [
        "a.npy: its classes were matched by number with those of the other labels, because only "
        f"one side gives names: {shown}. Check that this is right."
    ]
    assert found == (told if shown else [])


def test_renumbering():
    ids = np.array([[0, 1], [2, 1]], np.uint16)
    assert renumbered(ids, {1: 1, 2: 2}) is ids
    np.testing.assert_array_equal(renumbered(ids, {1: 2, 2: 1}), [[0, 2], [1, 2]])


def test_a_map_is_renumbered_with_its_classes():
    ids = np.array([[0, 1], [2, 9]], np.uint16)
    made = Prediction(ids, np.ones((2, 2), np.float32), (1, 2, 9))
    found = renumbered_prediction(made, {1: 7, 2: 1})
    np.testing.assert_array_equal(found.class_map, [[0, 7], [1, 9]])
    assert found.class_ids == (7, 1, 9)
    assert found.confidence is made.confidence


def test_classes_are_added_under_their_new_ids_in_colours_that_are_free():
    more = [LabelClass(1, "Oats", (2, 2, 2)), LabelClass(2, "Water", (9, 9, 9))]
    more += [LabelClass(4, "Reed", (4, 4, 4))]
    joined = joined_classes(LEGEND, more, {1: 7, 2: 2})
    assert joined[:3] == tuple(LEGEND)
    assert [(c.id, c.name) for c in joined[3:]] == [(7, "Oats"), (4, "Reed")]
    assert joined[4].colour == (4, 4, 4)
    assert len({c.colour for c in joined}) == 5
