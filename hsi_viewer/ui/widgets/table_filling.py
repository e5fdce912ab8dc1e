"""Filling tables whose columns are as wide as their texts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtWidgets import QHeaderView, QTableWidget

TO_CONTENTS = QHeaderView.ResizeMode.ResizeToContents


@contextmanager
def filled_at_once(table: QTableWidget) -> Iterator[None]:
    """Fit such columns when all cells are there: Qt measures the whole table for each new one."""
    header = table.horizontalHeader()
    fitted = [n for n in range(header.count()) if header.sectionResizeMode(n) == TO_CONTENTS]
    for column in fitted:
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
    try:
        yield
    finally:
        for column in fitted:
            header.setSectionResizeMode(column, TO_CONTENTS)
