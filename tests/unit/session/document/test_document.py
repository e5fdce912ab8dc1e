"""Document: every change can be undone, and only pixels never seen are scored."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.history import History
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.map_scoring import scoring_of
from hsi_viewer.session.document.stroke import Stroke
from tests.unit.session.document.made import COLUMNS, ROWS, SIZE, ids_map, new_document


def state(document: Document) -> tuple:
    return document.legend.classes, document.labels.snapshot().ids.tolist()


# any sequence of edits -----------------------------------------------------------------------


def paint(document: Document, class_id: int, strokes: list[set[int]], end=Stroke.finish) -> None:
    stroke = Stroke(document, class_id)
    for pixels in strokes:
        stroke.paint(np.array(sorted(pixels), np.int64))
    end(stroke)


def remove(document: Document, index: int) -> None:
    classes = document.legend.classes
    if classes:
        document.remove_class(classes[index % len(classes)].id)


def load(document: Document, ids: list[int]) -> None:
    document.load_labels(np.reshape(ids, (ROWS, COLUMNS)))


def draw(document: Document, ids: list[int]) -> None:
    document.draw_training_pixels(np.reshape(ids, (ROWS, COLUMNS)), 2, seed=0)


def edit(function, *arguments) -> st.SearchStrategy:
    return st.tuples(st.just(function), *arguments)


pixel_sets = st.sets(st.integers(0, SIZE - 1), max_size=8)
strokes = st.lists(pixel_sets, max_size=3)
class_ids = st.integers(1, 5)
edits = st.one_of(
    edit(paint, st.integers(0, 5), strokes),
    edit(paint, st.integers(0, 5), strokes, st.just(Stroke.cancel)),
    edit(Document.add_class, st.sampled_from(["", "Corn"])),
    edit(remove, st.integers(0, 9)),
    edit(Document.rename_class, class_ids, st.sampled_from(["", " ", "Oats"])),
    edit(Document.recolour_class, class_ids, st.just((1, 2, 3))),
    edit(load, st.lists(st.integers(0, 9), min_size=SIZE, max_size=SIZE)),
    edit(draw, st.lists(st.integers(1, 3), min_size=SIZE, max_size=SIZE)),
    edit(lambda document: document.history.undo()),
    edit(lambda document: document.history.redo()),
)


@given(st.lists(edits, max_size=15))
def test_any_edits_undone_wholly_give_the_start_and_redone_wholly_the_end(sequence):
    document = new_document()
    start = state(document)
    for change, *arguments in sequence:
        change(document, *arguments)
        counts = np.bincount(document.labels.ids.ravel(), minlength=11)
        assert [document.labels.count(i) for i in range(1, 11)] == counts[1:11].tolist()
    while document.history.redo_title is not None:
        document.history.redo()
    end = state(document)
    while document.history.undo_title is not None:
        document.history.undo()
    assert state(document) == start
    assert not document.modified
    while document.history.redo_title is not None:
        document.history.redo()
    assert state(document) == end


@given(st.lists(edits, max_size=15), st.integers(0, 15))
def test_a_document_that_is_not_modified_is_as_it_was_saved(sequence, save_after):
    document = new_document()
    document.history = History(max_steps=3)
    document.mark_saved()
    saved = state(document)
    for i, (change, *arguments) in enumerate(sequence):
        change(document, *arguments)
        if i == save_after:
            document.mark_saved()
            saved = state(document)
        assert document.modified or state(document) == saved


# classes -------------------------------------------------------------------------------------


def test_a_new_class_takes_the_scenes_name():
    document = new_document(class_names={2: "Oats"})
    assert [document.add_class().name for _ in range(3)] == ["Class 1", "Oats", "Class 3"]
    assert document.add_class("Corn").name == "Corn"
    assert document.history.undo_title == "Add class"


def test_the_scene_knows_names_of_classes():
    document = new_document(class_names={1: "Oats", 2: "Corn"})
    assert document.add_class().name == "Oats"
    assert document.known_names() == ("Corn",)


def test_a_new_class_takes_no_id_of_a_map_or_ground_truth():
    document = new_document(class_names={1: "Oats"})
    document.set_truth(ids_map(c2=[3]))
    kept = np.zeros((ROWS, COLUMNS), np.float32)
    document.set_prediction(Prediction(ids_map(c1=[0]), kept, (1, 3)))
    document.set_prediction(None)
    assert [document.add_class().id for _ in range(2)] == [4, 5]
    document.history.undo()
    assert document.add_class().id == 5


def test_a_class_goes_with_its_labels_in_one_step():
    document = new_document()
    document.load_labels(ids_map(c1=[0, 1], c2=[2]), {1: "Corn"})
    before = state(document)
    document.remove_class(1)
    assert [c.id for c in document.legend] == [2]
    assert document.labels.present() == (2,)
    assert document.history.undo_title == "Remove Corn"
    document.history.undo()
    assert state(document) == before


def test_names_are_trimmed_and_empty_ones_ignored():
    document = new_document()
    document.add_class("Corn")
    document.rename_class(1, "  ")
    document.rename_class(1, "Corn")
    assert document.history.undo_title == "Add class"
    document.rename_class(1, " Oats ")
    assert document.legend[1].name == "Oats"


def test_showing_and_hiding_is_no_step_and_no_modification():
    document = new_document()
    document.add_class()
    document.mark_saved()
    document.show_class(1, visible=False)
    assert not document.legend[1].visible
    assert not document.modified


# labels --------------------------------------------------------------------------------------


def test_loading_adds_the_missing_classes_and_keeps_the_others():
    document = new_document(class_names={3: "Woods", 4: "Hay"})
    first = document.add_class("Mine")
    document.load_labels(ids_map(c1=[0], c3=[1], c9=[2]), {1: "Theirs", 9: "Soil"}, {9: (9, 9, 9)})
    assert [(c.id, c.name) for c in document.legend] == [(1, "Mine"), (3, "Woods"), (9, "Soil")]
    assert document.legend[1] == first
    assert document.legend[9].colour == (9, 9, 9)
    assert document.labels.present() == (1, 3, 9)


def test_loaded_classes_do_not_take_the_colours_of_others():
    document = new_document()
    document.add_class()
    document.load_labels(ids_map(c5=[0], c7=[1]))
    assert len({c.colour for c in document.legend}) == 3


def test_a_class_can_be_added_beside_the_highest_id():
    document = new_document()
    document.load_labels(ids_map(c65535=[0]))
    assert document.add_class().id == 1


@pytest.mark.parametrize("ids", [np.zeros((COLUMNS, ROWS)), np.full((ROWS, COLUMNS), 1.5)])
def test_labels_that_do_not_fit_change_nothing(ids):
    document = new_document()
    for use in (document.load_labels, document.set_truth):
        with pytest.raises(LabelError):
            use(ids)
    with pytest.raises(LabelError):
        document.draw_training_pixels(ids, 1, 0)
    assert not document.modified
    assert document.truth is None


def test_why_training_cannot_start():
    document = new_document()
    assert document.training_disabled_reason().startswith("Label some pixels first")
    document.load_labels(ids_map(c1=[0]), {1: "Corn"})
    assert "Only “Corn” has labels" in document.training_disabled_reason()
    with pytest.raises(LabelError, match="second class"):
        document.require_trainable()
    document.load_labels(ids_map(c1=[0], c2=[1]))
    assert document.training_disabled_reason() is None
    document.require_trainable()


# ground truth ---------------------------------------------------------------------------------


def test_drawn_pixels_are_labels_and_the_rest_is_scored():
    document, received = new_document(), []
    document.truth_changed.connect(lambda: received.append(document.truth is not None))
    truth = ids_map(c1=range(8), c2=range(8, 16))
    document.draw_training_pixels(truth, 3, seed=1, names={2: "Oats"})
    assert [document.labels.count(i) for i in (1, 2)] == [3, 3]
    assert document.legend[2].name == "Oats"
    assert document.history.undo_title == "Draw 3 pixels per class"
    np.testing.assert_array_equal(scoring_of(document).test_pixels() + document.labels.ids, truth)
    assert received == [True]


# saving --------------------------------------------------------------------------------------


def test_modified_until_saved_and_again_until_undone():
    document = new_document()
    assert not document.modified
    document.add_class("a")
    assert document.modified
    document.mark_saved()
    document.add_class("b")
    assert document.modified
    document.history.undo()
    assert not document.modified
    document.history.undo()
    assert document.modified
    document.history.redo()
    assert not document.modified


def test_another_step_in_place_of_the_saved_one_is_a_modification():
    document = new_document()
    document.add_class("a")
    document.mark_saved()
    document.history.undo()
    document.add_class("a")
    assert document.modified


def test_work_that_went_on_while_saving_is_not_saved():
    for steps_before in (0, 1):
        document = new_document()
        for _ in range(steps_before):
            document.add_class()
        step = document.history.position
        document.add_class()
        document.mark_saved(step)
        assert document.modified
        document.history.undo()
        assert not document.modified


def test_a_saved_state_whose_step_was_dropped_does_not_come_again():
    document = new_document()
    document.history = History(max_steps=2)
    document.mark_saved()
    for _ in range(3):
        document.add_class()
    for _ in range(3):
        document.history.undo()
    assert len(document.legend) == 1
    assert document.modified
    document.mark_saved()
    document.history.redo()
    assert document.modified
    document.history.undo()
    assert not document.modified


def test_saved_changed_follows_every_move_and_every_save():
    document, received = new_document(), []
    document.saved_changed.connect(lambda: received.append(document.modified))
    document.add_class()
    document.mark_saved()
    document.history.undo()
    document.history.redo()
    assert received == [True, False, True, False]


def test_only_a_cube_of_the_same_size_takes_the_place_of_another():
    document = new_document()
    received = []
    document.cube_changed.connect(lambda: received.append(document.cube))
    again = HyperCube.from_array(np.ones((ROWS, COLUMNS, 2)), name="again")
    document.set_cube(again)
    assert document.cube is again
    for shape in ((ROWS, COLUMNS, 3), (COLUMNS, ROWS, 2)):
        with pytest.raises(ValueError, match="not"):
            document.set_cube(HyperCube.from_array(np.ones(shape)))
    assert received == [again]


def test_a_class_is_moved_to_its_place_and_back_by_undo():
    document = new_document()
    for _ in range(3):
        document.add_class()
    ids = [c.id for c in document.legend.classes]
    document.move_class(ids[2], 0)
    assert [c.id for c in document.legend.classes] == [ids[2], ids[0], ids[1]]
    document.history.undo()
    assert [c.id for c in document.legend.classes] == ids


def test_the_ground_truth_adds_its_classes_to_the_legend_in_colours_of_their_own():
    document = new_document(class_names={7: "Oats"})
    document.add_class("Corn")
    document.set_truth(ids_map(c1=[0], c7=[1], c9=[2]))
    legend = document.truth_legend
    assert [(c.id, c.name) for c in legend] == [(1, "Corn"), (7, "Oats"), (9, "Class 9")]
    assert len({c.colour for c in legend}) == 3
    assert [c.id for c in document.legend] == [1]


def test_the_ground_truth_is_kept_without_a_copy_and_its_change_is_reported():
    document, received = new_document(), []
    document.truth_changed.connect(lambda: received.append(document.truth_ids))
    truth = ids_map(c1=[0], c7=[1])
    document.set_truth(truth)
    assert document.truth is truth
    document.set_truth(truth, (1,))
    document.set_truth(None)
    assert document.truth is None
    assert received == [(1, 7), (1,), ()]


def test_ids_are_given_by_a_file_a_ground_truth_or_the_scene():
    assert not new_document().ids_given
    assert new_document(class_names={1: "Oats"}).ids_given
    document = new_document()
    document.set_truth(ids_map(c1=[0]))
    assert document.ids_given
    document.set_truth(None)
    assert not document.ids_given
    document.load_labels(ids_map(c1=[0]))
    assert document.ids_given


def test_what_is_used_of_the_cube_is_the_same_object_until_it_changes():
    document = new_document()
    history, region = document.history, document.region
    assert document.used_cube is document.mapped_cube is document.cube
    inside = np.zeros((ROWS, COLUMNS), bool)
    inside[1] = True
    region.set_inside(history, "Row", inside)
    used = document.used_cube
    assert document.used_cube is used
    np.testing.assert_array_equal(used.is_data(used.read()).all(axis=2), inside)
    document.set_prediction(Prediction(ids_map(c1=[0]), np.zeros((ROWS, COLUMNS)), (1,)))
    assert document.mapped_cube is document.cube  # a map of the whole scene
    region.clear(history)
    assert document.used_cube is document.cube
    history.undo()
    again = document.used_cube
    assert again is not document.cube
    np.testing.assert_array_equal(again.is_data(again.read()).all(axis=2), inside)


def test_of_chosen_bands_those_that_are_good_are_used():
    bands = 4
    good = np.array([True, True, False, True])
    cube = HyperCube.from_array(np.ones((ROWS, COLUMNS, bands)), good_bands=good)
    document = Document(cube)
    document.region.set_bands(document.history, "Bands", np.array([False, True, True, False]))
    assert document.used_cube.good_bands.tolist() == [False, True, False, False]
    document.region.set_bands(document.history, "Bands", np.array([False, False, True, False]))
    assert not document.used_cube.good_bands.any()
