"""Tables whose columns fit their texts are measured once they are filled, not at each cell."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QStyledItemDelegate, QTableWidgetItem

import hsi_viewer.ui
from hsi_viewer.ui.widgets.row_table import RowTable
from hsi_viewer.ui.widgets.table_filling import filled_at_once

ROWS = 40
SOURCES = [
    path
    for path in Path(hsi_viewer.ui.__file__).parent.rglob("*.py")
    if ".setItem(" in path.read_text(encoding="utf-8")
]
# Columns of a width of their own, or one row at a time.
OTHERS = {
    "class_panel",
    "confusion_dialog",
    "metadata_dialog",
    "preferences_dialog",
    "preset_editor",
}


class Measured(QStyledItemDelegate):
    """Counts how often a cell is measured."""

    count = 0

    def sizeHint(self, *about):
        self.count += 1
        return super().sizeHint(*about)


def test_a_table_that_is_filled_again_is_measured_once(qapp, qtbot):
    table, cells = RowTable("Pairs", ("Classes", "Distance")), Measured()
    qtbot.addWidget(table)
    table.setItemDelegate(cells)
    table.setRowCount(ROWS)
    table.show()
    for text in ("short", "rather longer"):
        qapp.processEvents()
        cells.count = 0
        with filled_at_once(table):
            for row in range(ROWS):
                table.setItem(row, 0, QTableWidgetItem(f"{text} {row}"))
                table.setItem(row, 1, QTableWidgetItem(text))
        qapp.processEvents()
        assert 0 < cells.count < 10 * ROWS
        assert table.columnWidth(1) >= table.sizeHintForColumn(1)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_tables_are_filled_so(path):
    assert ("filled_at_once" in path.read_text(encoding="utf-8")) != (path.stem in OTHERS)
