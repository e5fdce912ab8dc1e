"""Messages lie over the image: they never move it, and go by Escape, by time or by their button."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication

from hsi_viewer.ui.widgets.choice import Choice
from hsi_viewer.ui.widgets.notice_bar import LETTER_MS, NOTICED_MS, PRESENT_MS
from tests.gui.hands import made_cube

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
