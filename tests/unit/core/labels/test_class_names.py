"""Names that differ in white space or Unicode form alone are one class; in capitals, two."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.labels.class_match import matched_ids
from hsi_viewer.core.labels.class_names import plainly_named, with_one_id_a_name
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.labels.imported_labels import ImportedLabels

SPELLINGS = [
    "M\u00e4dchen Corn",
    "Ma\u0308dchen Corn",
    " M\u00e4dchen\u00a0 Corn\u200b",
    "M\u00e4dchen\tCorn ",
]


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_class_has_its_name_in_one_form(name):
    assert LabelClass(1, name, (0, 0, 0)).name == SPELLINGS[0]


def labels_of(names):
    return ImportedLabels(
        np.arange(len(names) + 1, dtype=np.uint16)[None], dict(enumerate(names, 1))
    )


def test_capitals_make_two_classes_and_a_note():
    found = plainly_named(labels_of(["Corn", "Oats", "CORN"]))
    assert found.names == {1: "Corn", 2: "Oats", 3: "CORN"}
    (note,) = found.notes
    assert note.startswith('"Corn" and "CORN" differ only in capital letters')
    assert plainly_named(labels_of(["Corn", "Oats"])).notes == ()


def test_several_numbers_of_one_name_are_one_class():
    found = with_one_id_a_name(plainly_named(labels_of(["Oats", "Corn", *SPELLINGS])))
    assert found.ids.tolist() == [[0, 1, 2, 3, 3, 3, 3]]
    assert found.names == {1: "Oats", 2: "Corn", 3: SPELLINGS[0]}
    (note,) = found.notes
    assert "(3, 4, 5, 6)" in note


def legend_of(*names):
    return ClassLegend(LabelClass(i, name, (i, i, i)) for i, name in enumerate(names, 1))


def test_files_that_spell_a_class_otherwise_have_the_same_class():
    legend = legend_of("Oats", SPELLINGS[0])
    assert matched_ids([1], {1: SPELLINGS[1]}, legend) == {1: 2}
    assert matched_ids([1], {1: SPELLINGS[0].upper()}, legend) == {1: 2}


def test_what_capitals_tell_apart_stays_apart():
    both = {1: "CORN", 2: "Corn"}
    assert matched_ids(both, both, legend_of("Corn", "CORN")) == {1: 2, 2: 1}
    assert matched_ids(both, both, legend_of("Corn")) == {1: 3, 2: 1}
    assert matched_ids([1], {1: "corn"}, legend_of("Corn", "CORN")) == {1: 3}


def test_a_class_without_a_name_does_not_join_one_that_is_found_by_name():
    assert matched_ids([1, 2], {1: "Oats"}, legend_of("Corn", "Oats")) == {1: 2, 2: 3}
