"""Checking labels in the window: jump, fix, keep and undo by keys and mouse, the badge, a truth."""

from __future__ import annotations

from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.core.evidence import Evidence, HeldOut
from hsi_viewer.core.labels.decisions import Decision
from hsi_viewer.preferences.settings import Settings
from tests.gui.guidance.test_guide import FIELDS, SIZE, cube  # noqa: F401 - a fixture
from tests.patience import PATIENCE

WRONG = ((3, 40), (30, 5))


@pytest.fixture
def planted(make_driver, tmp_path, cube):  # noqa: F811
    """Four classes with eight labels each, of which two are of another class."""
    np.save(tmp_path / "cube.npy", cube)
    driver = make_driver(Settings(theme="light", classifier="lda"))
    driver.open(str(tmp_path / "cube.npy"))
    rng = np.random.default_rng(0)
    ids = np.zeros(SIZE, np.uint16)
    for k in range(1, 5):
        ids.flat[rng.choice(np.flatnonzero(k == FIELDS), 8, replace=False)] = k
    ids[WRONG[0]], ids[WRONG[1]] = 1, 4
    driver.document.load_labels(ids, {1: "Corn", 2: "Woods", 3: "Reed", 4: "Lake"})
    return driver


def test_what_cannot_be_checked_says_why(make_driver, tmp_path, cube):  # noqa: F811
    np.save(tmp_path / "cube.npy", cube)
    driver = make_driver()
    driver.open(str(tmp_path / "cube.npy"))
    driver.window.context.docking.bring("label-errors")
    panel = driver.window.panel("label-errors")
    assert not panel.check.isEnabled()
    assert panel.state.text().startswith("Label some pixels first")
    assert panel.check.toolTip() == panel.state.text()
    ids = np.zeros(SIZE, np.uint16)
    ids[0, :4] = 1
    driver.document.load_labels(ids, {1: "Corn"})
    driver.qtbot.waitUntil(lambda: panel.state.text().startswith("Only “Corn” has labels"))
    ids[1, :4] = 2
    driver.document.load_labels(ids, {1: "Corn", 2: "Woods"})
    driver.qtbot.waitUntil(panel.check.isEnabled)
    assert panel.check.toolTip() == panel.state.text() == ""


def check(driver):
    """Check by command, and wait for the list."""
    feature = driver.window.feature("label-errors")
    driver.trigger("labels.check")
    driver.qtbot.waitUntil(lambda: feature._checked is not None)
    driver.settle()
    return feature.panel


def rows_of(panel) -> list[list[str]]:
    table = panel.table
    return [[table.item(r, c).text() for c in range(3)] for r in range(table.rowCount())]


def test_wrong_labels_are_listed_fixed_kept_and_undone(planted):
    document, before = planted.document, planted.document.labels.snapshot().ids.copy()
    panel = check(planted)
    np.testing.assert_array_equal(document.labels.ids, before)
    listed = rows_of(panel)
    assert sorted(listed) == [["Corn", "Woods", "1"], ["Lake", "Reed", "1"]]
    assert "2 look like another class" in panel.state.text()

    # the first row is on the screen, with its spectrum against both means
    first = next(w for w in WRONG if document.legend.name_of(int(before[w])) == listed[0][0])
    view = planted.canvas.view_box()
    assert view[0] < first[1] < view[0] + view[2]
    assert view[1] < first[0] < view[1] + view[3]
    _x, spectrum = panel.plot.live_values()
    np.testing.assert_allclose(spectrum, document.cube.spectrum(*first))
    assert [c.name for c in panel.plot.curves.curves] == listed[0][:2]

    # fix by key: one step, and the next row is on the screen
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_F)
    assert document.legend.name_of(int(document.labels.ids[first])) == listed[0][1]
    assert rows_of(panel) == listed[1:]
    QTest.keyClick(panel.table, Qt.Key.Key_U)
    np.testing.assert_array_equal(document.labels.ids, before)
    assert rows_of(panel) == listed

    # keep by mouse: never asked again, until it is undone
    QTest.mouseClick(panel.buttons["keep"], Qt.MouseButton.LeftButton)
    assert document.decisions.ids[first] == Decision.KEPT
    assert rows_of(panel) == listed[1:]
    QTest.mouseClick(panel.check, Qt.MouseButton.LeftButton)
    planted.settle()
    assert rows_of(panel) == listed[1:]
    np.testing.assert_array_equal(document.labels.ids, before)


def test_a_label_that_was_kept_is_kept_in_the_session(planted, make_driver, tmp_path, monkeypatch):
    panel, path = check(planted), tmp_path / "work.hsiproj"
    listed = rows_of(panel)
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_K)
    kept = np.flatnonzero(planted.document.decisions.ids == Decision.KEPT)
    assert kept.size == 1
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path), ""))
    planted.trigger("session.save_as")
    planted.qtbot.waitUntil(lambda: f"Session saved to {path}." in planted.window.notices.texts())
    planted.let_go()
    again = make_driver(Settings(theme="light", classifier="lda"))
    again.window.open(str(path))
    again.qtbot.waitUntil(lambda: again.document is not None)
    again.settle()
    np.testing.assert_array_equal(
        np.flatnonzero(again.document.decisions.ids == Decision.KEPT), kept
    )
    assert rows_of(check(again)) == listed[1:]


def test_a_stroke_elsewhere_does_not_move_the_view(planted):
    panel = check(planted)
    planted.canvas.fit()
    planted.document.add_class("Rock")
    assert planted.canvas.view_box() is None
    planted.document.clear_class(1)  # one of the rows goes, the other stays
    assert [row[0] for row in rows_of(panel)] == ["Lake"]
    assert planted.canvas.view_box() is None


