"""A stroke paints at once and is one step."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.stroke import Stroke
from hsi_viewer.session.storage.journal import Journal
from hsi_viewer.session.storage.journal_recorder import Recorder
from hsi_viewer.session.storage.journal_records import read_records
from hsi_viewer.session.storage.journal_replay import replay
from hsi_viewer.session.storage.stroke_records import step_record


@pytest.fixture
def document() -> Document:
    document = Document(HyperCube.from_array(np.zeros((2, 5, 1))))
    document.load_labels(np.array([[0, 0, 1, 1, 2], [0] * 5], np.uint16))
    return document


def labelled(document: Document) -> list[int]:
    return document.labels.ids[0].tolist()


def paint(document: Document, class_id: int, *strokes: list[int]) -> Stroke:
    stroke = Stroke(document, class_id)
    for pixels in strokes:
        stroke.paint(np.array(pixels, np.int64))
    return stroke


def test_pixels_are_painted_before_the_stroke_ends(document):
    stroke = paint(document, 2, [0, 1], [1, 2])
    assert labelled(document) == [2, 2, 2, 1, 2]
    assert document.history.undo_title == "Load labels"
    stroke.finish()
    assert document.history.undo_title == "Label 3 pixels"
    document.history.undo()
    assert labelled(document) == [0, 0, 1, 1, 2]
    document.history.redo()
    assert labelled(document) == [2, 2, 2, 1, 2]


@pytest.mark.parametrize(
    ("class_id", "pixels", "title"),
    [(1, [0, 2], "Label 1 pixel"), (0, [0, 2, 3], "Erase 2 pixels"), (0, [4], "Erase 1 pixel")],
)
def test_the_title_counts_the_pixels_that_changed(document, class_id, pixels, title):
    paint(document, class_id, pixels).finish()
    assert document.history.undo_title == title


def test_a_stroke_that_changes_nothing_is_not_a_step(document):
    position = document.history.position
    paint(document, 1, [2, 3]).finish()
    paint(document, 1).finish()
    assert document.history.position is position


def test_finishing_twice_is_one_step(document):
    stroke = paint(document, 1, [0])
    stroke.finish()
    position = document.history.position
    stroke.finish()
    stroke.cancel()
    assert document.history.position is position
    assert labelled(document)[0] == 1


def test_a_cancelled_stroke_leaves_no_trace(document):
    position = document.history.position
    stroke = paint(document, 2, [0, 1], [1, 2, 3])
    stroke.cancel()
    stroke.finish()
    assert labelled(document) == [0, 0, 1, 1, 2]
    assert document.labels.count(2) == 1
    assert document.history.position is position


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_stroke_that_comes_back_to_its_pixels_is_one_step(document, cancelled):
    before = labelled(document)
    stroke = paint(document, 1, [0, 1], [4], [1, 2, 3], [0, 4])
    assert labelled(document) == [1, 1, 1, 1, 1]
    if cancelled:
        stroke.cancel()
        assert document.history.undo_title == "Load labels"
    else:
        stroke.finish()
        assert document.history.undo_title == "Label 3 pixels"
        document.history.undo()
    assert labelled(document) == before


def test_the_journal_tells_a_stroke_that_was_painted_backwards(document):
    received = []
    document.history.pushed.connect(lambda step: received.append(step_record(step)))
    boxes = []
    document.labels.changed.connect(lambda *box: boxes.append(box))
    paint(document, 3, [8], [2], [0, 6]).finish()
    gaps, after = received[0].arrays["gaps0"], received[0].arrays["after0"]
    np.testing.assert_array_equal(np.cumsum(gaps), [0, 2, 6, 8])
    np.testing.assert_array_equal(after, [3])
    document.history.undo()
    assert boxes[-1] == (0, 0, 2, 4)


def test_an_open_stroke_while_another_edit_goes_through_the_history_is_two_steps_in_order(
    document, tmp_path
):
    recorder = Recorder(document, Journal(tmp_path / "journal", sync=False))
    start = labelled(document)
    stroke = paint(document, 2, [0, 1])
    document.merge_classes(2, 1)  # of pixels that the stroke has just painted, too
    stroke.finish()
    assert [s.title for s in document.history.steps[1:]] == [
        "Label 2 pixels",
        "Merge Class 2 into Class 1",
    ]
    end = labelled(document)
    assert end == [1, 1, 1, 1, 1]
    document.history.undo()
    assert labelled(document) == [2, 2, 1, 1, 2]
    document.history.undo()
    assert labelled(document) == start
    document.history.go_to(9)
    assert labelled(document) == end
    recorder.write_state()
    recorder.close()
    again = Document(document.cube)
    replay(read_records(tmp_path / "journal").records, again)
    assert labelled(again) == end
    assert [s.title for s in again.history.steps] == [s.title for s in document.history.steps]


def test_what_is_painted_after_the_other_edit_is_a_step_of_its_own(document):
    stroke = paint(document, 2, [0])
    document.add_class("Corn")
    stroke.paint(np.array([1]))
    stroke.cancel()
    assert labelled(document) == [2, 0, 1, 1, 2]
    assert [s.title for s in document.history.steps[1:]] == ["Label 1 pixel", "Add class"]


def test_undo_and_redo_within_an_open_stroke(document):
    document.add_class("Corn")
    document.history.undo()
    stroke = paint(document, 2, [0])
    document.history.redo()  # the stroke has taken the place of what was undone
    assert [s.title for s in document.history.steps[1:]] == ["Label 1 pixel"]
    stroke.paint(np.array([1]))
    document.history.undo()
    assert labelled(document) == [2, 0, 1, 1, 2]
    stroke.finish()
    assert document.history.redo_title == "Label 1 pixel"
