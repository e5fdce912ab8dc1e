"""Exports: named after scene and run, in the scene's folder, never over a file unasked."""

from __future__ import annotations

from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMessageBox, QWidget

from hsi_viewer.core.prediction import Prediction
from hsi_viewer.io.labels import class_map
from hsi_viewer.ui.features.exporting.export_dialog import SAVE, ExportDialog
from hsi_viewer.ui.saving import ask_where
from tests.gui.hands import made_cube

ENTER, CTRL = Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def driver(shared):
    return shared


@pytest.fixture
def mapped(driver, tmp_path):
    """A scene in a folder of its own, opened after another one, with three classes and a map."""
    return opened(driver, tmp_path)


def opened(driver, tmp_path):
    for folder in ("before", "field 7"):
        (tmp_path / folder).mkdir()
        np.save(tmp_path / folder / "north.v2.npy", made_cube())
        driver.open(str(tmp_path / folder / "north.v2.npy"))
    driver.type("a", "one", ENTER, "a", "two", ENTER, "a", "three", ENTER)
    return driver


def show_map(driver) -> None:
    ids = [c.id for c in driver.document.legend]
    class_map = np.resize(np.array(ids, np.uint16), (60, 80))
    made = Prediction(class_map, np.full((60, 80), 0.5, np.float32), tuple(ids), source="m")
    driver.document.set_prediction(made)


def export(driver, *answers, before=lambda dialog: None) -> None:
    """Ctrl+E, then the Export button; `answers` are buttons of the questions that follow."""
    asked: list[str] = []

    def press() -> None:
        dialog = QApplication.activeModalWidget()
        if dialog is None:  # the key has not arrived yet
            QTimer.singleShot(0, press)
            return
        assert isinstance(dialog, ExportDialog)
        before(dialog)
        if answers:
            QTimer.singleShot(0, answer)
        driver.click_on(dialog.buttons.button(SAVE))
        if dialog.isVisible():
            dialog.reject()

    def answer() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(0, answer)
            return
        asked.append(box.text())
        driver.click_on(next(b for b in box.buttons() if b.text() == answers[0]))

    QTimer.singleShot(0, press)
    driver.type("e", modifier=CTRL)
    driver.settle()
    assert len(asked) == len(answers)


def test_names_folder_question_and_link(mapped, tmp_path, monkeypatch):
    driver, folder = mapped, tmp_path / "field 7"
    show_map(driver)
    driver.window.context.sessions.shown_run = 4
    seen: dict[str, str] = {}

    def look(dialog) -> None:
        seen.update(folder=dialog.folder.text(), name=dialog.name.text())
        assert not dialog.present.isVisible()

    export(driver, before=look)
    assert seen == {"folder": str(folder), "name": "north.v2_run4_classes"}
    files = {p.name for p in folder.iterdir()} - {"north.v2.npy"}
    assert files == {
        f"north.v2_run4_classes{s}"
        for s in (".hdr", ".img", ".qml", ".npy", ".png", ".mat", ".tif", ".tif.aux.xml")
    } | {f"north.v2_run4_classes_confidence{s}" for s in (".hdr", ".img")}
    # the link opens the folder
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    notice = driver.window.notices.notices[-1]
    first = "north.v2_run4_classes.hdr and 9 more files"
    assert notice.text == f"Exported to {folder}: {first}"
    driver.click_on(notice.buttons[0])
    assert opened == [str(folder)]
    # nothing is replaced unless it is said: not by Cancel, not by the Enter key
    kept = folder / "north.v2_run4_classes.npy"
    kept.write_bytes(b"mine")
    export(driver, "Cancel", before=lambda d: seen.update(present=d.present.toolTip()))
    assert kept.name in seen["present"]
    assert kept.read_bytes() == b"mine"
    export(driver, "Replace")
    assert np.load(kept).shape == (60, 80)
    # another run has another name, so there is no question
    driver.window.context.sessions.shown_run = 5
    export(driver)
    assert (folder / "north.v2_run5_classes.hdr").exists()


def test_the_open_scene_is_never_replaced(mapped, tmp_path, monkeypatch):
    driver, folder = mapped, tmp_path / "field 7"
    show_map(driver)
    before = (folder / "north.v2.npy").read_bytes()
    export(driver, "OK", before=lambda d: d.name.setText("north.v2"))
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(folder / "north.v2.npy"), "")
    )
    told: list[str] = []

    def close() -> None:
        box = QApplication.activeModalWidget()
        told.append(box.text())
        box.reject()

    QTimer.singleShot(0, close)
    driver.trigger("file.save_as")
    driver.settle()
    assert told == [f"{folder / 'north.v2.npy'} is the open scene; choose another name."]
    assert sorted(p.name for p in folder.iterdir()) == ["north.v2.npy"]
    assert (folder / "north.v2.npy").read_bytes() == before


