"""Large changes of labels that a worker has worked out: their titles, classes and pixels."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.labels.paint_mode import Paint
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.label_load import (
    base_of,
    carry_out,
    classes_with,
    plan_clearing,
    plan_load,
    plan_paint,
    plan_removal,
)
from tests.unit.session.made import new_document, stroke

RED, BLUE = (200, 0, 0), (0, 0, 200)


@pytest.fixture
def document():
    """Two classes, with two pixels of the first and one of the second."""
    document = new_document()
    document.add_class("Corn")
    document.add_class("Oats")
    stroke(document, 1, [0, 1])
    stroke(document, 2, [2])
    return document


def counts(document) -> dict[int, int]:
    ids, numbers = np.unique(document.labels.ids, return_counts=True)
    return dict(zip(ids.tolist(), numbers.tolist(), strict=True)) | {}


@pytest.mark.parametrize(
    ("plan", "title", "names", "left"),
    [
        (lambda d, b: plan_removal(d, b, 1), "Remove Corn", ["Oats"], {0: 41, 2: 1}),
        (lambda d, b: plan_removal(d, b, 1, 2), "Merge Corn into Oats", ["Oats"], {0: 39, 2: 3}),
        (
            lambda d, b: plan_clearing(d, b, 1),
            "Delete the labels of Corn",
            ["Corn", "Oats"],
            {0: 41, 2: 1},
        ),
    ],
)
def test_a_class_is_removed_merged_or_cleared_in_one_step(document, plan, title, names, left):
    before = document.labels.ids.copy()
    load = plan(document, base_of(document))
    assert carry_out(document, load)
    assert document.history.steps[-1].title == title
    assert [c.name for c in document.legend] == names
    assert counts(document) == left
    document.history.undo()
    np.testing.assert_array_equal(document.labels.ids, before)
    assert [c.name for c in document.legend] == ["Corn", "Oats"]
    with pytest.raises(KeyError):
        plan(document, base_of(new_document()))


def test_loaded_labels_bring_their_classes_with_names_and_colours(document):
    ids = np.zeros((6, 7), np.uint16)
    ids[0, :3] = 5
    names, colours = {5: "Rye", 9: "Hay"}, {5: RED, 1: BLUE}
    load = plan_load(document, base_of(document), ids, names, colours, "Load rye")
    assert [(c.id, c.name) for c in load.classes] == [
        (1, "Corn"),
        (2, "Oats"),
        (5, "Rye"),
        (9, "Hay"),
    ]
    assert load.classes[2].colour == RED
    assert load.classes[0].colour != BLUE  # it has one already
    assert carry_out(document, load)
    assert document.history.steps[-1].title == "Load rye"
    assert counts(document) == {0: 39, 5: 3}
    only = plan_load(document, base_of(document), ids, kept=[])
    assert [(c.id, c.name) for c in only.classes] == [(5, "Class 5")]
    assert only.title == "Load labels"
    with pytest.raises(LabelError):
        plan_load(document, base_of(document), ids[:2])


def test_what_changes_nothing_is_no_step(document):
    count = document.history.count
    load = plan_load(document, base_of(document), document.labels.ids.copy())
    assert carry_out(document, load)
    assert document.history.count == count
    cleared = plan_clearing(document, base_of(document), 2)
    assert carry_out(document, cleared)
    assert carry_out(document, plan_clearing(document, base_of(document), 2))
    assert document.history.count == count + 1


def test_what_was_worked_out_for_other_labels_or_classes_is_not_done(document):
    base = base_of(document)
    assert base.is_current(document)
    assert (base.has(1, 2), base.has(1, 3), base.has()) == (True, False, True)
    load = plan_clearing(document, base, 1)
    document.rename_class(1, "Maize")
    assert not base.is_current(document)
    assert not carry_out(document, load)
    again = plan_clearing(document, base_of(document), 1)
    stroke(document, 2, [9])
    before = document.labels.ids.copy()
    assert not carry_out(document, again)
    np.testing.assert_array_equal(document.labels.ids, before)


def test_painted_pixels_are_those_that_take_the_paint(document):
    pixels = np.array([1, 2, 3])
    load = plan_paint(document, base_of(document), Paint(2), pixels)
    assert load.prepared.edit.pixels.tolist() == [1, 3]  # the other has the class already
    assert load.prepared.edit.before.tolist() == [1, 0]
    assert load.prepared.edit.after.tolist() == [2, 2]
    assert load.title == Paint(2).title(2)
    assert load.classes == document.legend.classes
    assert carry_out(document, load)
    assert counts(document) == {0: 38, 1: 1, 2: 3}


def test_new_classes_are_sorted_in_and_named_by_file_scene_or_number():
    cube = HyperCube.from_array(np.ones((2, 2, 2)), class_names={4: "Elm", 6: "Oak"})
    known = (LabelClass(5, "Mine", RED), LabelClass(1, "First", BLUE))
    found = classes_with(cube, known, [4, 5, 7], {6: "Acorn"}, {7: (1, 2, 3)})
    assert [(c.id, c.name) for c in found] == [
        (1, "First"),
        (4, "Elm"),
        (5, "Mine"),
        (6, "Acorn"),
        (7, "Class 7"),
    ]
    assert found[-1].colour == (1, 2, 3)
    assert len({c.colour for c in found}) == 5
    assert classes_with(cube, known, [5], None, None) is known  # in the order of the user
    assert isinstance(Document(cube).cube, HyperCube)
