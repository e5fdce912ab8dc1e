"""One thing after another, each in a turn of the event loop of its own."""

from __future__ import annotations

from PySide6.QtCore import QObject

from hsi_viewer.ui.turns import Turns


def test_steps_are_done_one_in_a_turn_and_one_that_fails_stops_no_other(qtbot):
    owner, came = QObject(), []
    turns = Turns(owner)
    with qtbot.captureExceptions() as caught:
        turns.begin(lambda: came.append(1), lambda: 1 / 0, lambda: came.append(2))
        assert came == []
        assert not turns.done
        qtbot.waitUntil(lambda: turns.done and came == [1, 2])
    assert [kind for kind, *_ in caught] == [ZeroDivisionError]


def test_what_is_left_can_be_done_at_once_or_replaced(qtbot):
    owner, came = QObject(), []
    turns = Turns(owner)
    turns.begin(lambda: came.append(1), lambda: came.append(2))
    turns.finish()
    assert (came, turns.done) == ([1, 2], True)
    turns.begin(lambda: came.append(3))
    turns.begin(lambda: came.append(4))
    qtbot.waitUntil(lambda: turns.done)
    assert came == [1, 2, 4]
