"""The table of commands: asked once for all that happens at a moment, and never out of date."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget

from hsi_viewer.ui.commands.table import Command, CommandTable, Placed


@pytest.fixture
def made(qtbot) -> SimpleNamespace:
    """A window with one command, which is done by Q where `possible` is True."""
    state = SimpleNamespace(possible=False, asked=0, done=0, told=[], window=QWidget())

    def enabled() -> bool:
        state.asked += 1
        return state.possible

    def run() -> None:
        state.done += 1

    command = Command(
        "do", "&Do", "&File", run, ("Q",), enabled=enabled, disabled_reason=lambda: "Not now."
    )
    qtbot.addWidget(state.window)
    state.table = CommandTable([Placed(command)], state.window, tell=state.told.append)
    state.window.show()
    qtbot.waitExposed(state.window)
    state.window.activateWindow()
    state.asked = 0
    return state


def press(made) -> None:
    QTest.keyClick(made.window.windowHandle(), Qt.Key.Key_Q)


def test_commands_are_asked_once_for_all_that_happens_at_a_moment(made, qtbot):
    for _ in range(5):
        made.table.refresh_soon()
    assert made.asked == 0
    qtbot.waitUntil(lambda: made.asked > 0)
    assert made.asked == 1
    made.table.refresh_soon()
    made.possible = True
    assert made.table.action("do").isEnabled()


def test_a_key_finds_what_has_become_possible_just_before_it(made):
    made.possible = True
    made.table.refresh_soon()
    press(made)
    assert made.done == 1


def test_a_command_whose_condition_has_gone_is_not_done(made):
    made.possible = True
    made.table.refresh()
    made.possible = False
    made.table.action("do").trigger()
    press(made)
    assert made.done == 0
    assert not made.table.action("do").isEnabled()


def test_a_key_whose_command_cannot_be_done_says_why(made):
    press(made)
    assert made.told == ["Not now."]
    line = QLineEdit(made.window)
    line.show()
    line.setFocus()
    press(made)
    assert line.text() == "q"  # it is a letter there
    made.window.setFocus()
    QTest.keyClick(made.window.windowHandle(), Qt.Key.Key_W)
    made.possible = True
    made.table.refresh()
    press(made)
    assert made.told == ["Not now."]
    assert made.done == 1


def test_keys_of_the_window_say_why_they_do_nothing(driver, tmp_path):
    driver.type("b", Qt.Key.Key_7)
    assert driver.window.notices.texts() == ["Open a scene first."]
    np.save(tmp_path / "small.npy", np.ones((6, 7, 3), np.float32))
    driver.open(str(tmp_path / "small.npy"))
    driver.type("7", Qt.Key.Key_Escape)
    driver.type("t", modifier=Qt.KeyboardModifier.ControlModifier)
    assert driver.window.notices.texts()[-1] == driver.window.commands.disabled_reason(
        "train.start"
    )
