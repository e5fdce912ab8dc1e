"""Numbers are typed with a point or a comma, in every language of the system."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QLocale, Qt

import hsi_viewer
from tests.gui.hands import made_cube


@pytest.fixture(params=["de_DE", "en_US"])
def language(request):
    """The language that new widgets take for the system's."""
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield
    QLocale.setDefault(before)


def test_a_point_and_a_comma_are_the_same_in_every_language(language, make_driver, tmp_path):
    np.save(tmp_path / "made.npy", made_cube())
    driver = make_driver()
    driver.open(str(tmp_path / "made.npy"))
    window, docking = driver.window, driver.window.context.docking
    driver.trigger("tool.wand")
    options = window.feature("labelling").tools.options
    tolerance, settings = options.tolerance, window.workspace.settings
    docking.show("contrast")
    contrast = window.panel("contrast")
    for typed in ("1.25", "1,25"):
        tolerance.setValue(0.5)
        tolerance.setFocus()
        tolerance.selectAll()
        driver.type(typed, Qt.Key.Key_Return)
        assert tolerance.value() == 1.25
        assert tolerance.text() == "up to 1.250 rad"
        assert settings.wand_angle == 1.25
        contrast.low.setFocus()
        contrast.low.selectAll()
        driver.type(typed, Qt.Key.Key_Return)
        assert contrast.low.text() == "1.25"


def test_a_number_of_several_digits_is_typed_as_it_is_read(driver, tmp_path):
    np.save(tmp_path / "made.npy", made_cube())
    driver.open(str(tmp_path / "made.npy"))
    options = driver.window.feature("labelling").tools.options
    settings = driver.window.workspace.settings
    driver.trigger("tool.brush")
    for typed in ("21", "101"):
        options.brush_size.setFocus()
        options.brush_size.selectAll()
        driver.type(typed, Qt.Key.Key_Return)
        assert settings.brush_size == int(typed)
    # more than an angle can be isn't taken
    driver.trigger("tool.wand")
    options.tolerance.setFocus()
    options.tolerance.selectAll()
    driver.type("12", Qt.Key.Key_Return)
    assert settings.wand_angle == options.tolerance.value() <= 2


def test_every_box_of_decimals_takes_both():
    made = ("QDoubleSpinBox(", "QDoubleValidator(")
    for path in Path(hsi_viewer.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not [name for name in made if name in text], path
