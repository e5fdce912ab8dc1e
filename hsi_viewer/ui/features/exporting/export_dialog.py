"""ExportDialog: which class map files are written, where, and under which name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.ui.dialogs import accept_or_cancel, muted
from hsi_viewer.ui.saving import UNFIT, may_replace

FORMATS: tuple[tuple[str, str, str], ...] = (
    ("envi", "ENVI classification", "{}.hdr and .img"),
    ("confidence", "Confidence, ENVI", "0 to 1"),
    ("probabilities", "Probabilities, ENVI", "one band per class, 0 to 1"),
    ("tif", "GeoTIFF", "{}.tif with colours and class names"),
    ("png", "Image with legend", "{}.png"),
    ("npy", "NumPy", "{}.npy: class ids"),
    ("mat", "MATLAB", "{}.mat: class ids and names"),
)
MOST_LISTED = 6
SAVE = QDialogButtonBox.StandardButton.Save


class ExportDialog(QDialog):
    """Asks for a folder, a name and formats; nothing is replaced without a question.

    Parameters
    ----------
    folder, name : suggested; the name without a suffix.
    georeferenced : whether a GeoTIFF can be written.
    ids : of the classes, in order; where some are left out between them, the user may keep that.
    keep_gaps : whether that is suggested.
    """

    def __init__(
        self,
        folder: str,
        georeferenced: bool,
        parent: QWidget,
        name: str = "class_map",
        ids: Sequence[int] = (),
        *,
        keep_gaps: bool = True,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export the class map")
        self.folder, self.name = QLineEdit(folder), QLineEdit(name)
        self.folder.setMinimumWidth(360)
        self.folder.setAccessibleName("Folder")
        self.name.setAccessibleName("Name of the files")
        browse = QPushButton("Browse…")
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(browse)
        form = QFormLayout()
        form.addRow("Folder", row)
        form.addRow("Name", self.name)
        self.formats: dict[str, QCheckBox] = {}
        for key, _title, _files in FORMATS:
            box = self.formats[key] = QCheckBox()
            impossible = key == "tif" and not georeferenced
            box.setChecked(key != "probabilities" and not impossible)
            box.setEnabled(not impossible)
            form.addRow("Formats" if key == "envi" else "", box)
        self.gaps = QCheckBox("Keep gaps in the class ids")
        self.gaps.setChecked(keep_gaps)
        self._ids = tuple(ids)
        self.numbers = muted("")
        if _gaps(self._ids):
            form.addRow("Class ids", self.gaps)
            form.addRow("", self.numbers)
        self.present = QLabel()
        self.present.setWordWrap(True)
        self.buttons = accept_or_cancel(self, "Export", SAVE)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.present)
        layout.addWidget(self.buttons)
        for box in (*self.formats.values(), self.gaps):
            box.toggled.connect(self._update)
        for line in (self.folder, self.name):
            line.textChanged.connect(self._update)
        self._update()

    def chosen(self) -> tuple[Path, tuple[str, ...]]:
        """The folder and the formats."""
        formats = tuple(k for k, box in self.formats.items() if box.isChecked())
        return Path(self.folder.text().strip()).expanduser(), formats

    def stem(self) -> str:
        """The name of the files, without a suffix."""
        return UNFIT.sub("_", self.name.text().strip())

    def numbering(self) -> dict[int, int]:
        """Ids in the files by ids of the classes, where they differ."""
        if self.gaps.isChecked():
            return {}
        closed = {old: new for new, old in enumerate(sorted(self._ids), start=1)}
        return {old: new for old, new in closed.items() if old != new}

    def files(self) -> list[Path]:
        """The files that will be written."""
        from hsi_viewer.io.labels.class_map import planned_files

        folder, formats = self.chosen()
        return planned_files(folder, self.stem(), formats)

    def accept(self) -> None:
        """Ask before anything is replaced; the dialog stays open if it isn't wanted."""
        if may_replace(self, self.files()):
            super().accept()

    @Slot()
    def _browse(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Export to", self.folder.text())
        if path:
            self.folder.setText(path)

    @Slot()
    def _update(self) -> None:
        stem = self.stem()
        for key, title, files in FORMATS:
            can = self.formats[key].isEnabled()
            told = files.format(stem) if can else "the scene has no georeference"
            self.formats[key].setText(f"{title}   ({told})")
        unused = ", ".join(str(i) for i in _gaps(self._ids)[:MOST_LISTED])
        changed = [f"{old} becomes {new}" for old, new in self.numbering().items()]
        self.numbers.setText(
            f"In the files, {', '.join(changed[:MOST_LISTED])}."
            if changed
            else f"Ids without a class are listed as unused: {unused}."
        )
        ready = bool(self.folder.text().strip()) and bool(stem) and bool(self.chosen()[1])
        self.buttons.button(SAVE).setEnabled(ready)
        present = [path.name for path in self.files() if path.exists()] if ready else []
        self.present.setText(f"Already in this folder: {', '.join(present)}." if present else "")
        self.present.setVisible(bool(present))


def _gaps(ids: Sequence[int]) -> list[int]:
    """Ids from 1 to the largest that no class has."""
    return [i for i in range(1, max(ids, default=0)) if i not in set(ids)]
