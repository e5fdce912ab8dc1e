"""A map in the place of another is a step that is undone, and a journal passes over it."""

from __future__ import annotations

import numpy as np

from hsi_viewer.core.labels.history import LegendChange
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.session.document.map_change import MapChange, ShownMap
from hsi_viewer.session.storage.journal import Journal
from hsi_viewer.session.storage.journal_recorder import Recorder
from hsi_viewer.session.storage.journal_records import read_records
from hsi_viewer.session.storage.journal_replay import replay
from tests.unit.session.made import new_document, stroke


def prediction(document, class_id: int) -> Prediction:
    ids = np.full(document.labels.shape, class_id, np.uint16)
    return Prediction(ids, np.ones(ids.shape, np.float32), (class_id,))


def change(document, shown: list) -> MapChange:
    nothing = np.zeros(document.labels.shape, bool)
    before = ShownMap(prediction(document, 1), nothing, 4)
    document.set_prediction(before.prediction)
    after = ShownMap(prediction(document, 2), nothing, 5)
    return MapChange(document, before, after, lambda m: shown.append(m.run))


def test_a_map_that_came_later_is_never_replaced():
    document, shown = new_document(), []
    made = change(document, shown)
    document.history.do("Clean the map", made)
    assert document.prediction is made.after.prediction
    document.history.undo()
    assert document.prediction is made.before.prediction
    document.history.redo()
    later = prediction(document, 3)
    document.set_prediction(later)
    document.history.undo()
    assert document.prediction is later
    assert shown == [5, 4, 5]
    assert made.nbytes == 2 * document.labels.ids.size * (2 + 4)


def test_strokes_around_it_are_recovered(tmp_path):
    document = new_document()
    recorder = Recorder(document, Journal(tmp_path / "journal"))
    stroke(document, document.add_class("one").id, [0, 1])
    made = change(document, [])
    added = LegendChange(
        document.legend, document.legend.classes, document.legend.with_added("of a model")
    )
    document.history.do("Apply a model", added, made)
    document.history.undo()
    document.history.redo()
    recorder.close()
    again = new_document()
    contents = read_records(tmp_path / "journal")
    replay(contents.records, again, contents.gaps)
    assert again.legend.classes == document.legend.classes
    np.testing.assert_array_equal(again.labels.ids, document.labels.ids)
    assert [s.title for s in again.history.steps] == [s.title for s in document.history.steps]
    again.history.undo()
    assert again.legend.classes == added.before
