"""What is told of damaged and discarded work, and brought back, through the real window."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from hsi_viewer.io.opening import open_cube
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.recovering import recovered_session
from hsi_viewer.session.session import new_session
from hsi_viewer.session.storage.journal_records import read_records
from hsi_viewer.session.storage.recoverable_sessions import (
    discard,
    discarded,
    recoverable_sessions,
)
from hsi_viewer.session.storage.session_folder import sessions_folder
from hsi_viewer.ui.features.sessions.session_list import SessionList
from tests.unit.session.made import stroke


@pytest.fixture(autouse=True)
def no_trainer(monkeypatch) -> None:
    """Nothing is trained here: torch is not imported ahead of time."""
    monkeypatch.setattr(
        "hsi_viewer.ui.features.training.torch_preload.import_trainer", lambda _token, _port: None
    )


@pytest.fixture
def scene(tmp_path) -> str:
    path = tmp_path / "scene.npy"
    np.save(path, np.random.default_rng(0).normal(size=(12, 16, 4)))
    return str(path)


def left(scene: str, strokes: int):
    """Unsaved work of a program that is gone."""
    document = Document(open_cube(scene))
    session = new_session(document, scene)
    document.add_class("Corn")
    for pixel in range(strokes):
        stroke(document, 1, [pixel])
    session.recorder.journal.close()
    session.folder._lock._lock.release()
    return session


def wait_for_offer(driver, part: str):
    offers = driver.window.context.offers

    def shown():
        seen = [o for o in offers.offers if not o.buttons[-1].visibleRegion().isEmpty()]
        return (o for o in seen if part in o.text)

    driver.qtbot.waitUntil(lambda: any(shown()), timeout=20_000)
    return next(shown())


def press(driver, offer, text: str) -> None:
    """Click a button where it is in the window, once no search brings further offers."""
    button, window = next(b for b in offer.buttons if b.text() == text), driver.window

    def place():
        return button.mapTo(window, button.rect().center())

    driver.qtbot.waitUntil(
        lambda: not window.workspace.tasks.running and window.childAt(place()) is button
    )
    QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, pos=place())


def test_damage_is_reported_in_the_offer_and_after_recovery(scene, make_driver):
    session = left(scene, 30)
    path = session.folder.journal
    records, data = read_records(path).records, bytearray(path.read_bytes())
    data[len(data) // 2] ^= 8
    path.write_bytes(data)
    driver = make_driver()
    offer = wait_for_offer(driver, "30 strokes")  # of 31: the class and thirty strokes
    assert "Its journal is damaged. This can be recovered. 1 stroke is missing." in offer.text
    press(driver, offer, "Recover")
    driver.qtbot.waitUntil(lambda: driver.document is not None, timeout=20_000)
    driver.qtbot.waitUntil(
        lambda: any("30 strokes recovered. 1 stroke is missing." in t for t in notices(driver)),
        timeout=20_000,
    )
    (kept,) = (sessions_folder() / ".damaged").iterdir()
    assert any(str(kept) in t for t in notices(driver))
    assert driver.document.labels.total == 29
    assert driver.window.isWindowModified()
    assert len(records) == 32
    assert kept.read_bytes() == bytes(data)


def notices(driver) -> list[str]:
    return driver.window.notices.texts()


def test_discarded_work_is_brought_back_by_the_menu_after_its_offer_was_closed(scene, make_driver):
    for strokes in (1, 2, 3, 4):
        left(scene, strokes)
    first = make_driver()
    offer = wait_for_offer(first, "4 unsaved sessions of scene")  # one question, not four
    assert len(first.window.context.offers.offers) == 1
    press(first, offer, "Show…")
    listed = shown_list(first, "Unsaved work")
    assert sorted(contents(listed)) == ["2 strokes", "3 strokes", "4 strokes", "5 strokes"]
    for _ in range(4):
        press_in(first, listed, "Discard")
    first.qtbot.waitUntil(lambda: not first.window.findChildren(SessionList))
    assert recoverable_sessions() == ()
    first.settle()
    first.let_go()
    again = make_driver()
    command = again.window.commands.action("file.discarded")
    again.qtbot.waitUntil(command.isEnabled, timeout=20_000)
    again.trigger("file.discarded")
    listed = shown_list(again, "Discarded work")
    row = contents(listed).index("5 strokes")
    listed.tree.setCurrentItem(listed.tree.topLevelItem(row))
    press_in(again, listed, "Restore")  # it acts: nothing else is asked
    again.qtbot.waitUntil(lambda: again.document is not None)
    assert again.document.labels.total == 4
    again.settle()
    assert not again.window.context.offers.offers
    assert sorted(o.strokes for o in discarded()) == [2, 3, 4]


def shown_list(driver, title: str) -> SessionList:
    lists = driver.window.findChildren(SessionList)
    (listed,) = [d for d in lists if d.windowTitle() == title and d.isVisible()]
    return listed


def contents(listed: SessionList) -> list[str]:
    tree = listed.tree
    return [tree.topLevelItem(n).text(2) for n in range(tree.topLevelItemCount())]


def press_in(driver, listed: SessionList, text: str) -> None:
    driver.click_on(next(b for b in listed.buttons if b.text() == text))


def test_a_search_leaves_the_offers_that_stay_in_their_place(scene, make_driver, tmp_path):
    np.save(tmp_path / "other.npy", np.ones((5, 6, 3)))
    for name in (scene, str(tmp_path / "other.npy")):
        left(name, 1)
    driver = make_driver()
    wait_for_offer(driver, "was not saved")
    recovery, offers = driver.window.feature("recovery"), driver.window.context.offers
    driver.qtbot.waitUntil(lambda: not driver.window.workspace.tasks.running)
    before = list(offers.offers)
    assert len(before) == 2
    recovery.search()
    driver.qtbot.waitUntil(lambda: not driver.window.workspace.tasks.running)
    assert offers.offers == before
    gone = next(o for o in recoverable_sessions() if str(o.path) == before[0].key)
    discard(gone)
    recovery.search()
    driver.qtbot.waitUntil(lambda: offers.offers == before[1:])


def test_work_that_another_program_has_taken_up_is_refused_in_words(scene, make_driver):
    left(scene, 3)
    driver = make_driver()
    offer = wait_for_offer(driver, "4 strokes")
    other = recovered_session(Document(open_cube(scene)), recoverable_sessions()[0], scene)
    before = other.folder.journal.read_bytes()
    press(driver, offer, "Recover")
    driver.qtbot.waitUntil(
        lambda: any("in use by HSI Viewer, process" in t for t in notices(driver)), timeout=20_000
    )
    assert driver.document is None
    assert other.folder.journal.read_bytes() == before
    other.close()


def test_work_on_a_scene_that_nothing_names_asks_for_the_file(scene, make_driver, monkeypatch):
    session = left(scene, 40)
    session.folder.data_file.unlink()
    data = session.folder.journal.read_bytes()
    session.folder.journal.write_bytes(bytes(512) + data[512:])
    asked = []

    def choose(*args, **_options):
        asked.append(args[1])
        return scene, ""

    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.getOpenFileName", staticmethod(choose))
    driver = make_driver()
    offer = wait_for_offer(driver, "an unknown scene")
    assert "you will be asked for the file" in offer.text
    press(driver, offer, "Recover")
    driver.qtbot.waitUntil(lambda: driver.document is not None, timeout=20_000)
    assert asked == ["Where is the scene of this work?"]
    assert driver.document.labels.total > 30


class Answer(QTimer):
    """Clicks a button of the question that is asked next."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.asked = text, []
        self.timeout.connect(self.click)
        self.start(5)

    def click(self) -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            self.stop()
            self.asked.append(box.text())
            button = next(b for b in box.buttons() if b.text().replace("&", "") == self.text)
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def drawn(driver, scene: str):
    """Labels that are in no file, as the last of three steps."""
    driver.open(scene)
    driver.trigger("class.add")
    driver.stroke((2, 3), (2, 8))
    driver.stroke((5, 3), (5, 8))
    driver.window.context.sessions.session.notes = "two fields"
    return driver.document.labels.snapshot().ids.copy()


