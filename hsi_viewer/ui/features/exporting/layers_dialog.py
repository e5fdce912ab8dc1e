"""LayersDialog: which layers become images, where, and in which format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.jobs.export_layers import planned_files
from hsi_viewer.ui.cut_names import elide
from hsi_viewer.ui.dialogs import accept_or_cancel, muted, resize_for_text
from hsi_viewer.ui.features.exporting.export_dialog import WITHOUT_PLACE
from hsi_viewer.ui.features.exporting.folder_row import FolderRow, name_line
from hsi_viewer.ui.features.exporting.layer_list import LayerChoice
from hsi_viewer.ui.saving import UNFIT, may_replace, replaces_scene, show_present
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.wrapped_label import WrappedLabel

FORMATS = (("GeoTIFF (.tif)", ".tif"), ("ENVI image (.hdr and .img)", ".hdr"))
SAVE = QDialogButtonBox.StandardButton.Save
CHECKED, UNCHECKED = Qt.CheckState.Checked, Qt.CheckState.Unchecked


class LayersDialog(QDialog):
    """Asks for layers, a folder, a name and a format; nothing is replaced without a question.

    Parameters
    ----------
    choices : the layers; those on the screen are chosen at first, or the first one.
    folder, name : suggested; names of the files begin with the name.
    georeferenced : whether the files will have a place on the Earth.
    scene : file of the open scene, which is never replaced.
    """

    def __init__(
        self,
        choices: Sequence[LayerChoice],
        folder: str,
        name: str,
        parent: QWidget,
        *,
        georeferenced: bool,
        scene: Path | None = None,
    ) -> None:
        super().__init__(parent)
        self._scene = scene
        self.setWindowTitle("Export layers")
        self._choices = tuple(choices)
        self.list = QListWidget()
        self.list.setAccessibleName("Layers to export")
        elide(self.list)
        self.list.setSpacing(3)  # pixels, else the boxes touch
        for choice in self._choices:
            self.list.addItem(_item(choice))
        able = [n for n, c in enumerate(self._choices) if not c.reason]
        for number in [n for n in able if self._choices[n].shown] or able[:1]:
            self.list.item(number).setCheckState(CHECKED)
        self.list.setCurrentRow(0)
        self._row, self.name = FolderRow(folder), name_line(name)
        self.folder = self._row.line
        self.format = ChoiceBox()
        self.format.setAccessibleName("Format of the images")
        for text, suffix in FORMATS:
            self.format.addItem(text, suffix)
        form = QFormLayout()
        form.addRow("Folder", self._row)
        form.addRow("Names begin with", self.name)
        form.addRow("Format", self.format)
        self.note = muted("" if georeferenced else WITHOUT_PLACE)
        if georeferenced:  # without a parent yet, it would be shown as a window of its own
            self.note.hide()
        self.present = WrappedLabel()
        self.buttons = accept_or_cancel(self, "Export", SAVE)
        layout = QVBoxLayout(self)
        layout.addWidget(self.list, 1)
        layout.addLayout(form)
        layout.addWidget(self.note)
        layout.addWidget(self.present)
        layout.addWidget(self.buttons)
        resize_for_text(self, 620, 480)
        self.list.itemChanged.connect(self._update)
        self.folder.textChanged.connect(self._update)
        self.name.textChanged.connect(self._update)
        self.format.currentIndexChanged.connect(self._update)
        self._update()

    def chosen(self) -> list[tuple[LayerChoice, Path]]:
        """The chosen layers, each with its file."""
        folder, suffix = self._row.path(), self.format.currentData()
        stem = UNFIT.sub("_", self.name.text().strip())
        found: list[tuple[LayerChoice, Path]] = []
        taken: set[str] = set()
        for number, choice in enumerate(self._choices):
            if self.list.item(number).checkState() == CHECKED:
                word = UNFIT.sub("_", choice.title).strip("_.").lower() or "layer"
                name = _unused(f"{stem}_{word}" if stem else word, taken)
                found.append((choice, folder / f"{name}{suffix}"))
        return found

    def files(self) -> list[Path]:
        """The files that will be written."""
        return [file for _, path in self.chosen() for file in planned_files(path)]

    def accept(self) -> None:
        """Ask before anything is replaced; the dialog stays open if it isn't wanted."""
        files = self.files()
        if not replaces_scene(self, files, self._scene) and may_replace(self, files):
            super().accept()

    @Slot()
    def _update(self) -> None:
        files = self.files()
        ready = bool(self.folder.text().strip()) and bool(files)
        allow(self.buttons.button(SAVE), "" if ready else "Choose a folder and layers first")
        show_present(self.present, files if ready else ())


def _item(choice: LayerChoice) -> QListWidgetItem:
    item = QListWidgetItem(f"{choice.title}   ({choice.reason or choice.about})")
    item.setCheckState(UNCHECKED)
    if choice.reason:
        item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
    return item


def _unused(name: str, taken: set[str]) -> str:
    """A name that no other file of this export has; it is taken from now on."""
    number, own = 2, name
    while own in taken:
        own, number = f"{name}_{number}", number + 1
    taken.add(own)
    return own
