"""ExportDialog: which class map files are written, where, and under which name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.text import short_name
from hsi_viewer.ui.dialogs import accept_or_cancel, muted
from hsi_viewer.ui.features.exporting.folder_row import FolderRow, name_line
from hsi_viewer.ui.saving import UNFIT, may_replace, replaces_scene, show_present
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.wrapped_label import WrappedLabel

FORMATS: tuple[tuple[str, str, str], ...] = (
    ("envi", "ENVI classification", "{}.hdr and .img"),
    ("confidence", "Confidence, ENVI", "0 to 1"),
    ("probabilities", "Probabilities, ENVI", "one band per class, 0 to 1"),
    ("tif", "GeoTIFF", "{}.tif with colours and class names"),
    ("cog", "Cloud-optimised GeoTIFF", "{}.cog.tif, and the confidence"),
    ("zarr", "Zarr", "{}.zarr: map and confidence"),
    ("png", "Image with legend", "{}.png"),
    ("npy", "NumPy", "{}.npy: class ids"),
    ("mat", "MATLAB", "{}.mat: class ids and names"),
)
SELDOM = ("probabilities", "cog", "zarr")  # written only if they are asked for
WITHOUT_PLACE = "The scene has no georeference, so the files have none either."
OLD_MAP = "not kept with a run: train again"
MOST_LISTED = 6
MOST_LETTERS = 32  # of a name
MISSING = "Choose a folder, a name and a format first"
SAVE = QDialogButtonBox.StandardButton.Save


class ExportDialog(QDialog):
    """Asks for a folder, a name and formats; nothing is replaced without a question.

    Parameters
    ----------
    folder, name : suggested; the name without a suffix.
    georeferenced : whether the files will have a place on the Earth.
    ids : of the classes, in order; where some are left out between them, the user may keep that.
    keep_gaps : whether that is suggested.
    probabilities : whether the map has those of all classes.
    scene : file of the open scene, which is never replaced.
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
        probabilities: bool = True,
        scene: Path | None = None,
    ) -> None:
        super().__init__(parent)
        self._scene = scene
        self.setWindowTitle("Export the class map")
        self._row, self.name = FolderRow(folder), name_line(name)
        self.folder = self._row.line
        self._reasons = {} if probabilities else {"probabilities": OLD_MAP}
        form = QFormLayout()
        form.addRow("Folder", self._row)
        form.addRow("Name", self.name)
        self.formats: dict[str, QCheckBox] = {}
        for key, _title, _files in FORMATS:
            box = self.formats[key] = QCheckBox()
            box.setChecked(key not in (*SELDOM, *self._reasons))
            box.setEnabled(key not in self._reasons)
            form.addRow("Formats" if key == "envi" else "", box)
        self.gaps = QCheckBox("Keep gaps in the class ids")
        self.gaps.setChecked(keep_gaps)
        self._ids = tuple(ids)
        self.numbers = muted("")
        if _gaps(self._ids):
            form.addRow("Class ids", self.gaps)
            form.addRow("", self.numbers)
        self.note = muted("" if georeferenced else WITHOUT_PLACE)
        if georeferenced:  # without a parent yet, it would be shown as a window of its own
            self.note.hide()
        self.present = WrappedLabel()
        self.buttons = accept_or_cancel(self, "Export", SAVE)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.note)
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
        return self._row.path(), formats

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
        files = self.files()
        if not replaces_scene(self, files, self._scene) and may_replace(self, files):
            super().accept()

    @Slot()
    def _update(self) -> None:
        stem = self.stem()
        shown = short_name(stem, MOST_LETTERS)  # a long one would make the dialog as wide
        for key, title, files in FORMATS:
            told = self._reasons.get(key) or files.format(shown)
            self.formats[key].setText(f"{title}   ({told})")
        unused = ", ".join(str(i) for i in _gaps(self._ids)[:MOST_LISTED])
        changed = [f"{old} becomes {new}" for old, new in self.numbering().items()]
        self.numbers.setText(
            f"In the files, {', '.join(changed[:MOST_LISTED])}."
            if changed
            else f"Ids without a class are listed as unused: {unused}."
        )
        ready = bool(self.folder.text().strip()) and bool(stem) and bool(self.chosen()[1])
        allow(self.buttons.button(SAVE), "" if ready else MISSING)
        show_present(self.present, self.files() if ready else ())


def _gaps(ids: Sequence[int]) -> list[int]:
    """Ids from 1 to the largest that no class has."""
    return [i for i in range(1, max(ids, default=0)) if i not in set(ids)]
