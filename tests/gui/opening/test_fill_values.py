"""A value that plainly is no data is asked about once; the answer is kept and can be changed."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from hsi_viewer.core.cube.nodata import SuspectedFill
from hsi_viewer.io.opening import open_cube
from hsi_viewer.jobs import classify
from hsi_viewer.session.document.results import ModelResult
from hsi_viewer.ui.features.opening import opening
from hsi_viewer.ui.features.opening.fill_values import KEY, LATER, REFUSE, TAKE
from hsi_viewer.ui.features.opening.metadata_dialog import MetadataDialog

SAID = "80 pixels hold -9999 in every band: no data?"


@pytest.fixture
def driver(shared):
    return shared


@pytest.fixture
def strip(tmp_path):
    """A scene whose first two rows are -9999, which nothing declares."""
    values = np.random.default_rng(0).uniform(0.1, 0.5, (30, 40, 8)).astype(np.float32)
    values[:2] = -9999
    path = tmp_path / "strip.npy"
    np.save(path, values)
    return path


def shown(driver) -> list[str]:
    return driver.window.context.offers.texts()


def test_it_is_asked_once_and_left_out_of_the_picture(driver, strip) -> None:
    driver.open(str(strip))
    assert [t for t in shown(driver) if SAID in t] == shown(driver) != []
    assert not [m for m in driver.window.notices.texts() if "-9999" in m]
    low = [s.values.min() for s in driver.window.context.viewing.picture.samples]
    assert min(low) > 0
    alpha = driver.canvas.picture.image[..., 3]
    assert not alpha[:2].any()
    assert alpha[2:].all()


def test_taken_as_no_data_it_stands_in_the_sidecar_and_can_be_removed(driver, strip) -> None:
    driver.open(str(strip))
    driver.window.context.offers.press(KEY, TAKE)
    driver.settle()
    cube = driver.document.cube
    assert (cube.nodata, cube.suspected, cube.warnings) == (-9999.0, (), ())
    assert shown(driver) == []
    assert json.loads((strip.parent / "strip.npy.hsi.json").read_text())["nodata"] == -9999.0
    driver.open(str(strip))
    assert shown(driver) == []
    dialog = MetadataDialog(driver.document.cube, driver.window, strip.name)
    assert dialog.nodata.text() == "-9999"
    dialog.nodata.setText("")
    driver.window.feature("opening").metadata.keep(driver.document.cube, dialog.chosen())
    dialog.deleteLater()
    driver.settle()
    assert driver.document.cube.is_data(np.float32([[[-9999]]])).all()


def test_refused_it_is_data_and_not_asked_about_again(driver, strip) -> None:
    driver.open(str(strip))
    driver.window.context.offers.press(KEY, REFUSE)
    driver.settle()
    cube = driver.document.cube
    assert cube.is_data(cube.read()).all()
    driver.open(str(strip))
    assert shown(driver) == []
    assert open_cube(strip).fill_values == ()


def test_a_value_among_those_of_others_is_data_until_somebody_decides(driver, tmp_path) -> None:
    values = np.random.default_rng(0).integers(0, 900, (30, 40, 12)).astype(np.uint16)
    values[:2] = 0  # the corner of a turned flight line
    np.save(tmp_path / "turned.npy", values)
    driver.open(str(tmp_path / "turned.npy"))
    (text,) = shown(driver)
    assert "80 pixels hold 0 in every band: no data?" in text
    assert "Until you decide, 0 is mapped like any other value." in text
    assert driver.document.cube.is_data(values).all()
    driver.window.context.offers.press(KEY, TAKE)
    driver.settle()
    assert not driver.document.cube.is_data(values)[:2].any()
    assert shown(driver) == []


def test_of_a_scene_on_the_disk_the_picture_comes_first(driver, strip, monkeypatch) -> None:
    monkeypatch.setattr(opening.HyperCube, "held_in_memory", lambda cube: cube)
    monkeypatch.setattr(opening.HyperCube, "in_memory", False)
    driver.open(str(strip))
    driver.qtbot.waitUntil(lambda: any(SAID in t for t in shown(driver)), timeout=20_000)
    assert not driver.document.cube.is_data(driver.document.cube.read())[:2].any()


def test_several_values_are_kept_and_edited_together(driver, strip) -> None:
    values = np.load(strip)
    values[-1] = 1e20
    np.save(strip, values)
    driver.open(str(strip))
    driver.window.context.offers.press(KEY, TAKE)
    driver.settle()
    cube = driver.document.cube
    assert (cube.nodata, len(cube.fill_values)) == (-9999.0, 1)
    dialog = MetadataDialog(cube, driver.window, strip.name)
    first, second = dialog.nodata.text().split("; ")
    assert (first, float(second)) == ("-9999", pytest.approx(1e20))
    dialog.nodata.setText("-9999")
    assert dialog.chosen() == {"nodata": -9999.0, "fill_values": []}
    dialog.deleteLater()
    QApplication.processEvents()


def test_another_scene_takes_the_question_away(driver, strip, tmp_path) -> None:
    driver.open(str(strip))
    np.save(tmp_path / "clean.npy", np.load(strip)[2:])
    driver.open(str(tmp_path / "clean.npy"))
    assert shown(driver) == []


def test_the_command_line_is_warned_too(strip, monkeypatch, tmp_path) -> None:
    cube = classify.opened(str(strip), classify.Job(tmp_path))
    assert cube.warnings == (SAID,)


LATE = "1 pixel holds -999 in every band: no data? Training leaves them out."


def trained(driver) -> None:
    """A model that has found one more fill value than the sample at opening."""
    document = driver.document
    model = SimpleNamespace(suspected=(SuspectedFill(-999.0, 1),))
    document.results.model = ModelResult(model, np.zeros(document.labels.shape, bool))
    document.prediction_changed.emit()


@pytest.fixture
def plain(tmp_path):
    """A scene in which nothing is suspected at opening."""
    path = tmp_path / "plain.npy"
    np.save(path, np.random.default_rng(0).uniform(0.1, 0.5, (30, 40, 8)).astype(np.float32))
    return path


def test_what_only_training_has_found_is_offered_too(driver, plain) -> None:
    driver.open(str(plain))
    assert shown(driver) == []
    trained(driver)
    assert [t for t in shown(driver) if LATE in t] == shown(driver) != []
    driver.window.context.offers.press(KEY, LATER)
    trained(driver)
    assert shown(driver) == []
    driver.open(str(plain))
    trained(driver)
    driver.window.context.offers.press(KEY, TAKE)
    driver.settle()
    assert driver.document.cube.nodata == -999.0
    trained(driver)
    assert shown(driver) == []
    driver.open(str(plain))
    assert driver.document.cube.nodata == -999.0
