"""A name of a file, a run or a class that looks like HTML is shown as it is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMessageBox, QWidget

from hsi_viewer.core.text import without_breaks
from hsi_viewer.ui.saving import exported, may_replace, show_present
from hsi_viewer.ui.widgets.angle_panel import AnglePanel
from hsi_viewer.ui.widgets.choice import Choice
from hsi_viewer.ui.widgets.library_panel import LibraryPanel
from hsi_viewer.ui.widgets.offer_bar import OfferBar
from hsi_viewer.ui.wrapped_box import WrappedBox

NAME = "<b>Corn</b>"


def rendered(widget: QWidget) -> list[str]:
    """The texts with the name whose marks of HTML are not shown, but followed."""
    labels = [label for label in widget.findChildren(QLabel) if NAME in label.text()]
    assert labels
    return [
        label.text()
        for label in labels
        if label.textFormat() == Qt.TextFormat.RichText
        or (label.textFormat() == Qt.TextFormat.AutoText and Qt.mightBeRichText(label.text()))
    ]


def test_a_question_over_the_image(qtbot):
    bar = OfferBar()
    qtbot.addWidget(bar)
    bar.offer(
        "plain", f"Delete the run “{NAME}”?", [Choice("Delete", print)], "help-circle-outline"
    )
    told = [Choice("Use it", print, about=f"The header of {NAME} is used.")]
    bar.offer("told", f"How is {NAME} to be read?", told, "help-circle-outline")
    assert rendered(bar) == []


def test_what_a_spectrum_is_compared_with(qtbot):
    angle, library = AnglePanel(100), LibraryPanel()
    for panel in (angle, library):
        qtbot.addWidget(panel)
    angle.show_reference(NAME)
    angle.show_map(NAME)
    library.show_compared(NAME)
    assert rendered(angle) == rendered(library) == []


def test_the_question_before_a_file_is_replaced(qtbot, tmp_path, monkeypatch):
    path = tmp_path / "a <i> b.csv"
    path.touch()
    asked = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.textFormat()))
    parent = QWidget()
    qtbot.addWidget(parent)
    assert not may_replace(parent, [path])
    assert asked == [Qt.TextFormat.PlainText]


def test_a_long_word_in_a_question_is_broken_and_asked_for_as_it_was_given(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    box, word = WrappedBox(QMessageBox.Icon.Question, parent), "x" * 80
    box.setText(f"Replace {word}?")
    box.setInformativeText(f"It is in /{word}.")
    assert (box.text(), box.informativeText()) == (f"Replace {word}?", f"It is in /{word}.")
    labels = [label for label in box.findChildren(QLabel) if "x" in label.text()]
    assert len(labels) == 2
    for label in labels:
        assert word not in label.text()  # there are places to break it
        assert word in without_breaks(label.text())


def test_of_many_files_the_one_that_was_asked_for_is_named(tmp_path):
    def told(*names: str) -> str:
        return exported([tmp_path / n for n in names]).removeprefix(f"Exported to {tmp_path}: ")

    beside = [f"poly{s}" for s in (".shx", ".dbf", ".prj", ".cpg")]
    assert told("poly.shp", *beside) == "poly.shp and 4 more files"
    assert told("map.tif", "map.qml") == "map.tif, map.qml"


def test_of_many_files_that_would_be_replaced_all_can_be_read(qtbot, tmp_path, monkeypatch):
    files = [tmp_path / f"{n}.tif" for n in range(6)]
    asked = []
    monkeypatch.setattr(
        QMessageBox, "exec", lambda box: asked.append((box.text(), box.detailedText()))
    )
    parent = QWidget()
    qtbot.addWidget(parent)
    assert may_replace(parent, [*files, tmp_path / ("long" * 100)])
    label = QLabel(parent)
    show_present(label, files)
    assert label.isHidden()
    for path in files:
        path.touch()
    assert not may_replace(parent, files)
    names = "0.tif, 1.tif, 2.tif, 3.tif and 2 more"
    assert asked == [(f"Replace {names}?", "\n".join(path.name for path in files))]
    show_present(label, files)
    assert label.text() == f"Already in this folder: {names}."
    assert label.toolTip() == "\n".join(path.name for path in files)