def test_a_long_name_does_not_widen_the_dialog(qtbot, tmp_path):
    parent = QWidget()
    qtbot.addWidget(parent)
    short, long = (
        ExportDialog(str(tmp_path), True, parent, name) for name in ("a" * 40, "a" * 400)
    )
    assert long.minimumSizeHint().width() == short.minimumSizeHint().width()


def test_a_folder_without_a_place_is_in_the_one_that_was_offered(mapped, tmp_path):
    show_map(mapped)
    export(mapped, before=lambda d: d.folder.setText("maps"))
    assert (tmp_path / "field 7" / "maps" / "north.v2_classes.tif").exists()


def test_a_number_at_the_end_of_a_name_is_no_format(mapped, tmp_path, monkeypatch):
    mapped.document.load_labels(np.ones((60, 80), np.uint16))
    for name in ("field.v2", "field.2024"):
        chosen = str(tmp_path / name), "GeoJSON (*.geojson)"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, c=chosen: c)
        mapped.trigger("labels.export")
        mapped.settle()
        assert (tmp_path / f"{name}.geojson").exists()
    # nor is one that isn't written here: a table of text is no spreadsheet
    only = str(tmp_path / "areas.xlsx"), "CSV (*.csv)"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: only)
    path = ask_where(mapped.window.workspace, mapped.window, "Save", "areas.csv", only[1])
    assert path == tmp_path / "areas.xlsx.csv"


def test_gaps_between_ids_are_closed_unless_they_are_kept(mapped, tmp_path):
    driver, folder = mapped, tmp_path / "field 7"
    driver.type("2")
    driver.click_on(driver.window.panel("classes").remove_button)
    show_map(driver)
    told: list[str] = []
    export(driver, before=lambda d: told.append(d.numbers.text()))
    assert told == ["In the files, 3 becomes 2."]
    header = (folder / "north.v2_classes.hdr").read_text()
    assert "{\n Unclassified, one, three}" in header
    assert np.load(folder / "north.v2_classes.npy").max() == 2
    assert [c.id for c in driver.document.legend] == [1, 3]
    export(
        driver, "Replace", before=lambda d: driver.click_on(d.gaps, QPoint(8, d.gaps.height() // 2))
    )
    assert (
        "{\n Unclassified, one, (unused 2), three}" in (folder / "north.v2_classes.hdr").read_text()
    )
    # ids of a ground truth are kept as they are
    driver.document.set_truth(np.full((60, 80), 3, np.uint16))
    export(driver, "Replace", before=lambda d: told.append(d.numbers.text()))
    assert told[1:] == ["Ids without a class are listed as unused: 2."]


def test_other_things_are_offered_beside_the_scene_too(mapped, tmp_path, monkeypatch):
    driver, folder = mapped, tmp_path / "field 7"
    driver.type("b")
    driver.click(5, 5)
    offered: list[str] = []

    def ask(_parent, _title, start, filters):
        offered.append(start)
        return "", filters

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    monkeypatch.setattr(QDialog, "exec", lambda _self: 1)  # the question which view
    driver.trigger("spectra.class_means")
    driver.settle()
    for command in ("legend.save", "file.save_as", "labels.export", "file.figure", "file.spectra"):
        driver.trigger(command)
    driver.trigger("session.save_as")
    assert [p for p in offered if not p.startswith(f"{folder}/north.v2")] == []
    assert len(offered) == 6
    # what is written together with the chosen file is asked about, too
    (folder / "x.img").write_bytes(b"mine")
    asked: list[list] = []
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(folder / "x"), "ENVI (*.hdr)")
    )
    monkeypatch.setattr(
        "hsi_viewer.ui.saving.may_replace", lambda _w, paths: asked.append(list(paths))
    )
    driver.trigger("file.save_as")
    assert asked == [[folder / "x.hdr", folder / "x.img"]]


@pytest.mark.parametrize("escape", [False, True])
def test_the_window_closes_once_its_files_are_written_or_given_up(
    make_driver, tmp_path, monkeypatch, escape
):
    driver = opened(make_driver(), tmp_path)
    real, let_go = class_map.export_prediction, Event()
    show_map(driver)
    driver.document.mark_saved()

    def held(*args, token, **options):
        while not let_go.wait(0.01):
            token.check()
        return real(*args, token=token, **options)

    monkeypatch.setattr(class_map, "export_prediction", held)
    shown: list[str] = []

    def meanwhile() -> None:
        shown.extend(driver.window.notices.texts())
        if escape:
            driver.type(Qt.Key.Key_Escape)
        else:
            let_go.set()

    driver.window.feature("exporting").exporting.export(tmp_path / "maps", ("npy",))
    QTimer.singleShot(0, meanwhile)
    assert driver.window.close() is not escape
    text = "Exporting the class map: the window closes when this is done. Escape cancels it."
    assert shown[-1] == text
    assert (tmp_path / "maps" / "class_map.npy").exists() is not escape
    if escape:
        assert driver.window.isVisible()
        assert driver.window.notices.texts() == [
            "Exporting the class map was cancelled. Files that were complete by then stay."
        ]
