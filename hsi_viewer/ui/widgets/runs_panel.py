"""RunsPanel: every training that ended, which map is shown, and how two of them differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from html import escape

from msgspec import Struct
from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QTableWidgetItem,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.assessment.comparison import McNemar, Transition
from hsi_viewer.core.text import counted, with_units_kept
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.widgets.name_room import NameRoom
from hsi_viewer.ui.widgets.row_table import RowTable
from hsi_viewer.ui.widgets.sign_button import SignButton
from hsi_viewer.ui.widgets.table_filling import filled_at_once
from hsi_viewer.ui.wrapped_label import WrappedLabel

RUN, OVERALL, LABELLED, SECONDS = range(4)
HEADERS = ("Run", "Overall", "Labels", "Seconds")
TIPS = (
    "Settings and time of the training; double-click to rename",
    "Overall accuracy on the test pixels of that time; without any, of the labels, cross-validated "
    "on separate places",
    "Number of training pixels",
    "Training time",
)


class RunRow(Struct, frozen=True):
    """One run as it is listed; `tip` contains the rest.

    Attributes
    ----------
    on_test : whether `overall` is of test pixels, else of the labels on separate places.
    """

    id: int
    title: str
    overall: float | None
    labelled: int
    seconds: float
    tip: str
    on_test: bool = True


class RunsPanel(QWidget):
    """The list of runs and what can be done with them.

    Signals
    -------
    show_requested(id), renamed(id, title), compare_requested(first, second),
    export_requested(id), delete_requested(id).
    """

    show_requested = Signal(int)
    renamed = Signal(int, str)
    compare_requested = Signal(int, int)
    export_requested = Signal(int)
    delete_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[RunRow, ...] = ()
        self._compared: frozenset[int] = frozenset()
        self._filling = False
        self.table = RowTable("Runs", HEADERS, TIPS, many=True, editable=True)
        self.table.setMinimumHeight(84)  # some runs, and room for how two of them differ
        self._room = NameRoom(self.table, (OVERALL,), (LABELLED, SECONDS))
        self.table.itemSelectionChanged.connect(self._on_selection)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._on_menu)
        self.table.itemChanged.connect(self._on_edited)
        self.empty = WrappedLabel(
            "Every training run is kept here with its map and model: show an earlier one again, "
            "or choose two to compare them."
        )
        self.empty.setObjectName("muted")
        self.show_button = SignButton("Show", "eye-outline", self._on_show)
        self.compare_button = SignButton("Compare", "compare-horizontal", self._on_compare)
        self.compare_button.setToolTip("Choose two runs (Ctrl+click) to compare their maps")
        self.export_button = SignButton("Save model…", "content-save-outline", self._on_export)
        self.delete_button = SignButton("Delete", "trash-can-outline", self._on_delete)
        self.result = QTextBrowser()
        self.result.setMinimumHeight(90)
        self.result.setAccessibleName("Comparison of two runs")
        self.result.hide()
        rows = (QHBoxLayout(), QHBoxLayout())
        for index, button in enumerate(self._buttons()):
            rows[index // 2].addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 6)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.empty)
        layout.addLayout(rows[0])
        layout.addLayout(rows[1])
        layout.addWidget(self.result, 2)
        self._on_selection()

    def _buttons(self) -> tuple[SignButton, ...]:
        return self.show_button, self.compare_button, self.export_button, self.delete_button

    def refresh_theme(self) -> None:
        """Draw the icons in the colours of the theme."""
        for button in self._buttons():
            button.refresh_theme()

    # rows ------------------------------------------------------------------------------------

    def show_runs(self, rows: Sequence[RunRow], shown: int | None) -> None:
        """List runs, the one whose map is shown in bold."""
        chosen = self.chosen()
        if not self._compared <= {row.id for row in rows}:
            self.hide_comparison()  # of a run that was deleted
        self._filling = True
        self._rows = tuple(rows)
        with filled_at_once(self.table):
            self.table.setRowCount(len(self._rows))
            for r, row in enumerate(self._rows):
                overall = "" if row.overall is None else f"{100 * row.overall:.1f} %"
                texts = (row.title, overall, f"{row.labelled:,}", f"{row.seconds:.1f}")
                for c, text in enumerate(texts):
                    item = self._item(text, row, bold=row.id == shown, first=c == 0)
                    self.table.setItem(r, c, item)
        self._choose(chosen)
        self.table.model().setHeaderData(OVERALL, Qt.Orientation.Horizontal, self._head())
        self._filling = False
        self._room.share()
        self.empty.setVisible(not self._rows)
        self._on_selection()

    def _head(self) -> str:
        """What the figures are of, where all are of the same."""
        scored = {row.on_test for row in self._rows if row.overall is not None}
        if len(scored) != 1:
            return HEADERS[OVERALL]
        return "Test pixels" if scored == {True} else "Own labels"

    def _item(self, text: str, row: RunRow, *, bold: bool, first: bool) -> QTableWidgetItem:
        item = QTableWidgetItem(text)
        item.setToolTip(row.tip)
        if not first:
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if bold:
            font = QFont(self.table.font())
            font.setBold(True)
            item.setFont(font)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{text}, shown")
        return item

    def _choose(self, ids: Sequence[int]) -> None:
        # selectRow would follow the keys that are held: with Ctrl it takes a row out again.
        rows, model = QItemSelection(), self.table.model()
        for r, row in enumerate(self._rows):
            if row.id in ids:
                rows.select(model.index(r, 0), model.index(r, len(HEADERS) - 1))
        how = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.table.selectionModel().select(rows, how)

    def chosen(self) -> list[int]:
        """Ids of the selected runs, in the order of the list."""
        rows = sorted({i.row() for i in self.table.selectedIndexes()})
        return [self._rows[r].id for r in rows if r < len(self._rows)]

    # comparison ------------------------------------------------------------------------------

    def hide_comparison(self) -> None:
        """Forget how two runs differed."""
        self._compared = frozenset()
        self.result.clear()
        self.result.hide()

    def show_comparison(
        self,
        runs: tuple[int, int],
        names: tuple[str, str],
        differing: tuple[int, int],
        changes: Sequence[tuple[str, str, Transition]],
        test: McNemar | None,
    ) -> None:
        """Show how two maps differ.

        Parameters
        ----------
        runs : their ids.
        names : of the runs.
        differing : pixels that differ, and pixels in all.
        changes : names of the classes before and after, and how many pixels.
        test : McNemar's test, or None without test pixels.
        """
        count, total = differing
        share = 100 * count / total if total else 0.0
        names = (escape(names[0]), escape(names[1]))
        lines = [
            f"<b>{names[0]}</b> and <b>{names[1]}</b>: "
            f"{counted(count, 'pixel', 'differs', 'differ')} ({share:.1f} %)",
            _comparison_text(names, test),
            *(["Most frequent changes:"] if changes else []),
            *(f"{t.pixels:,} {escape(a)} → {escape(b)}" for a, b, t in changes),
        ]
        self._compared = frozenset(runs)
        self.result.setHtml(with_units_kept("<br>".join(lines)))
        self.result.show()

    # buttons ---------------------------------------------------------------------------------

    @Slot(QPoint)
    def _on_menu(self, at: QPoint) -> None:
        """Open a menu of what can be done with the chosen runs, as the buttons do it."""
        item = self.table.itemAt(at)
        if item is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button in self._buttons():
            action = menu.addAction(button.icon(), button.text())
            action.triggered.connect(button.click)
            action.setEnabled(button.isEnabled())
        rename = menu.addAction("Rename")
        rename.triggered.connect(partial(self._on_rename, item))
        rename.setEnabled(len(self.chosen()) == 1)
        menu.popup(self.table.viewport().mapToGlobal(at))

    def _on_rename(self, chosen: QTableWidgetItem, _checked: bool = False) -> None:
        name = self.table.item(chosen.row(), RUN)
        if name is not None:
            self.table.editItem(name)

    @Slot()
    def _on_selection(self) -> None:
        if self._filling:
            return
        count = len(self.chosen())
        for button in (self.show_button, self.export_button, self.delete_button):
            allow(button, "" if count == 1 else "Choose one run in the list")
        self.compare_button.setEnabled(count == 2)

    @Slot(QTableWidgetItem)
    def _on_edited(self, item: QTableWidgetItem) -> None:
        row = self._rows[item.row()] if item.row() < len(self._rows) else None
        if self._filling or row is None or item.column() != 0:
            return
        text = item.text().strip()
        if text and text != row.title:
            self.renamed.emit(row.id, text)

    @Slot()
    def _on_show(self) -> None:
        self.show_requested.emit(self.chosen()[0])

    @Slot()
    def _on_compare(self) -> None:
        first, second = self.chosen()
        self.compare_requested.emit(first, second)

    @Slot()
    def _on_export(self) -> None:
        self.export_requested.emit(self.chosen()[0])

    @Slot()
    def _on_delete(self) -> None:
        self.delete_requested.emit(self.chosen()[0])


def _comparison_text(names: tuple[str, str], test: McNemar | None) -> str:
    if test is None:
        return "No test pixels were unseen by both runs, so we can't tell which is better."
    p = "p &lt; 0.001" if test.p < 0.001 else f"p = {test.p:.3f}"
    right = f"correct in one only: {test.only_first:,} and {test.only_second:,} of {test.total:,}"
    if math.isclose(test.only_first, test.only_second) or test.p >= 0.05:
        return f"McNemar's test: no significant difference ({p}; {right})."
    better = names[0] if test.only_first > test.only_second else names[1]
    return (
        f"McNemar's test: <b>{better}</b> is better ({p}; {right}). Test pixels close together "
        "are not independent, so the difference is less certain than p suggests."
    )
