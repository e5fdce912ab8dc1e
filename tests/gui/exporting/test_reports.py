"""The report and the bundle of the map that is shown, from the menu to what verify says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.cli import main
from hsi_viewer.jobs.report.names import HTML, JSON, PDF
from hsi_viewer.session.document.map_scoring import scoring_of
from tests.unit.cli.schemas import fitting
from tests.unit.jobs.report.made import leave_undrawn, two_places
from tests.unit.learning.made import made_scene


@pytest.fixture
def mapped(driver, tmp_path):
    """A window with a scene that the linear discriminant has mapped."""
    cube, truth = made_scene(24, 24, 20)
    np.save(tmp_path / "field.npy", cube.read())
    driver.open(str(tmp_path / "field.npy"))
    assert not driver.window.commands.action("file.report").isEnabled()
    driver.document.load_labels(two_places(truth), {2: "Corn", 5: "Oats", 7: "Rye", 9: "<i>"})
    driver.document.set_truth(truth)
    train(driver)
    return driver


def train(driver) -> None:
    panel, trained = driver.window.panel("training"), []
    panel.choose_classifier("lda")
    driver.window.feature("training").training.trained.connect(trained.append)
    QTest.mouseClick(panel.train_button, Qt.MouseButton.LeftButton)
    driver.qtbot.waitUntil(lambda: bool(trained))
    sessions = driver.window.context.sessions
    driver.qtbot.waitUntil(lambda: not sessions.run_pending and sessions.shown_run is not None)
    results = driver.document.results
    driver.qtbot.waitUntil(lambda: results.assessment is not None and not results.assessing)
    driver.settle()


def file_menu(driver, command: str) -> None:
    """Choose a command of the submenu Export, as a person does with the mouse."""
    action = driver.window.commands.action(command)
    menus = [a.menu() for a in driver.window.menuBar().actions()]
    below = [s.menu() for m in menus if m for s in m.actions() if s.menu()]
    menu = next(m for m in (*menus, *below) if m and action in m.actions())
    menu.popup(driver.window.mapToGlobal(driver.window.rect().center()))
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
    driver.settle()


def message(driver) -> str:
    return driver.window.notices.notices[-1].text


def test_report_bundle_and_what_verify_says(mapped, tmp_path, monkeypatch, capsys):
    driver = mapped
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "out"))
    file_menu(driver, "file.report")
    target = tmp_path / "out" / "field_run1_report"
    assert message(driver) == f"Report saved to {target}."
    assert {HTML, PDF, JSON} < {p.name for p in target.iterdir()}
    facts = fitting((target / JSON).read_text("utf-8"), "facts")
    assert [c["name"] for c in facts["classes"]] == ["Corn", "Oats", "Rye", "<i>"]
    mapped_ids = driver.document.prediction.class_map
    assert [c["pixels"] for c in facts["classes"]] == np.bincount(mapped_ids.ravel())[
        [2, 5, 7, 9]
    ].tolist()
    report = scoring_of(driver.document).accuracy()
    assert facts["accuracy"]["random"]["overall"] == pytest.approx(report.overall.value, abs=1e-6)
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    driver.click_on(driver.window.notices.notices[-1].buttons[0])
    assert opened == [str(target / HTML)]

    leave_undrawn(monkeypatch)
    path = tmp_path / "field.zip"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), "Bundle (*.zip)"))
    file_menu(driver, "file.bundle")
    assert message(driver).endswith("Check it with: hsi-viewer verify field.zip")
    assert main(["verify", str(path), "--json", "-q"]) == 0
    found = fitting(capsys.readouterr().out, "verify")
    assert (found["equal_share"], found["cube"]) == (1, str(tmp_path / "field.npy"))

    assert facts["accuracy"]["separated"] is not None
    measured = driver.document.results.assessment.separated.overall.value
    assert facts["accuracy"]["separated"]["overall"] == pytest.approx(measured, abs=1e-6)

    # a map that was kept and is read again has no probabilities: its model gives them
    kept = driver.document.prediction
    driver.window.feature("runs").show_run(1)
    driver.settle()
    assert driver.document.prediction is not kept
    assert driver.document.prediction.probabilities is None
    monkeypatch.setattr("hsi_viewer.ui.features.exporting.reports.may_replace", lambda *_: True)
    file_menu(driver, "file.report")
    again = json.loads((target / JSON).read_text("utf-8"))
    assert [la["name"] for la in again["uncertainty"]["layers"]] == [
        la["name"] for la in facts["uncertainty"]["layers"]
    ]
    assert again["classes"] == facts["classes"]

    # the labels of a bundle are those of its training, also when others are drawn meanwhile
    driver.document.load_labels(np.roll(driver.document.labels.ids, 2, axis=1))
    file_menu(driver, "file.bundle")
    assert main(["verify", str(path), "--json", "-q"]) == 0
    assert fitting(capsys.readouterr().out, "verify")["equal_share"] == 1
    driver.document.results.evidence = None  # as of a run whose cross-validation was stopped
    before = path.read_bytes()
    file_menu(driver, "file.bundle")
    assert message(driver).startswith("The labels have changed since this map was trained")
    assert path.read_bytes() == before