def test_a_locked_class_is_not_fixed(planted):
    panel, document = check(planted), planted.document
    for entry in document.legend.classes:
        document.lock_class(entry.id, True)
    before = document.labels.snapshot().ids
    QTest.keyClick(panel.table, Qt.Key.Key_F)
    np.testing.assert_array_equal(document.labels.ids, before)
    assert "is locked" in planted.window.notices.texts()[-1]
    assert len(rows_of(panel)) == 2
    planted.click_on(planted.window.notices.notices[-1].buttons[0])
    assert [c.locked for c in document.legend].count(False) == 1


def test_labels_never_get_a_class_that_was_removed(planted):
    panel = check(planted)
    planted.document.remove_class(2)
    assert [row[:2] for row in rows_of(panel)] == [["Lake", "Reed"]]
    QTest.keyClick(panel.table, Qt.Key.Key_F)
    assert rows_of(panel) == []
    assert set(planted.document.labels.present()) <= {c.id for c in planted.document.legend}


def test_a_check_that_ends_with_its_scene_says_nothing_in_the_next(planted, monkeypatch):
    begun, go_on = Event(), Event()

    def slow(*_args, **_options):
        begun.set()
        assert go_on.wait(PATIENCE)
        return []

    monkeypatch.setattr("hsi_viewer.learning.guidance.check_labels.check_labels", slow)
    planted.trigger("labels.check")
    planted.qtbot.waitUntil(begun.is_set)
    planted.document.mark_saved()
    with planted.qtbot.waitSignal(planted.window.context.opening.opened):
        planted.window.open("sample:indian-pines")
    assert planted.window.panel("label-errors").state.text().startswith("Label some pixels first")
    go_on.set()
    planted.settle()


def test_a_ground_truth_is_checked_fixed_and_undone_the_same_way(planted):
    document = planted.document
    truth = FIELDS.astype(np.uint16) * (np.random.default_rng(1).random(SIZE) < 0.1)
    truth[WRONG[0]] = 1
    document.set_truth(truth.astype(np.uint16))
    document.load_labels(np.zeros(SIZE, np.uint16))
    planted.trigger("labels.check")
    panel = planted.window.panel("label-errors")
    assert "Label some pixels first" in panel.state.text()
    QTest.keyClick(panel.source, Qt.Key.Key_Down)
    assert panel.source.currentData() == "truth"
    panel = check(planted)
    assert ["Corn", "Woods", "1"] in rows_of(panel)
    row = rows_of(panel).index(["Corn", "Woods", "1"])
    panel.table.setCurrentCell(row, 0)
    before = document.truth
    QTest.keyClick(panel.table, Qt.Key.Key_F)
    assert document.truth[WRONG[0]] == 2
    assert (document.truth != before).sum() == 1
    assert not document.labels.total
    QTest.keyClick(panel.table, Qt.Key.Key_U)
    np.testing.assert_array_equal(document.truth, before)
    assert ["Corn", "Woods", "1"] in rows_of(panel)


def test_classes_that_look_alike_are_named_with_the_place_where_they_meet(planted):
    document = planted.document
    ids = document.labels.snapshot().ids.copy()
    half = np.flatnonzero(ids == 3)[::2]  # half of the reeds are called Lake
    ids.flat[half] = 4
    document.load_labels(ids)
    panel = check(planted)
    told = panel.pairs.itemAtPosition(0, 0).widget()
    assert "Reed and Lake look alike in these labels" in told.text()
    assert told.text().endswith("label 9 more of Reed where they meet, and check again.")
    show = panel.pairs.itemAtPosition(0, 1).widget()
    QTest.mouseClick(show, Qt.MouseButton.LeftButton)
    assert "Train first" in planted.window.notices.texts()[-1]
    planted.trigger("train.start")
    training = planted.window.feature("training").training
    planted.qtbot.waitUntil(lambda: document.prediction is not None and not training.running)
    planted.canvas.fit()
    QTest.mouseClick(show, Qt.MouseButton.LeftButton)
    left, top, width, height = planted.canvas.view_box()
    middle = round(top + height / 2 - 0.5), round(left + width / 2 - 0.5)
    assert FIELDS[middle] in (3, 4)


def test_the_training_panel_tells_how_many_labels_look_wrong(planted):
    panel = planted.window.panel("training")
    assert panel.suspects.isHidden()
    labels = planted.document.labels.ids
    pixels = np.flatnonzero(labels)
    targets = labels.flat[pixels].astype(np.int64) - 1
    probabilities = np.eye(4, dtype=np.float32)[FIELDS.flat[pixels] - 1]
    held = HeldOut(pixels, targets, np.arange(pixels.size), targets, probabilities)

    model = SimpleNamespace(evidence=Evidence((), "none", 9, held))
    feature = planted.window.feature("label-errors")
    feature._on_trained(SimpleNamespace(model=model))
    assert panel.suspects.text() == "Check labels for errors (2)"
    assert panel.suspects.toolTip().startswith("2 labels look like another class")
    planted.document.decide(np.array([WRONG[0][0] * SIZE[1] + WRONG[0][1]]), Decision.KEPT)
    feature._on_trained(SimpleNamespace(model=model))
    assert panel.suspects.text() == "Check labels for errors (1)"
    assert panel.suspects.toolTip().startswith("1 label looks like another class")
    planted.window.context.docking.show("training")
    QTest.mouseClick(panel.suspects, Qt.MouseButton.LeftButton)
    planted.settle()
    assert len(rows_of(planted.window.panel("label-errors"))) == 1
