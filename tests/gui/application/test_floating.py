"""Messages lie over the image: they never move it, and go by Escape, by time or by their button."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel

from hsi_viewer.analysis.geographic import ScaleAndNorth
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.ui.legend_entries import Entry
from hsi_viewer.ui.scene import drag_through
from hsi_viewer.ui.widgets.choice import Choice
from hsi_viewer.ui.widgets.notice_bar import LETTER_MS, NOTICED_MS, PRESENT_MS
from tests.gui.hands import LEFT, NO_BUTTON, made_cube

NO_KEY = Qt.KeyboardModifier.NoModifier
ESCAPE = Qt.Key.Key_Escape


def where(driver) -> tuple:
    canvas = driver.canvas
    QApplication.processEvents()
    return QRect(canvas.mapTo(driver.window, QPoint()), canvas.size()), canvas.seen()


def test_messages_and_questions_leave_the_image_where_it_is(driver, tmp_path):
    np.save(tmp_path / "made.npy", made_cube())
    driver.open(str(tmp_path / "made.npy"))
    window, notices, offers = driver.window, driver.window.notices, driver.window.context.offers
    place = where(driver)
    for name in ("brush", "wand", "polygon", "navigate"):
        driver.trigger(f"tool.{name}")
        assert where(driver) == place
    done = []
    undo = Choice("Undo", lambda: done.append("undo"))
    window.workspace.notify("The labels were read. " * 12, "error")
    window.workspace.notify("Two classes were merged.", "info", undo)
    offers.offer(
        "q",
        "Replace the labels?",
        (
            Choice("Replace", lambda: done.append("replace"), primary=True),
            Choice("Cancel", lambda: done.append("cancel"), escape=True),
        ),
        "help-circle-outline",
    )
    assert where(driver) == place
    over = QRect(window.messages.mapTo(window, QPoint()), window.messages.size())
    assert place[0].contains(over)
    shown = [w for w in (*notices.notices, *offers.offers) if w.isVisible()]
    assert len(shown) == 3
    for widget in shown:  # nothing is cut off
        assert widget.height() >= widget.minimumSizeHint().height()
        assert window.messages.rect().contains(
            QRect(widget.mapTo(window.messages, QPoint()), widget.size())
        )
    # a remedy is a button, and the message goes with it
    button = notices.notices[-1].buttons[0]
    driver.click_on(button)
    assert done == ["undo"]
    assert len(notices.notices) == 1
    # Escape: the newest message first, then the question, by what changes nothing
    driver.type(ESCAPE)
    assert (notices.texts(), len(offers.offers)) == ([], 1)
    driver.type(ESCAPE)
    assert (done, offers.offers) == (["undo", "cancel"], [])
    assert not window.messages.isVisible()
    assert where(driver) == place


def through_the_window(driver, kind, place: QPoint, held=LEFT, button=NO_BUTTON) -> None:
    """A mouse event where the window system would send it: to the window."""
    window = driver.window.windowHandle()
    everywhere = QPointF(driver.window.mapToGlobal(place))
    QApplication.sendEvent(window, QMouseEvent(kind, place, everywhere, button, held, NO_KEY))


def drag(driver, *places: QPoint) -> None:
    """Press, move and release, in places of the window."""
    through_the_window(driver, QMouseEvent.Type.MouseButtonPress, places[0], LEFT, LEFT)
    for place in places[1:]:
        through_the_window(driver, QMouseEvent.Type.MouseMove, place)
    release = QMouseEvent.Type.MouseButtonRelease
    through_the_window(driver, release, places[-1], NO_BUTTON, LEFT)


def test_a_stroke_that_begins_on_a_message_is_painted_and_presses_nothing(
    driver, tmp_path, monkeypatch
):
    np.save(tmp_path / "made.npy", made_cube())
    driver.open(str(tmp_path / "made.npy"))
    window, done = driver.window, []
    driver.document.add_class()
    labels = driver.document.labels
    driver.trigger("tool.brush")
    monkeypatch.setattr(drag_through, "AIMED_MS", 0)
    window.workspace.notify("Discarded.", "info", Choice("Bring it back", lambda: done.append(1)))
    QApplication.processEvents()
    (button,) = window.notices.notices[0].buttons
    start = button.mapTo(window, button.rect().center())
    on_button, aside = start + QPoint(button.width() // 4, 0), start - QPoint(200, -30)
    for end in (on_button, aside):  # let go on the button, and elsewhere
        drag(driver, start, (start + end) / 2, end)
        assert np.count_nonzero(labels.ids)
        assert not done
        assert len(window.notices.notices) == 1
        driver.trigger("edit.undo")
        assert not labels.ids.any()
    # so does what begins on its text; with Navigate, the text is selected to be copied
    text = window.notices.notices[0].findChildren(QLabel)[-1]
    on_text = text.mapTo(window, text.rect().center())
    drag(driver, on_text, on_text + QPoint(0, 40), on_text + QPoint(0, 80))
    assert np.count_nonzero(labels.ids)
    driver.trigger("tool.navigate")
    seen = driver.canvas.seen()
    left = text.mapTo(window, QPoint(2, text.height() // 2))
    drag(driver, left, left + QPoint(20, 0), left + QPoint(40, 0))
    assert text.hasSelectedText()
    assert driver.canvas.seen() == seen
    driver.trigger("edit.undo")
    # the wheel zooms there, too
    spot = QPointF(window.mapToGlobal(on_text))
    nothing, phase = QPoint(), Qt.ScrollPhase.NoScrollPhase
    turn = QWheelEvent(
        QPointF(on_text), spot, nothing, QPoint(0, 120), NO_BUTTON, NO_KEY, phase, False
    )
    QApplication.sendEvent(window.windowHandle(), turn)
    assert driver.canvas.seen().width() < seen.width()
    # a press on a message that has just come up was aimed at the image
    driver.trigger("tool.brush")
    window.notices.elapse(10**6)
    QApplication.processEvents()
    driver.canvas.fit()
    through_the_window(driver, QMouseEvent.Type.MouseMove, start, NO_BUTTON)
    window.workspace.notify("Discarded.", "info", Choice("Bring it back", lambda: done.append(1)))
    QApplication.processEvents()
    monkeypatch.setattr(drag_through, "AIMED_MS", 10**6)
    drag(driver, start)
    assert np.count_nonzero(labels.ids)
    assert not done
    assert window.notices.notices
    # one that was there is pressed by a click
    monkeypatch.setattr(drag_through, "AIMED_MS", 0)
    drag(driver, start)
    assert done == [1]
    assert not window.notices.notices
    # a card that goes in the stroke does not stop it, nor the next one
    card = window.feature("result").card
    for _ in range(2):
        card.show_map("Two classes mapped", "")
        QApplication.processEvents()
        low = card.mapTo(window, QPoint(60, card.height() // 2))
        before = np.count_nonzero(labels.ids)
        drag(driver, low, low + QPoint(10, 0), low + QPoint(20, -40), low + QPoint(60, -80))
        assert not card.isVisible()
        assert np.count_nonzero(labels.ids) > before
        assert not driver.canvas.is_drawing
        ends = driver.canvas.mapFrom(window, low + QPoint(60, -80))
        assert labels.ids[driver.canvas.pixel_at(ends)]
        driver.trigger("edit.undo")


def test_time_passes_for_who_types_as_for_who_moves_the_mouse(driver):
    notices = driver.window.notices
    driver.window.workspace.notify("Exported.", "success")
    notices._still_ms = PRESENT_MS  # nobody was there for a while
    left = notices.notices[0].left_ms
    notices._on_tick()
    assert notices.notices[0].left_ms == left
    driver.type("p")
    notices._on_tick()
    assert notices.notices[0].left_ms < left


def test_messages_go_when_they_could_be_read_and_stack_to_three(driver):
    notices, notify = driver.window.notices, driver.window.workspace.notify
    for word, level in (("one", "info"), ("two", "error"), ("three", "warning"), ("four", "info")):
        notify(word, level)
    assert notices.texts() == ["two", "three", "four"]
    notices.elapse(NOTICED_MS["info"] + 4 * LETTER_MS)
    assert notices.texts() == ["two", "three"]
    notices.elapse(NOTICED_MS["error"])
    assert notices.texts() == []
    # long messages stay longer; what lasts stays
    notify("A long story. " * 30, "info")
    notices.elapse(NOTICED_MS["info"] + 100 * LETTER_MS)
    assert len(notices.texts()) == 1
    notices.show_lasting("A package is broken.")
    notices.elapse(10**6)
    assert notices.texts() == ["A package is broken."]


def test_what_has_no_room_waits_until_newer_messages_are_gone(driver, tmp_path):
    np.save(tmp_path / "made.npy", made_cube())
    driver.open(str(tmp_path / "made.npy"))
    window, notices, offers = driver.window, driver.window.notices, driver.window.context.offers
    window.resize(1024, 700)
    for word in ("first", "second", "third"):
        window.workspace.notify(f"The {word} story. " * 70, "error")
    offers.offer("q", "Replace it? " * 20, (Choice("Cancel", int, escape=True),), "help")

    def shown() -> list:
        QApplication.processEvents()
        return [w for w in (*offers.offers, *notices.notices) if w.isVisible()]

    assert shown() == [*offers.offers, notices.notices[-1]]
    host = window.centralWidget().rect()
    for widget in shown():
        assert host.contains(QRect(widget.mapTo(window.centralWidget(), QPoint()), widget.size()))
        assert widget.height() >= widget.heightForWidth(widget.width())
    waits = notices.notices[0]
    left = waits.left_ms
    notices.elapse(1000)
    assert waits.left_ms == left
    for _ in range(2):
        driver.key(ESCAPE)
    assert shown() == [*offers.offers, waits]
    notices.elapse(1000)
    assert waits.left_ms <= left - 1000  # on a busy machine the timer has gone on meanwhile


def test_the_result_leaves_what_lies_in_the_corners_free(driver, tmp_path):
    np.save(tmp_path / "made.npy", made_cube())
    driver.open(str(tmp_path / "made.npy"))
    window, marks = driver.window, driver.window.context.map_marks
    marks.show_ground(ScaleAndNorth(30.0, (0.0, -1.0)))
    card = window.feature("result").card
    for size in ((1280, 800), (1920, 1080)):
        window.resize(*size)
        card.show_map("2 classes mapped", "")
        card.show_accuracy("90.0 % right (95 % interval 80.1 to 95.3 %) on 300 test pixels. " * 2)
        QApplication.processEvents()
        lies, free = (QRect(w.mapTo(window, QPoint()), w.size()) for w in (card, marks))
        assert card.isVisible()
        assert not lies.intersects(free)
        marks.set_wanted(False)
        QApplication.processEvents()
        foot = window.centralWidget().rect().center().x()
        assert abs(card.mapTo(window.centralWidget(), card.rect().center()).x() - foot) < 40
        marks.set_wanted(True)
    overview = window.feature("linked-views").mini_map
    window.resize(1280, 800)
    driver.canvas.zoom(4.0)
    QApplication.processEvents()
    assert overview.isVisible()
    lies, *free = (QRect(w.mapTo(window, QPoint()), w.size()) for w in (card, marks, overview))
    assert not [one for one in free if lies.intersects(one)]


@pytest.mark.parametrize(
    ("size", "percent"),
    [((1024, 700), 100), ((1024, 700), 150), ((1280, 800), 150), ((1920, 1080), 100)],
)
def test_nothing_over_the_image_covers_another(make_driver, tmp_path, size, percent):
    """A message, a result, legend, scale bar and overview, at once and one after the other."""
    np.save(tmp_path / "made.npy", made_cube())
    driver = make_driver(Settings(theme="light", text_percent=percent))
    driver.window.resize(*size)
    driver.open(str(tmp_path / "made.npy"))
    window, context = driver.window, driver.window.context
    legend, card = window.feature("legend").legend, window.feature("result").card
    overview = window.feature("linked-views").mini_map

    def lies(widget) -> QRect:
        return QRect(widget.mapTo(window, QPoint()), widget.size())

    def disjoint() -> bool:
        QApplication.processEvents()
        floating = (*window.notices.notices, card, legend, context.map_marks, overview)
        areas = [lies(widget) for widget in floating if widget.isVisible()]
        return not any(a.intersects(b) for n, a in enumerate(areas) for b in areas[:n])

    context.docking.reset()
    legend.show_classes([Entry(f"Field {n} of the upper valley", (90, 90, 90)) for n in range(4)])
    context.map_marks.show_ground(ScaleAndNorth(30.0, (0.0, -1.0)))
    window.workspace.notify("The labels of two files were read.", "warning")
    assert disjoint()
    driver.canvas.zoom(4.0)
    assert disjoint()
    assert overview.isVisible()
    window.notices.dismiss()
    card.show_map("2 classes mapped", "")
    card.show_accuracy("90.0 % right (95 % interval 80.1 to 95.3 %)")
    assert disjoint()
    if percent == 100:  # else there isn't room for all
        window.workspace.notify("The labels of two files were read.", "warning")
        assert disjoint()
