"""What a label map names as unlabelled isn't a class; what only looks so is said."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.labels.label_file import LabelFile
from hsi_viewer.core.labels.unlabelled import doubtful_zero, is_unlabelled, without_unlabelled


def a_map(background, *classes):
    ids = np.full((12, 14), background, np.uint16)
    for k, value in enumerate(classes):
        ids[2 + 3 * k : 4 + 3 * k, 3:9] = value
    return ids


@pytest.mark.parametrize(
    "name", ["Unclassified", "no data", "NODATA", "No_Data", "Unlabelled", "unlabeled", "[masked]"]
)
def test_a_value_that_the_file_names_so_is_unlabelled(name):
    labels = LabelFile(a_map(255, 1, 2), {1: "Corn", 255: name}, {255: (1, 1, 1)})
    found = without_unlabelled(labels)
    np.testing.assert_array_equal(found.ids, a_map(0, 1, 2))
    assert found.names == {1: "Corn"}
    assert found.colours == {}
    assert found.notes == (f'"{name}" (255) counts as unlabelled: 144 pixels.',)


def test_background_is_unlabelled_only_in_the_place_of_0():
    names = {1: "Corn", 7: "Background"}
    assert not without_unlabelled(LabelFile(a_map(7, 1, 2), names)).ids[0, 0]
    drawn = LabelFile(a_map(0, 1, 7), names)
    assert without_unlabelled(drawn) == drawn
    assert without_unlabelled(LabelFile(a_map(7, 1, 2), names, zero="Unclassified")).ids[0, 0] == 7


def test_a_name_without_pixels_needs_no_sentence():
    found = without_unlabelled(LabelFile(a_map(0, 1, 2), {9: "No data"}))
    assert (found.names, found.notes) == ({}, ())


def test_0_that_is_named_as_a_class_is_said():
    (note,) = without_unlabelled(LabelFile(a_map(0, 1, 2), {1: "Corn"}, zero="Water")).notes
    assert note.startswith('0 is named "Water", but 0 is always unlabelled: 144 pixels.')
    for zero in ("", "Unclassified", "Background", "No data", "Class 0"):
        assert without_unlabelled(LabelFile(a_map(0, 1, 2), zero=zero)).notes == ()


@pytest.mark.parametrize("value", [255, 65535, 32767])
def test_a_value_far_above_the_others_stays_and_is_said(value):
    ids = a_map(0, 1, 16, value)
    found = without_unlabelled(LabelFile(ids))
    np.testing.assert_array_equal(found.ids, ids)
    (note,) = found.notes
    assert note.startswith(f"{value} looks like background, not like a class (7 % of the pixels).")
    assert "remove that class" in note


def test_a_value_that_frames_the_classes_is_said():
    (note,) = without_unlabelled(LabelFile(a_map(7, 1, 2))).notes
    assert note.startswith("7 looks like background")


@pytest.mark.parametrize(("other", "nodata"), [(-1, None), (-1, -1.0), (255, 255.0)])
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_classes_that_are_counted_from_0_are_said(other, nodata, dtype):
    values = a_map(9, 0, 1, 2).astype(dtype)
    values[values == 9] = other
    (note,) = doubtful_zero(values, nodata)
    assert note.startswith(f"{other} and 0 both count as unlabelled; 0 has 12 pixels.")
    assert doubtful_zero(np.where(values == 0, 3, values), nodata) == ()
    values[values == other] = 0
    values[0, 0] = other
    assert doubtful_zero(values, nodata) == ()


def test_background_beside_classes_that_are_counted_from_0():
    looks_so, zero = without_unlabelled(LabelFile(a_map(255, 0, 1, 2))).notes
    assert looks_so.startswith("255 looks like background")
    assert zero.startswith("255 and 0 both count as unlabelled; 0 has 12 pixels. If 0 is a class")


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (a_map(0, 255), {}),  # a mask
        (a_map(0, 1, 255), {}),
        (a_map(0, 1, 2, 255), {255: "Bare soil"}),
        (a_map(0, 100, 200, 255), {}),
        (a_map(7, 1, 2), {7: "Sea"}),
        (np.arange(168, dtype=np.uint16).reshape(12, 14), {}),
    ],
)
def test_what_may_be_meant_needs_no_sentence(ids, names):
    found = without_unlabelled(LabelFile(ids, names))
    assert found.notes == ()
    np.testing.assert_array_equal(found.ids, ids)


def test_names_of_classes_are_not_taken_for_it():
    assert not any(map(is_unlabelled, ("", "Background", "Class 1", "Data", "Corn, no data yet")))
