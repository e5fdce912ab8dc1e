"""The interface's thread copies no labels and waits for no disk."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import QTimer

from hsi_viewer.core.labels.label_map import LabelMap
from hsi_viewer.core.labels.label_snapshot import LabelSnapshot
from hsi_viewer.session.storage import journal as journal_module
from hsi_viewer.session.storage.project_file import read_project_data
from hsi_viewer.ui import label_changes
from hsi_viewer.ui.features.labelling import toolbox
from hsi_viewer.ui.features.labelling.label_check import LabelCheckFeature
from hsi_viewer.ui.features.sessions import stepping
from tests.patience import PATIENCE

SIZE = (30, 40)


@pytest.fixture
def scene(shared, all_large, tmp_path):
    """The window with a small cube."""
    return opened(shared, tmp_path)


@pytest.fixture
def own_scene(make_driver, all_large, tmp_path):
    """The same in a window for a test that closes it."""
    return opened(make_driver(), tmp_path)


def opened(driver, tmp_path):
    np.save(tmp_path / "scene.npy", np.random.default_rng(0).normal(size=(*SIZE, 5)))
    driver.open(str(tmp_path / "scene.npy"))
    return driver


@pytest.fixture
def all_large(monkeypatch) -> None:
    """Every label edit counts as large; nothing is trained."""
    monkeypatch.setattr(
        "hsi_viewer.ui.features.training.torch_preload.import_trainer", lambda _token, _port: None
    )
    monkeypatch.setattr(stepping, "LARGE", 0)
    monkeypatch.setattr(label_changes, "LARGE", 0)
    monkeypatch.setattr(toolbox, "LARGE_AREA", 0)


@pytest.fixture
def labels(tmp_path) -> str:
    ids = np.random.default_rng(1).integers(0, 4, SIZE).astype(np.uint16)
    np.save(tmp_path / "labels.npy", ids)
    return str(tmp_path / "labels.npy")


@pytest.fixture
def threads(monkeypatch) -> list[int]:
    """Threads in which labels were copied, or an edit was worked out."""
    seen: list[int] = []
    copied, prepare = LabelSnapshot.ids.fget, LabelMap.prepare

    def ids(snapshot):
        seen.append(threading.get_ident())
        return copied(snapshot)

    def prepared(labels, edit, before):
        seen.append(threading.get_ident())
        return prepare(labels, edit, before)

    monkeypatch.setattr(LabelSnapshot, "ids", property(ids))
    monkeypatch.setattr(LabelMap, "prepare", prepared)
    return seen


@pytest.fixture
def disk(monkeypatch):
    """Flushing to the disk waits for this event."""
    event, sync = threading.Event(), journal_module._sync_data
    event.set()

    def slow(handle):
        assert event.wait(PATIENCE)
        sync(handle)

    monkeypatch.setattr(journal_module, "_sync_data", slow)
    yield event
    event.set()


def quiet(driver) -> None:
    driver.qtbot.waitUntil(lambda: not driver.window.workspace.tasks.running, timeout=20_000)


def test_loading_labels_and_undoing_it_is_worked_out_by_workers(scene, labels, threads):
    wanted = np.load(labels)
    scene.window.context.labelling.files.load(labels, "labels")
    quiet(scene)
    np.testing.assert_array_equal(scene.document.labels.ids, wanted)
    assert threads
    for command, expected in (("undo", 0 * wanted), ("redo", wanted), ("undo", 0 * wanted)):
        before = len(threads)
        scene.trigger(f"edit.{command}")
        quiet(scene)
        np.testing.assert_array_equal(scene.document.labels.ids, expected)
        assert len(threads) > before
    assert threading.get_ident() not in threads


def test_undo_asked_for_twice_goes_two_steps_back(scene, labels, threads):
    scene.window.context.labelling.files.load(labels, "labels")
    quiet(scene)
    before = scene.document.labels.ids.copy()
    other = np.where(before > 0, 4 - before, 1).astype(np.uint16)
    scene.document.load_labels(other)
    threads.clear()
    for command in ("undo", "undo"):
        getattr(scene.window.feature("sessions").stepping, command)()
    quiet(scene)
    assert scene.document.labels.total == 0
    assert scene.document.history.count == 0
    scene.window.feature("sessions").stepping.go_to(2)
    quiet(scene)
    np.testing.assert_array_equal(scene.document.labels.ids, other)
    assert threads
    assert threading.get_ident() not in threads


def test_a_stroke_that_comes_while_an_undo_is_worked_out_stays(scene, labels, monkeypatch):
    scene.window.context.labelling.files.load(labels, "labels")
    quiet(scene)
    go_on, prepare = threading.Event(), LabelMap.prepare

    def slow(*wanted):
        assert go_on.wait(PATIENCE)
        return prepare(*wanted)

    monkeypatch.setattr(LabelMap, "prepare", slow)
    scene.window.feature("sessions").stepping.undo()
    scene.trigger("tool.brush")
    scene.stroke((3, 3), (3, 9))
    titles = [step.title for step in scene.document.history.steps]
    painted = scene.document.labels.ids.copy()
    go_on.set()
    quiet(scene)
    assert [step.title for step in scene.document.history.steps] == titles
    assert scene.document.history.count == len(titles)
    np.testing.assert_array_equal(scene.document.labels.ids, painted)


def test_labels_that_were_read_while_a_stroke_was_drawn_keep_it(scene, labels, monkeypatch):
    scene.trigger("class.add")
    go_on, prepare = threading.Event(), LabelMap.prepare

    def slow(*wanted):
        assert go_on.wait(PATIENCE)
        return prepare(*wanted)

    monkeypatch.setattr(LabelMap, "prepare", slow)
    scene.window.context.labelling.files.load(labels, "add")
    scene.trigger("tool.brush")
    scene.stroke((3, 3), (3, 9))
    painted = scene.document.labels.ids.copy()
    assert painted.any()
    go_on.set()
    quiet(scene)
    found = scene.document.labels.ids
    assert (found[painted > 0] == painted[painted > 0]).all()
    np.testing.assert_array_equal(found, np.where(painted > 0, painted, np.load(labels)))


def test_comparing_regions_and_saving_copy_labels_in_workers(scene, labels, threads, tmp_path):
    scene.window.context.labelling.files.load(labels, "labels")
    quiet(scene)
    check = next(f for f in scene.window.features if isinstance(f, LabelCheckFeature))
    for act in (
        check.compare,
        check.show_regions,
        lambda: scene.window.context.labelling.files.save_to(tmp_path / "saved.npy"),
        lambda: scene.window.context.labelling.files.save_now(tmp_path / "again.npy"),
        lambda: scene.window.context.labelling.files.export(tmp_path / "regions.csv"),
        scene.window.context.sessions.session.recorder.write_state,
    ):
        before = len(threads)
        act()
        quiet(scene)
        scene.qtbot.waitUntil(lambda n=before: len(threads) > n, timeout=20_000)
    assert threading.get_ident() not in threads
    for name in ("saved.npy", "again.npy"):
        np.testing.assert_array_equal(np.load(tmp_path / name), np.load(labels))


def test_strokes_do_not_wait_for_a_slow_disk(scene, disk):
    session = scene.window.context.sessions.session
    scene.trigger("class.add")
    disk.clear()
    scene.trigger("tool.brush")
    for row in range(3, 9):
        scene.stroke((row, 3), (row, 9))
    assert scene.document.labels.total > 0
    assert session.writing
    scene.trigger("edit.undo")
    disk.set()
    scene.qtbot.waitUntil(lambda: not session.writing, timeout=20_000)
    assert session.recorder.problem == ""


def test_closing_waits_for_the_disk_with_the_window_alive(own_scene, disk):
    scene = own_scene
    scene.trigger("class.add")
    scene.trigger("tool.brush")
    session, window = scene.window.context.sessions.session, scene.window
    disk.clear()
    scene.stroke((3, 3), (3, 9))
    window.may_leave = lambda: True
    QTimer.singleShot(0, disk.set)  # the event loop must go on for this to happen
    assert window.close()
    assert not session.writing
    assert session.recorder.problem == ""


def test_who_does_not_want_to_wait_for_the_disk_stays(own_scene, disk):
    scene = own_scene
    scene.trigger("class.add")
    scene.trigger("tool.brush")
    window = scene.window
    disk.clear()
    scene.stroke((3, 3), (3, 9))
    window.may_leave = lambda: True
    QTimer.singleShot(0, window.feature("application").activity.cancel_all)
    assert not window.close()
    assert window.isVisible()
    assert scene.document.labels.total > 0


def test_saving_before_leaving_is_done_by_a_worker(scene, labels, threads, tmp_path, monkeypatch):
    scene.window.context.labelling.files.load(labels, "labels")
    quiet(scene)
    target = tmp_path / "kept.hsiproj"
    monkeypatch.setattr(scene.window.feature("sessions").projects, "_ask_where", lambda **_: target)
    threads.clear()
    assert scene.window.feature("sessions").projects.save_now()
    assert threads
    assert threading.get_ident() not in threads
    assert read_project_data(target).reference.shape == (*SIZE, 5)
    assert not scene.document.modified


def test_classes_are_merged_cleared_and_removed_by_workers(scene, labels, threads):
    files, document = scene.window.context.labelling.files, scene.document
    files.load(labels, "labels")
    quiet(scene)
    ids, classes = np.load(labels), document.legend.classes
    threads.clear()
    labelling = scene.window.context.labelling
    labelling.choose_class(3)
    scene.window.feature("classes").merge(3, 2)
    quiet(scene)
    np.testing.assert_array_equal(document.labels.ids, np.where(ids == 3, 2, ids))
    assert [c.id for c in document.legend] == [1, 2]
    assert labelling.active_class == 2
    scene.trigger("class.clear")
    quiet(scene)
    np.testing.assert_array_equal(document.labels.ids, np.where(ids == 1, 1, 0))
    labelling.choose_class(1)
    scene.trigger("class.remove")
    quiet(scene)
    assert document.labels.total == 0
    assert [c.id for c in document.legend] == [2]
    assert labelling.active_class == 2
    for _ in range(3):
        scene.trigger("edit.undo")
        quiet(scene)
    np.testing.assert_array_equal(document.labels.ids, ids)
    assert document.legend.classes == classes
    assert threads
    assert threading.get_ident() not in threads


def test_large_areas_are_labelled_by_workers(scene, threads):
    scene.trigger("class.add")
    painted = np.zeros(SIZE, bool)
    for tool, box in (("rectangle", np.s_[2:6, 3:9]), ("rectangle", np.s_[20:22, 30:31])):
        scene.trigger(f"tool.{tool}")
        rows, columns = box
        scene.stroke((rows.start, columns.start), (rows.stop - 1, columns.stop - 1))
        painted[box] = True
    quiet(scene)
    np.testing.assert_array_equal(scene.document.labels.ids, painted)
    titles = [step.title for step in scene.document.history.steps]
    assert sorted(titles[1:]) == ["Label 2 pixels", "Label 24 pixels"]
    scene.trigger("tool.lasso")
    scene.stroke((10, 10), (10, 20), (15, 20), (15, 10))
    quiet(scene)
    assert scene.document.labels.ids[12, 15] == 1
    scene.trigger("tool.fill")
    scene.click(28, 2)
    quiet(scene)
    assert scene.document.labels.total == painted.size
    assert threading.get_ident() not in threads


def test_a_class_that_goes_while_an_area_of_it_is_worked_out_takes_the_area_along(
    scene, monkeypatch
):
    scene.trigger("class.add")
    go_on, prepare = threading.Event(), LabelMap.prepare

    def slow(*wanted):
        assert go_on.wait(PATIENCE)
        return prepare(*wanted)

    monkeypatch.setattr(LabelMap, "prepare", slow)
    scene.trigger("tool.rectangle")
    scene.stroke((2, 3), (6, 9))
    scene.document.history.undo()  # the class
    go_on.set()
    quiet(scene)
    assert scene.document.labels.total == 0
    assert scene.document.history.count == 0


def test_an_undo_that_is_worked_out_for_another_scene_does_not_count_here(
    scene, labels, monkeypatch, tmp_path
):
    scene.window.context.labelling.files.load(labels, "labels")
    quiet(scene)
    go_on, prepare = threading.Event(), LabelMap.prepare
    waits = iter([go_on])

    def slow(*wanted):
        first = next(waits, None)
        assert first is None or first.wait(PATIENCE)
        return prepare(*wanted)

    monkeypatch.setattr(LabelMap, "prepare", slow)
    scene.trigger("edit.undo")
    scene.document.mark_saved()
    np.save(tmp_path / "other.npy", np.random.default_rng(1).normal(size=(*SIZE, 5)))
    with scene.qtbot.waitSignal(scene.window.context.opening.opened):
        scene.window.open(str(tmp_path / "other.npy"))
    scene.trigger("class.add")
    for row in (3, 6, 9):
        scene.stroke((row, 3), (row, 9))
    count = scene.document.history.count
    scene.trigger("edit.undo")
    go_on.set()
    quiet(scene)
    assert scene.document.history.count == count - 1