def restored(driver, ids) -> None:
    """Bring back what was discarded by the menu and the offers, and compare."""
    command = driver.window.commands.action("file.discarded")
    driver.qtbot.waitUntil(command.isEnabled)
    before = driver.document
    driver.trigger("file.discarded")
    press_in(driver, shown_list(driver, "Discarded work"), "Restore")
    driver.qtbot.waitUntil(lambda: driver.document is not before)
    driver.settle()
    np.testing.assert_array_equal(driver.document.labels.ids, ids)
    assert driver.window.context.sessions.session.notes == "two fields"
    assert driver.window.isWindowModified()
    driver.trigger("edit.undo")
    assert 0 < driver.document.labels.total < np.count_nonzero(ids)


def test_what_was_discarded_when_the_window_closed_is_brought_back(scene, make_driver):
    first = make_driver()
    ids = drawn(first, scene)
    answer = Answer("Discard")
    assert first.window.close()
    assert answer.asked == ["Save labels and notes before closing the scene?"]
    first.let_go()
    assert recoverable_sessions() == ()
    assert len(discarded()) == 1
    restored(make_driver(), ids)


def test_what_was_discarded_for_another_scene_is_brought_back(driver, scene, tmp_path):
    ids = drawn(driver, scene)
    other = tmp_path / "other.npy"
    np.save(other, np.random.default_rng(1).normal(size=(9, 8, 3)))
    answer = Answer("Discard")
    driver.open(str(other))
    assert len(answer.asked) == 1
    assert driver.document.cube.name == "other.npy"
    told = "scene.npy was discarded. To get it back, choose File › Restore discarded work."
    driver.qtbot.waitUntil(lambda: any(told in text for text in notices(driver)))
    driver.qtbot.waitUntil(driver.window.commands.action("file.discarded").isEnabled)
    notice = next(n for n in driver.window.notices.notices if told in n.text)
    assert [b.text() for b in notice.buttons] == ["Restore discarded work…"]
    driver.click_on(notice.buttons[0])
    shown_list(driver, "Discarded work").reject()
    restored(driver, ids)


def test_restored_work_is_offered_where_the_user_stays_with_another_scene(driver, scene, tmp_path):
    left(scene, 3)
    discard(recoverable_sessions()[0])
    other = tmp_path / "other.npy"
    np.save(other, np.random.default_rng(1).normal(size=(9, 8, 3)))
    drawn(driver, str(other))
    document, command = driver.document, driver.window.commands.action("file.discarded")
    driver.qtbot.waitUntil(command.isEnabled)
    driver.trigger("file.discarded")
    answer = Answer("Cancel")
    press_in(driver, shown_list(driver, "Discarded work"), "Restore")
    wait_for_offer(driver, "was not saved: 4 strokes")
    assert len(answer.asked) == 1
    assert driver.document is document


def test_a_window_that_stays_discards_nothing(driver, scene):
    ids = drawn(driver, scene)
    answer = Answer("Cancel")
    assert not driver.window.close()
    assert len(answer.asked) == 1
    np.testing.assert_array_equal(driver.document.labels.ids, ids)
    assert discarded() == ()
