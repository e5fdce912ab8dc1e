"""What a message asks for is a button of it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from hsi_viewer.ui.commands.remedies import REMEDIES
from tests.gui.hands import made_cube


@pytest.fixture
def driver(shared):
    return shared


def buttons(driver) -> list[str]:
    return [button.text() for button in driver.window.notices.notices[-1].buttons]


def test_every_remedy_is_a_command_and_begins_some_text(driver):
    commands = {c.id for c in driver.window.commands.commands}
    assert {i for ids in REMEDIES.values() for i in ids} <= commands


def test_keys_that_need_a_scene_offer_to_open_one(driver, tmp_path):
    """First in this file: the window has no scene yet."""
    driver.type("p")
    assert driver.window.notices.texts() == ["Open a scene first."]
    assert buttons(driver) == ["Open…", "Open the sample scene"]


def test_keys_that_need_labels_or_a_map_offer_what_makes_them(driver, tmp_path):
    np.save(tmp_path / "made.npy", made_cube())
    driver.open(str(tmp_path / "made.npy"))
    document = driver.document
    driver.type(Qt.Key.Key_T, modifier=Qt.KeyboardModifier.ControlModifier)
    assert driver.window.notices.texts()[-1].startswith("Label some pixels first")
    driver.click_on(driver.window.notices.notices[-1].buttons[0])
    driver.type("Corn", Qt.Key.Key_Return)
    assert [c.name for c in document.legend] == ["Corn"]
    driver.stroke((5, 5), (6, 6))
    driver.type(Qt.Key.Key_T, modifier=Qt.KeyboardModifier.ControlModifier)
    assert driver.window.notices.texts()[-1].startswith("Only “Corn” has labels")
    driver.click_on(driver.window.notices.notices[-1].buttons[0])
    driver.type("Oats", Qt.Key.Key_Return)
    driver.stroke((40, 60), (41, 61))
    driver.type("p")
    assert driver.window.notices.texts()[-1].startswith("Train first")
    assert buttons(driver) == ["Train"]
