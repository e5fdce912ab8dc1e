"""ApplyDialog: the scenes that a model is applied to, how far it is, and what came of each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.progress import Progress
from hsi_viewer.ui.dialogs import muted, resize_for_text
from hsi_viewer.ui.file_filters import cube_filters
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.widgets.row_table import RowTable
from hsi_viewer.ui.widgets.table_filling import filled_at_once

if TYPE_CHECKING:
    from hsi_viewer.jobs.batch.scenes import Scene
    from hsi_viewer.jobs.batch.summary import SceneResult

HEAD = ("Scene", "Status", "Confidence", "Outside training range", "Remarks")
SCENE, STATUS, CONFIDENCE, OUTSIDE, REMARKS = range(len(HEAD))
KEPT = (
    "Each scene gets a folder with its map, and summary.csv lists them all. Finished scenes of the "
    "same model and settings are kept, so an interrupted batch goes on where it was."
)
WAITING = "Waiting"
OPEN = "Click to open the scene with its map"
RESULT = Qt.ItemDataRole.UserRole


class ApplyDialog(QDialog):
    """Stays open beside the window; closed, it is only hidden, and a batch that runs continues.

    Parameters
    ----------
    parent : the window.
    folder : suggested for the results.

    Signals
    -------
    start_requested() : apply the model.
    cancel_requested() : stop.
    open_requested(Scene, SceneResult) : open a scene with its map; None where it has none.
    """

    start_requested = Signal()
    cancel_requested = Signal()
    open_requested = Signal(object, object)

    def __init__(self, parent: QWidget, folder: Path) -> None:
        super().__init__(parent)
        self.setWindowTitle("Apply to files")
        self.scenes: list[Scene] = []
        self.running = False
        self.model = ChoiceBox()
        self.model.setAccessibleName("Model")
        self.model.setPlaceholderText("None yet: train one, or choose a folder with a model")
        self.choose_model = QPushButton("Choose…")
        self.choose_model.clicked.connect(self._choose_model)
        self.folder = QLineEdit(str(folder))
        self.folder.setAccessibleName("Folder of the results")
        self.folder.textChanged.connect(self.refresh)
        browse = QPushButton("Browse…")
        browse.clicked.connect(self._browse)
        self.processes = QSpinBox()
        self.processes.setRange(1, os.cpu_count() or 1)
        self.processes.setAccessibleName("Processes")
        self.processes.setToolTip("Scenes or tiles at a time; each takes up to 2 GiB of memory")
        self.by_scene = QCheckBox("Standardise the bands by each scene")
        self.by_scene.setToolTip("Where sensor or illumination differ from the training scene")
        form = QFormLayout()
        form.addRow("Model", _row(self.model, self.choose_model))
        form.addRow("Results to", _row(self.folder, browse))
        form.addRow("Processes", _row(self.processes, self.by_scene))
        self.table = self._make_table()
        self.add_files = QPushButton("Add files…")
        self.add_files.clicked.connect(self._add_files)
        self.add_table = QPushButton("Add a table…")
        self.add_table.setToolTip("CSV with the columns path, region and name")
        self.add_table.clicked.connect(self._add_table)
        self.remove = QPushButton("Remove")
        self.remove.clicked.connect(self._remove)
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setAccessibleName("Progress")
        self.progress.hide()
        self.note = muted(KEPT)
        self.note.setMinimumHeight(2 * self.note.fontMetrics().lineSpacing() + 4)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.start = buttons.addButton("Apply", QDialogButtonBox.ButtonRole.ActionRole)
        self.cancel = buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.ActionRole)
        self.start.clicked.connect(self.start_requested)
        self.cancel.clicked.connect(self.cancel_requested)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.table, 1)
        layout.addWidget(_row(self.add_files, self.add_table, self.remove, QWidget()))
        layout.addWidget(self.progress)
        layout.addWidget(self.note)
        layout.addWidget(buttons)
        self.start.setDefault(True)  # in its dialog, else another button becomes the default
        resize_for_text(self, 820, 560)
        self.refresh()

    def _make_table(self) -> RowTable:
        table = RowTable("Scenes", HEAD, wide=(REMARKS,), many=True)
        header = table.horizontalHeader()
        header.setSectionResizeMode(SCENE, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(SCENE, 240)
        table.itemSelectionChanged.connect(self.refresh)
        table.cellClicked.connect(self._on_clicked)
        table.cellActivated.connect(self._on_activated)
        return table

    # what is shown ---------------------------------------------------------------------------

    @Slot()
    def refresh(self) -> None:
        """What can be done now."""
        chosen = bool(self.table.selectionModel() and self.table.selectionModel().hasSelection())
        missing = [
            text
            for text, there in (
                ("choose a model", self.model.count()),
                ("say where the results go", self.folder.text().strip()),
                ("add files", self.scenes),
            )
            if not there
        ]
        self.start.setEnabled(not missing and not self.running)
        self.start.setToolTip(f"To begin, {', '.join(missing)}." if missing else "")
        allow(self.cancel, "" if self.running else "Nothing runs")
        busy = "Wait until the model was applied, or cancel it" if self.running else ""
        allow(self.remove, busy or ("" if chosen else "Choose scenes in the list"))
        for widget in (self.add_files, self.add_table, self.choose_model, self.model, self.folder):
            widget.setEnabled(not self.running)
        if not self.running:
            self.note.setText(self._remark() or KEPT)

    def show_model(self, title: str) -> None:
        """Offer the model of the open scene; "" for none."""
        known = bool(self.model.count()) and self.model.itemData(0) is None
        if known and not title:
            self.model.removeItem(0)
        elif known:
            self.model.setItemText(0, title)
        elif title:
            self.model.insertItem(0, title, None)
        self._choose_one()
        self.refresh()

    def keep_model(self, title: str, path: str) -> None:
        """Offer a model that was applied, also after its scene is closed."""
        here = self.model.findData(path)
        if here < 0:
            self.model.addItem(title, path)
        else:
            self.model.setItemText(here, title)
        self._choose_one()
        self.refresh()

    def _choose_one(self) -> None:
        """A box with a placeholder chooses nothing by itself."""
        if self.model.currentIndex() < 0 and self.model.count():
            self.model.setCurrentIndex(0)

    def add_scenes(self, scenes: Sequence[Scene]) -> None:
        """List further scenes."""
        with filled_at_once(self.table):
            for scene in scenes:
                row = self.table.rowCount()
                self.table.insertRow(row)
                self.scenes.append(scene)
                for column in range(len(HEAD)):
                    self.table.setItem(row, column, QTableWidgetItem(""))
                name = self._item(row, SCENE)
                name.setText(scene.name or Path(scene.source).name)
                name.setToolTip(scene.source)
        self.refresh()

    def show_running(self, *, running: bool) -> None:
        """The model is being applied, or isn't any more."""
        self.running = running
        self.progress.setVisible(running)
        if running:
            self.progress.setValue(0)
            for row in range(self.table.rowCount()):
                self._fill(row, WAITING)
        else:
            for row in range(self.table.rowCount()):
                if self._item(row, STATUS).text() == WAITING:
                    self._fill(row, "Not mapped")
        self.refresh()

    def show_progress(self, progress: Progress) -> None:
        """How far it is."""
        if progress.fraction is not None:
            self.progress.setValue(round(1000 * progress.fraction))
        self.note.setText(progress.detail or progress.message)

    def show_result(self, number: int, result: SceneResult) -> None:
        """What came of a scene."""
        manifest = result.manifest
        texts = ["", ""]
        if manifest is not None:
            shares = (manifest.confidence, manifest.outside)
            texts = ["" if share is None else f"{100 * share:.1f} %" for share in shares]
        self._fill(number, result.status.capitalize(), *texts, result.error)
        folder = f"{Path(result.scene.source).parent}{os.sep}"  # it would be all that is seen
        self._item(number, REMARKS).setText(result.error.replace(folder, ""))
        name = self._item(number, SCENE)
        font = name.font()
        font.setUnderline(manifest is not None)
        name.setFont(font)
        name.setData(RESULT, result if manifest is not None else None)
        if manifest is not None:
            name.setToolTip(f"{OPEN}: {result.scene.source}")

    def _remark(self) -> str:
        """All of the remark on the chosen row, for which its column may be too narrow."""
        rows = {index.row() for index in self.table.selectedIndexes()}
        if len(rows) != 1:
            return ""
        (row,) = rows
        remark = self._item(row, REMARKS).text()
        return f"{self._item(row, SCENE).text()}: {remark}" if remark else ""

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        return cast("QTableWidgetItem", self.table.item(row, column))

    def _fill(self, row: int, *texts: str) -> None:
        for column, text in enumerate((*texts, *[""] * (len(HEAD) - 1 - len(texts))), start=1):
            item = self._item(row, column)
            item.setText(text)
            item.setToolTip(text)

    # what the user does ----------------------------------------------------------------------

    @Slot(int, int)
    def _on_clicked(self, row: int, column: int) -> None:
        if column == SCENE and self._item(row, SCENE).font().underline():
            self._open(row)

    @Slot(int, int)
    def _on_activated(self, row: int, _column: int) -> None:
        """Enter and a double-click open a scene, too."""
        self._open(row)

    def _open(self, row: int) -> None:
        if not self.scenes[row].flaw:
            self.open_requested.emit(self.scenes[row], self._item(row, SCENE).data(RESULT))

    @Slot()
    def _choose_model(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Folder of a model", self.folder.text())
        if path:
            self.model.addItem(path, path)
            self.model.setCurrentIndex(self.model.count() - 1)
        self.refresh()

    @Slot()
    def _browse(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Results to", self.folder.text())
        if path:
            self.folder.setText(path)

    @Slot()
    def _add_files(self) -> None:
        from hsi_viewer.jobs.batch.scenes import Scene

        start = str(Path(self.folder.text()).parent)  # of the results: they lie beside the scenes
        paths, _ = QFileDialog.getOpenFileNames(self, "Scenes", start, cube_filters("Cubes"))
        self.add_scenes([Scene(path) for path in paths])

    @Slot()
    def _add_table(self) -> None:
        from hsi_viewer.jobs.batch.scenes import read_table

        path, _ = QFileDialog.getOpenFileName(self, "Table", self.folder.text(), "CSV (*.csv)")
        if not path:
            return
        try:
            scenes, notes = read_table(Path(path))
        except HsiError as error:
            self.note.setText(str(error))
            return
        self.add_scenes(scenes)
        flaws = [scene.flaw for scene in scenes if scene.flaw]
        self.note.setText(" ".join([*flaws, *notes]) or KEPT)

    @Slot()
    def _remove(self) -> None:
        rows = {index.row() for index in self.table.selectedIndexes()}
        for row in sorted(rows, reverse=True):
            self.table.removeRow(row)
            del self.scenes[row]
        self.refresh()


def _row(*widgets: QWidget) -> QWidget:
    """Widgets side by side; the one that can be wide takes the room."""
    whole = QWidget()
    layout = QHBoxLayout(whole)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget, int(isinstance(widget, QLineEdit | QComboBox)))
    return whole
