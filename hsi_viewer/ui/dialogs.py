"""The few questions that are asked in a window of their own."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)


def accept_or_cancel(dialog: QDialog, accept: str) -> QDialogButtonBox:
    """Buttons that accept a dialog, in these words, or reject it."""
    buttons = QDialogButtonBox(
        QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
    )
    accept_button(buttons).setText(accept)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    return buttons


def accept_button(buttons: QDialogButtonBox) -> QPushButton:
    """The button that accepts."""
    return buttons.button(QDialogButtonBox.StandardButton.Ok)


def muted(text: str) -> QLabel:
    """A text that explains, in the quiet colour of the theme."""
    label = QLabel(text)
    label.setObjectName("muted")
    label.setWordWrap(True)
    return label


class Leave(Enum):
    """Answers to the question before a document is left."""

    SAVE = "save"
    DISCARD = "discard"
    STAY = "stay"


def ask_to_leave(parent: QWidget, unsaved: Sequence[str], running: str | None) -> Leave:
    """Ask before unsaved work is dropped or a running task is stopped.

    Parameters
    ----------
    unsaved : what was not saved, e.g. "labels".
    running : what runs, e.g. "Training", or None.
    """
    if not unsaved and running is None:
        return Leave.DISCARD
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("HSI Viewer")
    sentences = []
    if unsaved:
        listed = " and ".join((", ".join(unsaved[:-1]), unsaved[-1]) if unsaved[1:] else unsaved)
        sentences.append(f"Save {listed} before closing the scene?")
    if running is not None:
        sentences.append(f"{running} is still running and will be stopped.")
    box.setText(" ".join(sentences))
    save = None
    if unsaved:
        save = box.addButton("Save", QMessageBox.ButtonRole.AcceptRole)
        drop = box.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
    else:
        drop = box.addButton("Stop it", QMessageBox.ButtonRole.AcceptRole)
    stay = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(save or drop)
    box.setEscapeButton(stay)
    box.exec()
    clicked = box.clickedButton()
    answer = Leave.STAY
    if save is not None and clicked is save:
        answer = Leave.SAVE
    elif clicked is drop:
        answer = Leave.DISCARD
    box.deleteLater()
    return answer


EXPORT_FORMATS: tuple[tuple[str, str, str], ...] = (
    ("envi", "ENVI classification", "class_map.hdr and .img"),
    ("confidence", "Confidence, ENVI", "confidence.hdr and .img, 0 to 1"),
    ("probabilities", "Probabilities, ENVI", "one band per class, 0 to 1"),
    ("tif", "GeoTIFF", "class_map.tif with colours and class names"),
    ("png", "Image with legend", "class_map.png"),
    ("npy", "NumPy", "class_map.npy: class ids"),
    ("mat", "MATLAB", "class_map.mat: class ids and names"),
)


class ExportDialog(QDialog):
    """Asks for a folder and formats."""

    def __init__(self, folder: str, georeferenced: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export the class map")
        self.folder = QLineEdit(folder)
        self.folder.setMinimumWidth(360)
        self.folder.setAccessibleName("Folder")
        browse = QPushButton("Browse…")
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(browse)
        form = QFormLayout()
        form.addRow("Folder", row)
        self.formats: dict[str, QCheckBox] = {}
        for key, title, files in EXPORT_FORMATS:
            box = QCheckBox(f"{title}   ({files})")
            box.setChecked(key != "probabilities")
            if key == "tif" and not georeferenced:
                box.setChecked(False)
                box.setEnabled(False)
                box.setText(f"{title}   (the cube has no georeference)")
            self.formats[key] = box
            form.addRow("Formats" if key == "envi" else "", box)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setText("Export")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.buttons)
        for box in self.formats.values():
            box.toggled.connect(self._update)
        self.folder.textChanged.connect(self._update)
        self._update()

    def chosen(self) -> tuple[Path, tuple[str, ...]]:
        """The folder and the formats."""
        formats = tuple(k for k, box in self.formats.items() if box.isChecked())
        return Path(self.folder.text().strip()).expanduser(), formats

    @Slot()
    def _browse(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Export to", self.folder.text())
        if path:
            self.folder.setText(path)

    @Slot()
    def _update(self) -> None:
        ready = bool(self.folder.text().strip()) and any(
            b.isChecked() for b in self.formats.values()
        )
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(ready)


class TextDialog(QDialog):
    """Shows a text in Markdown, e.g. "About this scene"."""

    def __init__(self, title: str, markdown: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.browser = QTextBrowser()
        self.browser.setAccessibleName(title)
        self.browser.setOpenExternalLinks(True)
        self.browser.setMarkdown(markdown)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.browser)
        layout.addWidget(buttons)
        self.resize(560, 460)
