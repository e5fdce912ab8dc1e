"""The few questions that are asked in a window of their own."""

from __future__ import annotations

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
    QSpinBox,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.io.label_file import LABEL_FILTERS


class Leave(Enum):
    """Answers to the question before a document is left."""

    SAVE = "save"
    DISCARD = "discard"
    STAY = "stay"


def ask_to_leave(parent: QWidget, unsaved: bool, running: str | None) -> Leave:
    """Ask before unsaved labels are dropped or a running task is stopped.

    Parameters
    ----------
    unsaved : there are labels that were not saved.
    running : what runs, e.g. "Training", or None.
    """
    if not unsaved and running is None:
        return Leave.DISCARD
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("HSI Viewer")
    sentences = []
    if unsaved:
        sentences.append("The labels have changes that are not saved.")
    if running is not None:
        sentences.append(f"{running} is still running and will be stopped.")
    box.setText(" ".join(sentences))
    save = None
    if unsaved:
        save = box.addButton("Save labels", QMessageBox.ButtonRole.AcceptRole)
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


class DrawDialog(QDialog):
    """Asks for a ground truth, the number of training pixels a class, and the seed."""

    def __init__(self, ground_truth: str, folder: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Training pixels from a ground truth")
        self._folder = folder
        self.file = QLineEdit(ground_truth)
        self.file.setPlaceholderText("Label map of the size of the cube")
        self.file.setAccessibleName("Ground truth file")
        self.file.setMinimumWidth(320)
        browse = QPushButton("Browse…")
        browse.clicked.connect(self._browse)
        self.count = QSpinBox()
        self.count.setRange(1, 100_000)
        self.count.setValue(10)
        self.count.setAccessibleName("Training pixels a class")
        self.number = QSpinBox()
        self.number.setRange(0, 2**31 - 1)
        self.number.setAccessibleName("Seed of the draw")
        note = QLabel(
            "Each class gives at most half of its pixels. Labels on the image are replaced "
            "(undo brings them back); the rest of the ground truth is scored after training."
        )
        note.setObjectName("muted")
        note.setWordWrap(True)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Draw")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.file.textChanged.connect(self._on_text)
        row = QHBoxLayout()
        row.addWidget(self.file, 1)
        row.addWidget(browse)
        form = QFormLayout()
        form.addRow("Ground truth", row)
        form.addRow("Pixels a class", self.count)
        form.addRow("Seed", self.number)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(note)
        layout.addWidget(self.buttons)
        self._on_text(ground_truth)

    def source(self) -> str:
        """The chosen ground truth."""
        return self.file.text().strip()

    def n(self) -> int:
        """Training pixels a class."""
        return self.count.value()

    def seed(self) -> int:
        """Seed of the draw."""
        return self.number.value()

    @Slot()
    def _browse(self) -> None:
        filters = ";;".join(f"{name} ({' '.join(patterns)})" for name, patterns in LABEL_FILTERS)
        path, _ = QFileDialog.getOpenFileName(self, "Ground truth", self._folder, filters)
        if path:
            self.file.setText(path)

    @Slot(str)
    def _on_text(self, text: str) -> None:
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(bool(text.strip()))


EXPORT_FORMATS: tuple[tuple[str, str, str], ...] = (
    ("envi", "ENVI classification", "class_map.hdr and .img"),
    ("confidence", "Confidence, ENVI", "confidence.hdr and .img, 0 to 1"),
    ("probabilities", "Probabilities, ENVI", "a band for each class, 0 to 1"),
    ("tif", "GeoTIFF", "class_map.tif with colours and class names"),
    ("png", "Picture with legend", "class_map.png"),
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
        self.browser.setOpenExternalLinks(True)
        self.browser.setMarkdown(markdown)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.browser)
        layout.addWidget(buttons)
        self.resize(560, 460)
